"""Shares, thresholds, slices and zero tolerance: what the base makes of each, by promtool."""

from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from slo.objective import RawRatio, Slices, Threshold
from slo.testing import Expectation, RuleTest, run_rule_tests
from tests.slo.test_rules import (
    DEPTH,
    ERROR,
    HOUR,
    MINUTE,
    OK,
    SHARE,
    is_absent,
    is_value,
    of_cell,
    rounded,
    rules_of,
)

EVENTS, BAD = "slo:events:rate", "slo:events_bad:rate"
SHARE_OF_A = 'bad_share{cell="a",kind="x"}'


@pytest.fixture
def expect(promtool, objective, tmp_path):
    """Runs the rules of a changed objective over series, 15 s apart, and expects."""

    def run(series, *expectations: Expectation, interval=15.0, **changes: Any):
        test = RuleTest("test", series, expectations)
        rules = rules_of(replace(objective, **changes), interval)
        run_rule_tests(promtool, rules, [test], interval, tmp_path)

    return run


def per_minute(slices):
    """Return a rate as it is rounded: so many slices a minute."""
    return round(slices / 60, 6)


class TestShares:
    """Every moment weighs the same."""

    def test_a_share_is_as_many_bad_events_of_one_a_second(self, expect):
        """The mean of the cell's series; more than 1 is 1."""
        expect(
            {SHARE_OF_A: "0.2x80", SHARE_OF_A.replace("}", ',i="2"}'): "5x80"},
            is_value(EVENTS, 20 * MINUTE, 1),
            is_value(BAD, 20 * MINUTE, 0.6),
            is_value("slo:burn_rate:ratio", 20 * MINUTE, 60, "5m"),
            indicator=SHARE,
        )

    def test_a_good_share_is_what_is_left(self, expect):
        """99 % good is a burn rate of 1 at a target of 99 %."""
        expect(
            {SHARE_OF_A: "0.99x80"},
            is_value(BAD, 20 * MINUTE, 0.01),
            is_value("slo:burn_rate:ratio", 20 * MINUTE, 1, "1h"),
            indicator=replace(SHARE, is_good=True),
        )

    def test_0_of_0_is_idle_and_neither_good_nor_bad(self, expect):
        """NaN must not spread: the hour before it still counts, and coverage is full."""
        expect(
            {SHARE_OF_A: f"0.5x40{' NaN' * 40}"},
            is_value(EVENTS, 15 * MINUTE, 0),
            is_value(BAD, 15 * MINUTE, 0),
            is_value("slo:coverage:ratio", 20 * MINUTE, 1, "5m"),
            is_absent("slo:burn_rate:ratio", 20 * MINUTE, "5m"),
            is_value("slo:burn_rate:ratio", 20 * MINUTE, 50, "1h"),
            indicator=SHARE,
        )

    def test_a_share_that_is_gone_is_unknown(self, expect):
        """Not 0, and not covered."""
        expect(
            {SHARE_OF_A: "0.5x20 stale"},
            is_absent(EVENTS, 15 * MINUTE),
            is_absent(BAD, 15 * MINUTE),
            indicator=SHARE,
        )

    def test_an_expression_keeps_its_meaning(self, expect):
        """Operators in it do not bind with ours; its window is the base window."""
        expect(
            {'a_total{cell="a"}': "0+3x80", 'b_total{cell="a"}': "0+27x80"},
            is_value(BAD, 20 * MINUTE, 0.1),
            indicator=RawRatio(
                "rate(a_total[$window]) / (rate(a_total[$window]) + rate(b_total[$window]))",
                is_good=False,
            ),
        )


class TestThresholds:
    """Each series of a cell is an event a second."""

    @pytest.mark.parametrize(("op", "bad"), [("<", 2), ("<=", 1), (">", 2), (">=", 1)])
    def test_a_value_at_the_bound_is_good_where_the_operator_has_it(self, expect, op, bad):
        """Of 9, 10 and 11; a fourth series is NaN, and no event."""
        series = {
            f'queue_depth{{cell="a",i="{value}"}}': " ".join([str(value)] * 80)
            for value in (9, 10, 11, "NaN")
        }
        expect(
            series,
            is_value(EVENTS, 20 * MINUTE, 3),
            is_value(BAD, 20 * MINUTE, bad),
            indicator=Threshold("queue_depth", op, Decimal(10)),
        )

    def test_a_bound_may_be_negative_or_fine(self, expect):
        """It is written exactly."""
        expect(
            {'queue_depth{cell="a"}': "-0.25x80"},
            is_value(BAD, 20 * MINUTE, 1),
            indicator=Threshold("queue_depth", ">", Decimal("-0.2500")),
        )

    def test_no_value_at_all_is_idle_while_the_series_is_there(self, expect):
        """As a quantile of no requests is NaN."""
        expect(
            {'queue_depth{cell="a"}': " ".join(["NaN"] * 81)},
            is_value(EVENTS, 20 * MINUTE, 0),
            is_value(BAD, 20 * MINUTE, 0),
            indicator=DEPTH,
        )


class TestSlices:
    """Of a minute, 95 % of whose events must be good; a scrape every 15 s."""

    SLICES = Slices(60, Decimal("0.95"))

    def test_a_slice_is_one_event_good_or_bad(self, expect):
        """Half the requests fail in minute 10 alone; its verdict is told in minute 11."""
        expect(
            {OK: "0+30x40 1200+15x4 1275+30x200", ERROR: "0x40 15+15x3 60x200"},
            is_value("slo:slice_events_bad:rate", 11 * MINUTE, 1),
            is_value(BAD, 10 * MINUTE + 45, 0),
            is_value(BAD, 11 * MINUTE + 45, per_minute(1)),
            is_value(EVENTS, 11 * MINUTE + 45, per_minute(1)),
            # The rates of the minute after still see the last quarter.
            is_value("slo:events:count", 20 * MINUTE, 5, "5m"),
            is_value("slo:burn_rate:ratio", 30 * MINUTE, 0, "5m"),
            slices=self.SLICES,
        )

    def test_a_slice_at_its_target_is_good(self, expect):
        """Exactly 5 % errors, whatever floating-point sums make of them; a hair more is bad."""
        cells = {f"c{tenths}": tenths / 10 for tenths in range(1, 31)}
        series = {}
        for cell, errors in cells.items():
            series[OK.replace('"a"', f'"{cell}"')] = f"0+{errors * 19:.1f}x80"
            series[ERROR.replace('"a"', f'"{cell}"')] = f"0+{errors}x80"
        good = {of_cell(cell): 0.0 for cell in cells}
        expect(series, Expectation(rounded(BAD), 20 * MINUTE, good), slices=self.SLICES)
        expect(
            {OK: "0+28.499x80", ERROR: "0+1.501x80"},
            is_value(BAD, 20 * MINUTE, per_minute(1)),
            slices=self.SLICES,
        )

    def test_slices_are_counted_exactly(self, expect):
        """Half an hour of two is bad: 30 slices, each once."""
        expect(
            {OK: "0+30x240 7215+15x119 9000+30x120", ERROR: "0x240 15+15x119 1800x120"},
            Expectation(
                "round(sum_over_time(slo:events_bad:rate[2h]) * 15, 0.001)",
                2 * HOUR,
                # The rates of one slice more see the end of the outage.
                {of_cell(): 31},
            ),
            is_value("slo:events:count", 2 * HOUR, 60, "1h"),
            slices=self.SLICES,
            tiers=(),
        )

    def test_by_ratio_a_slice_is_as_bad_as_its_events(self, expect):
        """10 % errors are a tenth of a slice, whether there are many requests or few."""
        expect(
            {OK: "0+27x80 2160+2.7x80", ERROR: "0+3x80 240+0.3x80"},
            is_value(BAD, 18 * MINUTE, per_minute(0.1)),
            is_value(BAD, 35 * MINUTE, per_minute(0.1)),
            is_value("slo:burn_rate:ratio", 35 * MINUTE, 10, "30m"),
            slices=Slices(60, None),
        )

    def test_an_idle_slice_does_not_count_and_is_seen(self, expect):
        """No requests at night: no slice, no budget, and no blindness."""
        for slices in (self.SLICES, Slices(60, None)):
            expect(
                {OK: "7x80", ERROR: "0x80"},
                is_value(EVENTS, 20 * MINUTE, 0),
                is_value(BAD, 20 * MINUTE, 0),
                is_value("slo:coverage:ratio", 20 * MINUTE, 1, "5m"),
                is_absent("slo:burn_rate:ratio", 20 * MINUTE),
                slices=slices,
            )

    def test_an_idle_slice_counts_as_good_where_asked_for(self, expect):
        """As an objective of time has it."""
        for slices in (
            replace(self.SLICES, idle_is_good=True),
            Slices(60, None, idle_is_good=True),
        ):
            expect(
                {OK: "7x80", ERROR: "0x80"},
                is_value(EVENTS, 20 * MINUTE, per_minute(1)),
                is_value(BAD, 20 * MINUTE, 0),
                is_value("slo:burn_rate:ratio", 20 * MINUTE, 0, "5m"),
                slices=replace(slices, idle_is_good=True),
            )

    def test_a_slice_that_nobody_saw_is_unknown(self, expect):
        """Neither idle nor good, and not covered, even where idle slices are good."""
        expect(
            {OK: "0+30x40 stale", ERROR: "0x40 stale"},
            is_absent(EVENTS, 15 * MINUTE),
            is_absent(BAD, 15 * MINUTE),
            is_absent("slo:coverage:ratio", 20 * MINUTE, "5m"),
            slices=replace(self.SLICES, idle_is_good=True),
        )

    def test_shares_and_thresholds_can_be_sliced(self, expect):
        """A minute is good if the value was within its bound for 95 % of it."""
        expect(
            {'queue_depth{cell="a"}': "5x40 50x40"},
            is_value(BAD, 10 * MINUTE, 0),
            is_value(BAD, 12 * MINUTE, per_minute(1)),
            indicator=DEPTH,
            slices=self.SLICES,
        )


class TestZeroTolerance:
    """100 %: there is no budget, and nothing that could burn."""

    def test_the_budget_is_whole_until_a_bad_event_and_then_gone(self, expect):
        """One request of 26,000, within seconds; no burn rate is infinite, for there is none."""
        expect(
            {OK: "0+120x260", ERROR: "0x200 1x60"},
            is_value("slo:budget_remaining:ratio", 3 * HOUR + 19 * MINUTE, 1),
            is_value("slo:budget_remaining:ratio", 3 * HOUR + 25 * MINUTE, 0),
            is_value("slo:events_bad:count", 3 * HOUR + 30 * MINUTE, 1, "2h"),
            is_absent("slo:burn_rate:ratio", 3 * HOUR),
            interval=60.0,
            period_seconds=2 * HOUR,
            target=Decimal(1),
        )

    def test_a_bad_event_is_known_where_not_all_could_be_seen(self, expect):
        """Without coverage a whole budget is unknown, a broken one is not."""
        expect(
            {OK: "0+30x80", ERROR: "0x60 1x20"},
            is_absent("slo:budget_remaining:ratio", 14 * MINUTE),
            is_value("slo:budget_remaining:ratio", 18 * MINUTE, 0),
            target=Decimal(1),
        )

    BORN = f"_x20 1{' 1' * 19} 3x60"

    def test_the_event_that_a_series_is_born_with_is_counted(self, expect):
        """Once, and what it grows by later too; in a rate the first one is not."""
        expect(
            {OK: "0+30x100", ERROR: self.BORN},
            is_value(BAD, 4.5 * MINUTE, 0),
            is_value("slo:events_bad:count", 8 * MINUTE, 1, "5m"),
            is_value("slo:events_bad:count", 20 * MINUTE, 3, "1d"),
            target=Decimal(1),
        )

    @pytest.mark.parametrize(
        "requests",
        [
            {OK: "0+30x5 _x40 0+30x60"},
            {OK.replace("}", ',instance="old"}'): "0+30x120"},
            {OK.replace('"a"', '"b"'): "0+30x120", OK: "_x46 4711+30x60"},
        ],
        ids=["a target that was gone", "another target", "another cell"],
    )
    def test_what_a_target_brings_along_happened_at_an_unknown_time(self, expect, requests):
        """A Prometheus that starts, or a router or group that it finds, is no bad event."""
        new = ERROR.replace("}", ',instance="new"}') if "old" in str(requests) else ERROR
        expect(
            {**requests, new: "_x46 7x60"},
            Expectation(rounded(f'{BAD}{{cell="a"}}'), 12 * MINUTE, {of_cell(): 0}),
            Expectation(f"max_over_time({BAD}[15m]) > 0", 15 * MINUTE, {}),
            target=Decimal(1),
        )

    def test_rounding_is_no_bad_event(self, expect):
        """A good share that was computed a hair below 1."""
        expect(
            {SHARE_OF_A: "0.9999999999999999x240"},
            is_value("slo:budget_remaining:ratio", 4 * HOUR, 1),
            interval=60.0,
            period_seconds=2 * HOUR,
            indicator=replace(SHARE, is_good=True),
            target=Decimal(1),
        )


def test_rates_of_cells_are_kept_apart_whatever_the_indicator(expect):
    """One is good, the other is not."""
    expect(
        {'queue_depth{cell="a"}': "5x80", 'queue_depth{cell="b"}': "50x80"},
        Expectation(rounded(BAD), 20 * MINUTE, {of_cell("a"): 0, of_cell("b"): 1}),
        indicator=DEPTH,
    )
