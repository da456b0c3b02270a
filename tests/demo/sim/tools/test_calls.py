"""Calls to external tools."""

import numpy as np
import pytest

from demo.sim.tools.calls import RETRIED_RATIO
from demo.sim.tools.ends import TOOL_ERROR_TYPES
from demo.sim.tools.page import count_durations, sum_durations

from .tool_run import tool_run, tool_topology

TIMEOUT, CANCELLED = map(TOOL_ERROR_TYPES.index, ("timeout", "cancelled"))
LONGEST_SECONDS = 615.0


def _ratio(ended: dict[str, int], *types: str) -> float:
    return sum(ended[each] for each in types) / sum(ended.values())


def test_tools_are_called_by_models_that_call_tools_where_there_is_a_gateway():
    """Chat has none, and us no gateway."""
    run = tool_run(tool_topology(gateways=("eu",)))
    assert {("eu", "agent"), ("eu", "code")} == {
        (region, model) for region, _, model in run.tools.cells.names
    }


@pytest.mark.parametrize("step_seconds", [1.0, 15.0])
def test_every_call_that_starts_ends(step_seconds):
    """Also those that wait while a tool is slow, fails, and is well again."""
    run = tool_run(step_seconds=step_seconds)
    run.seconds(300)
    run.tools.slowness["eu", "browser"] = 8.0
    run.tools.failing["us", "search"] = 0.7
    run.seconds(300)
    run.tools.slowness.clear()
    run.seconds(300)
    assert run.tools.in_flight().sum() > 100
    run.tools.failing.clear()
    run.seconds(3 * LONGEST_SECONDS, finished_per_second=0.0)
    assert run.tools.in_flight().sum() == 0
    assert (run.tools.started == run.tools.ended).all()
    assert run.tools.ended.sum() == run.calls.sum()


def test_as_many_calls_are_on_their_way_as_start_while_one_lasts():
    """Little's law."""
    run = tool_run(finished_per_second=200.0)
    run.seconds(7200)
    place = run.place("eu", "code_execution", "code")
    mean = sum_durations(run.tools)[place].sum() / run.calls[place].sum()
    started_per_second = 200.0 * 0.3 * 0.87
    waited = run.tools.in_flight()[place] / started_per_second
    # half the calls last less than a step of a second, and are on their way for one
    assert pytest.approx(mean + 0.3, rel=0.1) == waited


def test_tools_that_are_well_fail_three_times_in_a_thousand():
    """30 % of a budget of 99 %; calls that users cancelled are not counted."""
    run = tool_run(step_seconds=15.0, finished_per_second=200.0)
    run.seconds(3600)
    counts = run.calls.sum(axis=0)
    counted = counts.sum() - counts[CANCELLED]
    assert pytest.approx(0.003, abs=0.0003) == 1 - counts[0] / counted


def test_an_outage_is_seen_after_ten_seconds():
    """The time to connect, not the ten minutes that a call may last."""
    run = tool_run()
    run.tools.failing["eu", "code_execution"] = 1.0
    timeouts = []
    for _ in range(14):
        run.seconds(1)
        timeouts.append(run.ended("eu", "code_execution")["timeout"])
    assert timeouts[:10] == [0] * 10
    assert timeouts[10] > 0


def test_in_an_outage_most_calls_time_out_at_ten_seconds_and_none_succeeds():
    """Four of five; the others are refused at once."""
    run = tool_run()
    run.tools.failing["eu", "code_execution"] = 1.0
    run.seconds(600)
    place, ended = run.place("eu", "code_execution"), run.ended("eu", "code_execution")
    assert ended[""] == 0
    assert pytest.approx(0.8, abs=0.02) == _ratio(ended, "timeout")
    assert pytest.approx(0.2, abs=0.02) == _ratio(ended, "tool_error")
    mean = sum_durations(run.tools)[place, TIMEOUT] / ended["timeout"]
    assert pytest.approx(10.0, abs=0.01) == mean


def test_a_partial_outage_fails_its_share():
    """The other calls are as ever."""
    run = tool_run(finished_per_second=100.0)
    run.tools.failing["eu", "search"] = 0.3
    run.seconds(600)
    ended = run.ended("eu", "search")
    assert pytest.approx(0.3, abs=0.02) == 1 - _ratio(ended, "", "cancelled")


def test_an_outage_hits_one_tool_of_one_region_and_ends_with_its_repair():
    """Other tools and the other region go on."""
    run = tool_run()
    run.tools.failing["eu", "search"] = 1.0
    run.seconds(100)
    del run.tools.failing["eu", "search"]
    run.seconds(30)
    before = run.ended("eu", "search")
    run.seconds(300)
    late = {name: count - before[name] for name, count in run.ended("eu", "search").items()}
    assert _ratio(late, "") > 0.98
    for region, tool in (("us", "search"), ("eu", "code_execution")):
        assert _ratio(run.ended(region, tool), "") > 0.98


def test_a_slow_tool_takes_longer_and_what_exceeds_its_limit_times_out():
    """Search, eight times slower: 0.34 s in the median, and 1 % of calls over its minute."""
    run = tool_run(step_seconds=15.0, finished_per_second=200.0)
    run.tools.slowness["eu", "search"] = 8.0
    run.seconds(3600)
    ended = run.ended("eu", "search")
    # 60 s / 8 = 7.5 s: just above the 0.99 quantile of 7.2 s
    assert pytest.approx(0.01, abs=0.002) == _ratio(ended, "timeout")
    durations = count_durations(run.tools)[run.place("eu", "search"), 0]
    below = durations.cumsum() / durations.sum()
    assert below[4] < 0.45  # 0.2 s; usually 0.76
    assert 0.5 < below[5] < 0.62  # 0.5 s


def test_a_captcha_wave_hits_fetched_pages_and_not_cached_ones():
    """And the cache cools, for what is not fetched is not kept."""
    run = tool_run(finished_per_second=100.0)
    run.tools.captchas["eu"] = 0.6
    run.seconds(1200)
    ended = run.ended("eu", "browser")
    captchas = ended["captcha"] + run.ended("eu", "browser", "code")["captcha"]
    assert pytest.approx(0.6, abs=0.02) == captchas / run.tools.pages.misses[0]
    eu, us = run.tools.pages.hit_ratio()
    assert eu < us - 0.02
    assert _ratio(run.ended("us", "browser"), "captcha") < 0.003
    assert run.ended("eu", "search")["captcha"] == 0


def test_cached_pages_are_read_even_if_every_site_asks_for_captchas():
    """No call that fetches succeeds, so what succeeds are the hits."""
    run = tool_run()
    run.tools.captchas["eu"] = 1.0
    run.seconds(1200)
    run.seconds(LONGEST_SECONDS, finished_per_second=0.0)
    here = [run.place("eu", "browser", model) for model in ("agent", "code")]
    assert run.tools.pages.hits[0] == run.calls[here, 0].sum() > 100


def test_a_flushed_page_cache_makes_browsing_slower():
    """All pages are fetched, each from two seconds on."""
    run = tool_run(finished_per_second=100.0)
    run.seconds(60)
    for region in range(2):
        run.tools.pages.flush(region)
    before = count_durations(run.tools)[run.place("eu", "browser"), 0]
    run.seconds(20)
    quick = (count_durations(run.tools)[run.place("eu", "browser"), 0] - before)[:7].sum()
    assert quick < before[:7].sum() / 3


def test_calls_that_failed_are_made_again():
    """So a tool that fails gets more calls, and its agents go on later."""
    run = tool_run(finished_per_second=100.0)
    run.tools.failing["eu", "search"] = 1.0
    run.seconds(600)
    sick, well = run.place("eu", "search"), run.place("us", "search")
    started = np.bincount(run.tools.cells.of_end, run.tools.started)
    assert pytest.approx(1 / (1 - RETRIED_RATIO), rel=0.03) == started[sick] / started[well]
    assert pytest.approx(RETRIED_RATIO, rel=0.03) == run.tools.retries[sick] / started[sick]
    assert run.tools.retries[well] < started[well] / 100


def test_agents_go_on_after_calls_that_are_not_made_again_and_not_cancelled():
    """Each call that ended is one of the three."""
    run = tool_run()
    run.tools.failing["eu", "search"] = 0.5
    run.seconds(600)
    assert run.calls.sum() - run.calls[:, CANCELLED].sum() - run.again == run.by_cell.sum()
    chat = [model == "chat" for _, model in run.fleet.cells]
    assert run.by_cell[chat].sum() == 0


def test_no_request_that_finishes_means_no_call():
    """Agents that get no answer call no tools."""
    run = tool_run(finished_per_second=0.0)
    run.seconds(100)
    assert run.tools.started.sum() == 0


def test_the_same_seed_gives_the_same_calls():
    """And another one others."""
    counts = []
    for seed in (1, 1, 2):
        run = tool_run(seed=seed)
        run.seconds(60)
        counts.append(run.tools.started.tolist())
    assert counts[0] == counts[1] != counts[2]


def test_a_fleet_without_tools_runs():
    """Arrays without rows."""
    run = tool_run(tool_topology(models=("chat",)))
    run.tools.failing["eu", "search"] = 1.0
    run.seconds(20)
    assert run.calls.shape == (0, len(TOOL_ERROR_TYPES))
    assert run.tools.in_flight().tolist() == []
    assert run.by_cell.tolist() == [0, 0]
