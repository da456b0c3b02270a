"""Tiers that can never fire, that fire at anything, and burns that none catches, are told."""

from dataclasses import replace
from decimal import Decimal

import pytest

from slo.burn import Tier
from slo.checks import check_objectives, firing_tiers, severity_of
from slo.objective import Calendar, RawRatio, Slices
from slo.windows import choose_tiers, read_tiers

DAY = 86400


@pytest.fixture
def long(objective):
    """99 % over 28 days, with tiers that its author chose."""
    return replace(objective, period_seconds=28 * DAY, has_chosen_tiers=True)


def ids(objective):
    """Return the ids of what is found."""
    return [each.check for each in check_objectives([objective])]


def test_an_objective_that_its_tiers_can_hold_has_no_problems(long):
    """99 % over 28 days."""
    assert [] == check_objectives([long])
    assert list(long.tiers) == firing_tiers(long)


def test_a_lax_target_leaves_the_fastest_tier_without_effect(long):
    """13.44 x 8 % is more than an outage."""
    lax = replace(long, target=Decimal("0.92"), file="mine.yaml", line=7, column=9)

    expected = [
        "mine.yaml:7:9: tier-cannot-fire: good: the page tier of 1h can never fire: it needs an "
        "error ratio above 1.0752, and an outage is 1; choose a target above 0.9256, or a shorter "
        "period"
    ]
    assert expected == [str(each) for each in check_objectives([lax])]
    assert ["6h", "1d", "3d"] == [each.name for each in firing_tiers(lax)]


def test_a_tier_at_exactly_an_outage_cannot_fire(long):
    """It fires above its factor; 20 x 5 % is what an outage burns, and no more."""
    tiers = (Tier("page", 3600, 300, factor=Decimal(20)), *long.tiers[1:])
    five = replace(long, target=Decimal("0.95"), tiers=tiers)

    [found] = check_objectives([five])

    assert "tier-cannot-fire" == found.check
    assert "choose a target above 0.95, or a smaller threshold" == found.fix
    assert [] == ids(replace(five, target=Decimal("0.9501")))


def test_a_window_longer_than_the_period_is_told(objective):
    """Three days of a budget that lasts one."""
    expected = [
        ("tier-outlasts-period", "the ticket tier of 3d looks back longer than the period of 1d")
    ]
    chosen = replace(objective, has_chosen_tiers=True)
    assert expected == [(each.check, each.message) for each in check_objectives([chosen])]


def test_a_default_tier_that_is_left_out_is_told_and_stops_nothing(long, objective):
    """Nobody asked for it. How to do without it is said, and then nothing is."""
    lax = replace(long, target=Decimal("0.92"), has_chosen_tiers=False)
    [found] = check_objectives([lax])
    assert ("default-tier-left-out", "warning") == (found.check, severity_of(found))
    assert found.message.startswith("the page tier of 1h can never fire: it needs an error ratio")
    assert found.fix.endswith('or do without by shardwatch.dev/tiers: "workbook:6h,1d,3d"')
    assert [] == ids(replace(lax, tiers=choose_tiers("workbook:6h,1d,3d"), has_chosen_tiers=True))

    [found] = check_objectives([objective])
    assert ("default-tier-left-out", "warning") == (found.check, severity_of(found))
    hopeless = check_objectives([replace(lax, tiers=read_tiers()[:1])])
    assert any('shardwatch.dev/tiers: "none"' in each.fix for each in hopeless)


def test_a_calendars_period_is_held_against_its_nominal_length(long):
    """A week holds three days."""
    week = replace(
        long, period_seconds=7 * DAY, calendar=Calendar("week", 1, "2026-01-05 00:00:00", "UTC")
    )

    assert [] == ids(week)


@pytest.mark.parametrize(
    ("target", "seconds", "expected"),
    [
        # 13.44 x 1 % of an hour are 483.84 s.
        ("0.99", 480, []),
        ("0.99", 540, ["tier-fires-on-one-slice"]),
        # 6 h need 121 s, a day 242 s, three days 260 s.
        ("0.999", 240, ["tier-fires-on-one-slice"] * 2),
        ("0.999", 250, ["tier-fires-on-one-slice"] * 3),
        ("0.999", 300, ["tier-fires-on-one-slice"] * 4),
    ],
)
def test_a_tier_that_a_single_slice_sets_off_is_told(long, target, seconds, expected):
    """As soon as a slice is longer than the bad time that the tier needs."""
    sliced = replace(long, target=Decimal(target), slices=Slices(seconds, Decimal("0.95")))

    assert expected == ids(sliced)


def test_a_minimum_of_two_slices_is_enough_against_single_ones(long):
    """And more of them than the window holds is too many."""
    sliced = replace(long, target=Decimal("0.999"), slices=Slices(300, Decimal("0.95")))

    assert [] == ids(replace(sliced, minimum_bad_events=2))
    [found] = check_objectives([replace(sliced, minimum_bad_events=13)])
    assert (
        "the page tier of 1h can never fire: it waits for 13 bad events, and its window holds 12 "
        "slices"
    ) == found.message


def test_a_share_has_an_event_a_second_and_no_more(long):
    """So that an hour never holds 4,000 bad ones."""
    share = replace(long, indicator=RawRatio("bad:ratio", is_good=False), minimum_bad_events=4000)

    assert "tier-cannot-fire" in ids(share)
    assert "tier-cannot-fire" not in ids(replace(share, minimum_bad_events=3600))


def test_a_slice_that_is_more_than_the_budget_is_told(long):
    """28 days of 99.99 % are 241.92 s."""
    strict = replace(
        long,
        target=Decimal("0.9999"),
        slices=Slices(300, Decimal("0.95")),
        minimum_bad_events=2,
    )

    [found] = check_objectives([strict])

    assert "slice-spends-budget" == found.check
    assert "one bad slice of 5m is more than the budget of 241.9 s in 28d" == found.message


def test_a_burn_that_no_tier_catches_is_told(long):
    """With pages alone: 5.6 is the slowest of them, and eats the budget in 5 days."""
    pages = replace(long, tiers=read_tiers()[:2])

    [found] = check_objectives([pages])

    assert "burn-escapes" == found.check
    assert (
        "no tier catches a burn rate from 1 to 5.6, at which the budget is gone after 5d of 28d at "
        "the soonest"
    ) == found.message


def test_no_burn_of_a_quarter_escapes_the_workbooks_tiers(long):
    """Its slowest is 1 there too; without it the fix says how to have it back."""
    quarter = replace(long, period_seconds=91 * DAY)

    assert [] == check_objectives([quarter])
    [found] = check_objectives([replace(quarter, tiers=read_tiers()[:3])])
    assert (
        "no tier catches a burn rate from 1 to 9.1, at which the budget is gone after 10d of 91d "
        "at the soonest"
    ) == found.message
    assert (
        "take the workbook's tier of 3d too (shardwatch.dev/tiers), or add an alert policy with a "
        "threshold of 1"
    ) == found.fix


def test_a_tier_below_a_burn_rate_of_one_catches_all(long):
    """Where somebody chose its factor."""
    slow = Tier("ticket", 3 * DAY, 6 * 3600, factor=Decimal("0.5"))

    assert [] == ids(replace(long, tiers=(slow,)))
    assert ["burn-escapes"] == ids(replace(long, tiers=(replace(slow, factor=Decimal("1.1")),)))


def test_tiers_of_which_none_can_fire_let_every_burn_escape(long):
    """All of them are told, and that."""
    hopeless = replace(long, target=Decimal("0.5"), tiers=read_tiers()[:2])

    assert ["burn-escapes", "tier-cannot-fire", "tier-cannot-fire"] == sorted(ids(hopeless))


def test_who_wants_no_burn_alerts_has_none(long):
    """By the annotation, or with zero tolerance."""
    assert [] == ids(replace(long, tiers=()))
    zero = replace(long, target=Decimal(1), slices=Slices(300, Decimal("0.95")))
    assert [] == ids(zero)
    assert [] == firing_tiers(zero)
