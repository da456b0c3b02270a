"""A panel shows a fault if a series of it comes to a value after it that it had not before."""

import json
from collections.abc import Mapping
from typing import Any

import numpy as np
import pytest

from dashboards.build import build_boards
from demo.lab.asking import Question, Span, ask, questions_of, shown
from demo.lab.outcome import Shown
from demo.lab.showing import Showing
from demo.scenario import find_scenario, read_scenario
from slo.prometheus import PrometheusRefusedError
from slo.series import Series

SPAN = Span(fault_at=1000.0, end=1060.0, step_seconds=15.0)
CELL = {"region": "eu"}


def series(values: Mapping[float, float], **labels: str) -> Series:
    """Return a series by seconds after the fault."""
    times = np.array([round((SPAN.fault_at + each) * 1000) for each in values], dtype=np.int64)
    return Series({**CELL, **labels}, times, np.array(list(values.values())))


def question(**more: Any) -> Question:
    """Return what is asked of a panel: to come to 1."""
    content = {"scenario": "gpu-lost", "panel": "P", "at_least": 1.0, "why": "it is", **more}
    return Question("fleet", Showing(**content), "a", None)


def seen(*found: Series, **more: Any) -> Shown:
    """Return what a panel shows by these series."""
    return shown(question(**more), found, SPAN)


def test_it_is_shown_when_a_series_first_reaches_the_value() -> None:
    """Of several, the first; and whether it stays there is all the same."""
    late = series({-15: 0.0, 0: 0.0, 15: 0.0, 30: 0.0, 45: 2.0})
    soon = series({-15: 0.0, 0: 0.0, 15: 0.9, 30: 1.0, 45: 0.0})

    assert (30.0, "") == (seen(late, soon).seconds, seen(late, soon).said)
    assert 45.0 == seen(late).seconds


def test_what_may_be_at_most_so_much_is_shown_from_above() -> None:
    """A share of what serves."""
    assert 15.0 == seen(series({0: 1.0, 15: 0.5}), at_least=None, at_most=0.5).seconds


def test_what_stays_short_of_the_value_is_not_shown_and_how_near_it_came_is_said() -> None:
    """After the fault; from the side from which it comes."""
    short = series({0: 0.3, 15: 0.9, 30: float("nan"), 45: 0.2})

    assert (None, "0.9 at the most") == (seen(short).seconds, seen(short).said)
    assert "0.2 at the least" == seen(short, at_least=None, at_most=0.1).said
    assert not seen(short).is_shown


def test_what_was_so_before_the_fault_does_not_show_it() -> None:
    """Though it is so after it, and whichever series it was."""
    usual = series({-300: 1.0, -285: 0.0, 0: 0.0, 15: 1.0})
    other = series({-15: 0.0, 30: 1.0})

    assert (None, "is so before the fault") == (seen(usual, other).seconds, seen(usual).said)
    assert seen(series({0: 1.0, 15: 1.0})).seconds is None, "nothing can be seen at once"


def test_another_series_is_none_of_it() -> None:
    """Its labels are others; without one there is nothing."""
    other = series({0: 0.0, 15: 1.0}, region="us")

    assert "no such series" == seen(other, labels=CELL).said
    assert 15.0 == seen(other).seconds
    assert "no such series" == seen().said
    assert "no such series" == seen(series({15: float("nan")})).said


def test_what_must_stay_as_it_is_is_held_at_every_step_before_and_after() -> None:
    """And told at every one of them."""
    steps = dict.fromkeys((-15, 0, 15, 30, 45, 60), 1.0)
    whole = series(steps)

    assert (0.0, "") == (seen(whole, kept=True).seconds, seen(whole, kept=True).said)
    assert "0.5 at 30 s" == seen(series({**steps, 30: 0.5}), kept=True).said
    assert "0 at -15 s" == seen(whole, series({-15: 0.0}), kept=True).said
    assert "nan at 45 s" == seen(series({**steps, 45: float("nan")}), kept=True).said
    del steps[45]
    assert "nothing at 45 s" == seen(series(steps), kept=True).said
    assert "nothing at 15 s" == seen(kept=True).said


async def test_the_panel_is_asked_from_minutes_before_the_fault_to_the_end() -> None:
    """At the steps of the scrapes, one of which is the fault's moment."""
    asked = []

    class Client:
        async def query_range(self, *args: object) -> list[Series]:
            asked.append(args)
            return [series({0: 0.0, 15: 1.0})]

    (found,) = await ask(Client(), [question(panel="Lost", labels=CELL)], SPAN)  # type: ignore[arg-type]

    assert [("a", 700.0, 1060.0, 15.0)] == asked
    assert Shown("fleet", "Lost", "region=eu, at least 1", "it is", 15.0) == found


async def test_a_query_that_is_refused_is_a_panel_that_shows_nothing() -> None:
    """It breaks during the incident; the play goes on, and says why."""

    class Client:
        async def query_range(self, *_: object) -> list[Series]:
            raise PrometheusRefusedError("refused: same labelset")

    (found,) = await ask(Client(), [question(panel="Lost")], SPAN)  # type: ignore[arg-type]

    assert (None, "refused: same labelset") == (found.seconds, found.said)
    assert not found.is_shown


@pytest.fixture(scope="module")
def boards() -> dict[str, Any]:
    """Every board, as it is built."""
    return {name.removesuffix(".json"): json.loads(text) for name, text in build_boards().items()}


def test_a_panel_is_asked_for_its_own_query_with_what_is_chosen_at_the_top(boards) -> None:
    """Nothing of Grafana's is left in it."""
    found = questions_of([read_scenario(find_scenario("gpu-lost"))], boards)
    (state,) = (
        each.expr for each in found if (each.board, each.showing.panel) == ("group", "State")
    )

    assert 'group=~"eu-chat-0"' in state
    assert 'region=~".*"' in state
    assert not [each for each in found if "$" in each.expr]
    assert {"gpu-lost"} == {each.showing.scenario for each in found}


def test_a_weaker_fault_than_the_scenarios_own_is_asked_of_no_board(boards) -> None:
    """The values are for the scenario as it is; nor is a scenario that nobody knows."""
    scenario = read_scenario(find_scenario("bad-canary"))
    weak = scenario.at_strength(0.2)
    unknown = scenario.model_copy(update={"name": "mine"})

    assert [] == questions_of([weak, unknown], boards)
    both = questions_of([scenario, weak], boards)
    assert both
    assert [] == [each for each in both if each.is_for(weak)]
