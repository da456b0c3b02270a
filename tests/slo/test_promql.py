"""PromQL as a tree: what an expression selects, and what there is to select."""

import promql_parser
import pytest

from slo import conventions
from slo.promql import bare, is_instant, is_zero, known_series, memory_seconds, selectors


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("a", ["a"]),
        ("(a + on (x) rate(b[5m])) / -c offset 1m", ["a", "b", "c"]),
        ("topk(scalar(a), sum by (x) (b))", ["a", "b"]),
        ("max_over_time(rate(a[1m])[5m:1m])", ["a"]),
        ("vector(1)", []),
    ],
)
def test_every_selector_of_an_expression_is_found(expr: str, expected: list[str]):
    """Wherever in it."""
    assert sorted(each.name or "" for each in selectors(expr)) == expected


def test_what_is_no_promql_is_an_error():
    """With what the parser says."""
    with pytest.raises(ValueError, match="invalid promql query"):
        selectors("a ==== 1")


@pytest.mark.parametrize(
    ("expr", "inner"), [("((a))", "a"), ("a", "a"), ("(a) + (b)", "(a) + (b)")]
)
def test_parentheses_around_an_expression_are_taken_off(expr: str, inner: str):
    """And none within it."""
    assert str(promql_parser.parse(inner)) == str(bare(promql_parser.parse(expr)))


def test_zero_is_the_number_alone():
    """However it is written, and not what may come to be 0."""
    found = {each: is_zero(promql_parser.parse(each)) for each in ("0", "0.0", "1", "vector(0)")}
    assert {"0": True, "0.0": True, "1": False, "vector(0)": False} == found


@pytest.mark.parametrize("expr", ["a[5m]", "a[5m:1m]", '"a"'])
def test_a_range_has_no_value_at_a_moment(expr: str):
    """Nor has a text."""
    assert not is_instant(expr)
    assert is_instant("a > 1")


def test_what_there_is_is_served_recorded_or_made_by_prometheus():
    """Histograms by their parts."""
    known = known_series()
    assert known >= {"up", "shardwatch_gpu_state", conventions.BURN_RATE}
    assert "shardwatch_tool_call_duration_seconds_bucket" in known
    assert "shardwatch_tool_call_duration_seconds" not in known


@pytest.mark.parametrize(
    ("expr", "expected"),
    [
        ("up", 0),
        ("rate(x[$window])", 60),
        ("rate(x[5m] offset 1h) / rate(y[10m])", 3900),
        ("max_over_time(rate(x[5m])[30m:1m] offset 10m)", 2700),
    ],
)
def test_it_is_known_how_far_back_an_expression_looks(expr, expected):
    """Ranges within ranges and offsets, of the side that looks back furthest."""
    assert expected == memory_seconds(expr, 60)
