"""Engines: batches, deadlines, queues that snowball, and what a hang does to requests in flight."""

import numpy as np
import pytest

from demo.sim.engines.figures import MOST_STREAMS
from demo.sim.engines.registers import Number
from demo.sim.engines.serving import serve
from demo.sim.hardware.state import Quantity

HUNG = "eu-chat-0"
STUCK = (
    "vllm:iteration_tokens_total_count",
    "vllm:generation_tokens_total",
    "vllm:prompt_tokens_total",
    "vllm:num_requests_running",
    "vllm:num_requests_waiting",
    "vllm:kv_cache_usage_perc",
    "vllm:request_success_total",
    "vllm:time_to_first_token_seconds_count",
    "vllm:e2e_request_latency_seconds_count",
)
CHAT = (("eu", "chat"),)


@pytest.fixture
def offer(warm):
    """Offers each group so many requests a second for a while; returns sums over that time."""

    def seconds(duration: float, rates: np.ndarray) -> dict[str, np.ndarray]:
        state, sums = warm.state, {}
        share = np.full(warm.fleet.groups, 0.5)
        for _ in range(round(duration / warm.fleet.step_seconds)):
            arrivals = rates * warm.fleet.step_seconds
            served = serve(state, arrivals, share, np.zeros(len(warm.fleet.cells)))
            for name, value in vars(served).items():
                if name != "first_levels":
                    sums[name] = sums.get(name, 0.0) + value
        return sums

    return seconds


def _usual_rates(run):
    service, fleet = run.state.service, run.fleet
    return (service.peak_rates / fleet.groups_of_cell)[fleet.cell_of_group]


@pytest.mark.parametrize("load", [0.3, 1.0, 3.0, 8.0])
def test_all_that_came_was_answered_or_failed_or_waits(warm, offer, load):
    """To a millionth of a request, at any load."""
    engines, rates = warm.state.engines, load * _usual_rates(warm)
    waited, streamed = engines.queues.waiting(), engines.streams.count + engines.streams.preempted
    sums = offer(200, rates)
    came = waited + 200 * rates
    left = engines.queues.waiting()
    assert sums["first"] + sums["late"] + sums["failed"] + left == pytest.approx(came, abs=1e-6)
    ended = sums["finished"] + sums["aborted"] + sums["cut"] + sums["killed"]
    streaming = engines.streams.count + engines.streams.preempted
    assert ended + streaming == pytest.approx(streamed + sums["first"], abs=1e-6)


@pytest.mark.parametrize("load", [0.5, 2.0, 8.0])
def test_no_batch_is_larger_than_engines_are_set_to_take(warm, offer, load):
    """max_num_seqs, a thousand and twenty-four, however many come."""
    offer(120, load * _usual_rates(warm))
    assert (warm.state.engines.batch <= MOST_STREAMS + 1e-6).all()
    assert (warm.state.engines.streams.count <= MOST_STREAMS + 1e-6).all()


def test_a_step_takes_longer_the_more_streams_and_prompts_are_in_it(warm, offer):
    """So twice the traffic takes more than twice the streams."""
    rates = _usual_rates(warm)
    offer(120, 0.3 * rates)
    engines = warm.state.engines
    few, batch = engines.step_seconds.copy(), engines.batch.copy()
    chat = warm.group("us-chat-0")
    offer(120, 0.6 * rates)
    assert (engines.step_seconds[[chat]] > few[[chat]]).all()
    assert engines.batch[chat] > 2 * batch[chat]


def test_slow_hardware_makes_slow_steps(warm, offer):
    """A straggler of half the speed: at least twice the time for each token."""
    rates = 0.3 * _usual_rates(warm)
    offer(60, rates)
    group = warm.group("us-chat-0")
    usual = warm.state.engines.step_seconds[group]
    warm.strike("straggler", 0.5, group="us-chat-0")
    offer(60, rates)
    assert warm.state.engines.step_seconds[group] > 1.9 * usual


def test_a_group_at_its_daily_peak_queues_nothing(warm, offer):
    """It does about 60 % of what it can."""
    offer(60, _usual_rates(warm))
    chat = [warm.group(f"{region}-chat-0") for region in ("eu", "us", "us-gov")]
    assert (warm.state.engines.queues.waiting()[chat] < 1).all()
    sums = offer(120, _usual_rates(warm))
    assert (sums["late"][chat] < 0.01 * sums["first"][chat]).all()


def test_a_group_at_three_times_its_load_collapses(warm, offer):
    """Nearly all of its requests are late: it serves those that have waited longest."""
    rates = _usual_rates(warm)
    group = warm.group("us-chat-0")
    rates[group] *= 3
    offer(120, rates)
    sums = offer(60, rates)
    assert sums["late"][group] > 0.9 * 60 * rates[group]
    assert sums["late"][warm.group("us-chat-1")] < 0.01 * 60 * rates[group]


def _snowball(make_run, make_topology, *, storm: bool, step_seconds: float):
    """Return a service whose short spike is over, with clients that do or do not storm."""
    run = make_run(
        topology=make_topology(cells=CHAT), step_seconds=step_seconds, warm_up_seconds=300
    )
    fault = run.strike("retry-storm", 20, region="eu") if storm else None
    spike = run.strike("traffic-spike", 3, region="eu")
    run.seconds(60)
    run.repair(spike)
    return run, fault


@pytest.mark.parametrize("step_seconds", [1.0, 15.0])
def test_with_a_retry_storm_a_short_spike_leaves_a_queue_that_does_not_come_back(
    make_run, make_topology, step_seconds
):
    """The spike is over for five minutes, and all requests still fail."""
    run, _ = _snowball(make_run, make_topology, storm=True, step_seconds=step_seconds)
    run.seconds(300)
    assert run.bad_ratio("eu", "chat", seconds=120) > 0.9


@pytest.mark.parametrize("step_seconds", [1.0, 15.0])
def test_without_the_storm_the_same_spike_is_over_in_minutes(make_run, make_topology, step_seconds):
    """Clients that try twice and then leave let the queue drain."""
    run, _ = _snowball(make_run, make_topology, storm=False, step_seconds=step_seconds)
    run.seconds(180)
    assert run.bad_ratio("eu", "chat", seconds=120) < 0.01


def test_the_snowball_melts_when_clients_stop_to_storm(make_run, make_topology):
    """Nothing else was broken."""
    run, storm = _snowball(make_run, make_topology, storm=True, step_seconds=1.0)
    run.seconds(60)
    assert run.bad_ratio("eu", "chat", seconds=60) > 0.9
    assert run.repair(storm)
    run.seconds(240)
    assert run.bad_ratio("eu", "chat", seconds=60) < 0.01


@pytest.mark.parametrize("step_seconds", [1.0, 15.0])
def test_preempted_streams_give_up_as_fast_at_any_step(make_run, step_seconds):
    """Twenty seconds in the mean, where the engine cannot compute them again."""
    run = make_run(step_seconds=step_seconds)
    streams = run.state.engines.streams
    streams.preempted[:], streams.preempted_tokens[:] = 100.0, 1e15
    run.seconds(30)
    assert streams.preempted == pytest.approx(np.full(run.fleet.groups, 100 * np.exp(-1.5)))


class TestALostGpu:
    """The engine of a lost GPU hangs, and half of the cell's requests with it."""

    @pytest.fixture
    def hung(self, warm):
        """A simulation one step after a GPU was lost."""
        warm.strike("lost-gpu", group=HUNG)
        warm.seconds(1)
        return warm

    def test_its_counters_stand_still_and_its_gauges_stay(self, hung):
        """No step, no update: vLLM's gauges are set by steps."""
        before = {name: hung.shown(HUNG, name) for name in STUCK}
        assert before["vllm:num_requests_running"] > 50
        hung.seconds(60)
        assert {name: hung.shown(HUNG, name) for name in STUCK} == before

    def test_other_engines_go_on(self, hung):
        """Nothing is shared but the router."""
        before = hung.shown("eu-chat-1", "vllm:iteration_tokens_total_count")
        hung.seconds(10)
        assert hung.shown("eu-chat-1", "vllm:iteration_tokens_total_count") > before + 50

    def test_the_router_goes_on_sending_it_its_half(self, hung):
        """For its /health is 200. Ten seconds of it wait, and those who try again besides."""
        hung.seconds(30)
        waiting = hung.state.engines.queues.waiting()
        rate = hung.state.service.peak_rates[hung.cell("eu", "chat")] / 2
        assert 9.5 * rate < waiting[hung.group(HUNG)] < 18 * rate
        assert waiting[hung.group("eu-chat-1")] < 20

    def test_nobody_times_out_before_ten_seconds(self, hung):
        """Then all its streams do at once, and its new requests one by one."""
        before = hung.ended("eu", "chat")["timeout"]
        hung.seconds(8)
        assert hung.ended("eu", "chat")["timeout"] - before <= 2
        hung.seconds(2)
        assert hung.ended("eu", "chat")["timeout"] - before > 80

    def test_half_of_the_cells_requests_are_bad_and_no_others(self, hung):
        """Other cells feel nothing."""
        hung.seconds(30)
        before = {cell: hung.ended(*cell) for cell in hung.fleet.cells}
        hung.seconds(100)
        for cell, then in before.items():
            now = hung.ended(*cell)
            bad = sum(now[name] - then[name] for name in ("error", "timeout", "rejected"))
            ended = sum(now.values()) - sum(then.values())
            expected = 0.53 if cell == ("eu", "chat") else 0.0
            assert bad / ended == pytest.approx(expected, abs=0.06), cell

    def test_first_tokens_that_never_come_are_counted(self, hung):
        """Half of what comes."""
        hung.seconds(15)
        cell = hung.cell("eu", "chat")
        before = hung.state.truth.first_tokens[cell].copy()
        hung.seconds(100)
        in_time, late, never = (hung.state.truth.first_tokens[cell] - before).tolist()
        assert never / (in_time + late + never) == pytest.approx(0.5, abs=0.06)

    def test_repair_kills_what_is_stuck_and_half_a_minute_later_all_is_well(self, warm):
        """Those who waited get an error."""
        fault = warm.strike("lost-gpu", group=HUNG)
        warm.seconds(60)
        stuck = warm.state.engines.queues.waiting()[warm.group(HUNG)]
        before = warm.ended("eu", "chat")["error"]
        assert warm.repair(fault)
        warm.seconds(1)
        assert warm.ended("eu", "chat")["error"] - before == pytest.approx(stuck, abs=3)
        warm.seconds(60)
        assert warm.bad_ratio("eu", "chat", seconds=100) < 0.005

    def test_the_engine_gives_up_after_five_minutes_and_waits_for_its_gpu(self, warm):
        """Its /health is 503 at last."""
        warm.strike("lost-gpu", group=HUNG)
        warm.seconds(295)
        assert warm.state.routers.routable[warm.group(HUNG)]
        warm.seconds(10)
        assert not warm.state.routers.routable[warm.group(HUNG)]
        warm.seconds(120)
        assert not warm.state.routers.routable[warm.group(HUNG)]


def test_what_is_computed_for_nobody_is_seen_at_the_engine(warm):
    """In a storm all first tokens are late: prompts and power say so, and nothing looks idle."""
    warm.strike("retry-storm", 20, region="eu", model="chat")
    warm.strike("traffic-spike", 4, region="eu", model="chat")
    warm.seconds(180)
    before = warm.state.engines.registers.numbers.copy()
    ended = warm.ended("eu", "chat")
    warm.seconds(30)
    at, numbers = warm.group("eu-chat-0"), warm.state.engines.registers.numbers
    assert warm.ended("eu", "chat")["ok"] == ended["ok"]
    computed = (numbers - before)[Number.PROMPT_TOKENS, at] / 30
    assert computed > 50_000  # tokens a second, those in caches included
    assert (numbers - before)[Number.LATE_FIRST_TOKENS, at] > 1000
    assert warm.shown("eu-chat-0", "vllm:num_requests_running") > 5
    assert warm.state.hardware.state[Quantity.WATTS, at] > 400
