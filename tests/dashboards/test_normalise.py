"""The normaliser: what grafanalib emits becomes schema 42, sorted and stable."""

import os
import subprocess
import sys

import pytest
from grafanalib import core

from dashboards.normalise import to_json, to_text

LEGACY_BOARD_KEYS = ("__inputs", "hideControls", "rows", "sharedCrosshair", "style", "gnetId")
LEGACY_PANEL_KEYS = ("cacheTimeout", "editable", "error", "height", "minSpan", "span", "timeShift")
LEGACY_TARGET_KEYS = ("intervalFactor", "metric", "query", "step", "target")


def graph(id: int | None = 1) -> core.TimeSeries:
    """Return a panel as a board's author makes it."""
    target = core.Target(expr="up", refId="A", legendFormat="{{job}}")
    return core.TimeSeries(
        id=id,
        title="Up",
        targets=[target],
        thresholds=[{"color": "green", "value": None}],
        gridPos=core.GridPos(h=8, w=24, x=0, y=0),
    )


def normalised(*panels: core.Panel) -> dict:
    """Return a board of some panels."""
    return to_json(core.Dashboard(title="Board", uid="board", panels=list(panels)))


def test_a_board_is_of_schema_42_whatever_grafanalib_says():
    """Grafana 12 and 13 take it as it stands."""
    assert normalised(graph())["schemaVersion"] == 42


def test_what_schema_42_does_not_know_is_dropped():
    """Of the board, of each panel and of each query."""
    board = normalised(graph())
    (panel,) = board["panels"]
    assert [] == [key for key in LEGACY_BOARD_KEYS if key in board]
    assert [] == [key for key in LEGACY_PANEL_KEYS if key in panel]
    assert [] == [key for key in LEGACY_TARGET_KEYS if key in panel["targets"][0]]


def test_the_base_of_thresholds_keeps_its_null():
    """Null is minus infinity there, and no value that is missing."""
    (panel,) = normalised(graph())["panels"]
    steps = panel["fieldConfig"]["defaults"]["thresholds"]["steps"]
    assert [{"color": "green", "value": None}] == steps


def test_what_is_none_elsewhere_is_left_out():
    """Grafana's own defaults hold then."""
    (panel,) = normalised(graph())["panels"]
    defaults = panel["fieldConfig"]["defaults"]
    assert None not in [*defaults.values(), *defaults["custom"].values(), *panel.values()]


def test_a_query_is_either_of_a_range_or_of_an_instant():
    """Both at once would draw everything twice."""
    (panel,) = normalised(graph())["panels"]
    assert [(False, True)] == [(each["instant"], each["range"]) for each in panel["targets"]]


def test_a_row_keeps_only_what_a_row_has():
    """No options, no queries."""
    row = core.RowPanel(id=2, title="Row", gridPos=core.GridPos(h=1, w=24, x=0, y=8))
    (panel,) = normalised(row)["panels"]
    assert {"collapsed", "gridPos", "id", "panels", "title", "type"} == set(panel)


@pytest.mark.parametrize(
    ("ids", "named"), [((1, 1), "1"), ((None, 2), "None")], ids=["twice", "missing"]
)
def test_panel_ids_missing_or_twice_are_refused(ids: tuple[int | None, ...], named: str):
    """Links to a panel are made of its id."""
    with pytest.raises(ValueError, match=f"found panel ids {named} "):
        normalised(*(graph(each) for each in ids))


def test_text_is_sorted_and_ends_with_a_line_feed():
    """The same board gives the same bytes, and a diff shows what changed."""
    text = to_text({"b": 1, "a": {"d": "ä", "c": None}})
    assert '{\n  "a": {\n    "c": null,\n    "d": "ä"\n  },\n  "b": 1\n}\n' == text


def test_boards_are_the_same_in_every_process():
    """Nothing depends on the order of a set, which is another one with each seed of hashes."""
    code = "from dashboards.build import build_boards; print(build_boards())"
    first, second = (
        subprocess.run(
            [sys.executable, "-c", code],
            env={**os.environ, "PYTHONHASHSEED": seed},
            capture_output=True,
            check=True,
        ).stdout
        for seed in ("1", "2")
    )
    assert first
    assert first == second
