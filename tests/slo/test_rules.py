"""What the rules make of counters: each test is one thing that SLO tools get wrong.

promtool evaluates every group at one interval; tests of mixed intervals are in test_history.py.
"""

from dataclasses import replace
from decimal import Decimal

import promql_parser
import pytest

from slo.objective import Calendar, Ratio, RawRatio, Slices, Threshold
from slo.promql import nodes
from slo.render import render_groups
from slo.rules import (
    LONGEST_INTERVAL_SECONDS,
    RuleGroup,
    base_window_seconds,
    lag_of_vmalert,
    levels_group,
    objective_group,
)
from slo.testing import (
    Expectation,
    RuleTest,
    check_rules,
    check_rules_by_vmalert,
    run_rule_tests,
)

OK = 'requests_total{cell="a",outcome="ok"}'
ERROR = 'requests_total{cell="a",outcome="error"}'
MINUTE, HOUR = 60, 3600


LATENCY = Ratio("rate(d_count[$window])", good='rate(d_bucket{le="2.5"}[$window])')


SLICES = Slices(60, Decimal("0.95"))
BY_RATIO = Slices(60, None)
SHARE = RawRatio('bad_share{kind="x"}', is_good=False)
DEPTH = Threshold("queue_depth", "<=", Decimal(10))
KINDS = {
    "latency": {"indicator": LATENCY},
    "share": {"indicator": SHARE},
    "threshold": {"indicator": DEPTH},
    "slices": {"slices": SLICES},
    "slices-by-ratio": {"slices": BY_RATIO},
    "month": {"calendar": Calendar("month", 1, "2026-01-01 00:00:00", "Europe/Berlin")},
    "never": {"target": Decimal(1)},
    "never-in-a-year": {
        "target": Decimal(1),
        "calendar": Calendar("year", 1, "2026-01-01 00:00:00", "UTC"),
    },
}
"""What an objective may be instead of a ratio of counters over a rolling period."""


def rules_of(objective, interval=15.0):
    """Return the text of an objective's rules."""
    groups = [group(objective, interval) for group in (objective_group, levels_group)]
    return render_groups(groups, ["test"])


def of_cell(cell: str = "a", **labels: str) -> str:
    """Return the labels of a recorded series, as promtool prints those of an expression."""
    labels = {"cell": cell, "service": "things", "slo": "good", **labels}
    return "{" + ", ".join(f'{k}="{v}"' for k, v in sorted(labels.items())) + "}"


def rounded(series, window=None):
    """Return an expression without a name: promtool compares numbers exactly."""
    labels = f'{{window="{window}"}}' if window else ""
    return f"round({series}{labels}, 0.000001)"


def is_value(series, at, value, window=None, cell="a"):
    """Expect one value of one cell."""
    labels = of_cell(cell, **({"window": window} if window else {}))
    return Expectation(rounded(series, window), at, {labels: value})


def is_absent(series, at, window=None):
    """Expect no value: not 0, not NaN."""
    return Expectation(rounded(series, window), at, {})


@pytest.fixture
def expect(promtool, objective, tmp_path):
    """Runs an objective's rules over series, 15 s apart, and expects."""

    def run(series, *expectations: Expectation, objective=objective, interval=15.0):
        test = RuleTest("test", series, expectations)
        run_rule_tests(promtool, rules_of(objective, interval), [test], interval, tmp_path)

    return run


def every_kind(objective):
    """Return objectives of every indicator, budget and period, and one with a single cell."""
    return [
        objective,
        replace(objective, name="one-cell", grouping_labels=()),
        *(replace(objective, name=name, **changes) for name, changes in KINDS.items()),
    ]


def test_promtool_accepts_the_rules(promtool, objective, tmp_path):
    """Of every kind of objective."""
    for each in every_kind(objective):
        check_rules(promtool, rules_of(each), tmp_path)


def test_vmalert_accepts_the_rules(vmalert, objective, tmp_path):
    """Those made for it and those for Prometheus; and it would refuse what is no rule."""
    lag = lag_of_vmalert(15.0)
    for each in every_kind(objective):
        (tmp_path / f"{each.name}.yaml").write_text(rules_of(each))
        groups = [objective_group(each, 15.0, lag), levels_group(each, 15.0)]
        (tmp_path / f"{each.name}-lag.yaml").write_text(render_groups(groups, ["test"]))

    check_rules_by_vmalert(vmalert, sorted(tmp_path.glob("*.yaml")))
    (tmp_path / "wrong.yaml").write_text(rules_of(objective).replace("sum by", "sun by"))
    with pytest.raises(AssertionError, match="sun"):
        check_rules_by_vmalert(vmalert, [tmp_path / "wrong.yaml"])


def test_no_rule_asks_for_the_end_of_its_query(objective):
    """Within a subquery VictoriaMetrics finds nothing there, and a range query another time."""
    for each in every_kind(objective):
        assert "@" not in rules_of(each)


def test_no_group_is_slower_than_alerts_can_bear(objective):
    """Whatever the scrape interval that is allowed."""
    for interval in (0.5, 5, 15, 60, LONGEST_INTERVAL_SECONDS):
        for group in (objective_group, levels_group):
            found = group(objective, interval)
            assert found.interval_seconds <= LONGEST_INTERVAL_SECONDS


def test_no_long_window_is_taken_of_raw_series(objective):
    """Only the base reads counters, over its own window; all else reads what was recorded."""
    for each in every_kind(objective):
        for rule in (*objective_group(each, 15).rules, *levels_group(each, 15).rules):
            for node in nodes(promql_parser.parse(rule.expr)):
                if isinstance(node, promql_parser.MatrixSelector):
                    raw = not node.vector_selector.name.startswith("slo:")
                    assert not raw or node.range.total_seconds() == base_window_seconds(15)


@pytest.mark.parametrize(("bad_of_8", "seconds"), [(8, 48.384), (4, 96.768), (2, 193.536)])
def test_a_page_is_due_within_45_seconds_of_theory(expect, objective, bad_of_8, seconds):
    """An hour of good service, then 100, 50 and 25 % errors, at 99.9 % over 28 days."""
    strict = replace(objective, target=Decimal("0.999"), period_seconds=28 * 86400)
    burns = 'slo:burn_rate:ratio{window="1h"} > bool 13.44'
    fires, latest = HOUR + seconds, HOUR + seconds + 45
    expect(
        {OK: f"0+80x240 {19200 + 80 - 10 * bad_of_8}+{80 - 10 * bad_of_8}x30",
         ERROR: f"0x240 {10 * bad_of_8}+{10 * bad_of_8}x30"},
        Expectation(burns, fires // 15 * 15, {of_cell(window="1h"): 0}),
        Expectation(burns, latest // 15 * 15, {of_cell(window="1h"): 1}),
        objective=strict,
    )  # fmt: skip


def test_vmalert_is_waited_for_in_whole_intervals():
    """10 s at least: what it writes every 5 s is there then."""
    assert [10, 10, 10, 15, 60] == [lag_of_vmalert(each) for each in (1, 5, 10, 15, 60)]


def test_the_base_window_is_a_minute_and_four_scrapes_at_least():
    """Shorter would lose samples, longer would delay pages."""
    assert [60, 60, 60, 120] == [base_window_seconds(each) for each in (1, 5, 15, 30)]


def test_the_budget_is_written_exactly(objective):
    """1 - 0.999 is 0.001; Sloth prints 0.0009999999999999432."""
    text = rules_of(replace(objective, target=1 - objective.budget / 10))

    assert "/ (0.001 * sum_over_time(" in text
    assert "vector(0.999)" in text
    assert "00000" not in text


def test_rules_do_not_change_from_run_to_run(objective):
    """The same bytes, so that a diff shows what a change of the objective did."""
    assert rules_of(objective) == rules_of(replace(objective))


def test_nothing_to_write_is_refused():
    """An empty rule file hides a mistake."""
    for groups in ([], [RuleGroup("empty", 5, ())]):
        with pytest.raises(ValueError, match="at least one group, and each group a rule"):
            render_groups(groups, ["test"])


def test_an_idle_cell_has_no_error_ratio_and_is_covered(expect):
    """0/0 is no data: not 0, not NaN, and not blindness either."""
    expect(
        {OK: "7x80", ERROR: "0x80"},
        is_value("slo:events:rate", 20 * MINUTE, 0),
        is_value("slo:events_bad:rate", 20 * MINUTE, 0),
        is_value("slo:coverage:ratio", 20 * MINUTE, 1, "5m"),
        is_absent("slo:burn_rate:ratio", 20 * MINUTE),
        is_absent("slo:budget_remaining:ratio", 20 * MINUTE),
    )


def test_a_healthy_cell_burns_nothing(expect):
    """0 errors of many requests is a burn rate of 0."""
    expect(
        {OK: "0+30x80", ERROR: "0x80"},
        is_value("slo:events:rate", 20 * MINUTE, 2),
        is_value("slo:burn_rate:ratio", 20 * MINUTE, 0, "5m"),
        is_value("slo:burn_rate:ratio", 20 * MINUTE, 0, "3d"),
        is_value("slo:events:count", 20 * MINUTE, 600, "5m"),
    )


def test_a_burning_cell_burns_in_every_window(expect):
    """10 % errors at 99 % spend the budget ten times too fast."""
    expect(
        {OK: "0+27x80", ERROR: "0+3x80"},
        *(
            is_value("slo:burn_rate:ratio", 20 * MINUTE, 10, window)
            for window in ("5m", "30m", "1h", "2h", "6h", "1d", "3d")
        ),
        is_value("slo:events_bad:count", 20 * MINUTE, 60, "5m"),
    )


def test_cells_have_budgets_of_their_own(expect):
    """One burns, the other does not."""
    expect(
        {
            OK: "0+27x80", ERROR: "0+3x80",
            OK.replace('"a"', '"b"'): "0+30x80", ERROR.replace('"a"', '"b"'): "0x80",
        },
        Expectation(
            rounded("slo:burn_rate:ratio", "5m"),
            20 * MINUTE,
            {of_cell("a", window="5m"): 10, of_cell("b", window="5m"): 0},
        ),
    )  # fmt: skip


def test_an_error_series_that_was_never_born_is_no_errors(expect):
    """Many clients only make it with the first error."""
    expect(
        {OK: "0+30x80"},
        is_value("slo:events_bad:rate", 20 * MINUTE, 0),
        is_value("slo:burn_rate:ratio", 20 * MINUTE, 0, "5m"),
    )


def test_without_a_source_there_are_no_errors_and_no_zero_either(expect, objective):
    """Errors without requests, as of another exporter: nothing is known."""
    expect(
        {'errors_total{cell="a"}': "0+3x80"},
        is_absent("slo:events:rate", 20 * MINUTE),
        is_absent("slo:events_bad:rate", 20 * MINUTE),
        is_absent("slo:coverage:ratio", 20 * MINUTE, "5m"),
        objective=replace(
            objective,
            indicator=replace(objective.indicator, bad="rate(errors_total[$window])"),
        ),
    )


def test_a_total_from_before_a_restart_makes_no_event_bad(expect, objective):
    """Prometheus finds the last recorded total for 5 minutes, and no events yet."""
    before = f'slo:events:rate{{cell="a",slo="{objective.name}",service="{objective.service}"}}'
    others = (LATENCY, replace(objective.indicator, bad="rate(errors_total[$window])"))
    for each in (objective, *(replace(objective, indicator=other) for other in others)):
        expect(
            {before: "2 _x80", 'errors_total{cell="a"}': "0+3x80"},
            is_absent("slo:events_bad:rate", MINUTE),
            objective=each,
        )


def test_counters_that_move_at_different_moments_even_out(expect, objective):
    """All requests are counted 2 minutes after the good ones, in bursts: none is bad for good."""
    good = replace(objective, indicator=LATENCY)
    bursts = "0x19 600x19 1200x19 1800x{}"
    expect(
        {
            'd_bucket{cell="a",le="2.5"}': bursts.format(80),
            'd_count{cell="a"}': "0x7 " + bursts.format(72),
        },
        Expectation("slo:events_bad:rate < bool 0", 15.5 * MINUTE, {of_cell(): 1}),
        is_value("slo:burn_rate:ratio", 16 * MINUTE, 0, "30m"),
        is_value("slo:burn_rate:ratio", 20 * MINUTE, 0, "30m"),
        is_value("slo:events_bad:count", 32 * MINUTE, 0, "1h"),
        is_value("slo:events_bad:count", 32 * MINUTE, 0, "1d"),
        is_value("slo:events:count", 32 * MINUTE, 1800, "1d"),
        objective=good,
    )


def test_a_part_of_the_period_is_not_taken_for_the_whole(expect):
    """While the slower rules say nothing of full hours, the period's count is unknown."""
    expect(
        {OK: "0+30x80"},
        is_absent("slo:events:count", 4 * MINUTE, "1d"),
        is_value("slo:events:count", 20 * MINUTE, 2400 - 45, "1d"),
    )


def test_after_a_blackout_there_is_no_data_and_what_was_counted_stays(expect):
    """Neither a healthy ratio nor a lost error."""
    expect(
        {OK: "0+27x40 stale", ERROR: "0+3x40 stale"},
        is_value("slo:burn_rate:ratio", 10 * MINUTE, 10, "5m"),
        is_absent("slo:events:rate", 20 * MINUTE),
        is_absent("slo:burn_rate:ratio", 20 * MINUTE, "5m"),
        is_absent("slo:coverage:ratio", 20 * MINUTE, "5m"),
        is_value("slo:burn_rate:ratio", 20 * MINUTE, 10, "1h"),
        # 40 steps of 3 errors are 120; rate() goes on by half a step where a series ends.
        is_value("slo:events_bad:count", 20 * MINUTE, 121.5, "1h"),
        is_value("slo:events_bad:count", 20 * MINUTE, 121.5, "1d"),
    )


def test_a_reset_of_one_source_is_none_of_the_sum(expect):
    """Rates first, sums then: one of two routers restarts at 10 minutes."""
    first, second = (lambda name, n=n: name.replace("}", f',router="{n}"}}') for n in (1, 2))
    expect(
        {
            first(OK): "0+27x80", first(ERROR): "0+3x80",
            second(OK): "0+27x40 27+27x40", second(ERROR): "0+3x40 3+3x40",
        },
        is_value("slo:events:rate", 11 * MINUTE, 4),
        is_value("slo:events_bad:count", 12 * MINUTE, 120, "5m"),
        is_value("slo:burn_rate:ratio", 12 * MINUTE, 10, "5m"),
    )  # fmt: skip


def test_a_new_source_counts_what_it_saw_and_not_a_whole_window(expect):
    """600 requests within 5 minutes, an hour after everything else: avg_over_time makes it 2460."""
    expect(
        {OK: "_x220 0+30x20 600x60"},
        is_value("slo:events:count", 66 * MINUTE, 600, "1h"),
        is_value("slo:events:count", 66 * MINUTE, 600, "1d"),
    )


def test_a_quiet_hour_weighs_by_its_events(expect):
    """100/s without errors, then 1/s with 2 %: 0.0198 % are bad; the mean of the ratios is 1 %."""
    expect(
        {OK: "0+1500x240 360014.7+14.7x240", ERROR: "0x240 0.3+0.3x240"},
        Expectation(
            'round(slo:burn_rate:ratio{window="2h"}, 0.001)',
            2 * HOUR,
            {of_cell(window="2h"): 0.02},
        ),
    )


def test_good_events_are_subtracted_from_all(expect, objective):
    """A latency objective: what is not within the bound is bad."""
    good = replace(objective, indicator=LATENCY)
    expect(
        {'d_bucket{cell="a",le="2.5"}': "0+27x80", 'd_count{cell="a"}': "0+30x80"},
        is_value("slo:events_bad:rate", 20 * MINUTE, 0.2),
        is_value("slo:burn_rate:ratio", 20 * MINUTE, 10, "5m"),
        objective=good,
    )
    expect(
        {'d_count{cell="a"}': "0+30x80"},
        is_value("slo:burn_rate:ratio", 20 * MINUTE, 100, "5m"),
        objective=good,
    )


def test_an_objective_without_grouping_labels_is_one_cell(expect, objective):
    """All series together."""
    expect(
        {OK: "0+27x80", ERROR.replace('"a"', '"b"'): "0+3x80"},
        Expectation(
            rounded("slo:burn_rate:ratio", "5m"),
            20 * MINUTE,
            {'{service="things", slo="good", window="5m"}': 10},
        ),
        objective=replace(objective, grouping_labels=()),
    )


def test_constants_are_there_to_be_drawn(expect):
    """The target and the period, without a cell."""
    labels = '{service="things", slo="good"}'
    expect(
        {OK: "0+30x80"},
        Expectation("0 + slo:objective:ratio", 5 * MINUTE, {labels: 0.99}),
        Expectation("0 + slo:period:seconds", 5 * MINUTE, {labels: 86400}),
    )


class TestPeriod:
    """A day of 1 request a second, with 600 errors from 2:10 to 2:20; evaluated every minute."""

    SERIES = {  # noqa: RUF012 - a constant of the tests below
        OK: "0+60x130 7800x9 7860+60x1600",
        ERROR: "0x130 60+60x9 600x1600",
    }

    @pytest.fixture
    def expect_all_day(self, expect, objective):
        """Runs the rules over the day, without burn rates, which would take most of the time."""
        calm = replace(objective, tiers=())
        return lambda *expectations: expect(
            self.SERIES, *expectations, objective=calm, interval=60.0
        )

    def test_every_error_counts_once_at_every_moment(self, expect_all_day):
        """In the running 5 minutes, the running hour, full hours, and at every change of them."""
        counted = 'slo:events_bad:count{window="1d"}'
        expect_all_day(
            Expectation(
                f"round(min_over_time({counted}[23h30m]), 0.000001)",
                26 * HOUR,
                {of_cell(window="1d"): 600},
            ),
            Expectation(
                f"round(max_over_time({counted}[23h30m]), 0.000001)",
                26 * HOUR,
                {of_cell(window="1d"): 600},
            ),
        )

    def test_an_error_is_forgotten_after_the_period_and_not_before(self, expect_all_day):
        """Whole hours are dropped: at most 65 minutes late."""
        expect_all_day(
            is_value("slo:events_bad:count", 26 * HOUR + 20 * MINUTE, 600, "1d"),
            is_value("slo:events_bad:count", 27 * HOUR + 25 * MINUTE, 0, "1d"),
        )

    def test_the_budget_is_what_the_counts_leave(self, expect_all_day):
        """At 26:30: 600 of 1 % of the 88,500 requests since 1:55, where its full hours began."""
        expect_all_day(
            is_value("slo:events:count", 26.5 * HOUR, 88500, "1d"),
            is_value("slo:budget_remaining:ratio", 26.5 * HOUR, round(1 - 600 / 885, 6)),
        )

    def test_a_budget_is_unknown_until_the_period_is_covered(self, expect_all_day):
        """Half a day of good service is no day of it."""
        expect_all_day(
            is_value("slo:coverage:ratio", 13 * HOUR, round(12.916667 / 24, 6), "1d"),
            is_absent("slo:budget_remaining:ratio", 13 * HOUR),
        )
