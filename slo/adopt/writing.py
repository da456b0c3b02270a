"""Writes the files of an adoption: all of them, or none, and never over a file that is there."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from exporters.problems import InputError, Problem, problem


def write_new(folder: Path, files: Mapping[str, str], check: Callable[[Path], None]) -> None:
    """Write files into a folder, which is made if it is not there.

    They are written beside it first and looked at there, then put in place one after the other; if
    one cannot be, those before it are taken back.

    Args:
        folder: for them.
        files: texts by path, relative to the folder.
        check: is given a folder with the files in it, and raises InputError if they are wrong.

    Raises:
        InputError: if a file is there already, or cannot be written, or is wrong; nothing is
            changed then.
    """
    if there := [path for path in files if os.path.lexists(folder / path)]:
        raise InputError(
            problem(
                folder / path,
                "is there already, and is not written over",
                fix="move it away, or name another folder by -o",
            )
            for path in there
        )
    try:
        _write(folder.absolute(), files, check)
    except OSError as error:
        reason = f"cannot be written: {error.strerror or error}"
        fix = "mend that, or name another folder by -o"
        raise InputError([problem(error.filename or folder, reason, fix=fix)]) from None


def _write(folder: Path, files: Mapping[str, str], check: Callable[[Path], None]) -> None:
    made = _make_folder(folder)
    try:
        with tempfile.TemporaryDirectory(prefix=".shardwatch-init-", dir=folder) as name:
            stage = Path(name)
            for path, text in files.items():
                (stage / path).parent.mkdir(parents=True, exist_ok=True)
                (stage / path).write_text(text, encoding="utf-8")
            try:
                check(stage)
            except InputError as error:
                raise InputError(_as_of(each, stage, folder) for each in error.problems) from None
            _put_in_place(stage, folder, files)
    except BaseException:
        _take_back(made)
        raise


def _make_folder(folder: Path) -> list[Path]:
    """Make a folder and those above it; return those that were made, the outermost first."""
    missing = [each for each in (*reversed(folder.parents), folder) if not each.exists()]
    folder.mkdir(parents=True, exist_ok=True)
    return missing


def _put_in_place(stage: Path, folder: Path, files: Mapping[str, str]) -> None:
    """Give files their names in a folder, all or none."""
    made: list[Path] = []
    try:
        for path in files:
            made += _make_folder((folder / path).parent)
            try:
                os.link(stage / path, folder / path)  # unlike a rename, never over another file
            except FileExistsError:
                raise
            except OSError:  # a file system without links
                with (folder / path).open("x", encoding="utf-8") as file:
                    file.write(files[path])
            made.append(folder / path)
    except BaseException:
        _take_back(made)
        raise


def _take_back(made: Sequence[Path]) -> None:
    for each in reversed(made):
        if each.is_dir():
            each.rmdir()
        else:
            each.unlink()


def _as_of(found: Problem, stage: Path, folder: Path) -> Problem:
    """Return a problem of a file that is not in its place yet as one of where it would be."""
    file = found.file.replace(str(stage), str(folder))
    return Problem(
        file, found.line, found.column, found.path, found.message, found.fix, found.check
    )
