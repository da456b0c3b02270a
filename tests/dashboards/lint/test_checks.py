"""What checks take for right and for wrong, in tables: each case turns on one thing alone."""

import json
from typing import Any

import pytest

from dashboards.lint import lint
from dashboards.lint.board import Board, DataSource
from dashboards.lint.json_text import parse_json
from dashboards.lint.reading import boards_of

CHOSEN = {"name": "ds", "type": "datasource", "query": "prometheus"}
SOURCE = {"type": "prometheus", "uid": "$ds"}


def panel(**fields: Any) -> dict[str, Any]:
    """Return a panel that nothing is wrong with, but for what is said."""
    return {
        "id": 1, "title": "Up", "description": "d", "type": "timeseries", "datasource": SOURCE,
        "gridPos": {"x": 0, "y": 0, "w": 24, "h": 8}, "fieldConfig": {"defaults": {"unit": "s"}},
        "targets": [{"refId": "A", "expr": "sum(up)"}], **fields,
    }  # fmt: skip


def read(one: dict[str, Any] | None = None, **fields: Any) -> Board:
    """Return a board of one panel that nothing is wrong with, but for what is said."""
    variables = fields.pop("variables", [CHOSEN])
    whole = {
        "uid": "one", "title": "One", "schemaVersion": 42, "panels": [one or panel()],
        "templating": {"list": variables}, **fields,
    }  # fmt: skip
    (board,), unread = boards_of(parse_json(json.dumps(whole), "f"))
    assert [] == unread
    return board


def found(board: Board) -> set[str]:
    """Return the checks that find something."""
    return {each.check for each in lint([board])}


def asking(expr: str, **target: Any) -> dict[str, Any]:
    """Return a panel of one query."""
    return panel(targets=[{"refId": "A", "expr": expr, **target}])


def test_nothing_is_wrong_with_what_the_cases_begin_with():
    """Else none of them would turn on its own."""
    assert set() == found(read())


@pytest.mark.parametrize(
    ("type_", "name", "expected"),
    {
        "a Prometheus": ("prometheus", "abc", True),
        "a Prometheus of Amazon's": ("grafana-amazonprometheus-datasource", "abc", True),
        "a VictoriaMetrics": ("victoriametrics-metrics-datasource", "abc", True),
        "logs of VictoriaMetrics": ("victoriametrics-logs-datasource", "a", False),
        "Loki": ("loki", "abc", False),
        "the default one": ("", "", True),
        "a name": ("", "Prometheus", True),
        "Grafana Cloud's own name": ("", "grafanacloud-acme-prom", True),
        "Grafana Cloud's own name with its plugin": ("prometheus", "grafanacloud-prom", True),
        "Grafana itself": ("", "grafana", False),
        "Grafana itself with its plugin": ("datasource", "grafana", False),
        "Grafana's random walk": ("", "-- Grafana --", False),
        "expressions": ("", "__expr__", False),
        "several in one panel": ("", "-- Mixed --", True),
        "several in one panel with their plugin": ("datasource", "-- Mixed --", False),
        "a variable of Prometheus": ("", "$ds", True),
        "a variable of VictoriaMetrics": ("", "${vm}", True),
        "a variable of Loki": ("", "$loki", False),
        "a variable that says no plugin": ("", "$any", True),
        "a variable that is not there": ("", "$gone", True),
    }.values(),
)  # fmt: skip
def test_which_data_sources_are_asked_in_promql(type_: str, name: str, *, expected: bool):
    """Queries of all others are passed over."""
    plugins = {"ds": "prometheus", "vm": "victoriametrics-metrics-datasource", "loki": "loki"}
    variables = [
        {"name": each, "type": "datasource", "query": plugin} for each, plugin in plugins.items()
    ]
    board = read(variables=[*variables, {"name": "any", "type": "datasource"}])
    assert expected == board.asks_prometheus(DataSource(type_, name, ()))


@pytest.mark.parametrize(
    ("variables", "inputs", "expected"),
    {
        "none": ([], [], {"boards/datasource"}),
        "of Prometheus": ([CHOSEN], [], {"queries/datasource"}),
        "of VictoriaMetrics": (
            [{**CHOSEN, "query": "victoriametrics-metrics-datasource"}], [],
            {"queries/datasource"},
        ),
        "of Loki": ([{**CHOSEN, "query": "loki"}], [], {"boards/datasource"}),
        "of values": ([{**CHOSEN, "type": "custom"}], [], {"boards/datasource"}),
        "asked for at import": (
            [], [{"name": "DS", "type": "datasource", "pluginId": "prometheus"}],
            {"queries/datasource"},
        ),
        "a Loki at import": (
            [], [{"name": "DS", "type": "datasource", "pluginId": "loki"}], {"boards/datasource"},
        ),
        "a constant at import": (
            [], [{"name": "X", "type": "constant", "value": "1"}], {"boards/datasource"},
        ),
    }.values(),
)  # fmt: skip
def test_a_prometheus_is_chosen_by_a_variable_of_its_own_kind(variables, inputs, expected):
    """Another one does not help who asks one by name."""
    one = panel(datasource={"type": "prometheus", "uid": "abc"})
    assert expected == found(read(one, variables=variables, __inputs=inputs))


@pytest.mark.parametrize(
    ("url", "is_board"),
    {
        "a board": ("/d/gone", True),
        "a board with its title and values": ("/d/gone/title?var-x=1", True),
        "a board of this Grafana": ("d/gone", True),
        "a board below a path": ("/grafana/x/d/gone", True),
        "this board": ("/d/one", False),
        "a board that a variable names": ("/d/$board", False),
        "a snapshot": ("/dashboard/snapshot/abc", False),
        "an old address": ("/dashboard/db/foo", False),
        "a plugin whose name ends so": ("/a/k6-cloud/projects", False),
        "a word that ends so": ("/world/x", False),
        "a query": ("/explore?x=/d/abc", False),
        "another server": ("https://example.com/d/abc", False),
    }.values(),
)
def test_which_addresses_are_of_boards(url: str, *, is_board: bool):
    """In links and in what texts show."""
    expected = {"boards/link"} if is_board else set()
    variables = [CHOSEN, {"name": "board", "type": "textbox"}]
    in_markdown = {"mode": "markdown", "content": f"see [there]({url})"}
    in_html = {"mode": "html", "content": f'<a href="{url}">there</a>'}
    for fields in ({"links": [{"url": url}]}, {"options": in_markdown}, {"options": in_html}):
        assert expected == found(read(panel(**fields), variables=variables))


@pytest.mark.parametrize(
    ("mode", "content", "expected"),
    [("markdown", "of $gone", {"variables/undefined"}), ("markdown", "of $ds", set()),
     ("markdown", "cd `$HOME`", set()), ("code", "cd $HOME", set())],
)  # fmt: skip
def test_texts_name_variables_that_there_are(mode: str, content: str, expected: set[str]):
    """What is shown as code is as it is written."""
    text = panel(type="text", options={"mode": mode, "content": content}, targets=[])
    assert expected == found(read(text))


@pytest.mark.parametrize(
    ("expr", "is_bounded"),
    {
        "a series of each engine": ("up", False),
        "of one that is named": ('up{instance="a"}', True),
        "all together": ("sum(up)", True),
        "of each": ("sum by (instance) (up)", False),
        "of each job": ("sum by (job) (up)", True),
        "without the instance": ("sum without (instance) (up)", True),
        "without something else": ("sum without (job) (up)", False),
        "many beside few": ("up * on (job) group_left () sum by (job) (up)", False),
        "few beside many": ("sum by (job) (up) * on (job) group_right () up", False),
        "few that take labels of few": (
            "sum by (job) (up) * on (job) group_left () max by (job) (up)", True,
        ),
        "many but some": ("up unless sum by (job) (up)", False),
        "few but some": ("sum by (job) (up) unless up", True),
        "few or many": ("sum(up) or up", False),
        "few and many": ("sum by (job) (up) and on (job) up", True),
        "whether there is none": ('absent(up{job="vllm"})', True),
        "whether there was none": ('absent_over_time(up{job="vllm"}[5m])', True),
        "a number": ("scalar(up)", True),
        "a rate of each": ("rate(up[$__rate_interval])", False),
        "the highest": ("topk(3, up)", True),
        "the highest of each": ("topk by (instance) (3, up)", False),
    }.values(),
)  # fmt: skip
def test_which_results_grow_with_the_cluster(expr: str, *, is_bounded: bool):
    """A series for each engine is too many."""
    assert is_bounded == ("panels/unbounded" not in found(read(asking(expr))))


@pytest.mark.parametrize("function", ["rate", "increase", "irate", "delta", "idelta"])
@pytest.mark.parametrize(
    ("window", "target", "expected"),
    {
        "as short as a scrape": ("$__interval", {}, "queries/interval"),
        "in milliseconds": ("${__interval_ms}ms", {}, "queries/interval"),
        "as long as steps": ("$__rate_interval", {}, None),
        "fixed": ("5m", {}, "queries/fixed-window"),
        "fixed, for one moment": ("5m", {"instant": True}, None),
        "an hour": ("1h", {}, None),
    }.values(),
)
def test_windows_of_rates(function: str, window: str, target: dict[str, bool], expected: str):
    """Too short, fixed, or as they should be."""
    kept = found(read(asking(f"sum({function}(up[{window}]))", **target)))
    windows = kept & {"queries/interval", "queries/fixed-window"}
    assert ({expected} if expected else set()) == windows


def test_what_is_no_rate_may_be_over_any_window():
    """Its elements need no two samples."""
    assert set() == found(read(asking("sum(max_over_time(up[$__interval]))")))


@pytest.mark.parametrize(
    ("name", "is_resource", "is_refused"),
    {
        "40 letters": ("a" * 40, False, False),
        "41 letters": ("a" * 41, False, True),
        "a dot": ("a.b", False, True),
        "a dot of a resource of the second schema": ("a.b", True, False),
        "253 letters of a resource": ("a" * 253, True, False),
        "254 letters of a resource": ("a" * 254, True, True),
        "a resource that begins with a dash": ("-a", True, True),
    }.values(),
)
def test_which_uids_grafana_takes(name: str, *, is_resource: bool, is_refused: bool):
    """A resource's name may be longer."""
    whole: dict[str, Any] = {"uid": name, "title": "One", "schemaVersion": 42, "panels": []}
    if is_resource:
        spec = {"title": "One", "elements": {}, "layout": {}}
        version = "dashboard.grafana.app/v2"
        whole = {"apiVersion": version, "metadata": {"name": name}, "spec": spec}
    (board,), _ = boards_of(parse_json(json.dumps(whole), "f"))
    assert is_refused == ("boards/uid" in found(board))


FOREIGN: dict[str, dict[str, Any]] = {
    "columns of a plugin": {"styles": {"a": 1}},
    "no repeat": {"repeat": False},
    "no options": {"options": []},
    "a number as title": {"title": 2024},
    "a format of a plugin": {"format": {"a": 1}},
    "axes of a plugin": {"yaxes": {"a": 1}},
}


@pytest.mark.parametrize("fields", FOREIGN.values(), ids=FOREIGN)
def test_fields_of_plugins_keep_nothing_from_being_read(fields: dict[str, Any]):
    """What is wrong besides is told."""
    assert {"panels/unbounded"} == found(read({**asking("up"), **fields}))


def test_a_number_as_title_is_shown_as_it_is_written():
    """As Grafana does."""
    (shown,) = read(panel(title=2024)).panels
    assert "2024" == shown.name


def test_an_annotation_of_graphites_is_passed_over():
    """Its target is a text."""
    deploys = {"name": "deploys", "datasource": "graphite", "target": "events.deploy"}
    assert set() == found(read(annotations={"list": [deploys]}))


@pytest.mark.parametrize(
    ("unit", "expected"),
    [("percentunit", set()), ("percentunits", {"panels/unit"}), ("Bytes", {"panels/unit"}),
     ("tokens", set()), ("suffix:percentunits", set()), ("currencyAUD", set()), ("M", set())],
)  # fmt: skip
def test_units_that_may_be_mistyped(unit: str, expected: set[str]):
    """Units of people's own are like none of Grafana's."""
    assert expected == found(read(panel(fieldConfig={"defaults": {"unit": unit}})))


def test_variables_of_one_name_are_told_but_not_of_an_input():
    """Which is filled in once, as the board is imported."""
    given = {"name": "ds", "type": "datasource", "pluginId": "prometheus"}
    assert set() == found(read(__inputs=[given]))
    assert {"variables/duplicate"} == found(read(variables=[CHOSEN, CHOSEN]))
