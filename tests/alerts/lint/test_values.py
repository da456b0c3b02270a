"""Values of expressions: which there can be, and why there are none."""

import math

import promql_parser
import pytest

from alerts.lint.ranges import ANY, Range
from alerts.lint.recorded import Recording
from alerts.lint.standing import is_always_there
from alerts.lint.stretches import longest_seconds
from alerts.lint.values import ValueFlow

RULES = [
    ("job:errors:ratio", 'sum(rate(x{code="500"}[5m])) / sum(rate(x[5m]))', {"window": "5m"}),
    ("job:errors:ratio", "1 - 2 * up", {"window": "1h"}),
    ("loop", "loop + 1", {}),
    ("slo:objective:ratio", "vector(0.99)", {"slo": "chat"}),
]
FLOW = ValueFlow(
    [Recording(name, promql_parser.parse(expr), labels) for name, expr, labels in RULES]
)
INF = math.inf

RANGES = {
    "3": Range(3, 3),
    "-up": Range(-1, 0),
    "up + 1": Range(1, 2),
    "1 - up": Range(0, 1),
    "up * -2": Range(-2, 0),
    "up / 4": Range(0, 0.25),
    "x": ANY,
    "x + up": ANY,
    "x > 3": Range(3, INF),
    "3 < x": Range(3, INF),
    "x <= 3": Range(-INF, 3),
    "x == 3": Range(3, 3),
    "x != 3": ANY,
    "x == bool 3": Range(0, 1),
    "up == bool 7": Range(0, 1),
    "(x > 3) or up": Range(0, INF),
    "up unless x": Range(0, 1),
    "up and x": Range(0, 1),
    "rate(x[5m])": Range(0, INF),
    "avg_over_time(up[5m])": Range(0, 1),
    "sum_over_time(up[5m])": Range(0, INF),
    "clamp_max(x, 5)": Range(-INF, 5),
    "clamp_min(up, 0.5)": Range(0.5, 1),
    "clamp(x, 1, 2)": Range(1, 2),
    "floor(up / 2)": Range(0, 0),
    "hour()": Range(0, 23),
    "sum(up)": Range(0, INF),
    "sum(-up)": Range(-INF, 0),
    "avg by (job) (up)": Range(0, 1),
    "max(up)": Range(0, 1),
    "count(up)": Range(1, INF),
    "group(x)": Range(1, 1),
    "quantile(2, up)": ANY,
    "topk(1, up)": Range(0, 1),
    "absent(x)": Range(1, 1),
    'label_replace(up, "a", "b", "", "")': Range(0, 1),
    "vllm:kv_cache_usage_perc": Range(0, 1),
    "vllm:prompt_tokens_total": Range(0, INF),
    "shardwatch_group_up": Range(0, 1),
    "shardwatch_group_speed_to_peers_ratio": ANY,
    'job:errors:ratio{window="5m"}': Range(0, 1),
    'job:errors:ratio{window="1h"}': Range(-1, 1),
    "job:errors:ratio": Range(-1, 1),
    "loop": ANY,
    'slo:burn_rate:ratio{slo="other"}': Range(0, INF),
    'sum(rate(x{code="500"}[5m])) / (sum(rate(x[5m])) > 0)': Range(0, 1),
    'sum by (a) (rate(x{code="500"}[5m])) / sum by (b) (rate(x[5m]))': Range(0, INF),
    'sum(rate(x{code="500"}[5m])) / sum(rate(x{zone="a"}[5m]))': Range(0, INF),
    'sum(rate(x{code="500"}[5m])) / sum(rate(x[1m]))': Range(0, INF),
    'rate(h_bucket{le="1"}[5m]) / rate(h_count[5m])': Range(0, 1),
    "count(up == 0) / count(up)": Range(0, 1),
    "sum(up) / count(up)": Range(0, 1),
    "sum by (a) (1 - up) / (count by (a) (1 - up) > 0)": Range(0, 1),
    "sum by (a) (up) / count by (b) (up)": Range(0, INF),
    "sum(up) / count(x)": Range(0, INF),
}


@pytest.mark.parametrize("expr", RANGES)
def test_an_expression_has_values_within_a_range(expr):
    """As narrow as is sure."""
    assert FLOW.of(promql_parser.parse(expr)) == RANGES[expr]


def test_a_burn_rate_is_as_high_as_all_events_being_bad_makes_it():
    """For the target that the rules record."""
    found = FLOW.of(promql_parser.parse('slo:burn_rate:ratio{slo="chat"}'))
    assert found.low == 0
    assert found.high == pytest.approx(100, rel=1e-5)


EMPTY = {
    "up > 1": "up > 1 is never true: up is from 0 to 1",
    "up < 0": "up < 0 is never true: up is from 0 to 1",
    "up >= 1.5": "up >= 1.5 is never true: up is from 0 to 1",
    "up == 2": "up == 2 is never true: up is from 0 to 1",
    "2 < up": "2 < up is never true: up is from 0 to 1",
    "sum(up > 1)": "up > 1 is never true: up is from 0 to 1",
    "(up > 1) and x": "up > 1 is never true: up is from 0 to 1",
    "x and (up > 1)": "up > 1 is never true: up is from 0 to 1",
    "(up > 1) unless x": "up > 1 is never true: up is from 0 to 1",
    "(up > 1) or (up < 0)": "up > 1 is never true: up is from 0 to 1",
    "x * (up > 1)": "up > 1 is never true: up is from 0 to 1",
    "sum(x == 0) > 0": "sum(x == 0) > 0 is never true: sum(x == 0) is 0",
    'x{a="1",a="2"} > 0': 'x{a="1",a="2"} selects nothing: no series satisfies all its matchers',
    'x{a="1",a!~"1|2"}': 'x{a="1",a!~"1|2"} selects nothing: no series satisfies all its matchers',
    "up > 0.5 and up < 0.2": "up > 0.5 and up < 0.2 is never true: up is never > 0.5 and < 0.2",
    "x > 5 and (x) < 5": "x > 5 and (x) < 5 is never true: x is never > 5 and < 5",
    "x >= 5 and 5 > x": "x >= 5 and 5 > x is never true: x is never >= 5 and < 5",
    "x == 5 and x != 5": "x == 5 and x != 5 is never true: x is never == 5 and != 5",
    "x > 5 and on (a) y and x < 3": (
        "x > 5 and on (a) y and x < 3 is never true: x is never > 5 and < 3"
    ),
    "(x > 5 unless y) and rate(z[5m]) > 1 and x < 3": (
        "(x > 5 unless y) and rate(z[5m]) > 1 and x < 3 is never true: x is never > 5 and < 3"
    ),
    "x > x": "x > x is never true: its sides are the same",
    "sum by (a) (x) < on (a) sum by (a) (x)": (
        "sum by (a) (x) < on (a) sum by (a) (x) is never true: its sides are the same"
    ),
    "absent(vector(1))": "absent(vector(1)) is empty: vector(1) is always there",
    'slo:burn_rate:ratio{slo="chat"} > 101': (
        'slo:burn_rate:ratio{slo="chat"} > 101 is never true: '
        'slo:burn_rate:ratio{slo="chat"} is from 0 to 100'
    ),
}


@pytest.mark.parametrize("expr", EMPTY)
def test_what_can_have_no_value_says_why(expr):
    """The part of it that is never there."""
    why = []
    assert FLOW.of(promql_parser.parse(expr), why) is None
    assert EMPTY[expr] == why[0].said


@pytest.mark.parametrize(
    "expr",
    ["up > 1 or x", "x unless (up > 1)", "up >= 1", "up == 1",
     "x > 0.5 and on (a) x < 0.2", "x > 5 or x < 2", "x >= 5 and x <= 5", "x > bool 5 and x < 2",
     'x{a="1"} > 5 and x{a="2"} < 2', '{a="1"} > 5 and {a="1"} < 2', "x >= x", "x > x offset 5m",
     "x > 5 and (y and x < 3 or z)", "x > bool x", "y unless x > x",
     'slo:burn_rate:ratio{slo="chat"} >= 100', "x > scalar(up > 1)", "absent(up > 1)",
     'x{a=~"1|2",a="1"}'],
)  # fmt: skip
def test_what_may_have_a_value_is_not_accused(expr):
    """Though a part of it has none."""
    assert FLOW.of(promql_parser.parse(expr)) is not None


STANDING = {
    "vector(1)": True,
    "hour()": True,
    "hour(x)": False,
    "x": False,
    "x or vector(0)": True,
    "sum(x) or vector(0)": True,
    "sum(x or vector(0))": True,
    "vector(1) > 0": False,
    "vector(1) + 1": True,
    "1 - vector(1)": True,
    "vector(1) * x": False,
    "vector(1) unless x": False,
    "-(vector(1))": True,
    "time() > bool 0": False,
}


@pytest.mark.parametrize("expr", STANDING)
def test_what_is_always_there_needs_no_series(expr):
    """A number is none: it is no vector."""
    assert is_always_there(promql_parser.parse(expr)) is STANDING[expr]


STRETCHES = {
    "hour() == 3": 3600,
    "hour(vector(time())) == 3": 3600,
    "hour() > 21": 2 * 3600,
    "hour() != 3": 23 * 3600,
    "hour() < 2 or hour() > 22": INF,
    "hour() < 24": INF,
    "hour(x) == 3": INF,
    "hour(vector(5)) == 3": INF,
    "hour() == bool 3": INF,
    "minute() == 0": 60,
    "day_of_week() == 6": 86400,
    "x > 1 and on () hour() == 3": 3600,
    "(hour() == 3) unless on () x": 3600,
    "x unless on () hour() == 3": INF,
    "sum(hour() == 3)": 3600,
    "x": INF,
}


@pytest.mark.parametrize("expr", STRETCHES)
def test_a_condition_on_the_calendar_holds_for_so_long(expr):
    """At a stretch, and at most."""
    assert longest_seconds(promql_parser.parse(expr)) == STRETCHES[expr]
