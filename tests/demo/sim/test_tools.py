"""Calls to external tools."""

import numpy as np
import pytest

from demo.sim.truth import TOOL_ERROR_TYPES
from exporters.catalog import TOOL_DURATION_BOUNDS

OK, TIMEOUT, ERROR = map(TOOL_ERROR_TYPES.index, ("", "timeout", "tool_error"))


@pytest.fixture
def long(make_run):
    """A simulation after an hour and a half, in steps of fifteen seconds."""
    run = make_run(step_seconds=15.0)
    run.steps(360)
    return run


def _place(run, region, tool):
    return run.cluster.tool_cells.index((region, tool, "code"))


def test_only_models_that_call_tools_have_tool_series(run):
    """Such as code; chat has none."""
    assert {model for _, _, model in run.cluster.tool_cells} == {"code"}


def test_a_code_model_mostly_executes_code(long):
    """87 % of its calls: so much of its objective hangs on one tool."""
    calls = long.state.tools.started
    here = calls[_place(long, "eu", "code_execution")]
    total = calls[[_place(long, "eu", tool) for tool in ("code_execution", "browser", "search")]]
    assert here / total.sum() == pytest.approx(0.87, abs=0.02)


def test_tools_that_are_well_fail_three_times_in_a_thousand(long):
    """30 % of a budget of 99 %; calls that users cancelled are not counted."""
    ended = long.state.truth.tool_calls.sum(axis=0)
    counted = ended.sum() - ended[TOOL_ERROR_TYPES.index("cancelled")]
    assert 1 - ended[OK] / counted == pytest.approx(0.003, abs=0.001)


def test_calls_last_as_long_as_their_tool(long):
    """Half of shell calls under 0.85 s, and a tail of minutes."""
    tools = long.state.tools
    for tool, half_below in (("code_execution", 1.0), ("search", 0.05)):
        counts = tools.durations[_place(long, "eu", tool), OK].cumsum()
        share = counts[TOOL_DURATION_BOUNDS.index(half_below)] / counts[-1]
        assert share == pytest.approx(0.53, abs=0.06)
    assert tools.durations[_place(long, "eu", "code_execution"), OK, -6:].sum() > 0


def test_a_call_is_counted_when_it_ends(run):
    """A time-out after ten seconds, not before."""
    run.strike("tool-outage", region="eu", tool="code_execution")
    place = _place(run, "eu", "code_execution")
    timeouts_at = []
    for _ in range(20):
        run.steps(1)
        timeouts_at.append(int(run.state.truth.tool_calls[place, TIMEOUT]))
    assert timeouts_at[9] == 0  # the first calls came in the second step at the earliest
    assert timeouts_at[-1] > 0
    assert run.state.tools.in_flight()[place] > 10


def test_in_an_outage_most_calls_time_out_at_ten_seconds_and_none_succeeds(run):
    """Four of five; the rest fail at once."""
    run.strike("tool-outage", region="eu", tool="code_execution")
    run.steps(300)
    ended = run.state.truth.tool_calls[_place(run, "eu", "code_execution")]
    assert ended[OK] == 0
    assert ended[TIMEOUT] / (ended[TIMEOUT] + ended[ERROR]) == pytest.approx(0.8, abs=0.05)
    durations = run.state.tools.durations[_place(run, "eu", "code_execution"), TIMEOUT]
    sums = run.state.tools.duration_sums[_place(run, "eu", "code_execution"), TIMEOUT]
    assert sums / durations.sum() == pytest.approx(10.0, abs=0.01)


def test_an_outage_hits_one_tool_of_one_region_and_ends_with_its_repair(run):
    """Other tools and the other region go on."""
    fault = run.strike("tool-outage", region="eu", tool="search")
    run.steps(100)
    run.repair(fault)
    run.steps(30)
    before = run.state.truth.tool_calls.copy()
    run.steps(300)
    late = (run.state.truth.tool_calls - before)[_place(run, "eu", "search")]
    assert late[OK] / late.sum() > 0.97
    elsewhere = [_place(run, "us", "search"), _place(run, "eu", "code_execution")]
    ended = run.state.truth.tool_calls[elsewhere]
    assert (ended[:, OK] / ended.sum(axis=1) > 0.97).all()


def test_calls_follow_requests_that_end_well(run):
    """Agents that get no answer call no tools."""
    run.steps(100)
    before = run.state.tools.started.copy()
    for name in ("eu-code-0", "eu-code-1"):
        run.strike("lost-gpu", group=name)
    run.steps(30)
    made = run.state.tools.started - before
    eu = np.array([region == "eu" for region, _, _ in run.cluster.tool_cells])
    assert made[eu].sum() == 0
    assert made[~eu].sum() > 100


def test_a_cluster_without_tools_runs(make_run):
    """Arrays without rows."""
    run = make_run(models=("chat",))
    run.steps(20)
    assert run.state.truth.tool_calls.shape == (0, len(TOOL_ERROR_TYPES))
