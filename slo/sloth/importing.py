"""Files of Sloth's specs in, files of OpenSLO documents out."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from exporters.options import read_duration
from exporters.problems import InputError, Problem, problem
from slo.objectives import ObjectiveFile, read_sources
from slo.sloth.model import API_VERSION, KIND, VERSION, is_sloth
from slo.sloth.resolve import Imported, resolve_sloth
from slo.spec.extras import wrong_with_label, wrong_with_name

_HOUR_SECONDS = 3600
_DAY_SECONDS = 86400


def import_sloth(
    files: Iterable[ObjectiveFile],
    period_seconds: int,
    renamed_labels: Mapping[str, str] | None = None,
) -> tuple[Imported, ...]:
    """Return the objectives in files of Sloth's specs, sorted by name; at least one.

    Args:
        files: that hold nothing but Sloth's specs.
        period_seconds: of every budget; whole hours.
        renamed_labels: of alerts, new names by the old, see :func:`read_renamed_labels`.

    Raises:
        InputError: with everything that is wrong in any of them.
    """
    sources = read_sources(files)
    others: list[Problem] = [
        each.document.problem(
            (),
            f"found no spec of Sloth, expected version: {VERSION}, or apiVersion: {API_VERSION} "
            f"with kind: {KIND}",
            "leave the document out",
        )
        for each in sources
        if not is_sloth(each.document.data)
    ]
    try:
        imported = resolve_sloth(
            (each for each in sources if is_sloth(each.document.data)),
            period_seconds=period_seconds,
            renamed_labels=renamed_labels,
        )
    except InputError as error:
        raise InputError([*others, *error.problems]) from None
    if others:
        raise InputError(others)
    return imported


def read_period_seconds(text: str) -> int:
    """Return how long a budget lasts, in seconds: ``30d``, ``4w``.

    Raises:
        InputError: if it is no duration, or not of whole hours, a day at least.
    """
    seconds = read_duration("--period", text)
    if seconds % _HOUR_SECONDS or seconds < _DAY_SECONDS:
        message = f"found {text!r}, expected whole hours, a day at least, such as 30d"
        raise InputError([problem("--period", message)])
    return int(seconds)


def read_renamed_labels(texts: Iterable[str]) -> dict[str, str]:
    """Return new names of labels by the old: ``severity=urgency``.

    Raises:
        InputError: if one is no pair of names, or the new one is of a label that alerts set
            themselves.
    """
    renamed: dict[str, str] = {}
    problems: list[Problem] = []
    for text in texts:
        old, equals, new = text.partition("=")
        wrong = wrong_with_name(new) or wrong_with_label(new, ())
        if not (old and equals and new):
            wrong = f"found {text!r}, expected OLD=NEW"
        if wrong:
            problems.append(problem("--rename-label", wrong, fix="write severity=urgency"))
        renamed[old] = new
    if problems:
        raise InputError(problems)
    return renamed


def write_texts(folder: Path, texts: Mapping[str, str]) -> list[Path]:
    """Write each text to ``NAME.yaml`` in a folder, and return the paths, sorted.

    Args:
        folder: made if it is not there.
        texts: by name.

    Raises:
        InputError: if one of the files is there already, or cannot be written. In the first case
            nothing is changed: people go on writing in what was imported.
    """
    paths = {folder / f"{name}.yaml": text for name, text in sorted(texts.items())}
    there = [each for each in paths if each.exists()]
    if there:
        raise InputError(
            problem(each, "is there already", fix="move it away or choose another folder")
            for each in there
        )
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for path, text in paths.items():
            path.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError(
            [problem(error.filename or folder, f"cannot be written: {error.strerror or error}")]
        ) from None
    return list(paths)
