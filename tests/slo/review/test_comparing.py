"""Two reviews side by side."""

from typing import Any

import pytest

from slo.review.comparing import compare
from slo.review.figures import review_figures
from slo.review.policy import read_policy
from tests.slo.review.histories import PERIOD, cell, objective, service


def figures(**changed: Any) -> dict[str, Any]:
    """Return the figures of the week."""
    return review_figures(PERIOD, service(**changed), (), read_policy())


def calm(**changed: Any) -> dict[str, Any]:
    """Return those of a week in which nothing happened."""
    cells = cell(hit=False), cell("us", hit=False)
    return figures(objectives=(objective(*cells),), incidents=(), **changed)


def test_what_became_worse_is_told_with_its_cause():
    """A share of the budget more, and what spent it."""
    (found,) = compare(calm(), figures())["objectives"]
    (cause,) = found["causes"]

    assert ("GpuLost", 0.0) == (cause["name"], cause["before"])
    assert found["spent"]["now"] - found["spent"]["before"] == pytest.approx(
        found["spent"]["difference"]
    )
    assert found["spent"]["difference"] == pytest.approx(cause["difference"], rel=0.02)
    assert {"before": "met", "now": "met"} == found["verdict"]


def test_an_objective_that_one_has_alone_is_neither_better_nor_worse():
    """Its other side is empty."""
    found = compare(figures(objectives=(), incidents=()), calm())
    (told,) = found["objectives"]

    assert {"before": None, "now": "met"} == told["verdict"]
    assert None is told["spent"]["difference"]
    assert None is found["alerts"]["precision"]["difference"]


def test_actions_are_done_open_still_or_new():
    """By what both reviews say of them."""
    one, two, three = (
        {"text": text, "owner": "ada", "due_on": None, "closed": False, "carried_over": False}
        for text in ("one", "two", "three")
    )
    found = compare(calm(actions=(one, two)), calm(actions=({**one, "closed": True}, two, three)))

    names = {state: [each["text"] for each in rows] for state, rows in found["actions"].items()}
    assert {"done": ["one"], "still_open": ["two"], "new": ["three"]} == names
