"""Names of ours that nobody serves, and thresholds that vLLM has no bucket for, are told."""

from dataclasses import replace

import pytest

from slo.checks import check_objectives
from slo.objective import Ratio


def found(objective, total, good):
    """Return what is found about the series of a ratio."""
    indicator = Ratio(f"rate({total}[$window])", good=f"rate({good}[$window])")
    changed = replace(objective, period_seconds=28 * 86400, indicator=indicator, grouping_labels=())
    return [
        each
        for each in check_objectives([changed])
        if each.check in ("series-unknown", "bound-not-of-vllm")
    ]


def test_a_name_of_ours_that_nobody_serves_is_told_with_what_is_close(objective):
    """A counter without its end."""
    [unknown] = found(objective, "shardwatch_router_requests", "shardwatch_router_requests_total")

    assert (
        "total asks for shardwatch_router_requests, which no exporter serves and no rule records"
    ) == unknown.message
    assert "shardwatch_router_requests_total" in unknown.fix


@pytest.mark.parametrize("name", ["shardwatch_tool_calls_total", "slo:events:rate", "up", "mine"])
def test_what_is_served_recorded_or_foreign_is_right(objective, name):
    """Nothing is known of others."""
    assert [] == found(objective, name, name)


VLLM = "vllm:time_to_first_token_seconds"


def test_a_threshold_between_vllms_bounds_is_told_with_the_bounds(objective):
    """2 s is none."""
    [wrong] = found(objective, f"{VLLM}_count", f'{VLLM}_bucket{{le="2.0"}}')

    assert wrong.message.startswith(f'good asks for le="2.0" of {VLLM}_bucket, expected one of 0.')
    assert "1.0, 2.5, 5.0" in wrong.message


@pytest.mark.parametrize("le", ['le="2.5"', 'le="+Inf"', 'le=~"2.*"', ""])
def test_a_bound_of_vllms_is_right(objective, le):
    """As it is written there. Patterns were refused when the file was read."""
    assert [] == found(objective, f"{VLLM}_count", f"{VLLM}_bucket{{{le}}}")
