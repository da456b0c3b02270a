"""Engines start, drain, die and load their weights again."""

import pytest

from demo.sim.engines.figures import DRAIN_SECONDS, EXECUTE_TIMEOUT_SECONDS, LOAD_SECONDS
from demo.sim.engines.lifecycle import RETRY_COST, kill_group
from demo.sim.engines.state import Phase

GROUP = "us-chat-1"


def _phase(run, group=GROUP) -> Phase:
    return Phase(int(run.state.engines.phase[run.group(group)]))


@pytest.fixture
def restarted(warm):
    """A simulation in which one engine has just been told to restart."""
    warm.strike("engine-restart", group=GROUP)
    return warm


def test_a_rolling_restart_is_felt_by_hardly_anybody(restarted):
    """It finishes what it has, and gets nothing new."""
    assert restarted.bad_ratio("us", "chat", seconds=150) < 0.01


def test_it_drains_then_loads_then_serves(restarted):
    """In this order, each once."""
    phases = [_phase(restarted)]
    for _ in range(90):
        restarted.seconds(1)
        if _phase(restarted) != phases[-1]:
            phases.append(_phase(restarted))
    assert phases == [Phase.DRAINING, Phase.LOADING, Phase.SERVING]


def test_what_drains_does_so_for_half_a_minute_at_most(warm):
    """Then it is ended, finished or not: here an agent's long answers."""
    warm.strike("engine-restart", group="us-agent-1")
    warm.seconds(DRAIN_SECONDS - 2)
    assert _phase(warm, "us-agent-1") == Phase.DRAINING
    warm.seconds(3)
    assert _phase(warm, "us-agent-1") == Phase.LOADING


def test_an_engine_with_nothing_to_do_drains_at_once(restarted):
    """A second later it loads."""
    engines, at = restarted.state.engines, restarted.group(GROUP)
    restarted.seconds(1)  # the routers notice
    engines.streams.count[at] = engines.streams.preempted[at] = 0.0
    engines.queues.left[at] = engines.queues.arrived[0, at]
    restarted.seconds(1)
    assert _phase(restarted) == Phase.LOADING


def test_loading_takes_twenty_seconds_and_longer_for_each_read_tried_again(warm):
    """From the kill on."""
    kill_group(warm.state, warm.group(GROUP))
    retries = int(warm.state.loads.retries.sum())
    seconds = LOAD_SECONDS * (1 + RETRY_COST * retries)
    warm.seconds(seconds - 1)
    assert _phase(warm) == Phase.LOADING
    warm.seconds(1)
    assert _phase(warm) == Phase.SERVING
    cell = warm.cell("us", "chat")
    assert warm.state.loads.ended[cell] == 1
    assert warm.state.loads.seconds[cell] == pytest.approx(seconds)


def test_slow_weights_make_loads_as_much_longer(warm):
    """Where they are slow, and nowhere else."""
    warm.strike("slow-weights", 3.0, region="us")
    for group in (GROUP, "eu-chat-0"):
        kill_group(warm.state, warm.group(group))
    warm.state.engines.load_left[:] = LOAD_SECONDS
    warm.seconds(21)
    assert (_phase(warm), _phase(warm, "eu-chat-0")) == (Phase.LOADING, Phase.SERVING)
    warm.seconds(3 * LOAD_SECONDS - 20)
    assert _phase(warm) == Phase.SERVING


def test_many_that_load_at_once_wait_for_the_store(make_run, make_topology):
    """Sixteen at once take twice as long as eight."""

    def seconds(count):
        run = make_run(topology=make_topology(cells=(("eu", "chat"),), groups_of_cell=16))
        for group in range(count):
            kill_group(run.state, group)
        run.state.engines.load_left[:] = LOAD_SECONDS
        passed = 0
        while (run.state.engines.phase == Phase.LOADING).any():
            run.seconds(1)
            passed += 1
        return passed

    assert seconds(8) == pytest.approx(LOAD_SECONDS, abs=1)
    assert seconds(16) == pytest.approx(2 * LOAD_SECONDS, abs=1)


def test_a_restart_resets_counters(restarted):
    """A real one: Prometheus sees a reset, and the process's new start."""
    tokens = restarted.shown(GROUP, "vllm:generation_tokens_total")
    created = restarted.shown(GROUP, "vllm:generation_tokens_created")
    began = restarted.shown(GROUP, "process_start_time_seconds")
    restarted.seconds(75)
    assert restarted.shown(GROUP, "vllm:generation_tokens_total") < tokens / 2
    assert restarted.shown(GROUP, "vllm:generation_tokens_created") > created
    assert restarted.shown(GROUP, "process_start_time_seconds") > began


def test_what_a_killed_engine_had_is_lost_at_once(warm):
    """Its users get errors, those of others nothing."""
    engines, at = warm.state.engines, warm.group(GROUP)
    had = float(engines.streams.count[at] + engines.queues.waiting()[at])
    before, elsewhere = warm.ended("us", "chat")["error"], warm.ended("eu", "chat")["error"]
    warm.strike("killed-engine", group=GROUP)
    warm.seconds(1)
    assert warm.ended("us", "chat")["error"] - before == pytest.approx(had, abs=3)
    assert warm.ended("eu", "chat")["error"] - elsewhere <= 2
    assert engines.streams.count[at] == engines.queues.waiting()[at] == 0


def test_an_engine_does_not_come_up_without_all_its_gpus(warm):
    """Of two lost GPUs, one repaired is not enough."""
    other = warm.strike("lost-gpu", group=GROUP, uuid=f"GPU-{GROUP}-0-0")
    fault = warm.strike("lost-gpu", group=GROUP, uuid=f"GPU-{GROUP}-1-0")
    warm.seconds(5)
    warm.repair(other)
    warm.seconds(60)
    assert _phase(warm) == Phase.LOADING
    warm.repair(fault)
    warm.seconds(60)
    assert _phase(warm) == Phase.SERVING


def test_a_frozen_engine_ends_after_vllms_own_timeout(warm):
    """Five minutes; until then it says that it is healthy. A new process has other workers."""
    fault = warm.strike("frozen-worker", group=GROUP)
    warm.seconds(EXECUTE_TIMEOUT_SECONDS - 5)
    assert _phase(warm) == Phase.SERVING
    warm.seconds(10)
    assert _phase(warm) == Phase.LOADING
    warm.seconds(60)
    assert _phase(warm) == Phase.SERVING
    warm.repair(fault)
    assert warm.state.moving.all()


def test_a_frozen_engine_that_is_let_go_in_time_goes_on_where_it_was(warm):
    """SIGCONT: no restart, and its counters go on."""
    fault = warm.strike("frozen-worker", group=GROUP)
    warm.seconds(5)
    before = warm.shown(GROUP, "vllm:generation_tokens_total")
    warm.repair(fault)
    warm.seconds(10)
    assert _phase(warm) == Phase.SERVING
    assert warm.shown(GROUP, "vllm:generation_tokens_total") > before
    assert warm.bad_ratio("us", "chat", seconds=60) < 0.01
