"""What the forwarder knows and has yet to tell, in a file: a restart neither repeats nor loses."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict

from alerts.changes.core import Known, Seen
from alerts.changes.events import Event
from exporters.documents import read_document
from exporters.problems import InputError, problem


class _Cell(BaseModel):
    model_config = ConfigDict(extra="forbid")

    cell: list[str]
    places: dict[str, tuple[str, float]]


class _File(BaseModel):
    model_config = ConfigDict(extra="forbid")

    known: dict[str, list[_Cell]] | None
    waiting: list[dict[str, Any]]


@dataclass(frozen=True)
class State:
    """What is known, and what waits."""

    known: Known | None = None
    """None before the first look, which tells no change from what has long been so."""
    waiting: tuple[Event, ...] = field(default=())
    """Events, the oldest first."""


def read_state(path: Path) -> State:
    """Return the state in a file; that of the beginning, if there is none.

    Raises:
        InputError: if the file cannot be read, or is none of ours.
    """
    if not path.exists():
        return State()
    read = read_document(path).parse(_File)
    if read.known is None:
        return State(None, tuple(read.waiting))
    known = {
        kind: {
            tuple(each.cell): {place: Seen(*seen) for place, seen in each.places.items()}
            for each in cells
        }
        for kind, cells in read.known.items()
    }
    return State(known, tuple(read.waiting))


def write_state(path: Path, state: State) -> None:
    """Write it, whole or not at all, so that it outlasts the machine.

    Raises:
        InputError: if it cannot be written.
    """
    content = {
        "known": None if state.known is None else _written(state.known),
        "waiting": list(state.waiting),
    }
    unfinished = path.with_name(f".{path.name}.unfinished")
    try:
        with unfinished.open("w", encoding="utf-8") as file:
            json.dump(content, file)
            file.flush()
            os.fsync(file.fileno())
        unfinished.replace(path)
    except OSError as error:
        fix = "name a file in a folder that can be written by --state"
        raise InputError([problem(path, f"cannot be written: {error.strerror}", fix=fix)]) from None


def _written(known: Known) -> dict[str, Any]:
    return {
        kind: [
            {"cell": cell, "places": {name: (seen.value, seen.at) for name, seen in places.items()}}
            for cell, places in sorted(cells.items())
        ]
        for kind, cells in sorted(known.items())
    }
