"""Requests in flight: first tokens, streams, deadlines, and what a hang does to them."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from demo.sim.cluster import build_cluster
from demo.sim.faults import RefusedFaultError
from demo.sim.simulation import Simulation
from demo.sim.state import State
from exporters.catalog import OUTCOMES, TIME_TO_FIRST_TOKEN_BOUNDS
from exporters.topology import Topology

from .conftest import START, Run, small_topology

CLUSTER = build_cluster(Topology.model_validate(small_topology()))
STUCK = (
    "vllm:iteration_tokens_total",
    "vllm:generation_tokens_total",
    "vllm:prompt_tokens_total",
    "vllm:num_requests_running",
    "vllm:num_requests_waiting",
    "vllm:kv_cache_usage_perc",
    "vllm:request_success_total",
    "vllm:time_to_first_token_seconds",
    "vllm:e2e_request_latency_seconds",
)


def assert_nothing_is_lost(state: State) -> None:
    """Every request that came has ended or is in flight; every number tells the same story."""
    cluster, routers = state.cluster, state.routers
    in_flight = state.requests.in_flight()
    assert (state.requests.waiting >= 0).all()
    assert (state.requests.streaming >= 0).all()
    assert state.arrived.sum() == routers.requests.sum() + in_flight.sum()
    assert routers.in_flight.sum() == in_flight.sum()
    for at, (region, model) in enumerate(cluster.cells):
        lanes = [i for i, lane in enumerate(cluster.lanes) if lane[:2] == (region, model)]
        by_outcome = routers.requests[lanes].sum(axis=(0, 1))
        assert (by_outcome == state.truth.requests[at]).all()
        observed = routers.first_token_counts[lanes].sum(axis=(0, 1))
        assert observed.sum() == state.truth.first_tokens[at].sum()
        good = observed[: TIME_TO_FIRST_TOKEN_BOUNDS.index(2.5) + 1].sum()
        assert good == state.truth.first_tokens[at, 0]
    rate_limited = routers.requests[:, :, OUTCOMES.index("rate_limited")].sum()
    waiting = state.requests.waiting.sum()
    assert state.truth.first_tokens.sum() == state.arrived.sum() - rate_limited - waiting
    ended = state.tools.durations.sum(axis=2)
    assert (ended == state.truth.tool_calls).all()
    assert (state.tools.started == ended.sum(axis=1) + state.tools.in_flight()).all()


actions = st.one_of(
    st.tuples(st.just("lost-gpu"), st.sampled_from(CLUSTER.groups)),
    st.tuples(st.just("engine-restart"), st.sampled_from(CLUSTER.groups)),
    st.tuples(st.just("tool-outage"), st.sampled_from(["search", "browser"])),
    st.tuples(st.just("repair"), st.integers(1, 4)),
)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 25), actions), max_size=6),
    st.sampled_from([1.0, 5.0, 15.0]),
    st.integers(0, 1000),
)
def test_whatever_happens_no_request_is_lost_and_truth_equals_the_counters(story, length, seed):
    """For any story of faults and repairs, at any length of step."""
    cluster = build_cluster(Topology.model_validate(small_topology()), step_seconds=length)
    run = Run(Simulation(cluster, seed=seed, now=START))
    for steps, (action, what) in story:
        run.steps(steps)
        try:
            if action == "repair":
                run.repair(str(what))
            elif action == "tool-outage":
                run.strike(action, region="eu", tool=what)
            else:
                run.strike(action, group=what.name)
        except RefusedFaultError:
            pass  # it is there already
    run.steps(15)
    assert_nothing_is_lost(run.state)


def test_healthy_is_not_perfect_but_within_the_budget(run):
    """0.03 % bad, 0.3 % late: 30 % of both budgets."""
    run.steps(1500)
    assert_nothing_is_lost(run.state)
    totals = dict(zip(OUTCOMES, run.state.truth.requests.sum(axis=0).tolist(), strict=True))
    counted = sum(totals.values()) - totals["rate_limited"]
    bad = totals["error"] + totals["timeout"] + totals["rejected"]
    assert bad / counted == pytest.approx(0.0003, abs=0.00015)
    in_time, late, never = run.state.truth.first_tokens.sum(axis=0).tolist()
    assert (late + never) / (in_time + late + never) == pytest.approx(0.003, abs=0.0006)


def test_a_group_streams_about_a_hundred_and_twenty_requests(run):
    """Fifteen a second for eight seconds: Little's law."""
    run.steps(300)
    running = run.state.engines.registers.view("vllm:num_requests_running")
    assert running.mean() == pytest.approx(125, abs=20)


class TestALostGpu:
    """The engine of a lost GPU hangs, and half of the cell's requests with it."""

    @pytest.fixture
    def hung(self, warm):
        """A simulation one step after a GPU of eu-chat-0 was lost."""
        warm.strike("lost-gpu", group="eu-chat-0")
        warm.steps(1)
        return warm

    def test_the_engines_counters_stand_still_and_its_gauges_stay(self, hung):
        """No step, no update: vLLM's gauges are set by steps."""
        before = {name: hung.shown(name, "eu-chat-0") for name in STUCK}
        assert before["vllm:num_requests_running"][0] > 50
        hung.steps(60)
        assert {name: hung.shown(name, "eu-chat-0") for name in STUCK} == before

    def test_other_engines_go_on(self, hung):
        """Nothing is shared but the router."""
        before = hung.shown("vllm:iteration_tokens_total", "eu-chat-1")[-2]
        hung.steps(10)
        assert hung.shown("vllm:iteration_tokens_total", "eu-chat-1")[-2] > before + 200

    def test_the_router_goes_on_sending_it_its_half(self, hung):
        """For its /health is 200."""
        hung.steps(30)
        waiting = hung.state.requests.waiting[[hung.group("eu-chat-0"), hung.group("eu-chat-1")]]
        assert waiting[0].sum() == pytest.approx(150, abs=40)
        assert waiting[1].sum() < 10

    def test_nobody_times_out_before_ten_seconds(self, hung):
        """Then all its streams do at once, and its new requests one by one."""
        before = hung.ended("eu", "chat")["timeout"]
        hung.steps(8)
        assert hung.ended("eu", "chat")["timeout"] - before <= 1
        hung.steps(2)
        assert hung.ended("eu", "chat")["timeout"] - before > 80

    def test_half_of_the_cells_requests_are_bad_and_no_others(self, hung):
        """Other cells feel nothing."""
        hung.steps(15)
        before = {cell: hung.ended(*cell) for cell in hung.cluster.cells}
        hung.steps(100)
        for cell, then in before.items():
            now = hung.ended(*cell)
            bad = sum(now[name] - then[name] for name in ("error", "timeout", "rejected"))
            total = sum(now.values()) - sum(then.values())
            expected = 0.5 if cell == ("eu", "chat") else 0.0
            assert bad / total == pytest.approx(expected, abs=0.05)

    def test_first_tokens_that_never_come_are_counted_at_their_deadline(self, hung):
        """Fifteen a second."""
        cell = hung.cell("eu", "chat")
        hung.steps(15)
        before = hung.state.truth.first_tokens[cell].copy()
        hung.steps(100)
        _, _, never = hung.state.truth.first_tokens[cell] - before
        assert never == pytest.approx(1500, abs=150)

    def test_repair_kills_what_is_stuck_and_half_a_minute_later_all_is_well(self, warm):
        """Those who waited get an error; nobody after them."""
        fault = warm.strike("lost-gpu", group="eu-chat-0")
        warm.steps(60)
        stuck = warm.state.requests.in_flight()[warm.group("eu-chat-0")].sum()
        before = warm.ended("eu", "chat")["error"]
        assert warm.repair(fault)
        warm.steps(1)
        assert warm.ended("eu", "chat")["error"] - before == pytest.approx(stuck, abs=1)
        warm.steps(30)
        then = warm.ended("eu", "chat")
        warm.steps(100)
        now = warm.ended("eu", "chat")
        assert now["timeout"] + now["error"] - then["timeout"] - then["error"] <= 8
        assert_nothing_is_lost(warm.state)

    def test_the_engine_gives_up_after_five_minutes_and_waits_for_its_gpu(self, warm):
        """Its /health is 503 at last, and the other group serves all."""
        warm.strike("lost-gpu", group="eu-chat-0")
        warm.steps(330)
        cells = warm.ended("eu", "chat")
        warm.steps(60)
        now = warm.ended("eu", "chat")
        assert now["timeout"] - cells["timeout"] <= 3
        assert warm.shown("vllm:num_requests_running", "eu-chat-0")[0] > 50
        assert not warm.state.routers.routable[warm.group("eu-chat-0")]


def test_too_many_requests_queue_instead_of_being_served(warm):
    """A queue is what is left when prefill cannot do more; it is not painted."""
    group = warm.group("us-chat-1")
    warm.cluster.profiles["first_tokens_per_second"][group] = 5.0
    warm.steps(8)
    assert warm.state.requests.waiting[group].sum() > 50
    assert warm.shown("vllm:num_requests_waiting", "us-chat-1")[0] > 20
    warm.steps(20)
    assert warm.ended("us", "chat")["timeout"] > 100


def test_prefill_does_no_more_than_it_can(warm):
    """Five hundred requests at once get their first tokens over many seconds."""
    group = warm.group("us-chat-1")
    family = "vllm:time_to_first_token_seconds"
    before = warm.shown(family, "us-chat-1")[-2]
    warm.state.requests.waiting[group, 0, 0] += 500
    warm.steps(1)
    possible = warm.cluster.profiles["first_tokens_per_second"][group]
    assert warm.shown(family, "us-chat-1")[-2] - before == pytest.approx(possible, rel=0.5)


def test_a_fuller_batch_steps_more_slowly(warm):
    """So twice the traffic takes more than twice the streams."""
    streams = warm.state.requests.streaming.sum(axis=(1, 2))
    order = np.argsort(streams)
    assert (np.diff(warm.state.engines.step_seconds[order[[0, -1]]]) > 0).all()
