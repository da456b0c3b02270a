"""The truth about requests and tool calls."""

import numpy as np
import pytest

from demo.sim.cluster import build_cluster
from demo.sim.truth import TOOL_ERROR_TYPES, start_truth, tell_truth
from exporters.catalog import OUTCOMES, TIME_TO_FIRST_TOKEN_BOUNDS
from exporters.topology import Topology

from .conftest import small_topology

CLUSTER = build_cluster(Topology.model_validate(small_topology()))


@pytest.fixture
def truth():
    """A truth in which nothing has happened yet."""
    return start_truth(CLUSTER)


def _told(truth, slo, region, model):
    (found,) = (
        each
        for each in tell_truth(truth, CLUSTER, 5.0)["classes"]
        if each["slo"] == slo and each["labels"] == {"region": region, "model": model}
    )
    return found


def _counts(names, shape, place, **counts: int):
    array = np.zeros(shape, np.int64)
    for name, count in counts.items():
        array[place, names.index(name)] = count
    return array


def test_every_cell_has_its_classes_from_the_start(truth):
    """With zeros."""
    told = tell_truth(truth, CLUSTER, 5.0)
    assert told["time"] == 5.0
    slos = [each["slo"] for each in told["classes"]]
    assert {slo: slos.count(slo) for slo in slos} == {
        "chat-availability": 4,
        "chat-ttft": 4,
        "tool-success": 2,
    }
    assert all(each["bad"] == each["total"] == 0.0 for each in told["classes"])


def test_errors_timeouts_and_rejections_are_bad_and_rate_limits_are_not_counted(truth):
    """Users who leave are no failure of ours."""
    truth.count_requests(
        _counts(OUTCOMES, (4, 6), 0, ok=90, error=1, timeout=2, aborted=3, rejected=4,
                rate_limited=50)
    )  # fmt: skip
    told = _told(truth, "chat-availability", "eu", "chat")
    assert (told["bad"], told["total"]) == (7.0, 100.0)
    assert told["reasons"] == {"error": 1.0, "timeout": 2.0, "rejected": 4.0}


def test_first_tokens_after_two_and_a_half_seconds_or_never_are_bad(truth):
    """At the bound itself they are good."""
    counts = np.zeros((4, len(TIME_TO_FIRST_TOKEN_BOUNDS) + 1), np.int64)
    counts[1, TIME_TO_FIRST_TOKEN_BOUNDS.index(2.5)] = 10
    counts[1, TIME_TO_FIRST_TOKEN_BOUNDS.index(5.0)] = 2
    truth.count_first_tokens(counts, np.array([0, 3, 0, 0]))
    told = _told(truth, "chat-ttft", "eu", "code")
    assert (told["bad"], told["total"]) == (5.0, 15.0)
    assert told["reasons"] == {"late": 2.0, "never": 3.0}


def test_tool_calls_are_bad_unless_they_end_well_or_are_cancelled(truth):
    """Cancelled ones are not counted."""
    place = CLUSTER.tool_cells.index(("us", "search", "code"))
    shape = (len(CLUSTER.tool_cells), len(TOOL_ERROR_TYPES))
    calls = _counts(TOOL_ERROR_TYPES, shape, place, timeout=2, captcha=1, cancelled=9)
    calls[place, TOOL_ERROR_TYPES.index("")] = 7
    truth.count_tool_calls(calls)
    told = _told(truth, "tool-success", "us", "code")
    assert (told["bad"], told["total"]) == (3.0, 10.0)
    assert told["reasons"] == {"timeout": 2.0, "captcha": 1.0}
