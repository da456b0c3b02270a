"""What a group's server is started with and how far it is: files beside the note of its keeper.

Who wants it started otherwise writes ``NOTE.launch`` and sends the keeper SIGHUP
(:mod:`demo.vllm.serve`); the keeper writes ``NOTE.state``. Uses the standard library alone.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

STARTING, UP = "starting", "up"


@dataclass(frozen=True)
class Launch:
    """What is run: a model with its seed, and the server's arguments without the model."""

    model: str
    """The folder that holds it, or will."""
    seed: int
    arguments: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the keeper's own."""


@dataclass(frozen=True)
class ServerState:
    """How far a server is."""

    state: str
    """``starting`` or ``up``."""
    launch: int
    """How many times it has been started."""


def write_launch(note: Path, launch: Launch | None) -> None:
    """Say what is to be run from the next start on; None for what the keeper was started with."""
    if launch is None:
        _file(note, "launch").unlink(missing_ok=True)
    else:
        _write(_file(note, "launch"), asdict(launch))


def read_launch(note: Path) -> Launch | None:
    """Return what is to be run; None if nobody said."""
    return _launch(_read(_file(note, "launch")))


def write_given(note: Path, launch: Launch) -> None:
    """Say what the keeper was started with."""
    _write(_file(note, "given"), asdict(launch))


def read_running(note: Path) -> Launch | None:
    """Return what the keeper runs, or will at its next start; None before there is a keeper."""
    wanted = read_launch(note)
    return wanted or _launch(_read(_file(note, "given")))


def write_state(note: Path, state: str, launch: int) -> None:
    """Say how far the server is."""
    _write(_file(note, "state"), asdict(ServerState(state, launch)))


def read_state(note: Path) -> ServerState:
    """Return how far the server is; one that nobody told of is about to be started."""
    content = _read(_file(note, "state"))
    return ServerState(**content) if content else ServerState(STARTING, 0)


def _launch(content: Any) -> Launch | None:
    return Launch(**{**content, "arguments": tuple(content["arguments"])}) if content else None


def _file(note: Path, kind: str) -> Path:
    return note.with_name(f"{note.name}.{kind}")


def _write(path: Path, content: object) -> None:
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps(content) + "\n", encoding="utf-8")
    new.replace(path)


def _read(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
