"""Colours and dashed lines stand where the library's objectives say."""

import pytest

from dashboards.boards import latency, metering_sections, tools
from dashboards.panels import Step
from dashboards.promises import bad_shares, good_shares, promised
from slo.objective import Threshold
from slo.objectives import LIBRARY, read_objective_paths

OBJECTIVES = {each.name: each for each in read_objective_paths([LIBRARY])}


def test_a_promise_is_the_librarys_target():
    """Read, and not typed again."""
    assert 0.999 == promised("chat-availability")
    with pytest.raises(KeyError, match="no-such"):
        promised("no-such")


def test_a_share_is_green_from_its_promise_on():
    """Of good events above it, of bad ones below."""
    assert (Step(None, "red"), Step(0.5, "orange"), Step(0.99, "green")) == good_shares(
        "tool-success", 0.5
    )
    assert (Step(None, "green"), Step(0.005, "orange"), Step(0.05, "red")) == bad_shares(
        "throttled-paid", 0.05
    )


@pytest.mark.parametrize(
    ("objective", "seconds"),
    [
        ("chat-ttft", latency.FIRST_TOKEN_SECONDS),
        ("token-pace", latency.TOKEN_SECONDS),
        ("turn-time", latency.TURN_SECONDS),
        ("tool-time", tools.LONG_SECONDS),
    ],
)
def test_limits_of_times_are_those_of_the_librarys_objectives(objective: str, seconds: float):
    """They are bounds of the histograms that the objectives read."""
    bounds = {f'le="{bound}"' for bound in (f"{seconds:g}", f"{seconds:.1f}")}
    text = " ".join(OBJECTIVES[objective].indicator.expressions)
    assert any(bound in text for bound in bounds)


def test_services_whose_budgets_are_shown_are_the_librarys():
    """A service that is called otherwise would leave a panel empty for ever."""
    from dashboards.build import all_boards

    asked = {
        name
        for board in all_boards()
        for band in board.bands
        for panel in band.panels
        if panel.title == "Budgets left"
        for target in panel.targets
        if 'service=~"' in target.expr
        for name in target.expr.partition('service=~"')[2].partition('"')[0].split("|")
    }
    assert asked
    assert asked <= {each.service for each in OBJECTIVES.values()}


def test_the_safety_filter_has_as_long_as_its_objective_says():
    """Where it says nothing of a histogram's bounds."""
    indicator = OBJECTIVES["safety-time"].indicator
    assert isinstance(indicator, Threshold)
    assert float(indicator.bound) == metering_sections.CHECK_SECONDS
