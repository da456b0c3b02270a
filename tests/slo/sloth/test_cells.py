"""The labels of a query's result, as Prometheus gives them."""

import promql_parser
import pytest

from slo.sloth.cells import result_labels


@pytest.mark.parametrize(
    ("query", "labels"),
    [
        ("sum(rate(x[5m]))", set()),
        ("sum by (a, b) (rate(x[5m]))", {"a", "b"}),
        ("sum by (a) (x) / 2", {"a"}),
        ("1 - sum by (a) (x)", {"a"}),
        ("-(sum by (a) (x))", {"a"}),
        ("sum by (a) (x) or on () vector(0)", {"a"}),
        ("vector(0) or sum by (a) (x)", {"a"}),
        ("sum by (a) (x) or sum by (a) (y)", {"a"}),
        ("sum by (a) (x) + sum by (a) (y)", {"a"}),
        ("sum by (a, b) (x) + on (a) sum by (a, c) (y)", {"a"}),
        ("sum by (a, b) (x) + ignoring (b) sum by (a) (y)", {"a"}),
        ("sum by (a) (x) and sum by (b) (y)", {"a"}),
        ("clamp_max(sum by (a) (x), 1)", {"a"}),
        ("histogram_quantile(0.9, sum by (a, le) (x))", {"a"}),
        ("sum_over_time((sum by (a) (x))[5m:])", {"a"}),
        ("topk(1, sum by (a) (x))", {"a"}),
        ("vector(1)", set()),
        ("scalar(x)", set()),
    ],
)
def test_labels_are_those_that_are_kept(query, labels):
    """By sums, and by what joins two sides."""
    assert labels == result_labels(promql_parser.parse(query))


@pytest.mark.parametrize(
    "query",
    [
        "x",
        "rate(x[5m])",
        "sum without (a) (x)",
        "sum by (a) (x) or sum by (b) (y)",
        "sum by (a) (x) * on (a) group_left (b) y",
        'label_replace(sum by (a) (x), "b", "$1", "a", "(.*)")',
        'count_values("b", x)',
        "absent(sum by (a) (x))",
        "rate(x[5m]) + ignoring (a) y",
    ],
)
def test_labels_of_series_cannot_be_told(query):
    """Nor of what keeps unknown ones."""
    assert result_labels(promql_parser.parse(query)) is None
