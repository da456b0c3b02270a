"""The highest target that was met is proposed, and never one that the events cannot tell."""

from decimal import Decimal

import pytest

from slo.adopt.history import History, Span
from slo.adopt.proposing import propose
from slo.adopt.raw import Kind, RawIndicator, RawSeries

AVAILABILITY = RawIndicator(
    kind=Kind.AVAILABILITY,
    stands_on="routers",
    part=(RawSeries("bad"),),
    is_good=False,
    total=(RawSeries("all"),),
    model_label="model",
    region_label="region",
    threshold_seconds=None,
    lacks=(),
)


def proposal(cells, indicator=AVAILABILITY, days=28):
    """Return what a history proposes: for each cell (bad, all) of days."""
    by_day = {
        cell: {day: Span(*events) for day, events in enumerate(of)} for cell, of in cells.items()
    }
    return propose(History(indicator, days, by_day), "eu")


@pytest.mark.parametrize(
    ("bad", "expected"),
    [(0, "0.999"), (10, "0.999"), (11, "0.995"), (50, "0.995"), (51, "0.99"), (101, None)],
)
def test_the_highest_target_that_was_met_is_proposed(bad, expected):
    """Of 10,000 events 10 may be bad at 99.9 %."""
    [record] = proposal({("eu", "chat"): [(bad, 10_000)]}).records

    assert (expected and Decimal(expected)) == record.proposed


def test_days_and_what_is_left_of_the_budget_are_told_for_each_target():
    """Two days of three kept 99 %; together they spent 1.1 of its budget."""
    [record] = proposal({("eu", "chat"): [(0, 1000), (30, 1000), (3, 1000)]}).records

    at_99 = record.kept[-1]
    assert (Decimal("0.99"), 2, 3) == (at_99.target, at_99.spans_met, at_99.spans)
    assert at_99.budget_left_ratio == pytest.approx(-0.1)
    assert not at_99.is_met


def test_too_few_events_cannot_tell_a_high_target():
    """Of 500, none bad, nobody knows whether one in a thousand is."""
    [record] = proposal({("eu", "chat"): [(0, 500)]}).records

    assert [False, True, True] == [each.is_tellable for each in record.kept]
    assert Decimal("0.995") == record.proposed


def test_one_target_for_all_is_written_without_naming_models():
    """So that a new model has it as well."""
    found = proposal({("eu", "chat"): [(0, 10_000)], ("us", "draft"): [(1, 10_000)]})

    assert ((Decimal("0.999"), ()),) == found.targets


def test_a_model_gets_the_target_that_its_worst_region_kept():
    """Others keep theirs; one without events enough gets the usual one."""
    found = proposal({
        ("eu", "chat"): [(0, 10_000)],
        ("us", "chat"): [(60, 10_000)],
        ("za", "chat"): [(20, 10_000)],
        ("eu", "draft"): [(0, 10_000)],
        ("eu", "quiet"): [(0, 3)],
    })  # fmt: skip

    assert ((Decimal("0.999"), ("draft", "quiet")), (Decimal("0.99"), ("chat",))) == found.targets


def test_a_cell_that_met_nothing_gets_the_lowest_target():
    """It is a promise to become better, and the report says that it was not met."""
    assert ((Decimal("0.99"), ()),) == proposal({("eu", "chat"): [(500, 10_000)]}).targets


def test_cells_that_missed_a_target_are_told():
    """Of its models, by events enough: a region that met it is none, nor one that cannot tell."""
    found = proposal({
        ("eu", "chat"): [(0, 10_000)],
        ("us", "chat"): [(500, 10_000)],
        ("eu", "draft"): [(400, 10_000)],
        ("eu", "quiet"): [(3, 50)],
    })  # fmt: skip
    at_99 = Decimal("0.99")

    assert ["chat in us"] == [each.name for each in found.missed(at_99, ("chat", "quiet"))]
    assert ["draft in eu", "chat in us"] == [each.name for each in found.missed(at_99, ())]
    assert () == found.missed(Decimal("0.999"), ("quiet",))


def test_without_history_the_usual_target_is_written():
    """And it is short."""
    found = proposal({})

    assert ((Decimal("0.999"), ()),) == found.targets
    assert found.is_short


def test_less_than_a_week_is_short():
    """Seven days are not."""
    assert proposal({("eu", "chat"): [(0, 10)] * 6}).is_short
    assert not proposal({("eu", "chat"): [(0, 10)] * 7}).is_short
