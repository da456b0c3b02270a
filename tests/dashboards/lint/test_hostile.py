"""Whatever a file holds, it is read or refused, and never fails."""

import json
import time
from contextlib import suppress

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from alerts.lint.report import Report, text_lines
from dashboards.lint import TABLE, lint
from dashboards.lint.board import Query
from dashboards.lint.filling import fill
from dashboards.lint.json_text import parse_json
from dashboards.lint.reading import boards_of
from exporters.problems import InputError
from tests.fuzz import READERS, damage

WORDS = [
    "$x", "${x}", "${x:regex}", "[[x]]", "$__interval", "$__rate_interval", "$1", "$", "${", "[[",
    '"', "'", "`", '"$x"', "up", "a:b", "vllm:num_requests_running", "y_total", "sum", "topk", "by",
    "on", "group_left", "offset", "rate", "label_replace", "label_values(", "query_result(", "(",
    ")", "{", "}", "[", "]", "[5m]", ":", ",", "=", "=~", "!=", "@", "#", "\n", "1", "5m", "s", "_",
    "{{a}}", "{{", "\u202e", "\ud800", "<script>", "<!--", "shardwatch:ignore", "/d/x",
]  # fmt: skip
_TEXTS = st.lists(st.sampled_from(WORDS), max_size=10).map("".join) | st.lists(
    st.sampled_from(WORDS), max_size=8
).map(" ".join)
_ANYTHING = st.recursive(
    st.one_of(
        st.none(), st.booleans(), st.integers(-5, 50), st.floats(allow_nan=False), _TEXTS
    ),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXTS, inner, max_size=3),
    max_leaves=5,
)  # fmt: skip


def _some(keys, **given):  # noqa: ANN003 - strategies
    """Return objects with any of these keys: of the type given, or now and then of any."""
    return st.fixed_dictionaries(
        {},
        optional={
            key: given.get(key, _TEXTS) if key in given or key in _OF_TEXTS else _ANYTHING
            for key in keys
        },
    )


_OF_TEXTS = ("expr", "legendFormat", "title", "description", "uid", "query", "definition", "name")
_SOURCES = st.one_of(
    st.none(), _TEXTS, st.fixed_dictionaries({}, optional={"type": _TEXTS, "uid": _TEXTS})
)
_TARGETS = _some(["expr", "legendFormat", "datasource"], datasource=_SOURCES)
_GRIDS = st.fixed_dictionaries(
    {}, optional=dict.fromkeys("xywh", st.integers(-2, 30) | st.floats(allow_nan=False))
)
_KINDS = st.sampled_from(["graph", "timeseries", "stat", "row", "text", "table", "odd", ""])
_PANELS = st.recursive(
    _some(
        ["id", "title", "description", "type", "targets", "gridPos", "datasource", "options"],
        id=st.integers(0, 3), type=_KINDS, gridPos=_GRIDS, datasource=_SOURCES,
        targets=st.lists(_TARGETS, max_size=2),
    ),
    lambda inner: _some(["panels", "type"], panels=st.lists(inner, max_size=2), type=_KINDS),
    max_leaves=3,
)  # fmt: skip
_VARIABLES = _some(
    ["name", "type", "query", "definition"],
    type=st.sampled_from(["query", "datasource", "custom"]),
    query=_TEXTS | st.fixed_dictionaries({"query": _TEXTS}),
)
_BOARDS = st.fixed_dictionaries(
    {"panels": st.lists(_PANELS, max_size=3)},
    optional={
        "title": _TEXTS,
        "description": _TEXTS,
        "uid": _TEXTS,
        "schemaVersion": st.integers(0, 50),
        "templating": st.fixed_dictionaries({"list": st.lists(_VARIABLES, max_size=2)}),
        "links": st.lists(st.fixed_dictionaries({"url": _TEXTS}), max_size=2),
        "rows": st.lists(st.fixed_dictionaries({"panels": st.lists(_PANELS, max_size=1)})),
    },
)


@settings(max_examples=300, deadline=None)
@given(_TEXTS)
def test_words_in_any_order_are_filled_and_each_place_is_one_of_theirs(text):
    """Whether they are PromQL then, or not."""
    filled = fill(text)
    assert all(0 <= filled.origin(at) <= len(text) for at in range(len(filled.text) + 1))


def _check(value) -> None:
    """Read and check a value as a file; each problem is at a place of the file."""
    text = json.dumps(value, indent=2)
    with suppress(InputError):
        boards, unread = boards_of(parse_json(text, "f"))
        problems = [*lint(boards), *unread]
        lines = tuple(text.split("\n"))
        for each in problems:
            assert 0 < each.line <= len(lines)
            assert 0 < each.column <= len(lines[each.line - 1]) + 1
        report = Report(TABLE, {}, problems, {"f": lines})
        said = "\n".join(text_lines(report))
        assert said.encode()
        assert "\u202e" not in "".join(each.path for each in problems)


@settings(max_examples=120, deadline=None)
@given(_BOARDS)
def test_boards_of_any_kind_are_checked_and_shown(board):
    """Each problem at a place that the file has."""
    _check(board)


@settings(max_examples=80, deadline=None)
@given(
    st.sampled_from(["panels", "dashboard", "spec", "elements", "apiVersion", "layout", "rows"]),
    _ANYTHING,
    _ANYTHING,
)
def test_wrong_types_everywhere_are_refused(key, value, other):
    """And told with their places."""
    _check({key: value, "title": other, "schemaVersion": 42})
    _check({"apiVersion": "dashboard.grafana.app/v2", "spec": {key: value, "elements": other}})


def test_a_damaged_file_is_read_or_refused():
    """With bytes changed, left out and put in."""
    damage(*READERS["dashboard"], seconds=1.0)


LARGE = {
    "references": {"title": "T", "panels": [{"title": "${a.[[a." * 40_000}]},
    "legends": {"panels": [{"targets": [{"expr": "up", "legendFormat": "{{ " + " " * 300_000}]}]},
    "comments": {"panels": [{"description": "<!-- " * 50_000}]},
    "quotes": {"panels": [{"targets": [{"expr": '"$a"' * 4_000}]}]},
    "a long expression": {"panels": [{"targets": [{"expr": "$a + " * 40_000 + "1"}]}]},
    "panels": {
        "panels": [
            {"id": n, "gridPos": {"x": n % 24, "y": n // 24, "w": 1, "h": 1}} for n in range(3000)
        ]
    },
}


@pytest.mark.parametrize("board", LARGE.values(), ids=LARGE)
def test_what_is_large_does_not_take_for_ever(board):
    """Seconds of the processor, where the square of its size would be minutes."""
    began = time.process_time()
    lint(boards_of(parse_json(json.dumps(board), "f"))[0])
    assert time.process_time() - began < 20


def test_a_query_that_is_not_promql_is_told_at_its_end_too():
    """Where nothing stands."""
    board = {"panels": [{"targets": [{"expr": "sum("}]}]}
    (read,), _ = boards_of(parse_json(json.dumps(board), "f"))
    query = read.panels[0].queries[0]
    assert isinstance(query, Query)
    assert query.parsed.tree is None
