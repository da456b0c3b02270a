"""Engines start, drain, die and load their weights again."""

import pytest

from demo.sim.state import Phase

GROUP = "us-code-1"


def _bad(run):
    ended = run.ended("us", "code")
    return ended["error"] + ended["timeout"] + ended["rejected"]


@pytest.fixture
def restarted(warm):
    """A simulation in which one engine has just been told to restart."""
    warm.strike("engine-restart", group=GROUP)
    return warm


def test_a_rolling_restart_is_felt_by_nobody(restarted):
    """Beyond the background: of 3,600 requests one or two are bad anyway."""
    before = _bad(restarted)
    restarted.steps(120)
    assert _bad(restarted) - before <= 4


def test_it_drains_then_loads_then_serves(restarted):
    """In this order, each once."""
    phases = [Phase.DRAINING]
    for _ in range(80):
        restarted.steps(1)
        phase = Phase(restarted.state.engines.phase[restarted.group(GROUP)])
        if phase != phases[-1]:
            phases.append(phase)
    assert phases == [Phase.DRAINING, Phase.LOADING, Phase.SERVING]


def test_what_drains_does_so_for_half_a_minute_at_most(restarted):
    """Then it is ended, finished or not."""
    restarted.steps(31)
    assert restarted.state.engines.phase[restarted.group(GROUP)] == Phase.LOADING


def test_loading_takes_twenty_seconds(warm):
    """From the repair on."""
    fault = warm.strike("lost-gpu", group=GROUP)
    warm.steps(5)
    warm.repair(fault)
    warm.steps(19)
    assert warm.state.engines.phase[warm.group(GROUP)] == Phase.LOADING
    warm.steps(1)
    assert warm.state.engines.phase[warm.group(GROUP)] == Phase.SERVING


def test_a_restart_resets_counters_and_empties_caches(restarted):
    """A real restart: Prometheus sees a reset."""
    tokens = restarted.shown("vllm:generation_tokens_total", GROUP)[0]
    created = restarted.shown("vllm:generation_tokens_created", GROUP)[0]
    restarted.steps(60)
    assert restarted.shown("vllm:generation_tokens_total", GROUP)[0] < tokens / 2
    assert restarted.shown("vllm:generation_tokens_created", GROUP)[0] > created
    queries = restarted.shown("vllm:prefix_cache_queries_total", GROUP)[0]
    assert restarted.shown("vllm:prefix_cache_hits_total", GROUP)[0] / queries < 0.3


def test_the_other_group_of_the_cell_takes_all_traffic_meanwhile(restarted):
    """The router looks at /health."""
    restarted.steps(32)
    load = restarted.state.engines.arrivals_per_second
    assert load[restarted.group("us-code-0")] == pytest.approx(30, abs=5)
    assert load[restarted.group(GROUP)] < 1


def test_an_engine_does_not_come_up_without_all_its_gpus(warm):
    """Of two lost GPUs, one repaired is not enough."""
    warm.strike("lost-gpu", group=GROUP)
    other = warm.strike("lost-gpu", group=GROUP)
    warm.steps(5)
    warm.repair(other)
    warm.steps(60)
    assert warm.state.engines.phase[warm.group(GROUP)] == Phase.LOADING
