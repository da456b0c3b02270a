"""What spent a budget: each bad event once, from when it began to hurt."""

import itertools
from dataclasses import replace

import numpy as np
import pytest

from slo.review.attribution import (
    AFTER_SECONDS,
    BEFORE_SECONDS,
    attribute,
    burning_since,
    total_bad,
)
from slo.review.history import Excluded, IncidentHistory
from tests.slo.review.histories import HIT, HOUR, PLACE, STEP, cell, incident

BUDGET = 0.001


def spent(*incidents: IncidentHistory, of=None, excluded=()):
    """Return what each incident cost a cell, by its number."""
    found = attribute(of or cell(), BUDGET, incidents, excluded)
    return {each.incident: each.events_bad for each in found}


def test_an_incident_has_what_went_bad_before_its_page_too():
    """Budget burns before anybody is woken: four steps of 150, and what always goes bad after."""
    assert {7: pytest.approx(600, abs=0.2)} == spent(incident())
    assert HIT == burning_since(cell(), BUDGET, HIT + 120)


def test_a_cause_that_fires_first_does_not_make_the_calm_before_expensive():
    """From when it burns, or from the first alert on."""
    early = incident(started_at=HIT - 1000)

    assert {7: pytest.approx(600, abs=0.5)} == spent(early)
    assert HIT - 1000 == burning_since(cell(), BUDGET, HIT - 1000)


def test_another_region_spent_nothing_on_it():
    """It is another place."""
    assert {} == spent(incident(), of=cell("us"))


def test_two_incidents_at_one_time_share():
    """No event is counted twice; nobody knows whose it is where both are at work."""
    found = spent(incident(7), incident(8, started_at=HIT + 600, ended_at=HIT + 3000))

    assert sum(found.values()) == pytest.approx(600, abs=0.5)
    assert found[7] == pytest.approx(300, abs=0.5)


def test_maintenance_is_no_ones():
    """It does not count."""
    window = Excluded(HIT - HOUR, HIT + HOUR, {"region": "eu"}, "a new rack")

    assert {} == spent(incident(), excluded=[window])
    assert total_bad(cell(), [window]) == pytest.approx(total_bad(cell(hit=False), []), rel=0.02)


def test_an_incident_has_five_minutes_after_its_end():
    """Of four steps of 150 the two that began by then."""
    assert {7: 300} == spent(incident(ended_at=HIT + 200))


def test_steps_go_with_their_hour():
    """Maintenance of its last quarter leaves out all of it: a part is no larger than its whole."""
    window = Excluded(HIT + 2700, HIT + HOUR, {"region": "eu"}, "a new rack")
    other = replace(window, starts_at=HIT + HOUR, ends_at=HIT + 2 * HOUR)
    elsewhere = replace(window, labels={"region": "eu", "group": "eu-chat-3"})

    assert {} == spent(incident(), excluded=[window])
    assert spent(incident()) == spent(incident(), excluded=[other])
    assert spent(incident()) == spent(incident(), excluded=[elsewhere])


def test_an_incident_that_goes_on_has_all_up_to_now():
    """It has no end."""
    assert {7: pytest.approx(600, abs=1.5)} == spent(incident(ended_at=float("inf")))


def test_a_cell_without_steps_has_no_incident():
    """Nothing is known of it in such detail."""
    none = np.array([])
    bare = replace(cell(), step_at=none, step_events=none, step_events_bad=none)

    assert {} == spent(incident(), of=bare)


def test_a_gap_in_steps_ends_the_search_for_the_beginning():
    """What lies before it is not known to have burned."""
    whole = cell()
    keep = whole.step_at != HIT + 2 * STEP
    gap = replace(
        whole,
        step_at=whole.step_at[keep],
        step_events=whole.step_events[keep],
        step_events_bad=whole.step_events_bad[keep],
    )

    assert HIT + 2 * STEP == burning_since(gap, BUDGET, HIT + 3 * STEP)


def test_each_step_is_judged_as_if_it_were_asked_one_by_one():
    """Of random steps with gaps, and incidents that begin and end anywhere: to the last digit."""
    chance = np.random.default_rng(1)
    for _ in range(30):
        kept = np.flatnonzero(chance.random(400) < 0.95)
        bad = chance.random(kept.size) + np.where(chance.random(kept.size) < 0.95, 0.5, -0.5)
        bad = np.maximum(bad, 0.0)
        at = HIT + kept * STEP
        of = replace(cell(), step_at=at, step_events_bad=bad, step_events=np.full(at.shape, 500.0))
        starts = HIT + chance.integers(-12, 412, 6) * STEP + chance.choice([0.0, 0.5, 7.25], 6)
        ends = starts + chance.choice([0.0, STEP, 9_000.5, np.inf], 6)
        many = [
            incident(n, started_at=a, ended_at=b)
            for n, (a, b) in enumerate(zip(starts, ends, strict=True))
        ]

        found = attribute(of, BUDGET, many, ())

        assert one_by_one(of, many) == {each.incident: each.events_bad for each in found}


def one_by_one(of, incidents):
    """Return what incidents cost a cell: each step looked at by itself."""
    is_burning = of.step_events_bad > BUDGET * of.step_events
    burns = dict(zip(of.step_at.tolist(), is_burning, strict=True))
    at_work = {}
    for each in incidents:
        since = each.started_at
        ends = np.ceil(since / STEP) * STEP - STEP * np.arange(BEFORE_SECONDS // STEP + 2)
        for end in itertools.takewhile(burns.get, ends[0 if burns.get(ends[0]) else 1 :]):
            if end > each.started_at - BEFORE_SECONDS:
                since = min(since, end - STEP)
        is_after = of.step_at > since
        at_work[each.number] = is_after & (of.step_at - STEP < each.ended_at + AFTER_SECONDS)
    shares = of.step_events_bad / np.maximum(np.sum(list(at_work.values()), axis=0), 1)
    sums = {number: float(np.sum(shares[of_it])) for number, of_it in at_work.items()}
    return {number: events for number, events in sums.items() if events}


def test_a_place_is_of_cluster_region_and_model():
    """A label that a cell does not have is of no other."""
    assert cell().is_at({**PLACE, "slo": "other"})
    assert not cell().is_at({"region": "us"})
