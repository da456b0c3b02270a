"""What a review shows first."""

from typing import Any

from slo.review.figures import review_figures
from slo.review.policy import read_policy
from slo.review.showing import by_trouble, glance, is_quiet
from tests.slo.review.histories import PERIOD, cell, objective, service


def figures(**changed: Any) -> dict[str, Any]:
    """Return the figures of the week."""
    return review_figures(PERIOD, service(**changed), (), read_policy())


def test_a_glance_says_how_a_service_did():
    """Met, least left, incidents, and what was carried over."""
    action = {"text": "x", "owner": "ada", "due_on": None, "closed": False, "carried_over": True}
    seen = glance(figures(actions=(action, {**action, "closed": True})))

    assert (1, 1, "availability") == (seen.objectives, seen.met, seen.least_of)
    assert (1, 1, 1, 1) == (seen.incidents, seen.pages, seen.open_actions, seen.carried_over)


def test_the_worst_is_talked_about_first():
    """What is missed, then what is unknown, then what is met, each by what it spent."""
    told = [
        {"slo": "idle", "verdict": "idle", "spent": None},
        {"slo": "fine", "verdict": "met", "spent": 0.1},
        {"slo": "near", "verdict": "met", "spent": 0.9},
        {"slo": "gone", "verdict": "missed", "spent": 2.0},
        {"slo": "dark", "verdict": "unknown", "spent": 0.2},
    ]

    assert ["gone", "dark", "near", "fine", "idle"] == [each["slo"] for each in by_trouble(told)]


def test_an_objective_with_an_incident_is_not_folded():
    """One that nothing happened to is."""
    calm = objective(cell("us", hit=False))

    assert not is_quiet(figures()["objectives"][0])
    assert is_quiet(figures(objectives=(calm,), incidents=())["objectives"][0])
