"""What stands for Grafana's variables in an expression."""

import pytest

from dashboards.lint.filling import fill
from dashboards.lint.placeholders import SERIES, variable_of
from slo.rule_reading.expressions import parse_expression

ANY = "(?:x){0}.+"

CASES = {
    "no variable": ("sum(up)", "sum(up)"),
    "a value": ('up{job=~"$x"}', f'up{{job=~"{ANY}"}}'),
    "a value that is equal": ('up{job="$x"}', f'up{{job=~"{ANY}"}}'),
    "a value that is another": ('up{job!="$x"}', f'up{{job!="{ANY}"}}'),
    "a part of a value": ('up{job="a-${x}-b"}', f'up{{job=~"a-{ANY}-b"}}'),
    "a value in old brackets": ('up{job=~"[[x]]"}', f'up{{job=~"{ANY}"}}'),
    "a value with its quotes": ("up{job=${x:doublequote}}", f'up{{job=~"{ANY}"}}'),
    "a value after another": ('up{a="b",job="$x"}', f'up{{a="b",job=~"{ANY}"}}'),
    "a range": ("rate(a[$__rate_interval])", "rate(a[1h])"),
    "a range in old brackets": ("rate(a[[[x]]])", "rate(a[1h])"),
    "a number in a range": ("rate(a[${x}m])", "rate(a[5m])"),
    "a unit in a range": ("rate(a[5$x])", "rate(a[5m])"),
    "a step": ("max_over_time(a[$__range:$__interval])", "max_over_time(a[1h:1s])"),
    "an offset": ("a offset $x", "a offset 1h"),
    "a time": ("a @ $__to", "a @ 1"),
    "a label": ("sum by (le, $x) (a)", "sum by (le, grafana_variable) (a)"),
    "two labels": (
        "a * on ($x) group_left ($y) b",
        "a * on (grafana_variable) group_left (grafana_variable_2) b",
    ),
    "a label to match": ('a{$x="b"}', 'a{grafana_variable="b"}'),
    "matchers": ('a{b="c",$x}', 'a{b="c",grafana_variable=~".*"}'),
    "a name": ("rate($x[5m])", 'rate({__name__=~".+"}[5m])'),
    "a name with matchers": ('$x{a="b"}', '{__name__=~".+",a="b"}'),
    "a part of a name": ("sum(${x}_total)", 'sum({__name__=~".+"})'),
    "an argument": ("sum($x)", 'sum({__name__=~".+"})'),
    "a rank": ("topk($x, a)", "topk(1, a)"),
    "a quantile": ("quantile by (b) ($x, a)", "quantile by (b) (1, a)"),
    "a later argument": ("clamp_max(a, $x)", "clamp_max(a, 1)"),
    "series of values": ('count_values("v", $x)', 'count_values("v", {__name__=~".+"})'),
    "series of values by a label": (
        'count_values by (b) ("v", $x)',
        'count_values by (b) ("v", {__name__=~".+"})',
    ),
    "the name of values": ("count_values($x, a)", 'count_values("grafana_variable", a)'),
    "both bounds": ("histogram_fraction($x, $y, a)", "histogram_fraction(1, 1, a)"),
    "one bound": ("histogram_fraction(0, $x, $y)", 'histogram_fraction(0, 1, {__name__=~".+"})'),
    "a number as series": ("vector($x)", "vector(1)"),
    "series with their range": ("rate($x)", 'rate({__name__=~".+"}[1h])'),
    "a quantile of a range": (
        "quantile_over_time($x, $y)",
        'quantile_over_time(1, {__name__=~".+"}[1h])',
    ),
    "a threshold": ("a > $x", "a > 1"),
    "an aggregation": ("$x by (b) (a)", "sum by (b) (a)"),
    "a comment": ("a # $x\n + b", "a # $x\n + b"),
    "a group of a regular expression": (
        'label_replace(a, "b", "$1", "c", "(.*)")',
        'label_replace(a, "b", "$1", "c", "(.*)")',
    ),
}


@pytest.mark.parametrize(("written", "expected"), CASES.values(), ids=CASES)
def test_something_stands_for_each_variable_that_makes_it_promql(written, expected):
    """What it is follows from its place."""
    filled = fill(written)
    assert expected == filled.text
    assert parse_expression(filled.text).tree is not None


@pytest.mark.parametrize("written", ["a and ($x)", "later(a, $x)", "sum(a + $x)"])
def test_where_nobody_knows_what_is_taken_both_are_tried(written):
    """In brackets of an operator, and of functions that are not known."""
    assert ("x",) == fill(written).guessed


def test_where_a_variable_may_be_a_number_or_series_both_can_be_tried():
    """And it is told which."""
    assert ('{__name__=~".+"} > 5', ("x",)) == (
        fill("$x > 5", SERIES).text, fill("$x > 5", SERIES).guessed,
    )  # fmt: skip


@pytest.mark.parametrize(
    ("written", "is_open"),
    [('a{b=~"$x"}', False), ("a > $x", False), ("sum by ($x) (a)", True), ("a{$x}", True),
     ("$x[5m]", True), ('label_replace(a, "$x", "", "", "")', True)],
)  # fmt: skip
def test_labels_are_unknown_where_one_is_a_variable(written, is_open):
    """Or where it stands for series."""
    assert is_open == fill(written).is_open


def test_a_place_is_told_in_the_text_with_variables():
    """For somebody has that before their eyes."""
    written = 'sum(rate(a{b="$variable", c="d"}[$__rate_interval])) / total'
    filled = fill(written)
    for word in ("sum", "a{", "b=", "c=", "total"):
        assert written.index(word) == filled.origin(filled.text.index(word))
    inside = filled.text.index(".+")
    assert written.index("$variable") <= filled.origin(inside) < written.index(", c")


def test_windows_are_told_with_the_function_that_takes_them():
    """As they are written."""
    windows = fill("rate(a[$__interval]) / max_over_time(b[[[w]]:5s]) + c[5m]").windows
    expected = [("rate", "$__interval"), ("max_over_time", "[[w]]")]
    assert expected == [(each.function, each.text) for each in windows]


def test_a_value_tells_its_variable():
    """Also where nothing may be chosen instead."""
    assert ["x", "x", None] == [variable_of(each) for each in (ANY, f"{ANY}|", ".+")]
