"""Routers count every request once, and what they count is the truth."""

import numpy as np
import pytest

from demo.orders import FaultError
from demo.sim.engines.registers import Number
from demo.sim.routers.accounting import _NEVER_BUCKET
from demo.sim.routers.counts import DRAWN, RATE_LIMITED, REJECTED
from demo.sim.truth import BILLED, GENERATED, LATE_BUCKETS, PROMPT
from exporters.catalog import ATTEMPTS, OUTCOMES, TIERS, TIME_TO_FIRST_TOKEN_BOUNDS

STORIES = {
    "an ordinary minute": [],
    "a hang": [("lost-gpu", {"group": "eu-chat-0"})],
    "a storm": [("retry-storm", {"region": "us"}), ("traffic-spike", {"region": "us"})],
    "a canary": [("bad-canary", {"region": "eu", "model": "chat"})],
    "a cell that is down": [("killed-engine", {"group": f"us-code-{at}"}) for at in (0, 1)],
    "a lost region": [("lost-region", {"region": "eu"})],
    "a flood": [("tenant-flood", {"region": "us", "model": "code", "tier": "gov"})],
}


def _by_cell(counts):
    return counts.reshape(-1, 2, *counts.shape[1:]).sum(axis=1)


def _waiting_and_streaming(run):
    engines, cells = run.state.engines, len(run.fleet.cells)
    waiting = np.bincount(run.fleet.cell_of_group, engines.queues.waiting(), cells)
    streams = engines.streams.count + engines.streams.preempted
    return waiting, np.bincount(run.fleet.cell_of_group, streams, cells)


def _strike_all(run, story):
    ids = []
    for name, place in STORIES[story]:
        try:
            ids.append(run.strike(name, **place))
        except FaultError:
            continue
    return ids


@pytest.mark.parametrize("step_seconds", [1.0, 15.0])
@pytest.mark.parametrize("story", STORIES)
def test_whatever_happens_no_request_is_lost_or_counted_twice(make_run, story, step_seconds):
    """What was accepted has ended, or waits, or streams; router and truth say the same."""
    run = make_run(step_seconds=step_seconds)
    routers, truth = run.state.routers, run.state.truth
    run.seconds(60)
    ids = _strike_all(run, story)
    for _ in range(2):
        run.seconds(120)
        accepted = routers.attempts[:, :, ATTEMPTS.index("first")].sum(axis=1)
        ended = routers.requests[:, :, :DRAWN].sum(axis=(1, 2))
        assert (routers.in_flight >= 0).all()
        waiting, streaming = _waiting_and_streaming(run)
        in_flight = _by_cell(routers.in_flight.sum(axis=1))
        assert in_flight == pytest.approx(waiting + streaming, abs=12)  # parts not yet whole
        first_tokens = _by_cell(routers.first_token_counts.sum(axis=(1, 2)))
        entered = _by_cell(ended + routers.in_flight.sum(axis=1)) - waiting
        rejected = _by_cell(routers.requests[:, :, REJECTED].sum(axis=1))
        assert first_tokens == pytest.approx(entered + rejected, abs=12)
        assert (truth.first_tokens.sum(axis=1) == first_tokens).all()
        assert (_by_cell(routers.requests) == truth.outcomes).all()
        reached = truth.offered.sum() - truth.unreachable.sum()
        turned_away = routers.requests[:, :, [REJECTED, RATE_LIMITED]].sum()
        assert ended.sum() + routers.in_flight.sum() + turned_away == reached
        assert routers.attempts.sum() >= accepted.sum() <= reached
        for each in ids:
            run.repair(each)


def test_hours_leave_no_request_in_flight_behind(make_run):
    """Of tiers with few requests as of others."""
    run = make_run(step_seconds=15.0)
    run.seconds(3600)
    waiting, streaming = _waiting_and_streaming(run)
    in_flight = _by_cell(run.state.routers.in_flight.sum(axis=1))
    assert in_flight == pytest.approx(waiting + streaming, abs=12)


def test_tiers_end_as_often_as_they_come(warm):
    """What is in flight of a tier does not pile up."""
    offered = warm.state.truth.offered.copy()
    warm.seconds(300)
    came = (warm.state.truth.offered - offered).sum(axis=0)
    ended = warm.state.truth.outcomes.sum(axis=(0, 2))
    assert ended == pytest.approx(came, rel=0.05, abs=30)


def test_the_histogram_of_first_tokens_is_the_truth(warm):
    """In time up to two and a half seconds; late; never."""
    routers, truth = warm.state.routers, warm.state.truth
    before, told = routers.first_token_counts.copy(), truth.first_tokens.copy()
    warm.strike("lost-gpu", group="eu-chat-0")
    warm.seconds(60)
    seen = _by_cell((routers.first_token_counts - before).sum(axis=1))
    in_time, late, never = (truth.first_tokens - told).T
    assert (seen[:, ~LATE_BUCKETS].sum(axis=1) == in_time).all()
    assert (seen[:, LATE_BUCKETS].sum(axis=1) == late + never).all()
    assert never[warm.cell("eu", "chat")] > 1000


def test_a_first_token_that_never_came_is_observed_just_after_its_deadline(warm):
    """Timers are a little late: in the bucket behind that of ten seconds."""
    routers = warm.state.routers
    warm.strike("lost-gpu", group="eu-chat-0")
    before = routers.first_token_counts.copy()
    warm.seconds(60)
    bounds = (*TIME_TO_FIRST_TOKEN_BOUNDS, np.inf)
    assert bounds[_NEVER_BUCKET - 1] == 10.0
    assert (routers.first_token_counts - before)[:, :, _NEVER_BUCKET].sum() > 1000
    never = warm.state.truth.first_tokens[:, 2].sum()
    assert (routers.first_token_counts - before)[:, :, _NEVER_BUCKET].sum() == never


def test_billed_tokens_are_those_that_engines_read_and_wrote(warm):
    """All, the first of each answer too; but nobody pays for what came after his deadline."""
    numbers = warm.state.engines.registers.numbers
    rows = [Number.PROMPT_TOKENS, Number.GENERATED_TOKENS]
    engines, billed = numbers[rows].sum(axis=1), warm.state.routers.billed_tokens.copy()
    warm.seconds(60)
    served = numbers[rows].sum(axis=1) - engines
    billed = (warm.state.routers.billed_tokens - billed).sum(axis=(0, 1))
    assert billed == pytest.approx(served, rel=2e-3)
    assert (billed <= served).all()
    tokens = warm.state.truth.tokens.sum(axis=(0, 1))
    assert tokens[[PROMPT, GENERATED]] == pytest.approx(billed, rel=1e-9)
    assert tokens[BILLED] == pytest.approx(billed.sum(), rel=1e-9)


def test_tokens_that_metering_does_not_see_are_served_and_not_billed(warm):
    """In the cell that was struck."""
    warm.strike("metering-loss", 0.25, region="us", model="chat")
    warm.seconds(60)
    tokens = warm.state.truth.tokens.sum(axis=1)
    ratio = tokens[:, BILLED] / (tokens[:, PROMPT] + tokens[:, GENERATED])
    expected = np.ones(len(ratio))
    expected[warm.cell("us", "chat")] = 0.75
    assert ratio == pytest.approx(expected)


def test_every_tier_pays_for_its_part(warm):
    """Tokens are shared as requests are."""
    warm.seconds(120)
    cell = warm.cell("eu", "chat")
    tokens = warm.state.truth.tokens[cell, :, BILLED]
    requests = warm.state.truth.offered[cell]
    assert tokens / tokens.sum() == pytest.approx(requests / requests.sum(), abs=0.02)
    assert len(tokens) == len(TIERS)


def test_failures_come_as_chance_has_it(make_run):
    """Of a few in ten thousand: not in equal distances."""
    run = make_run(step_seconds=15.0)
    error = OUTCOMES.index("error")
    found = []
    for _ in range(250):
        before = run.state.truth.outcomes[:, :, error].sum()
        run.seconds(15)
        found.append(run.state.truth.outcomes[:, :, error].sum() - before)
    assert np.var(found) == pytest.approx(np.mean(found), rel=0.5)
