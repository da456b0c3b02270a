"""What spent a budget, step by step."""

from typing import Any

import pytest

from slo.review.waterfall import waterfall


def spent_by(*incidents: float, rest: float | None = 0.1) -> dict[str, Any]:
    """Return shares of a budget that incidents had, and the rest."""
    return {
        "incident": [
            {"name": str(number), "of_budget": each, "share": each / 2}
            for number, each in enumerate(incidents, 1)
        ],
        "unexplained": {"name": "", "of_budget": rest, "share": 0.2},
    }


def test_steps_lead_from_the_whole_budget_to_what_is_left():
    """Each begins where the one before it ended."""
    drawn = waterfall(spent_by(0.3, 0.2))

    assert drawn is not None
    kinds = ["budget", "incident", "incident", "unexplained", "left"]
    assert kinds == [each.kind for each in drawn.steps]
    ends = [1.0, 0.7, 0.5, 0.4, 0.4]
    assert ends == pytest.approx([each.end for each in drawn.steps])
    assert [1.0, 0.7, 0.5] == pytest.approx([each.begin for each in drawn.steps[1:4]])
    assert (700.0, 300.0) == drawn.bar(drawn.steps[1])


def test_a_tiny_incident_can_be_seen_within_the_drawing():
    """Also at its right end."""
    drawn = waterfall(spent_by(0.0001))

    assert drawn is not None
    at, width = drawn.bar(drawn.steps[1])
    assert (997.0, 3.0) == (at, width)


def test_an_overspent_budget_goes_below_nothing():
    """And the drawing reaches down to it."""
    drawn = waterfall(spent_by(1.5, rest=0.5))

    assert drawn is not None
    assert -1.0 == drawn.floor
    assert 500.0 == drawn.at(0)
    assert (0.0, 500.0) == drawn.bar(drawn.steps[-1])


def test_small_incidents_share_a_step():
    """Of a quarter there may be hundreds; none of what they spent is lost."""
    drawn = waterfall(spent_by(*[0.01] * 20), most=8)

    assert drawn is not None
    (smaller,) = (each for each in drawn.steps if each.kind == "smaller")
    assert 12 == smaller.count
    assert 0.12 == pytest.approx(smaller.begin - smaller.end)
    assert 0.7 == pytest.approx(drawn.steps[-1].end)


def test_no_budget_has_no_waterfall():
    """Of a target of 100 % nothing may be spent."""
    assert None is waterfall(spent_by(rest=None))
