"""Expressions that are no PromQL: where they stop being some."""

import pytest

from slo.rule_reading.expressions import DEEPEST, MOST_TOKENS, offset_of, parse_expression

WRONG = {
    "a b": ("found b, which cannot stand here", 2),
    "sum(x) by (a) b": ("found b, which cannot stand here", 14),
    "a + * b": ("found *, which cannot stand here", 4),
    "a +": ("found the end, expected more", 3),
    "a and": ("found the end, expected more", 5),
    'x{a=="b"}': ("found ==, which cannot stand here", 3),
    "x{a=b}": ("found b, which cannot stand here", 4),
    "sum by x (y)": ("found x, which cannot stand here", 7),
    "rate(x[5m)": ("found ) without its other half", 9),
    "sum(x": ("found ( without its other half", 3),
    "x)": ("found ) without its other half", 1),
    "1 + ratee(x[5m])": ("found the unknown function ratee", 4),
    "1 + rate(x)": ("expected type matrix in call to function 'rate', got vector", 4),
    "x[5m]": ("found a range or a text, expected one value for each series", 0),
    '"x"': ("found a range or a text, expected one value for each series", 0),
    "rate(x[1e999])": ("found 1e999, expected a duration", 7),
    "rate(x[5m:1e300])": ("found 1e300, expected a duration", 10),
    "x offset -1e18": ("found 1e18, expected a duration", 10),
    "x OFFSET NaN": ("found NaN, expected a duration", 9),
    "": ("found no expression", 0),
    "# a comment": ("found no expression", 0),
    "x @@ y": ("found @, which cannot stand here", 3),
    "(" * 5000 + "x" + ")" * 5000: (f"found 10001 words, expected at most {MOST_TOKENS}", 2000),
    "(" * 200 + "x" + ")" * 200: (f"nested more than {DEEPEST} deep", 100),
    "-" * 500 + "x": (f"nested more than {DEEPEST} deep", 0),
}


@pytest.mark.parametrize("expr", WRONG)
def test_what_is_no_promql_says_where(expr):
    """In characters from its beginning."""
    parsed = parse_expression(expr)
    assert parsed.tree is None
    assert WRONG[expr] == (parsed.error, parsed.offset)


@pytest.mark.parametrize(
    "expr", ["x", "x # a comment", "1", 'x{a="b) c"}', "sum by (a) (x) / on (a) y > 0.5"]
)
def test_what_is_promql_has_a_tree(expr):
    """Brackets within texts and comments are none."""
    assert parse_expression(expr).tree is not None


def test_a_word_is_found_where_it_stands_by_itself():
    """And not within another, nor within a text."""
    assert offset_of('upper{a="b up"} + up', "up") == 18
    assert offset_of("upper", "up") is None
