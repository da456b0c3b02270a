"""Dashboards of files, in whatever wrapping they come.

A file holds a dashboard, what Grafana's API gives and takes (``{"dashboard": ...}``), a resource
with ``apiVersion`` and ``spec``, or an array of these.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from dashboards.lint.board import Board, Text, plain
from dashboards.lint.classic import read_classic
from dashboards.lint.json_text import JsonFile, read_json
from dashboards.lint.second_schema import read_second
from exporters.documents import Place, shown
from exporters.problems import InputError, Problem, problem

SUFFIX = ".json"
API = "dashboard.grafana.app/"
_SCHEMA = re.compile(r"v([012])(?:(?:alpha|beta)\d+)?")
_SECOND = "2"
_MARKS = frozenset({"panels", "rows", "schemaVersion", "templating", "annotations"})
"""Keys of which each dashboard of the first schema has one."""


def read_boards(paths: Sequence[Path]) -> tuple[list[Board], list[Problem]]:
    """Return the dashboards of files and folders, in their order, and what cannot be read.

    Of a folder all files that are called ``.json`` are read; those in which there is no dashboard
    are passed over. A dashboard cannot be read if its file cannot, or holds none though it was
    named, or if a field is of another type than Grafana's.
    """
    found: dict[Path, list[Board]] = {}
    problems: list[Problem] = []
    for path in paths:
        files = _inside(path) if path.is_dir() else [path]
        has_board = False
        for file in files:
            if file not in found:
                found[file], unread = _read_file(file, is_named=file == path)
                problems += unread
                has_board |= bool(unread)
            has_board |= bool(found[file])
        if not has_board:
            problems.append(problem(path, "found no dashboard", fix="name files of dashboards"))
    return [board for boards in found.values() for board in boards], problems


def _inside(folder: Path) -> list[Path]:
    return sorted(each for each in folder.rglob(f"*{SUFFIX}") if each.is_file())


def _read_file(path: Path, *, is_named: bool) -> tuple[list[Board], list[Problem]]:
    try:
        source = read_json(path)
    except InputError as error:
        return [], list(error.problems)
    if not is_named and not any(_is_board(each) for _, each in _items(source.document.data)):
        return [], []
    return boards_of(source)


def boards_of(source: JsonFile) -> tuple[list[Board], list[Problem]]:
    """Return the dashboards of a file, and what cannot be read."""
    problems: list[Problem] = []
    boards: list[Board] = []
    for place, data in _items(source.document.data):
        try:
            boards.append(_board(source, place, data))
        except InputError as error:
            problems += error.problems
    if not boards and not problems:
        message = "found an empty list, expected a dashboard at least"
        problems.append(source.document.problem((), message, "export one from Grafana"))
    return boards, problems


def _items(data: Any) -> Iterator[tuple[Place, Any]]:
    if isinstance(data, list):
        yield from (((index,), each) for index, each in enumerate(data))
    else:
        yield (), data


def _board(source: JsonFile, place: Place, data: Any) -> Board:
    if not isinstance(data, dict):
        raise InputError([_no_board(source, place, f"found {shown(data)}")])
    if isinstance(data.get("dashboard"), dict):
        return _board(source, (*place, "dashboard"), data["dashboard"])
    version = data.get("apiVersion")
    if isinstance(version, str) and isinstance(data.get("spec"), dict):
        return _resource(source, place, data, version)
    if isinstance(data.get("elements"), dict) and "layout" in data:
        return read_second(source, place, data, Text("", place))
    if not _is_board(data):
        keys = plain(", ".join(list(data)[:5])) or "no key"
        raise InputError([_no_board(source, place, f"found an object with {keys}")])
    return read_classic(source, place, data)


def _resource(source: JsonFile, place: Place, data: dict[str, Any], version: str) -> Board:
    if not version.startswith(API):
        said = f"found a resource of {shown(version)}"
        raise InputError([_no_board(source, place, said)])
    metadata = data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    uid = Text(name if isinstance(name, str) else "", (*place, "metadata", "name"))
    spec: Place = (*place, "spec")
    schema = _SCHEMA.fullmatch(version.removeprefix(API))
    if schema is None:
        message = f"found the schema {shown(version)}, expected {API}v1 or {API}v2"
        fix = "export it from Grafana 12 or 13 as JSON of one of them"
        raise InputError([source.document.problem((*place, "apiVersion"), message, fix)])
    if schema[1] == _SECOND:
        return read_second(source, spec, data["spec"], uid)
    return read_classic(source, spec, data["spec"], uid)


def _is_board(data: Any) -> bool:
    """Tell whether something looks like a dashboard, be it right or wrong."""
    if not isinstance(data, dict):
        return False
    version = data.get("apiVersion")
    return (
        bool(_MARKS & data.keys())
        or ("elements" in data and "layout" in data)
        or isinstance(data.get("dashboard"), dict)
        or (isinstance(version, str) and version.startswith(API))
    )


def _no_board(source: JsonFile, place: Place, found: str) -> Problem:
    return source.document.problem(
        place,
        f"{found}, expected a dashboard of Grafana's",
        "export it from Grafana: Share, Export, Save to file",
    )
