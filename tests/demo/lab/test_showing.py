"""What boards must show in a fault is of panels and scenarios that there are."""

import json
from pathlib import Path
from typing import Any

import pytest

from demo.lab.showing import Showing, read_showings
from demo.scenario import Scenario, find_scenario, read_scenario, scenario_names
from exporters.problems import InputError

GENERATED = Path(__file__).parents[3] / "dashboards/generated"
GOOD = "- {scenario: gpu-lost, panel: GPUs missing, at_least: 1, why: one GPU is gone}\n"


@pytest.fixture(scope="module")
def boards() -> dict[str, Any]:
    """Every board, as Grafana is given it."""
    return {path.stem: json.loads(path.read_text()) for path in GENERATED.glob("*.json")}


@pytest.fixture(scope="module")
def simulated() -> list[Scenario]:
    """The scenarios of the simulator."""
    every = [read_scenario(find_scenario(each)) for each in scenario_names()]
    return [each for each in every if each.is_simulated]


def test_every_board_has_showings_and_every_scenario_of_the_simulator_is_shown(boards, simulated):
    """By panels, queries and variables that there are, or they would be refused."""
    found = read_showings(boards, simulated)

    assert boards.keys() == found.keys()
    assert {each.name for each in simulated} == {
        each.scenario for showings in found.values() for each in showings
    }


@pytest.mark.parametrize(
    ("file", "text", "said"),
    [
        ("fleets", GOOD, ": found showings of 'fleets', which is no board; take one of: fleet, "),
        ("fleet", GOOD.replace("gpu-lost", "gpu-last"),
         ":1:4: [0].scenario: found 'gpu-last', expected a simulated scenario; "
         "take one of: gpu-lost, "),
        ("fleet", GOOD.replace("gpu-lost", "frozen-worker"), "expected a simulated scenario"),
        ("fleet", GOOD + GOOD.replace("GPUs missing", "GPUs gone"),
         ":2:24: [1].panel: found 'GPUs gone', expected a panel with queries; take one of: "),
        ("fleet", GOOD.replace("at_least", "ref: Z, at_least"),
         "found 'Z', expected a query of the panel; take one of: A"),
        ("fleet", GOOD.replace("at_least", "variables: {gpu: x}, at_least"),
         "found 'gpu', expected a variable of the board; take one of: "),
        ("fleet", GOOD.replace("at_least: 1", "at_most: 1, at_least: 1"),
         "found both of at_least and at_most, expected one of them"),
        ("fleet", GOOD.replace("at_least: 1, ", ""), "found none of at_least and at_most"),
        ("fleet", GOOD.replace("at_least", "least"), ":1:"),
        ("fleet", "scenario: gpu-lost\n", "list"),
        ("fleet", "", "found an empty file"),
    ],
)  # fmt: skip
def test_a_showing_that_nobody_could_ask_for_is_refused(
    file, text, said, *, tmp_path, boards, simulated
):
    """In a sentence that says where, and what there is instead."""
    path = tmp_path / f"{file}.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_showings(boards, simulated, tmp_path)

    problems = [str(each) for each in refused.value.problems]
    assert any(each.startswith(str(path)) and said in each for each in problems), problems


def test_what_is_asked_is_told_in_words():
    """Where, which value, and whether at all times."""
    showing = Showing(
        scenario="one", panel="P", ref="B", variables={"group": "g"}, labels={"a": "b"},
        at_most=0.02, kept=True, why="it is",
    )  # fmt: skip
    assert "query B, a=b group=g, at most 0.02 throughout" == showing.asked
    assert "at least 1" == Showing(scenario="one", panel="P", at_least=1, why="it is").asked
