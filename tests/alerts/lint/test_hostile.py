"""Whatever a file holds, it is read or refused, and never fails."""

import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.lint import TABLE, lint
from alerts.lint.report import Report, text_lines
from exporters.documents import parse_documents
from exporters.problems import InputError
from slo.rule_reading.expressions import parse_expression
from slo.rule_reading.files import groups_of
from tests.fuzz import READERS, damage

WORDS = [
    r"up",
    r"x",
    r"a:b",
    r"slo:burn_rate:ratio",
    r"vllm:kv_cache_usage_perc",
    r"y_total",
    r"y_bucket",
    r"sum",
    r"count",
    r"topk",
    r"by",
    r"without",
    r"on",
    r"ignoring",
    r"group_left",
    r"group_right",
    r"bool",
    r"and",
    r"or",
    r"unless",
    r"offset",
    r"rate",
    r"absent",
    r"time",
    r"vector",
    r"scalar",
    r"hour",
    r"label_replace",
    r"label_join",
    r"count_values",
    r"histogram_quantile",
    r"clamp",
    r"info",
    r"(",
    r")",
    r"{",
    r"}",
    r"[",
    r"]",
    r"[5m]",
    r"[5m:1m]",
    r",",
    r"=",
    r"!=",
    r"=~",
    r"==",
    r">",
    r"<",
    r"+",
    r"-",
    r"*",
    r"/",
    r"%",
    r"^",
    r"0",
    r"1",
    r"1e999",
    r"NaN",
    r"Inf",
    r"5m",
    r'"a"',
    r"''",
    r"`(`",
    r"@",
    r"#",
]
TEMPLATES = ["{{ $labels.x }}", "{{ $value }}", "{{", "{{ with .Labels.x }}", "", "x", "{{ . }}"]
_TEXTS = st.one_of(st.text(max_size=8), st.sampled_from(TEMPLATES))
_EXPRESSIONS = st.lists(st.sampled_from(WORDS), max_size=14).map(" ".join)
_LABELS = st.dictionaries(st.sampled_from(["severity", "job", "x"]), _TEXTS, max_size=3)
_RULES = st.one_of(
    st.fixed_dictionaries(
        {"alert": st.sampled_from(["A", "B"]), "expr": _EXPRESSIONS},
        optional={"for": st.sampled_from(["0", "5m", "1h"]), "labels": _LABELS,
                  "annotations": _LABELS},
    ),
    st.fixed_dictionaries(
        {"record": st.sampled_from(["a:b", "x"]), "expr": _EXPRESSIONS},
        optional={"labels": _LABELS},
    ),
)  # fmt: skip


@settings(max_examples=300, deadline=None)
@given(_EXPRESSIONS)
def test_words_in_any_order_are_promql_or_say_where_they_are_not(expr):
    """Within the expression, or at its end."""
    parsed = parse_expression(expr)
    assert (parsed.tree is None) == bool(parsed.error)
    assert 0 <= parsed.offset <= len(expr)


@settings(max_examples=150, deadline=None)
@given(st.lists(_RULES, max_size=5))
def test_rules_of_any_kind_are_checked_and_shown(rules):
    """Each problem at a place that the file has."""
    text = yaml.safe_dump({"groups": [{"name": "g", "rules": rules}]}, allow_unicode=True)
    try:
        (document,) = parse_documents(text, "f")
        read = [rule for _, of_group in groups_of(document, text) for rule in of_group]
    except InputError:
        return
    problems = lint(read)
    lines = read[0].group.source.lines if read else ()
    for each in problems:
        assert 0 < each.line <= len(lines)
        assert 0 < each.column <= len(lines[each.line - 1]) + 1
    assert list(text_lines(Report(TABLE, {}, problems, {"f": lines}))) or not problems


_VECTORS = st.sampled_from([
    "up", "x", "hour()", "day_of_week()", "minute(vector(time()))", "month(up)", "vector(1)",
    "absent(vector(1))", "slo:burn_rate:ratio{slo='s'}", "ALERTS{alertname='A',alertname='B'}",
    "rate(vllm:prompt_tokens_total[5m])", "clamp(up, 3, 2)", "absent(up)",
])  # fmt: skip
_NUMBERS = st.sampled_from(["0", "-1", "2.5", "7", "24", "1e300", "NaN", "Inf", "-Inf", "time()"])


def _joined(inner: st.SearchStrategy[str]) -> st.SearchStrategy[str]:
    compared = st.tuples(inner, st.sampled_from(["==", "!=", ">", ">=", "<", "<=", "== bool"]),
                         _NUMBERS)  # fmt: skip
    operators = ["and", "or", "unless", "and on ()", "unless on ()", "> on () group_left ()", "*"]
    both = st.tuples(inner, st.sampled_from(operators), inner)
    inside = st.tuples(st.sampled_from(["sum", "count", "abs", "-", "max by (job)"]), inner)
    return st.one_of(
        st.one_of(compared, both).map(lambda parts: f"({' '.join(parts)})"),
        inside.map(lambda parts: f"{parts[0]}({parts[1]})"),
    )


@settings(max_examples=300, deadline=None)
@given(
    st.recursive(_VECTORS, _joined, max_leaves=5),
    st.sampled_from(["0s", "1ms", "5m", "2h", "2d", "1y"]),
)
def test_a_condition_that_may_never_be_true_is_checked_and_shown(expr, wait):
    """Of values, of the calendar, of what excludes each other; whatever its alert waits for."""
    alert = {"alert": "A", "expr": expr, "for": wait}
    text = yaml.safe_dump({"groups": [{"name": "g", "rules": [alert]}]})
    (document,) = parse_documents(text, "f")
    read = [rule for _, of_group in groups_of(document, text) for rule in of_group]

    problems = lint(read)

    assert read[0].parsed.tree is not None
    lines = {"f": read[0].group.source.lines}
    assert list(text_lines(Report(TABLE, {}, problems, lines)))


def test_a_damaged_file_is_read_or_refused():
    """With bytes changed, left out and put in."""
    damage(*READERS["rules"], seconds=1.0)
