"""Objectives with a minimum of bad events, and those that allow none: alerts of their own."""

from dataclasses import replace
from decimal import Decimal

import pytest

from alerts.build import alerts_group, objective_groups
from alerts.quiet import BURN_SUPPRESSED
from alerts.runbooks import runbook_names
from alerts.zero_tolerance import ZERO_TOLERANCE_BROKEN
from demo.setup.programs import find_program
from exporters.config import Config, read_config
from slo.grouping import limit_groups
from slo.objective import Calendar, Objective, Ratio, RawRatio, Slices, Threshold
from slo.promql import known_series, selectors
from slo.render import render_groups
from slo.rules import AlertingRule
from slo.testing import (
    Expectation,
    RuleTest,
    check_rules,
    check_rules_by_vmalert,
    run_rule_tests,
)
from tests.alerts.conftest import PROMTOOL_TESTS
from tests.alerts.promql import queries_of

MINUTE, HOUR, DAY = 60, 3600, 86400
OK, ERROR = (
    f'requests_total{{region="eu",model="chat",outcome="{outcome}"}}' for outcome in ("ok", "error")
)

PLAIN = Objective(
    name="mine",
    service="inference",
    target=Decimal("0.99"),
    period_seconds=28 * DAY,
    grouping_labels=("region", "model"),
    indicator=Ratio(
        total="rate(requests_total[$window])",
        bad='rate(requests_total{outcome="error"}[$window])',
    ),
)
QUIET = replace(PLAIN, minimum_bad_events=3)
NEVER = replace(PLAIN, target=Decimal(1))
OTHERS = {
    "share": {"indicator": RawRatio("share", is_good=True)},
    "threshold": {"indicator": Threshold("depth", "<", Decimal(5))},
    "slices": {"slices": Slices(60, Decimal("0.95")), "minimum_bad_events": 2},
    "month": {"calendar": Calendar("month", 1, "2026-01-01 00:00:00", "Europe/Berlin")},
}


@pytest.fixture(scope="session")
def config() -> Config:
    """Some configuration; its objectives are not used."""
    return read_config(PROMTOOL_TESTS / "config" / "shardwatch.yaml")


@pytest.fixture
def expect(config, tmp_path):
    """Runs all rules of an objective over series, 15 s apart, and expects."""

    def run(objective, series, *expectations: Expectation):
        groups = [*objective_groups(objective, config), alerts_group([objective], config)]
        text = render_groups(groups, ["test"])
        test = RuleTest("test", series, expectations)
        run_rule_tests(find_program("promtool"), text, [test], 15, tmp_path)

    return run


def alerts_at(at, alertname, **labels: str):
    """Expect that an alert fires in the cell, with these labels more; without any: that none is."""
    expr = f'ALERTS{{alertname="{alertname}",alertstate="firing"}}'
    if not labels:
        return Expectation(expr, at, {})
    own = {"alertname": alertname, "alertstate": "firing", "model": "chat", "region": "eu",
           "service": "inference", "slo": "mine", **labels}  # fmt: skip
    text = ",".join(f'{name}="{value}"' for name, value in sorted(own.items()))
    return Expectation(expr, at, {f"ALERTS{{{text}}}": 1})


def state_at(at, state):
    """Expect a state of the 1 h tier to be 1."""
    own = {"burn_tier": "1h", "model": "chat", "region": "eu", "service": "inference",
           "severity": "page", "slo": "mine"}  # fmt: skip
    text = ",".join(f'{name}="{value}"' for name, value in sorted(own.items()))
    return Expectation(f'{state}{{burn_tier="1h"}} == 1', at, {f"{state}{{{text}}}": 1})


class TestMinimumOfBadEvents:
    """Three at least, of a request a minute: the first fails after 4 minutes, two more after 6."""

    SERIES = {OK: "0+0.25x80", ERROR: "0x16 1x8 3x60"}  # noqa: RUF012 - a constant

    def test_too_few_bad_events_page_nobody_and_are_a_ticket(self, expect):
        """One of five requests is 20 times too fast, and may be chance."""
        expect(
            QUIET,
            self.SERIES,
            alerts_at(5.5 * MINUTE, "ErrorBudgetBurn"),
            state_at(5.5 * MINUTE, "slo:burn_suppressed:state"),
            alerts_at(5.5 * MINUTE, BURN_SUPPRESSED, severity="ticket"),
        )

    def test_enough_bad_events_page_and_the_ticket_ends(self, expect):
        """At the third, counted a little less than 3 by rates."""
        expect(
            QUIET,
            self.SERIES,
            state_at(7.5 * MINUTE, "slo:burn_alert:state"),
            alerts_at(7.5 * MINUTE, BURN_SUPPRESSED),
        )

    def test_without_a_minimum_the_first_bad_event_pages(self, expect):
        """And no series of suppressed burns is recorded."""
        expect(
            PLAIN,
            self.SERIES,
            state_at(5.5 * MINUTE, "slo:burn_alert:state"),
            Expectation("slo:burn_suppressed:state", 5.5 * MINUTE, {}),
        )


class TestNever:
    """Not one bad event is allowed."""

    SERIES = {OK: "0+30x340", ERROR: "0x40 1x300"}  # noqa: RUF012 - a constant

    def test_one_bad_event_pages_within_a_minute_and_for_an_hour(self, expect):
        """It is at 10 minutes; the rates see it for a minute."""
        expect(
            NEVER,
            self.SERIES,
            alerts_at(10 * MINUTE, ZERO_TOLERANCE_BROKEN),
            alerts_at(10.5 * MINUTE, ZERO_TOLERANCE_BROKEN, severity="page"),
            alerts_at(70 * MINUTE, ZERO_TOLERANCE_BROKEN, severity="page"),
            alerts_at(72 * MINUTE, ZERO_TOLERANCE_BROKEN),
        )

    def test_there_are_no_burn_alerts(self, config):
        """For there is no budget: a factor of nothing would always be exceeded."""
        rules = [rule for group in objective_groups(NEVER, config) for rule in group.rules]

        assert {ZERO_TOLERANCE_BROKEN} == {
            rule.alert for rule in rules if isinstance(rule, AlertingRule)
        }
        assert not [rule for rule in rules if "burn" in getattr(rule, "record", "")]


def test_a_page_and_a_ticket_may_share_a_window(expect):
    """As an objective's own conditions may have it: each has a state of its own."""
    first = PLAIN.tiers[0]
    tiers = (
        replace(first, factor=Decimal(14)),
        replace(first, severity="ticket", factor=Decimal(2)),
    )
    expect(
        replace(PLAIN, tiers=tiers),
        {OK: "0+28x80", ERROR: "0+2x80"},
        alerts_at(10 * MINUTE, "ErrorBudgetBurn", severity="ticket", burn_tier="1h"),
    )


@pytest.mark.parametrize(("most", "intervals"), [(None, 0), (20, 1), (9, 2)])
def test_groups_in_parts_page_late_by_an_interval_for_each_cut(config, tmp_path, most, intervals):
    """In the worst order, each part before what it reads; half of all fails from 20:00 on.

    Its state is there at 27:45. No cause is known, so that the page waits one evaluation for one.
    """
    objective = replace(PLAIN, names_causes=True)  # all rules that there can be
    groups = [*objective_groups(objective, config), alerts_group([objective], config)]
    parts = limit_groups(groups, most)[::-1] if most else groups
    text = render_groups(parts, ["test"])
    fires = 'count(ALERTS{alertname="ErrorBudgetBurn",alertstate="firing",burn_tier="1h"})'
    whole = 28 * MINUTE
    expectations = [
        Expectation(fires, whole - 15, {}),
        Expectation(fires, whole + intervals * 15, {"{}": 1}),
        *([Expectation(fires, whole + (intervals - 1) * 15, {})] if intervals else []),
    ]
    series = {OK: "0+30x80 2415+15x80", ERROR: "0x80 15+15x80"}
    test = RuleTest("test", series, expectations)
    run_rule_tests(find_program("promtool"), text, [test], 15, tmp_path)


@pytest.mark.parametrize("name", OTHERS)
def test_time_does_not_vanish(config, name):
    """Only events are users' traffic; a cell that is seen has its moments and slices."""
    objective = replace(PLAIN, **OTHERS[name])
    groups = [*objective_groups(objective, config), alerts_group([objective], config)]
    made = {getattr(rule, "alert", getattr(rule, "record", "")) for g in groups for rule in g.rules}

    vanishing = {"slo:traffic_vanished:state", "TrafficVanished"}
    assert (vanishing if name == "month" else set()) == vanishing & made
    assert {"slo:events_blind:state", "ErrorBudgetBurn"} <= made


@pytest.mark.parametrize(
    ("counted", "pages"),
    [
        ("shardwatch_router_requests_total", True),
        ("shardwatch_tool_calls_total", True),
        ("gateway_requests_total", True),
        ("shardwatch_group_requests_finished_total", False),
        ("shardwatch_probe_requests_total", False),
        ("shardwatch_metering_billed_tokens_total", False),
    ],
)
def test_users_are_gone_only_where_it_is_they_who_are_counted(config, counted, pages):
    """A dead engine ends nothing; its burn holds all the same, for the state is recorded."""
    indicator = Ratio(f"rate({counted}[$window])", bad=f"rate({counted}{{outcome='e'}}[$window])")
    objective = replace(PLAIN, indicator=indicator)
    groups = [*objective_groups(objective, config), alerts_group([objective], config)]
    made = {getattr(rule, "alert", getattr(rule, "record", "")) for g in groups for rule in g.rules}

    assert "slo:traffic_vanished:state" in made
    assert pages == ("TrafficVanished" in made)


def test_alerts_of_every_kind_are_complete_and_taken_by_both_servers(config, tmp_path):
    """Runbook, summary, series that exist; by promtool and by vmalert, templates included."""
    files = []
    for name, changes in {**OTHERS, "quiet": {"minimum_bad_events": 3},
                          "never": {"target": Decimal(1)}}.items():  # fmt: skip
        objective = replace(PLAIN, name=name, **changes)
        groups = [*objective_groups(objective, config), alerts_group([objective], config)]
        text = render_groups(groups, ["test"])
        check_rules(find_program("promtool"), text, tmp_path)
        files.append(tmp_path / f"{name}.yaml")
        files[-1].write_text(text)
        for rule in (rule for group in groups for rule in group.rules):
            if isinstance(rule, AlertingRule):
                assert {"summary", "description", "runbook_url"} <= rule.annotations.keys()
                assert rule.alert in runbook_names()
                queries = [q for text in rule.annotations.values() for q in queries_of(text)]
                for query in (rule.expr, *queries):
                    found = {each.name for each in selectors(query)}
                    assert found <= known_series() | {"requests_total"}, query
    check_rules_by_vmalert(find_program("vmalert"), files)


def test_vmalert_takes_everything_that_is_built(built_folder):
    """It refuses a file with keep_firing_for, and templates with functions that it has not."""
    check_rules_by_vmalert(find_program("vmalert"), sorted(built_folder.glob("rules/*.yaml")))
