"""Every scenario of the simulator, at every strength at which it must be seen."""

import pytest

from demo.scenario import find_scenario, read_scenario, scenario_names
from tests.e2e.conftest import Play

EACH_CHANGE = ("region-loss",)
"""Played with every change, beside those that have a module of their own."""
ELSEWHERE = ("calm", "gpu-lost", "tool-outage")
"""Those."""


def _others() -> list[tuple[str, float | None]]:
    return [
        (name, strength)
        for name in scenario_names()
        if name not in (*EACH_CHANGE, *ELSEWHERE)
        for scenario in [read_scenario(find_scenario(name))]
        if scenario.engine == "sim"
        for strength in scenario.promised_strengths or (None,)
    ]


@pytest.mark.e2e
@pytest.mark.parametrize("name", EACH_CHANGE)
def test_a_scenario_goes_as_it_says(play: Play, name: str):
    """All that it expects is seen, nothing that it forbids, and budgets agree with the truth."""
    assert name == play(name)["scenario"]


@pytest.mark.scenario
@pytest.mark.parametrize(("name", "strength"), _others())
def test_another_scenario_goes_as_it_says(play: Play, name: str, strength: float | None):
    """At each of its strengths."""
    report = play(name, strength)
    assert (name, strength) == (report["scenario"], report["strength"])
