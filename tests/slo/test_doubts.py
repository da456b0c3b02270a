"""What an indicator leaves in doubt is told, and nothing else."""

from dataclasses import replace
from pathlib import Path

import pytest

import slo
from slo.doubts import WARNINGS, warnings_of
from slo.objective import Objective, Ratio, RawRatio, Threshold
from slo.objectives import read_objective_paths

LIBRARY = Path(slo.__file__).with_name("library")


def doubts(objective: Objective) -> list[str]:
    """Return the ids of an objective's warnings."""
    return [each.check for each in warnings_of(objective)]


@pytest.mark.parametrize(
    "name",
    [
        "vllm:request_success_total",
        "vllm_request_success_total",
        "vllm:e2e_request_latency_seconds_bucket",
        "vllm:time_to_first_token_seconds_count",
        "vllm:request_queue_time_seconds_count",
    ],
)
def test_hung_requests_are_missed_by_vllms_own_counters(objective, name):
    """They tell of what has ended."""
    raw = replace(
        objective,
        file="mine.yaml",
        line=3,
        indicator=Ratio(f"rate({name}[$window])", bad='rate(requests_total{code="500"}[$window])'),
    )

    [found] = warnings_of(raw)

    assert (
        f"mine.yaml:3: raw-vllm: good: found {name}, which count requests when they end: requests "
        "that hang, that clients gave up, or that time out are missed, and a dead engine looks "
        "idle; measure at the router, as library:chat does, or with its own counter of requests"
    ) == str(found)


@pytest.mark.parametrize(
    "total",
    ["requests_total", "vllm:prefix_cache_queries_total", "shardwatch_router_requests_total"],
)
def test_other_counters_are_not_in_doubt(objective, total):
    """Tokens looked up in a cache do not hang."""
    assert [] == doubts(replace(objective, indicator=Ratio(f"rate({total}[$window])", bad="x")))


def test_a_ratio_without_its_traffic_weighs_every_moment_the_same(objective):
    """It is told, also where its cells are known."""
    shared = RawRatio("avg by (cell) (bad:ratio)", is_good=False)

    assert ["every-moment-equal"] == doubts(replace(objective, indicator=shared))


@pytest.mark.parametrize(
    ("share", "is_told"), [("bad:ratio", True), ("1 - avg_over_time(up[$window])", True),
                           ("avg(bad:ratio)", False)],
)  # fmt: skip
def test_several_series_of_a_ratio_are_averaged(objective, share, is_told):
    """Where there is one budget for them all."""
    one = replace(objective, grouping_labels=(), indicator=RawRatio(share, is_good=False))

    assert is_told == ("series-averaged" in doubts(one))


@pytest.mark.parametrize("side", ["good", "bad"])
def test_a_maximum_of_rates_is_no_number_of_events(objective, side):
    """Whichever side it is on."""
    most = "max by (cell) (rate(requests_total[$window]))"
    odd = Ratio("rate(requests_total[$window])", **{side: most})

    [found] = warnings_of(replace(objective, indicator=odd))

    assert "rates-not-added" == found.check
    assert found.message.startswith(f"{side} has the aggregation max, expected a sum of rates")


def test_the_library_counts_events():
    """Its ratios are sums of rates."""
    assert set() == {
        each.name for each in read_objective_paths([LIBRARY]) if "rates-not-added" in doubts(each)
    }


def test_a_threshold_is_not_in_doubt(objective):
    """A gauge of vLLM's is what it is."""
    waiting = Threshold("vllm:num_requests_waiting", "<", objective.target)

    assert [] == doubts(replace(objective, indicator=waiting))


def test_each_id_is_told_of():
    """In one line."""
    assert all(text and "\n" not in text for text in WARNINGS.values())
