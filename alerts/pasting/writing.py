"""Writes several files, or none of them."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from exporters.problems import InputError, problem

KEPT = ".before-shardwatch"
"""How the copy of a file is called, beside it."""


@dataclass(frozen=True)
class Change:
    """Of one file."""

    file: Path
    text: str
    """What it is to hold."""
    copies: bool = False
    """Whether its copy is made anew: it holds nothing that was pasted."""
    removes_copy: bool = False
    """Whether it goes: nothing that was pasted is left."""

    @property
    def copy(self) -> Path:
        """What the file was."""
        return self.file.with_name(f"{self.file.name}{KEPT}")


def write_all(changes: Iterable[Change], check: Callable[[Change, Path], None]) -> None:
    """Write files by such beside them that take their place, with their mode and their owner.

    Args:
        changes: to be written.
        check: is called with each, and with a file of its folder that holds what it is to hold,
            before any is written; it may raise.

    Raises:
        InputError: if one cannot be written. All are as they were then.
    """
    changes = list(changes)
    with contextlib.ExitStack() as undone:
        ready: list[tuple[Path, Path]] = []
        for each in changes:
            target = each.file.resolve()  # what a link leads to: the link stays one
            with _named(each.file):
                staged = _stage(target, target.parent, undone)
                staged.write_bytes(each.text.encode())
                if each.copies:
                    _require_no_other_copy(each.copy, target)
                    copy = _stage(target, each.copy.parent, undone)
                    shutil.copyfile(target, copy)
                    ready.insert(0, (copy, each.copy))
            check(each, staged)
            ready.append((staged, target))
        for staged, target in ready:
            with _named(target):
                before = target.read_bytes() if target.exists() else None
                staged.replace(target)
            undone.callback(_put_back, target, before)
        undone.pop_all()
    for each in changes:
        if each.removes_copy:
            each.copy.unlink(missing_ok=True)


def _require_no_other_copy(copy: Path, target: Path) -> None:
    if copy.exists() and copy.read_bytes() != target.read_bytes():
        found = "found a copy that differs from the file it would be of"
        raise InputError([problem(copy, found, fix="move it away; nothing was changed")])


def _stage(target: Path, folder: Path, undone: contextlib.ExitStack) -> Path:
    """Return an empty file in a folder, with another's mode and owner."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=".shardwatch-", suffix=".yml")
    undone.callback(Path(name).unlink, missing_ok=True)
    like = target.stat()
    try:
        mine = os.fstat(handle)
        if (mine.st_uid, mine.st_gid) != (like.st_uid, like.st_gid):
            os.fchown(handle, like.st_uid, like.st_gid)
        os.fchmod(handle, like.st_mode & 0o7777)
    finally:
        os.close(handle)
    return Path(name)


def _put_back(target: Path, before: bytes | None) -> None:
    if before is None:
        target.unlink()
    else:
        target.write_bytes(before)


@contextlib.contextmanager
def _named(file: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        message = f"cannot be written: {error.strerror or error}"
        fix = "paste as whoever may write it and its folder; nothing was changed"
        raise InputError([problem(file, message, fix=fix)]) from None
