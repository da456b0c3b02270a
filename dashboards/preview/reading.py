"""Dashboards from files: one each, as Grafana exports them, as its API wraps them, or a list."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from dashboards.lint.json_text import parse_json
from dashboards.preview.loose import Json, at, mapping, mappings, text, texts, whole
from dashboards.preview.model import Board, Panel, Place, Section
from exporters.documents import read_text
from exporters.problems import InputError, Problem, problem

LARGEST_BYTES = 8 * 1024 * 1024
"""Of a file. The largest dashboards that people share have some hundred kilobytes."""
MOST_PANELS = 400
MOST_BOARDS = 500
COLUMNS = 24
_SPANS = 12
"""Columns of the rows that Grafana had before 5.0."""
_OLD_ROW_UNITS = 7
_NAME = re.compile(r"[^\w-]+")


@dataclass(frozen=True)
class Found:
    """What files and folders hold."""

    boards: Mapping[str, Board]
    """By uid, in the order of their files."""
    passed_over: Sequence[Problem] = ()
    """Of files of folders, why they are not among them."""


def read_boards(paths: Iterable[Path]) -> Found:
    """Return the dashboards of files and folders.

    Args:
        paths: JSON files, or folders with some: of a folder every ``*.json`` that lies in it and
            can be used.

    Raises:
        InputError: a file that is named cannot be used, two have one uid, or there is none.
    """
    problems: list[Problem] = []
    passed_over: list[Problem] = []
    boards: dict[str, Board] = {}
    for path, wrong in [
        (file, passed_over if each.is_dir() else problems)
        for each in paths
        for file in _files_of(each)
    ]:
        try:
            for board in _parse(read_text(path, largest_bytes=LARGEST_BYTES), str(path)):
                if board.uid in boards:
                    said = f"has the uid {board.uid!r}, as {boards[board.uid].file} has"
                    fix = "give one of them another uid"
                    wrong.append(problem(board.file, said, fix=fix))
                boards.setdefault(board.uid, board)
        except InputError as error:
            wrong.extend(error.problems)
    if not boards:
        problems += passed_over
    if not boards and not problems:
        said, fix = "found no dashboard", "name a folder of *.json, or files"
        problems.append(problem(", ".join(map(str, paths)) or "--boards", said, fix=fix))
    if len(boards) > MOST_BOARDS:
        said = f"found {len(boards)} dashboards, expected at most {MOST_BOARDS}"
        problems.append(problem("--boards", said, fix="name fewer files"))
    if problems:
        raise InputError(problems)
    return Found(boards, passed_over)


def boards_of_texts(files: Mapping[str, str]) -> dict[str, Board]:
    """Return the dashboards of texts by file name, such as :func:`dashboards.build.build_boards`'s.

    Raises:
        InputError: as :func:`read_boards`.
    """
    boards = [board for name, content in files.items() for board in _parse(content, name)]
    return {each.uid: each for each in boards}


def _files_of(path: Path) -> list[Path]:
    return sorted(path.glob("*.json")) if path.is_dir() else [path]


def _parse(content: str, file: str) -> list[Board]:
    try:
        data = json.loads(content)
    except (ValueError, RecursionError):
        data = parse_json(content, file).document.data  # far slower, and says what is wrong where
    many = data if isinstance(data, list) else [data]
    if not many:
        raise InputError([problem(file, "found an empty list, expected dashboards")])
    return [_board(each, file, index) for index, each in enumerate(many)]


def _board(data: Any, file: str, index: int) -> Board:
    content = mapping(data)
    if isinstance(content.get("dashboard"), dict):  # as the API answers
        content = mapping(content["dashboard"])
    if "apiVersion" in content or "elements" in content or "elements" in mapping(at(data, "spec")):
        inner = mapping(content.get("spec"))
        if "panels" not in inner:
            fix = "export it from Grafana as JSON of the classic model (v1)"
            schema = text(content.get("apiVersion")) or "Grafana's schema v2"
            said = f"is a dashboard of {schema}, expected one of the classic model"
            raise InputError([problem(file, said, fix=fix)])
        content = {"uid": at(content, "metadata", "name"), **inner}
    if "panels" not in content and "rows" not in content:
        said = "found no panels, expected a dashboard of Grafana's as JSON"
        raise InputError(
            [problem(file, said, fix="export one from Grafana, or leave the file out")]
        )
    sections, notes = _sections(content)
    stem = Path(file).stem + (f"-{index + 1}" if index else "")
    return Board(
        uid=_name(text(content.get("uid"))) or _name(stem) or "board",
        title=text(content.get("title")) or stem,
        description=text(content.get("description")),
        tags=texts(content.get("tags")),
        sections=sections,
        variables=mappings(at(content, "templating", "list")),
        links=mappings(content.get("links")),
        annotations=mappings(at(content, "annotations", "list")),
        time_from=text(at(content, "time", "from")) or "now-6h",
        time_to=text(at(content, "time", "to")) or "now",
        refresh=text(content.get("refresh")),
        file=file,
        notes=notes,
    )


def _name(raw: str) -> str:
    """Return what an address can hold of a uid."""
    return _NAME.sub("-", raw).strip("-")[:80]


def _sections(content: Json) -> tuple[list[Section], list[str]]:
    keys = _Keys()
    rows = mappings(content.get("rows"))
    if rows and not mappings(content.get("panels")):
        sections = [_old_row(row, keys) for row in rows]
    else:
        sections = list(_modern(mappings(content.get("panels")), keys))
    notes = []
    if keys.left_out:
        notes.append(f"{keys.left_out} panels are left out: at most {MOST_PANELS} are shown.")
    return [each for each in sections if each.title or each.panels], notes


class _Keys:
    """Gives each panel a key of its own, and no more than there may be."""

    def __init__(self) -> None:
        self._taken: set[str] = set()
        self.left_out = 0

    def take(self, panel: Json) -> str | None:
        if len(self._taken) >= MOST_PANELS:
            self.left_out += 1
            return None
        key = base = str(whole(panel.get("id"), 0, 0, 2**31))
        suffix = 1
        while key in self._taken:
            suffix += 1
            key = f"{base}-{suffix}"
        self._taken.add(key)
        return key


def _modern(panels: list[Json], keys: _Keys) -> Iterator[Section]:
    placed = sorted(panels, key=lambda each: (_grid(each).y, _grid(each).x))
    title, is_collapsed, here = "", False, list[Json]()
    for panel in placed:
        if panel.get("type") != "row":
            here.append(panel)
            continue
        yield _section(title, here, keys, is_collapsed=is_collapsed)
        title = text(panel.get("title"), "Row")
        is_collapsed = panel.get("collapsed") is True
        here = mappings(panel.get("panels"))
    yield _section(title, here, keys, is_collapsed=is_collapsed)


def _section(title: str, panels: list[Json], keys: _Keys, *, is_collapsed: bool) -> Section:
    top = min((_grid(each).y for each in panels), default=0)
    read = []
    for each in panels:
        grid = _grid(each)
        place = Place(grid.x, grid.y - top, grid.width, grid.height)
        key = keys.take(each)
        if key is not None:
            read.append(_panel(each, place, key))
    return Section(title, read, is_collapsed)


def _old_row(row: Json, keys: _Keys) -> Section:
    """Return a row of Grafana before 5.0: panels side by side, in twelfths of the width."""
    read, x, y = list[Panel](), 0, 0
    for each in mappings(row.get("panels")):
        width = whole(each.get("span"), _SPANS, 1, _SPANS) * COLUMNS // _SPANS
        if x + width > COLUMNS:
            x, y = 0, y + _OLD_ROW_UNITS
        key = keys.take(each)
        if key is not None:
            read.append(_panel(each, Place(x, y, width, _OLD_ROW_UNITS), key))
        x += width
    return Section(text(row.get("title")), read, row.get("collapse") is True)


def _grid(panel: Json) -> Place:
    grid = mapping(panel.get("gridPos"))
    width = whole(grid.get("w"), 12, 1, COLUMNS)
    x = whole(grid.get("x"), 0, 0, COLUMNS - width)
    return Place(x, whole(grid.get("y"), 0, 0, 100_000), width, whole(grid.get("h"), 8, 1, 100))


def _panel(content: Json, place: Place, key: str) -> Panel:
    return Panel(
        key=key,
        kind=text(content.get("type"), "nothing"),
        title=text(content.get("title")),
        description=text(content.get("description")),
        place=place,
        content=content,
        is_transparent=content.get("transparent") is True,
    )
