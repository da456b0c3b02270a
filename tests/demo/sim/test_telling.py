"""What is told of the truth: the JSON that :mod:`demo.engine` promises."""

import json

import numpy as np
import pytest

from demo.sim.engines.state import Phase
from demo.sim.telling import group_states
from demo.sim.tools.ends import TOOL_ERROR_TYPES
from exporters.catalog import (
    GPU_STATES,
    GROUP_STATES,
    OUTCOMES,
    TIERS,
    TIME_TO_FIRST_TOKEN_BOUNDS,
)


@pytest.fixture
def find(run):
    """Finds what is told of one cell and objective, or of one cell and tier."""

    def one(kind, slo=None, **labels: str):
        (found,) = (
            each for each in run.told()[kind] if each["labels"] == labels and each.get("slo") == slo
        )
        return found

    return one


def test_it_has_the_keys_that_are_promised(warm):
    """And is JSON, strictly."""
    warm.strike("lost-gpu", group="eu-chat-0")
    warm.seconds(5)
    told = json.loads(json.dumps(warm.told(), allow_nan=False))
    assert list(told) == [
        *("time", "started", "classes", "services", "wrong_answers", "faults", "groups", "gpus"),
    ]
    assert set(told["classes"][0]) == {"slo", "labels", "bad", "total", "reasons"}
    assert set(told["services"][0]) == {
        *("labels", "offered", "admitted", "good", "bad", "first_token_seconds", "tokens"),
    }
    assert set(told["services"][0]["labels"]) == {"region", "model", "tier"}
    assert set(told["services"][0]["first_token_seconds"]) == {"p50", "p90", "p99"}
    assert set(told["services"][0]["tokens"]) == {"prompt", "cached", "generated", "billed"}
    (fault,) = told["faults"]
    assert set(fault) == {"id", "name", "place", "strength", "since"}
    assert fault["since"] == told["time"] - 5
    assert set(told["groups"].values()) <= set(GROUP_STATES)
    assert set(told["gpus"].values()) <= set(GPU_STATES)


def test_every_cell_has_its_classes_from_the_start(run):
    """With zeros."""
    told = run.told()
    slos = [each["slo"] for each in told["classes"]]
    assert {slo: slos.count(slo) for slo in slos} == {
        "chat-availability": 7,
        "chat-ttft": 7,
        "tool-success": 4,
    }
    assert all(each["bad"] == each["total"] == 0.0 for each in told["classes"])


def test_errors_timeouts_and_rejections_are_bad_and_rate_limits_are_not_counted(run, find):
    """Users who leave are no failure of ours."""
    counts = {"ok": 90, "error": 1, "timeout": 2, "aborted": 3, "rejected": 4, "rate_limited": 50}
    run.state.truth.outcomes[run.cell("eu", "chat"), 0] = [counts[name] for name in OUTCOMES]
    told = find("classes", "chat-availability", region="eu", model="chat")
    assert (told["bad"], told["total"]) == (7.0, 100.0)
    assert told["reasons"] == {"error": 1.0, "timeout": 2.0, "rejected": 4.0}


def test_first_tokens_that_are_late_or_never_came_are_bad(run, find):
    """Each by its reason."""
    run.state.truth.first_tokens[run.cell("eu", "code")] = 10, 2, 3
    told = find("classes", "chat-ttft", region="eu", model="code")
    assert (told["bad"], told["total"]) == (5.0, 15.0)
    assert told["reasons"] == {"late": 2.0, "never": 3.0}


def test_tool_calls_are_bad_unless_they_end_well_or_are_cancelled(run, find):
    """Cancelled ones are not counted."""
    tools = run.state.tools.cells.names
    counts = {"": 7, "timeout": 2, "captcha": 1, "cancelled": 9}
    for name, count in counts.items():
        at = tools.index(("us", "search", "code"))
        run.state.truth.tool_calls[at, TOOL_ERROR_TYPES.index(name)] = count
    told = find("classes", "tool-success", region="us", model="code")
    assert (told["bad"], told["total"]) == (3.0, 10.0)
    assert told["reasons"] == {"timeout": 2.0, "captcha": 1.0}


def test_services_say_what_was_offered_admitted_and_good(run, find):
    """Of those that ended: what reached no router, and what was turned away, was not admitted."""
    cell, tier = run.cell("eu", "chat"), TIERS.index("pro")
    truth = run.state.truth
    counts = {"ok": 80, "error": 1, "timeout": 2, "aborted": 3, "rejected": 4, "rate_limited": 5}
    truth.outcomes[cell, tier] = [counts[name] for name in OUTCOMES]
    truth.offered[cell, tier], truth.unreachable[cell, tier] = 110, 10
    truth.tokens[cell, tier] = 1000.4, 500.2, 90.0, 1090.4
    told = find("services", region="eu", model="chat", tier="pro")
    assert (told["offered"], told["admitted"], told["good"]) == (110, 86, 83)
    assert told["bad"] == {"error": 1, "timeout": 2, "rejected": 4, "unreachable": 10}
    assert told["tokens"] == {"prompt": 1000, "cached": 500, "generated": 90, "billed": 1090}


def test_first_token_quantiles_are_those_of_the_histogram(warm):
    """As far as its buckets tell."""
    warm.state.routers.first_token_counts[:] = 0
    warm.seconds(120)
    told = {
        (each["labels"]["region"], each["labels"]["model"]): each["first_token_seconds"]
        for each in warm.told()["services"]
    }
    counts = warm.state.routers.first_token_counts.sum(axis=1)
    for at, cell in enumerate(warm.fleet.cells):
        quantiles = told[cell]
        assert 0.05 < quantiles["p50"] < quantiles["p90"] < quantiles["p99"] < 3
        upto = counts[2 * at].cumsum() / counts[2 * at].sum()
        for share, value in ((0.5, quantiles["p50"]), (0.9, quantiles["p90"])):
            bucket = int(np.searchsorted(TIME_TO_FIRST_TOKEN_BOUNDS, value))
            assert upto[bucket] >= share - 0.03
            assert bucket == 0 or upto[bucket - 1] <= share + 0.03


def _make(state, condition: str) -> None:
    """Put the first group into a condition."""
    if condition in ("starting", "draining"):
        state.engines.phase[0] = {"starting": Phase.LOADING, "draining": Phase.DRAINING}[condition]
    elif condition == "degraded":
        state.hardware.speed[0] = 0.9
    elif condition == "stalled":
        state.engines.stalled_seconds[0] = 1.0
    elif condition == "without a GPU":
        state.hardware.hung[0], state.hardware.complete[0] = True, False
    elif condition == "dark":
        state.dark_regions[0] = True


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("starting", "starting"),
        ("draining", "draining"),
        ("degraded", "degraded"),
        ("stalled", "stalled"),
        ("without a GPU", "dead"),
        ("dark", "dead"),
        ("up", None),
    ],
)
def test_a_group_that_is_not_up_is_named_with_its_state(run, condition, expected):
    """In the catalogue's words."""
    _make(run.state, condition)
    assert group_states(run.state).get(run.fleet.names.group(0)) == expected


def test_gpus_that_heat_slows_down_are_degraded_until_they_are_cool(warm):
    """All of the rack's hosts that are too hot, and their groups with them."""
    fault = warm.strike("thermal", 0.65, host="eu-chat-0-h1")
    warm.seconds(400)
    told = warm.told()
    assert told["gpus"]["GPU-eu-chat-0-1-0"] == "degraded"
    assert told["groups"]["eu-chat-0"] == "degraded"
    warm.repair(fault)
    warm.seconds(600)
    assert (warm.told()["gpus"], warm.told()["groups"]) == ({}, {})


def test_of_several_states_the_first_in_the_catalogues_order_is_told(run):
    """Dead before stalled before degraded before draining before starting."""
    found = []
    for condition in ("starting", "degraded", "stalled", "without a GPU"):
        _make(run.state, condition)
        found.append(group_states(run.state)[run.fleet.names.group(0)])
    assert found == ["starting", "degraded", "stalled", "dead"]
    order = [GROUP_STATES.index(each) for each in found]
    assert order == sorted(order, reverse=True)
