"""The figures of a review: they add up, and say what is not known."""

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from slo.review.figures import review_figures
from slo.review.history import CellHistory, Excluded
from slo.review.policy import read_policy
from slo.review.reviewed_period import parse_period
from tests.slo.review.histories import (
    HIT,
    HOUR,
    PERIOD,
    PLACE,
    cell,
    incident,
    objective,
    page,
    service,
)


def figures(history=None, before=()):
    """Return the figures of a history."""
    return review_figures(PERIOD, history or service(), before, read_policy())


def only(found):
    """Return its only objective."""
    (told,) = found["objectives"]
    return told


def test_attainment_is_of_events_and_never_a_mean_of_ratios():
    """A cell with little traffic counts little."""
    quiet = cell("us", bad_ratio=0.5, hit=False)
    quiet = replace(quiet, events=quiet.events / 1000, events_bad=quiet.events_bad / 1000)
    told = only(figures(service(objectives=(objective(cell(hit=False), quiet),))))

    bad, total = 168 * (0.72 + 1.8), 168 * (3600 + 3.6)
    assert told["attainment"] == pytest.approx(1 - bad / total, rel=1e-8)


def test_the_budget_is_what_the_hours_promised():
    """Of 1.2096 million events 0.1 % may be bad."""
    told = only(figures())

    assert told["spent"] == pytest.approx(told["events_bad"] / 1209.6, rel=1e-6)
    assert told["left"] == pytest.approx(1 - told["spent"], rel=1e-6)
    assert "met" == told["verdict"]


def test_a_changed_target_holds_from_its_hour_on():
    """Hours before it are held against what was promised then."""
    stricter = cell()
    budgets = np.where(stricter.at > HIT, 0.0005, 0.001)
    changed = objective(replace(stricter, budgets=budgets), target="0.9995")

    told = only(figures(service(objectives=(changed,))))

    allowed = 3600 * (50 * 0.001 + 118 * 0.0005)
    assert told["spent"] == pytest.approx(told["events_bad"] / allowed, rel=1e-6)


def test_incidents_and_the_unexplained_add_up_to_all():
    """So do region, model and tier."""
    spent = only(figures())["spent_by"]

    for kind in ("incident", "cause"):
        shares = [each["share"] for each in (*spent[kind], spent["unexplained"])]
        assert 1 == pytest.approx(sum(shares), abs=1e-6)
    for kind in ("region", "model", "tier"):
        assert 1 == pytest.approx(sum(each["share"] for each in spent[kind]), abs=1e-6)
    assert [("7", pytest.approx(600, abs=0.5))] == [
        (each["name"], each["events_bad"]) for each in spent["incident"]
    ]
    assert ["GpuLost"] == [each["name"] for each in spent["cause"]]
    assert ["eu", "us"] == [each["name"] for each in spent["region"]]
    assert ["r2"] == [each["name"] for each in spent["revision"]]


@pytest.mark.parametrize("missing_hours", [2, 168])
def test_a_budget_of_which_too_little_is_known_is_unknown(missing_hours: int):
    """Not good."""
    known = PERIOD.hours - missing_hours
    told = only(figures(service(objectives=(objective(cell(hit=False), known_hours=known),))))

    assert "unknown" == told["verdict"]
    assert told["unknown"] == pytest.approx(missing_hours / 168, rel=1e-6)
    assert "" == told["target_is"]


def without(of, hours):
    """Return a cell without its rows of some hours, which count from 0."""
    kept = ~np.isin(np.arange(of.at.size), hours)
    names = ("at", "events_bad", "events", "coverage", "budgets")
    return replace(of, **{name: getattr(of, name)[kept] for name in names})


DOWN = range(10, 14)
"""Hours at which no rules ran."""


@pytest.mark.parametrize(
    ("first", "last", "known", "unknown"),
    [
        (10, 14, [], 0),
        (8, 12, [8, 9], 2 / 164),
        (14, 98, range(14, 98), 4 / 84),
        (-5, 200, [*range(10), *range(14, 168)], 0),
    ],
)
def test_hours_of_maintenance_are_neither_known_nor_unknown(first, last, known, unknown: float):
    """Of 168 h rules were down for 4: a window over these, half of these, others, all of them."""
    window = Excluded(PERIOD.start + first * HOUR, PERIOD.start + last * HOUR, {}, "an upgrade")
    ends = PERIOD.start + HOUR * (1 + np.array(list(known), np.int64))
    of = objective(without(cell(hit=False), DOWN), known_hours=164, known_in_maintenance=ends)
    told = only(figures(service(objectives=(of,), incidents=(), excluded=(window,))))

    assert told["unknown"] == pytest.approx(unknown, rel=1e-6)
    if not unknown:
        assert told["verdict"] == ("met" if last < 168 else "idle")


def test_maintenance_elsewhere_leaves_what_is_unknown_here():
    """Of `eu` 4 of 168 hours are, of `us` none of 164."""
    window = Excluded(PERIOD.start + 10 * HOUR, PERIOD.start + 14 * HOUR, {"region": "us"}, "x")
    cells = (without(cell(hit=False), DOWN), without(cell("us", hit=False), DOWN))
    of = objective(*cells, known_hours=164)
    told = only(figures(service(objectives=(of,), incidents=(), excluded=(window,))))

    unknown = {each["labels"]["region"]: each["unknown"] for each in told["cells"]}
    assert {"eu": pytest.approx(4 / 168, rel=1e-6), "us": 0} == unknown
    assert told["unknown"] == pytest.approx(2 / 168, rel=1e-6)


def test_what_is_missed_stays_missed_however_little_is_known():
    """More data would not bring it back."""
    worse = objective(cell(bad_ratio=0.01), known_hours=100)

    assert "missed" == only(figures(service(objectives=(worse,))))["verdict"]


def test_zero_tolerance_has_no_budget_and_is_missed_by_one_event():
    """Nothing is divided by nothing."""
    none = replace(cell(), budgets=np.zeros(168))
    told = only(figures(service(objectives=(objective(none, target="1.0"),))))

    assert ("missed", None, None) == (told["verdict"], told["spent"], told["left"])


def test_maintenance_is_left_out_and_said_to_be():
    """Its hours are of neither side."""
    window = Excluded(HIT, HIT + HOUR, {"region": "eu"}, "a new rack")
    found = figures(service(excluded=(window,)))

    assert only(found)["events"] == 3600 * (168 + 167)
    assert [] == only(found)["spent_by"]["incident"]
    assert ["a new rack"] == [each["reason"] for each in found["excluded"]]


def test_targets_tell_which_would_have_been_met():
    """`eu` and `us` together had 842 of 1,209,600 bad."""
    met = {each["target"]: each["met"] for each in only(figures())["targets"]}

    assert met["0.999"]
    assert not met["0.9995"]


@pytest.mark.parametrize(
    ("bad", "verdict", "said"),
    [(5, "met", "fitting"), (5.005, "met", "fitting"), (6, "missed", "too tight")],
)
def test_a_budget_may_be_spent_to_the_last_event(bad: float, verdict: str, said: str):
    """Of 50 hours of 100 events 5 may be bad; less than a hundredth of one is rounding."""
    hours = np.arange(50)
    of = without(cell(hit=False), range(50, 168))
    of = replace(of, events=np.full(50, 100.0), events_bad=np.where(hours == 7, bad, 0.0))
    whole = objective(of, expected_hours=50, known_hours=50)
    told = only(figures(service(objectives=(whole,), incidents=())))

    would = {each["target"]: each["met"] for each in told["targets"]}
    assert (verdict, verdict == "met", said) == (told["verdict"], would["0.999"], told["target_is"])


@pytest.mark.parametrize(
    ("bad_ratio", "said"), [(0.00001, "too loose"), (0.0005, "fitting"), (0.002, "too tight")]
)
def test_a_target_is_judged_by_what_it_left(bad_ratio: float, said: str):
    """A tenth of a budget spent says that more could be promised."""
    calm = objective(cell(bad_ratio=bad_ratio, hit=False))

    assert said == only(figures(service(objectives=(calm,), incidents=())))["target_is"]


def test_the_policy_is_where_the_worst_cell_is():
    """By the budget that Prometheus recorded over its own period."""
    found = figures()
    assert ("normal", "normal") == (found["state"], only(found)["policy_level"])

    spent = objective(replace(cell(), budget_remaining=-0.2), cell("us", hit=False))
    assert "frozen" == figures(service(objectives=(spent,)))["state"]

    nobody = objective(replace(cell(), budget_remaining=None))
    assert "unknown" == figures(service(objectives=(nobody,)))["state"]


def test_a_page_that_spent_nothing_is_noise():
    """Half of the pages here."""
    false = page(HIT + 50 * HOUR, HIT + 51 * HOUR, region="us")
    found = figures(service(incidents=(incident(), incident(8, pages=(false,)))))["alerts"]

    assert (2, 0.5) == (found["pages"], found["precision"])
    assert [{"alert": "ErrorBudgetBurn", "pages": 1}] == found["noise"]
    assert 120 == found["detect_seconds"]
    assert 1 == found["pages_by_hour"][2]


def test_a_page_is_held_against_its_own_objective():
    """Availability burns; a page of latency at the same place and time spoke of nothing."""
    slow = objective(cell(hit=False), slo="latency")
    history = service(
        objectives=(objective(cell()), slow),
        incidents=(incident(pages=(page(), page(slo="latency"))),),
    )

    assert 0.5 == figures(history)["alerts"]["precision"]


PAGED, BURNED = 4 * 150 + 2 * 0.06, 4 * 150 + 8 * 0.06
"""Bad events of the hit: of its incident's 6 steps, and of its hour's 12."""


def with_bad(of, hour: int, bad: float):
    """Return a cell of which so many events were bad in an hour."""
    return replace(of, events_bad=np.where(np.arange(168) == hour, bad, of.events_bad))


def recall(*cells: CellHistory, more=(), **changed: Any):
    """Return the recall of a week with these cells."""
    found = figures(service(objectives=(objective(*cells), *more), **changed))
    return found["alerts"]["recall"]


def test_what_was_spent_too_fast_without_a_page_lowers_recall():
    """What goes bad on any day does not: 3.6 of an hour's 3,600 may."""
    silent = with_bad(cell("us", hit=False), 100, 600.0)
    calm = with_bad(cell("us", hit=False), 100, 3.6)

    assert recall(cell()) == pytest.approx(PAGED / BURNED, rel=1e-8)
    assert recall(cell(), incidents=(incident(started_at=HIT - 1000),)) == recall(cell())
    assert recall(cell(), silent) == pytest.approx(PAGED / (BURNED + 600), rel=1e-8)
    assert recall(cell(), calm) == recall(cell())
    assert recall(cell(hit=False), incidents=()) is None


def test_recall_has_nothing_of_what_never_spent_too_fast():
    """Latency at the same place, of which 4 % are bad and 5 % may be, and a place that is calm."""
    slow = cell(bad_ratio=0.04, hit=False)
    slow = objective(replace(slow, budgets=np.full(168, 0.05)), slo="latency", target="0.95")
    silent = with_bad(cell("us", hit=False), 100, 600.0)

    expected = pytest.approx(PAGED / (BURNED + 600), rel=1e-8)
    assert expected == recall(cell(), silent, more=(slow,))


def test_recall_has_nothing_of_incidents_without_a_page():
    """Of two hits one had a ticket; where both are at work, somebody was woken."""
    ticket = incident(8, severity="ticket", labels={**PLACE, "region": "us"}, pages=())
    beside = incident(9, severity="ticket", pages=())

    found = recall(cell(), cell("us"), incidents=(incident(), ticket, beside))

    assert found == pytest.approx(PAGED / (2 * BURNED), rel=1e-8)


def test_recall_has_no_more_of_an_hour_than_it_has():
    """Steps are counted apart from it, and may come to more."""
    more = cell()
    more = replace(more, step_events_bad=more.step_events_bad * 2)

    assert 1 == recall(more)


def test_recall_has_nothing_of_maintenance():
    """Of a quarter of an hour either: all of its hour is left out."""
    window = Excluded(HIT + 2700, HIT + HOUR, {"region": "eu"}, "a new rack")

    assert recall(cell(), cell("us"), excluded=(window,)) == 0
    assert recall(cell(), excluded=(window,)) is None


def test_the_trend_tells_the_periods_before():
    """One that the record does not know is told to be none."""
    before = [
        (parse_period("2026-W38"), service()),
        (parse_period("2026-W37"), service(objectives=())),
    ]
    trend = only(figures(before=before))["trend"]

    assert [("2026-W38", "met"), ("2026-W37", None)] == [
        (each["period"], each["verdict"]) for each in trend
    ]


def test_the_same_history_makes_the_same_figures_and_another_others():
    """A signature holds them."""
    assert figures()["digest"] == figures()["digest"]
    assert figures()["digest"] != figures(service(incidents=()))["digest"]
    json.dumps(figures(service(objectives=(), incidents=())), allow_nan=False)
