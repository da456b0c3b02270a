"""Labels are found that some selectors choose and others do not."""

import promql_parser
import pytest

from slo.examples.labels import chooses, example_labels, series_text


@pytest.mark.parametrize(
    ("chosen_by", "not_chosen_by", "expected"),
    [
        (["x"], [], {"__name__": "x", "region": "eu"}),
        (['x{region="us"}'], [], {"__name__": "x", "region": "us"}),
        (['x{region=~"us|ap"}'], [], {"__name__": "x", "region": "us"}),
        (['x{outcome!="a"}'], ['x{outcome=~"b|c"}'],
         {"__name__": "x", "region": "eu", "outcome": "ok"}),
        (['x{code=~".+"}', 'x{code!~"2..|3.."}'], [],
         {"__name__": "x", "region": "eu", "code": "a"}),
        (["x"], ['x{outcome!=""}'], {"__name__": "x", "region": "eu"}),
        (["x"], ['y{region="eu"}'], {"__name__": "x", "region": "eu"}),
    ],
)  # fmt: skip
def test_labels_are_found(chosen_by, not_chosen_by, expected):
    """The wanted ones, unless a matcher forbids it."""
    wanted = {"region": "eu"}
    parse = promql_parser.parse
    found = example_labels([*map(parse, chosen_by)], [*map(parse, not_chosen_by)], wanted)

    assert expected == found
    assert all(chooses(parse(each), found) for each in chosen_by)
    assert not any(chooses(parse(each), found) for each in not_chosen_by)


@pytest.mark.parametrize(
    ("chosen_by", "not_chosen_by"),
    [
        (['x{a="1"}', 'x{a="2"}'], []),
        (["x", "y"], []),
        (["x"], ["x"]),
        (['{a="1"}'], []),
        (['x{a=~"(?i:b)"}'], ["x"]),
    ],
)
def test_there_are_none_where_selectors_contradict_each_other(chosen_by, not_chosen_by):
    """None, not a wrong example."""
    parse = promql_parser.parse

    assert example_labels([*map(parse, chosen_by)], [*map(parse, not_chosen_by)]) is None


def test_a_series_is_written_as_promtool_reads_it():
    """Quotes and backslashes escaped, labels sorted."""
    labels = {"__name__": "x", "b": 'say "hi"', "a": "c:\\d"}

    assert 'x{a="c:\\\\d",b="say \\"hi\\""}' == series_text(labels)
