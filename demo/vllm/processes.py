"""What the kernel tells about processes: who descends from whom, by what title, since when.

The demo signals vLLM's workers by their titles. A title is anybody's to choose and a process id is
used again, so what is looked for is always a descendant of a process that the demo started.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_PROC = Path("/proc")


@dataclass(frozen=True)
class Process:
    """One process at one moment."""

    pid: int
    parent: int
    started: int
    """Clock ticks after boot: with the id, names a process for good."""
    state: str
    """A letter as of ``ps``: R, S, D, T (stopped), Z (dead, not yet waited for)."""
    title: str
    """Its first argument, or what it wrote over it (setproctitle)."""


def read_process(pid: int) -> Process | None:
    """Return a process; None if there is none by that id."""
    try:
        stat = (_PROC / str(pid) / "stat").read_text(encoding="utf-8", errors="replace")
        line = (_PROC / str(pid) / "cmdline").read_bytes()
    except OSError:
        return None
    # The name stands in parentheses and may hold any character, so the rest is what follows it.
    fields = stat[stat.rindex(")") + 2 :].split()
    title = line.split(b"\0", 1)[0].decode(errors="replace").strip()
    return Process(pid, int(fields[1]), int(fields[19]), fields[0], title)


def read_processes() -> dict[int, Process]:
    """Return all processes that can be seen, by id."""
    found = (read_process(int(each.name)) for each in _PROC.iterdir() if each.name.isdigit())
    return {each.pid: each for each in found if each}


def descendants(root: int, processes: Mapping[int, Process]) -> list[Process]:
    """Return the children of ``root``, their children and so on, parents first."""
    children: dict[int, list[Process]] = {}
    for each in processes.values():
        children.setdefault(each.parent, []).append(each)
    found = list(children.get(root, ()))
    for each in found:  # grows while it is walked
        found += children.get(each.pid, ())
    return found


def write_note(path: Path, pid: int) -> None:
    """Write down which process ``pid`` is, so that :func:`read_note` knows it again."""
    process = read_process(pid)
    if process is None:
        raise ProcessLookupError(f"there is no process {pid}")
    new = path.with_suffix(".new")
    new.write_text(json.dumps({"pid": pid, "started": process.started}) + "\n", encoding="utf-8")
    new.replace(path)


def read_note(path: Path) -> Process | None:
    """Return the process that a note names; None if it is gone, or there is no note."""
    try:
        note = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    process = read_process(note["pid"])
    return process if process and process.started == note["started"] else None


def shared_memory_files(pid: int) -> set[Path]:
    """Return the files of ``/dev/shm`` that a process has mapped."""
    try:
        lines = (_PROC / str(pid) / "maps").read_text(errors="replace").splitlines()
    except OSError:
        return set()
    paths = (line.split(maxsplit=5)[5] for line in lines if " /dev/shm/" in line)
    return {Path(path) for path in paths if not path.endswith(" (deleted)")}
