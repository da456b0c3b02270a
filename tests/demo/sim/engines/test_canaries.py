"""Canaries: a revision on trial, a small share of the traffic."""

import pytest

from demo.sim.engines.canaries import CANARY_SHARE
from exporters.catalog import OUTCOMES


@pytest.fixture
def canary(warm):
    """A simulation whose canary has been up for a minute, and its fault's id."""
    fault = warm.strike("bad-canary", 0.5, region="eu", model="chat")
    warm.seconds(90)
    return warm, fault


def _lane(run, revision, read_total, sample="router_requests_total", **labels: str):
    page = run.pages().router(run.state, run.fleet.regions.index("eu"))
    return read_total(page, sample, model="chat", revision=revision, **labels)


def test_a_canary_gets_a_twentieth_of_the_traffic(canary, read_total):
    """In a lane of its own, from all tiers."""
    run, _ = canary
    before = {r: _lane(run, r, read_total, "router_request_attempts_total") for r in ("r1", "r2")}
    run.seconds(200)
    got = {
        r: _lane(run, r, read_total, "router_request_attempts_total") - before[r]
        for r in ("r1", "r2")
    }
    assert got["r2"] / (got["r1"] + got["r2"]) == pytest.approx(CANARY_SHARE, rel=0.15)
    assert _lane(run, "r2", read_total, tier="gov") > 0


def test_its_requests_fail_and_no_others(canary, read_total):
    """Half of them, as the strength says."""
    run, _ = canary

    def ended(revision):
        counts = {o: _lane(run, revision, read_total, outcome=o) for o in OUTCOMES}
        return counts["error"], sum(counts.values())

    before = {r: ended(r) for r in ("r1", "r2")}
    run.seconds(200)
    ratios = {}
    for revision, (failed, all_then) in before.items():
        failed_now, all_now = ended(revision)
        ratios[revision] = (failed_now - failed) / (all_now - all_then)
    assert ratios["r2"] == pytest.approx(0.5, abs=0.12)
    assert ratios["r1"] < 0.01


def test_it_runs_the_next_revision_once_it_is_up(warm):
    """Until then its old process, and what that had, is the old one's."""
    fault = warm.strike("bad-canary", 0.5, region="eu", model="chat")
    (struck,) = warm.simulation.faults.active.values()
    group = warm.group(struck.place["group"])
    assert struck.place["revision"] == "r2"
    warm.seconds(1)
    assert warm.fleet.revisions[warm.state.engines.revision[group]] == "r1"
    lanes = warm.state.routers.requests.reshape(len(warm.fleet.cells), 2, -1)
    assert lanes[warm.cell("eu", "chat"), 1].sum() == 0
    warm.seconds(60)
    assert warm.fleet.revisions[warm.state.engines.revision[group]] == "r2"
    warm.repair(fault)
    warm.seconds(60)
    assert warm.fleet.revisions[warm.state.engines.revision[group]] == "r1"


def test_after_a_roll_back_traffic_is_shared_as_before(canary, read_total):
    """And nothing fails."""
    run, fault = canary
    run.repair(fault)
    run.seconds(90)
    canaries = _lane(run, "r2", read_total)
    assert run.bad_ratio("eu", "chat", seconds=100) < 0.01
    assert _lane(run, "r2", read_total) == canaries
    assert (run.state.engines.weight == 1).all()


def test_the_weights_page_says_which_group_runs_which_revision(canary, read_samples):
    """And what identifies its weights."""
    run, _ = canary
    page = run.pages().router(run.state, run.fleet.regions.index("eu"))
    weights = {
        sample.labels["group"]: (sample.labels["revision"], sample.labels["hash"])
        for sample in read_samples(page)
        if sample.name == "weights_info"
    }
    assert weights["eu-chat-0"][0] == "r1"
    assert weights["eu-chat-1"][0] == "r2"
    assert weights["eu-chat-0"][1] != weights["eu-chat-1"][1]
