"""Trees back as text."""

import promql_parser
import pytest

from slo.promql_text import write_promql

QUERIES = [
    r'sum(rate(x{code=~"5\\d+",a="q\"uo",b!="",c!~"é"}[5m]))',
    "sum by (a, b) (rate(x[5m])) or on () vector(0)",
    "max without (a) (x)",
    "topk(5, x)",
    'count_values("x", y)',
    '1 - (a{le="0.4"} offset 5m / b offset -5m)',
    "rate(a[5m] @ start() offset 3m)",
    "a @ 12.500",
    "sum_over_time((count(x < 0.75))[1h:])",
    "sum_over_time(x[1h:30s] offset 1m)",
    "a / ignoring (x) group_left (y) b > bool 1",
    "a / on (x) group_right () b",
    "a and on (c) b unless d",
    "-a ^ 2",
    "(a + b) * c % 3 - -d",
    "histogram_quantile(0.9, sum by (le) (rate(x[1m])))",
    'label_replace(a, "b", "$1", "c", "(.*)")',
    '{__name__="a.b"}',
    "time()",
]


@pytest.mark.parametrize("query", QUERIES)
def test_a_tree_is_written_as_it_was(query):
    """Escapes, offsets, steps of subqueries and matching of labels included."""
    assert query == write_promql(promql_parser.parse(query))


def test_a_node_can_be_written_otherwise():
    """The rest stays."""

    def rewriting(node: promql_parser.Expr) -> str | None:
        return "NOW" if isinstance(node, promql_parser.VectorSelector) else None

    assert "sum(NOW) / 2" == write_promql(promql_parser.parse("sum(x) / 2"), rewriting)


def test_what_prometheus_does_not_know_is_refused():
    """'or' between matchers is another database's."""
    with pytest.raises(ValueError, match="'or' between matchers"):
        write_promql(promql_parser.parse('x{a="b" or c="d"}'))
