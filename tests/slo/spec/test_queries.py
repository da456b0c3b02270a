"""Queries become events per second, or it is said why not."""

import promql_parser
import pytest
from hypothesis import given
from hypothesis import strategies as st

from slo.spec.linear import COUNTERS
from slo.spec.queries import events_per_second, one_line, parse_query, series_value


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("a", "rate(a[$window])"),
        ('a{b="1", c=~"x|y", d!="", e!~"z"}', 'rate(a{b="1",c=~"x|y",d!="",e!~"z"}[$window])'),
        (r'a{b=~"/v1/\\d+",c="a \"b\""}', r'rate(a{b=~"/v1/\\d+",c="a \"b\""}[$window])'),
        ('a{b="two  spaces",c="é"}', 'rate(a{b="two  spaces",c="é"}[$window])'),
        ("sum(a)", "sum(rate(a[$window]))"),
        ("sum by (x, y) (a)", "sum by (x, y) (rate(a[$window]))"),
        ("sum(a) without (x)", "sum without (x) (rate(a[$window]))"),
        ("a or b", "rate(a[$window]) or rate(b[$window])"),
        ("a + on (x) group_left (y) b",
         "rate(a[$window]) + on (x) group_left (y) rate(b[$window])"),
        ("a - ignoring (z) b", "rate(a[$window]) - ignoring (z) rate(b[$window])"),
        ("(a + b) * 2", "(rate(a[$window]) + rate(b[$window])) * 2"),
        ("a or 0 * b", "rate(a[$window]) or 0 * rate(b[$window])"),
        ("sum(a) / 1000 or vector(0)", "sum(rate(a[$window])) / 1000 or vector(0)"),
        ("sum(rate(a[$window]))", "sum(rate(a[$window]))"),
        ("sum(rate(a[{{.window}}]))", "sum(rate(a[$window]))"),
        ("sum(rate(a[{{ .window }}])) > 0", "sum(rate(a[$window])) > 0"),
        ("rate(a[$window]) * on (x) info", "rate(a[$window]) * on (x) info"),
        ("sum(increase(a[$window]))", "sum(rate(a[$window]))"),
        ("increase(a[$window]) or 0 * increase(b[$window])",
         "rate(a[$window]) or 0 * rate(b[$window])"),
        ("sum(increase(a[$window]) and on (job) up == 1)",
         "sum(rate(a[$window]) and on (job) up == 1)"),
        ("a unless on (z) (b or c)", "rate(a[$window]) unless on (z) (b or c)"),
        ("sum(\n  a\n  +\n  b\n)", "sum(rate(a[$window]) + rate(b[$window]))"),
        ("sum(a) # all\n + b", "sum(rate(a[$window])) + rate(b[$window])"),
        ("# not {{.window}}\nrate(a[$window]) # it's all", "rate(a[$window])"),
        ("sum(a) # all\r* 2", "sum(rate(a[$window])) * 2"),
        ('a{b="#1 \\" # 2"}', 'rate(a{b="#1 \\" # 2"}[$window])'),
        ("a{b='#', c=`#`}", 'rate(a{b="#",c="#"}[$window])'),
    ],
)  # fmt: skip
def test_counters_are_rated_at_their_selectors(query, expected):
    """Above them, one source that starts anew would look as if all did."""
    assert expected == events_per_second(query)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("", "an empty query, expected PromQL such as requests_total"),
        (" \n ", "an empty query, expected PromQL such as requests_total"),
        ("a offset 5m", f"an offset or @, {COUNTERS}"),
        ("sum(a @ end())", f"an offset or @, {COUNTERS}"),
        ("rate(a[$window] offset 5m)", f"an offset or @, {COUNTERS}"),
        ('sum({b="1"})', f"no name of a series before the braces, {COUNTERS}"),
        ('rate({__name__="a"}[$window])', f"no name of a series before the braces, {COUNTERS}"),
        ("max(a)", f"the aggregation max, {COUNTERS}"),
        ("a * b", f"the operator *, {COUNTERS}"),
        ("a > 1", f"the operator >, {COUNTERS}"),
        ("a + 1", f"a number, {COUNTERS}"),
        ("-a", f"a negative, {COUNTERS}"),
        ("abs(a)", f"the function abs, {COUNTERS}"),
        ("vector(1)", f"the function vector, {COUNTERS}"),
        ("a * -1", "a multiple of * -1, expected one of 0 or more events"),
        ("a / 0", "a multiple of / 0, expected one of 0 or more events"),
        ("a[5m]", "the range 5m, expected none, or $window as the only one, for the rules put in "
         "their own"),
        ("rate(a[$window]) + rate(b[1h])", "the range 1h, expected none, or $window as the only "
         "one, for the rules put in their own"),
        ("a[$window]", f"nothing over the window, {COUNTERS}"),
        ("irate(a[$window])", f"irate over the window, {COUNTERS}"),
        ("rate(a[$window]) + idelta(b[$window])", f"idelta, rate over the window, {COUNTERS}"),
        ("rate(a[$window]) + increase(b[$window])",
         f"increase beside what is no increase, {COUNTERS}"),
        ("increase(a[$window]) + b", f"increase beside what is no increase, {COUNTERS}"),
        ("increase(a[$window]) and b + increase(c[$window])",
         f"a range after and, {COUNTERS}"),
        ("increase(a[$window]) > 0", f"the operator >, {COUNTERS}"),
        ("max_over_time(a[1h:1m])", f"a subquery, {COUNTERS}"),
        ('a{b="$window"}', "$window in a label's value, expected it as a range alone"),
        ("a * $window", "$window as a number, expected it as a range alone"),
    ],
)  # fmt: skip
def test_what_cannot_be_rated_is_refused(query, found):
    """With what to write instead."""
    with pytest.raises(ValueError, match=r"^found ") as caught:
        events_per_second(query)

    assert f"found {found}" == str(caught.value)


@pytest.mark.parametrize(
    "query", ["a{", "sum(a", "rate(sum(a)[5m])", "$window(a)", "a b", "[", "é"]
)
def test_what_is_no_promql_is_refused(query):
    """Before anything else."""
    with pytest.raises(ValueError, match=r"^not PromQL: "):
        events_per_second(query)


@pytest.mark.parametrize(
    "query", ["(" * 3000 + "a" + ")" * 3000, "-" * 9999 + "a", "+".join(["a"] * 9999), "(" * 9999]
)
def test_a_query_that_would_end_the_parser_is_not_parsed(query):
    """Its stack is the whole process's."""
    with pytest.raises(ValueError, match=r"found \d+ characters, expected at most 4096"):
        parse_query(query)


@pytest.mark.parametrize("query", ["(" * 101 + "a" + ")" * 101, "+".join(["a"] * 200)])
def test_a_query_that_is_too_deep_is_refused(query):
    """Whoever walks its tree recurses."""
    with pytest.raises(ValueError, match="found more than 100 expressions within each other"):
        events_per_second(query)


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("queue_depth", "queue_depth"),
        ("a / b", "a / b"),
        ("avg_over_time(a[5m])", "avg_over_time(a[5m])"),
        ("rate(a[{{.window}}])", "rate(a[$window])"),
        ("max_over_time(rate(a[$window])[1h:1m])", "max_over_time(rate(a[$window])[1h:1m])"),
        ("histogram_quantile(0.9, a_bucket)", "histogram_quantile(0.9, a_bucket)"),
        ('{"some.name"}', '{"some.name"}'),
        ("vector(1)", "vector(1)"),
    ],
)
def test_a_value_is_what_it_is(query, expected):
    """Of an indicator that is no counter, and of counters that are none."""
    assert expected == series_value(query)
    assert expected == events_per_second(query, is_counter=False)


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("1", "a number of no series, expected a query of series"),
        ("-(1 + 2)", "a number of no series, expected a query of series"),
        ("scalar(a)", "a number of no series, expected a query of series"),
        ("time()", "a number of no series, expected a query of series"),
        ('"a"', "a number of no series, expected a query of series"),
        ("a[5m]", "a range, which has no value at a moment, expected a function of it"),
    ],
)
def test_a_value_without_series_is_refused(query, found):
    """Prometheus cannot sum it by labels."""
    with pytest.raises(ValueError, match=r"^found ") as caught:
        series_value(query)

    assert f"found {found}" == str(caught.value)


# Pairs of a query of counters and the same written by hand with a rate at each counter.

counters = st.tuples(
    st.sampled_from(["a_total", "b_total", "c:d_total"]),
    st.dictionaries(
        st.sampled_from(["x", "y"]),
        st.tuples(st.sampled_from(["=", "!=", "=~", "!~"]), st.sampled_from(["", "1", "a|b", "é"])),
    ),
).map(
    lambda each: (
        each[0]
        + ("{" + ",".join(f'{k}{op}"{v}"' for k, (op, v) in each[1].items()) + "}") * bool(each[1])
    )
)
leaves = counters.map(lambda text: (text, f"rate({text}[$window])"))
labels = st.sampled_from(["", " by (x)", " without (y)", " by (x, y)"])
matchings = st.sampled_from(["", " on (x)", " ignoring (y)", " on (x) group_left ()"])


def _larger(smaller):
    return st.one_of(
        st.tuples(labels, smaller).map(
            lambda each: tuple(f"sum{each[0]} ({side})" for side in each[1])
        ),
        smaller.map(lambda each: tuple(f"({side})" for side in each)),
        st.tuples(st.sampled_from(["+", "-"]), matchings, smaller, smaller).map(
            lambda each: tuple(
                f"{left} {each[0]}{each[1]} {right}" for left, right in zip(*each[2:], strict=True)
            )
        ),
        st.tuples(st.sampled_from(["", " on (x)", " ignoring (y)"]), smaller, smaller).map(
            lambda each: tuple(
                f"{left} or{each[0]} {right}" for left, right in zip(*each[1:], strict=True)
            )
        ),
        st.tuples(st.sampled_from(["0", "2", "0.5"]), smaller).map(
            lambda each: tuple(f"{each[0]} * ({side})" for side in each[1])
        ),
    )


pairs = st.recursive(leaves, _larger, max_leaves=8)


def tree(text: str) -> str:
    """Return what Prometheus understands, without spaces that mean nothing."""
    return str(promql_parser.parse(text.replace("$window", "1m")))


@given(pairs)
def test_rates_that_are_pushed_down_are_those_written_by_hand(pair):
    """Whatever is summed of whatever."""
    query, by_hand = pair

    assert tree(by_hand) == tree(events_per_second(query))


@given(pairs)
def test_rates_written_by_hand_are_left_as_they_are(pair):
    """Also with the window that other tools write, and as increases."""
    _, by_hand = pair

    assert by_hand == events_per_second(by_hand.replace("$window", "{{ .window }}"))
    increases = by_hand.replace("rate(", "increase(")
    assert tree(by_hand) == tree(events_per_second(increases))


@given(st.text(alphabet="ab{}()[]=~!\"'$#+-*/,.: \n\\5m@", max_size=30))
def test_any_text_is_taken_or_refused(text):
    """With a sentence; what is taken is PromQL of one line."""
    for read in (events_per_second, series_value):
        try:
            expression = read(text)
        except ValueError:
            continue
        assert parse_query(expression)
        assert "\n" not in expression
    assert one_line(text) == one_line(one_line(text))
