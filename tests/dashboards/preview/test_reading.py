"""Dashboards of anybody: every shape that Grafana had, and what is none."""

import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dashboards.build import build_boards
from dashboards.preview.reading import (
    LARGEST_BYTES,
    MOST_PANELS,
    boards_of_texts,
    read_boards,
)
from exporters.problems import InputError

PANEL = {"id": 1, "type": "stat", "title": "Up", "gridPos": {"x": 12, "y": 5, "w": 12, "h": 4}}
BOARD = {"uid": "one", "title": "One", "panels": [PANEL]}


def written(folder: Path, content: Any, name: str = "a.json") -> Path:
    """Return a file with a content, as JSON unless it is a text."""
    path = folder / name
    path.write_text(content if isinstance(content, str) else json.dumps(content))
    return path


def test_our_own_boards_are_read_whole():
    """Every panel, in its section, with its place."""
    files = build_boards()
    boards = boards_of_texts(files)
    assert len(files) == len(boards)
    for text, board in zip(files.values(), boards.values(), strict=True):
        content = json.loads(text)
        kinds = [each["type"] for each in content["panels"]]
        inner = sum(len(each.get("panels", [])) for each in content["panels"])
        assert len(kinds) - kinds.count("row") + inner == len(board.panels)
        assert not board.notes


@pytest.mark.parametrize(
    "content",
    [BOARD, {"dashboard": BOARD, "meta": {}}, [BOARD],
     {"apiVersion": "dashboard.grafana.app/v1beta1", "metadata": {"name": "one"},
      "spec": {"title": "One", "panels": [PANEL]}}],
)  # fmt: skip
def test_a_dashboard_is_read_from_every_wrapping(content: Any, tmp_path: Path):
    """As it is exported, as the API answers, in a list, as a resource of the classic model."""
    board = read_boards([written(tmp_path, content)]).boards["one"]
    assert ("One", ["Up"]) == (board.title, [each.title for each in board.panels.values()])


def test_rows_hold_what_is_below_them_or_within_them():
    """A closed row has its panels within, an open one below; places count from the row."""
    panels = [
        {**PANEL, "gridPos": {"x": 0, "y": 0, "w": 24, "h": 3}, "title": "first"},
        {"type": "row", "title": "Open", "gridPos": {"y": 3}, "collapsed": False, "panels": []},
        {**PANEL, "title": "below", "gridPos": {"x": 6, "y": 4, "w": 6, "h": 4}},
        {"type": "row", "title": "Closed", "gridPos": {"y": 9}, "collapsed": True,
         "panels": [{**PANEL, "title": "within", "gridPos": {"x": 0, "y": 10, "w": 6, "h": 4}}]},
    ]  # fmt: skip
    board = boards_of_texts({"a.json": json.dumps({"uid": "a", "panels": panels})})["a"]
    assert [
        ("", False, ["first"]), ("Open", False, ["below"]), ("Closed", True, ["within"])
    ] == [
        (each.title, each.is_collapsed, [one.title for one in each.panels])
        for each in board.sections
    ]  # fmt: skip
    assert (6, 0) == (board.sections[1].panels[0].place.x, board.sections[1].panels[0].place.y)


def test_rows_of_before_grafana_5_are_read():
    """Twelve columns, side by side until the width is used."""
    row = {"title": "Row", "collapse": True,
           "panels": [{"type": "graph", "span": 8}, {"type": "singlestat", "span": 6}]}  # fmt: skip
    board = boards_of_texts({"old.json": json.dumps({"rows": [row]})})["old"]
    (section,) = board.sections
    assert section.is_collapsed
    assert [(0, 0, 16), (0, 7, 12)] == [
        (each.place.x, each.place.y, each.place.width) for each in section.panels
    ]


def test_panels_without_ids_or_with_one_id_are_told_apart():
    """Else one would be drawn twice, and the other never."""
    content = {"uid": "a", "panels": [PANEL, PANEL, {"type": "text"}, {"type": "text"}]}
    assert 4 == len(boards_of_texts({"a.json": json.dumps(content)})["a"].panels)


def test_a_board_without_uid_has_that_of_its_file(tmp_path: Path):
    """With what an address can hold."""
    assert ["my-own-board"] == list(
        read_boards([written(tmp_path, {"panels": []}, "my own+board.json")]).boards
    )


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("{", "1:2: not JSON: found the end, expected a key or '}'; correct the file"),
        ("", "1:1: not JSON: found the end, expected a value"),
        ("[" * 100_000, "nested more than 100 deep"),
        ("1" * 5000, "found a number of 5000 characters"),
        ("[]", "found an empty list"),
        ("3", "found no panels"),
        ({"title": "x"}, "found no panels"),
        ({"apiVersion": "dashboard.grafana.app/v2beta1", "spec": {"elements": {}}},
         "is a dashboard of dashboard.grafana.app/v2beta1, expected one of the classic"),
    ],
)  # fmt: skip
def test_what_is_no_dashboard_is_refused_with_its_place(content: Any, said: str, tmp_path: Path):
    """And what to do, where there is something."""
    path = written(tmp_path, content)
    with pytest.raises(InputError) as refused:
        read_boards([path])
    assert str(refused.value).startswith(str(path))
    assert said in str(refused.value)


def test_a_huge_file_is_refused_before_it_is_read(tmp_path: Path):
    """By its size."""
    path = written(tmp_path, " " * (LARGEST_BYTES + 1))
    with pytest.raises(InputError, match="expected at most"):
        read_boards([path])


def test_too_many_panels_are_counted():
    """The page would not be used any more."""
    content = {"uid": "a", "panels": [PANEL] * (MOST_PANELS + 3)}
    board = boards_of_texts({"a.json": json.dumps(content)})["a"]
    assert MOST_PANELS == len(board.panels)
    assert ["3 panels are left out: at most 400 are shown."] == list(board.notes)


WRONG = (("a", "{"), ("b", BOARD), ("c", BOARD), ("d", "x"))


def test_every_wrong_file_that_is_named_is_told(tmp_path: Path):
    """Not only the first; and two boards with one uid are."""
    files = [written(tmp_path, content, f"{name}.json") for name, content in WRONG]
    with pytest.raises(InputError) as refused:
        read_boards(files)
    assert ["a.json", "c.json", "d.json"] == [
        Path(each.file).name for each in refused.value.problems
    ]


def test_wrong_files_of_a_folder_cost_the_others_nothing(tmp_path: Path):
    """They are passed over and named; if no other is left, they are refused."""
    second = {"apiVersion": "dashboard.grafana.app/v2", "spec": {"elements": {}}}
    for name, content in (*WRONG, ("e", second)):
        written(tmp_path, content, f"{name}.json")
    found = read_boards([tmp_path])
    assert ["one"] == list(found.boards)
    assert ["a.json", "c.json", "d.json", "e.json"] == [
        Path(each.file).name for each in found.passed_over
    ]
    for name in "bc":
        (tmp_path / f"{name}.json").unlink()
    with pytest.raises(InputError) as refused:
        read_boards([tmp_path])
    assert 3 == len(refused.value.problems)


def test_an_empty_folder_is_no_dashboard(tmp_path: Path):
    """Rather than an empty page."""
    with pytest.raises(InputError, match="found no dashboard; name a folder"):
        read_boards([tmp_path])


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(
        st.sampled_from(("panels", "rows", "type", "id", "gridPos", "x", "y", "w", "h", "title",
                         "targets", "uid", "templating", "list", "time", "tags", "dashboard",
                         "annotations", "links", "spec", "elements", "collapsed", "span")),
        inner, max_size=6),
    max_leaves=30,
)  # fmt: skip


@given(JSON)
def test_no_json_is_too_odd_to_be_read_or_refused(content: Any):
    """Wrong types everywhere: a board, or a problem, and never another error."""
    try:
        boards = boards_of_texts({"x.json": json.dumps(content)})
    except InputError:
        return
    for board in boards.values():
        assert all(each.place.x + each.place.width <= 24 for each in board.panels.values())
