"""Where objectives come from: shardwatch's library, files, folders."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporters.config import Config
from exporters.documents import Place, read_documents
from exporters.problems import InputError, Problem, problem
from slo.intervals import wrong_interval
from slo.objective import Objective
from slo.sloth.model import is_sloth
from slo.sloth.resolve import resolve_sloth
from slo.spec.resolve import Source, resolve_objectives
from slo.spec.slices import wrong_slices

LIBRARY = Path(__file__).parent / "library"
LARGEST_BYTES = 16 * 1024 * 1024
"""Of a file: ten thousand objectives take about 10 MB."""
_LIBRARY_PREFIX = "library:"
_SUFFIXES = (".yaml", ".yml", ".json")


@dataclass(frozen=True)
class ObjectiveFile:
    """A file of OpenSLO or Sloth documents, and what its user calls it."""

    path: Path
    name: str


def library_names() -> list[str]:
    """Return the names of the files in the library: ``chat`` is used as ``library:chat``."""
    return sorted(path.stem for path in LIBRARY.glob("*.yaml"))


def read_objectives(config: Config) -> tuple[Objective, ...]:
    """Return the objectives that a configuration names, sorted by name; at least one.

    Raises:
        InputError: if a name or a path leads nowhere, or a file is wrong, or there are none, or
            the rules cannot be evaluated, or would count wrongly, at the configuration's scrape
            interval.
    """
    files: list[ObjectiveFile] = []
    problems = list(wrong_scrapes(config))
    for index, entry in enumerate(config.file.objectives):
        try:
            files += _files(config, entry, ("objectives", index))
        except InputError as error:
            problems += error.problems
    try:
        objectives = read_objective_files(files) if files else ()
    except InputError as error:
        raise InputError([*problems, *error.problems]) from None
    problems += wrong_slices(objectives, config.file.prometheus.scrape_interval)
    if problems:
        raise InputError(problems)
    return objectives


def read_objective_files(files: Iterable[ObjectiveFile]) -> tuple[Objective, ...]:
    """Return the objectives in files, sorted by name; at least one.

    Raises:
        InputError: with everything that is wrong in any of them.
    """
    listed = list(files)
    objectives = _resolve(read_sources(listed))
    if not objectives:
        first = listed[0].path
        raise InputError([problem(first, "found no SLO, expected one at least", fix="add one")])
    return objectives


def read_objective_paths(paths: Sequence[Path]) -> tuple[Objective, ...]:
    """Return the objectives in files and folders that a user named, sorted by name; at least one.

    Raises:
        InputError: if a path leads nowhere, or to no file, or with everything wrong in any of them.
    """
    return read_objective_files(find_named_files(paths))


def find_named_files(paths: Sequence[Path]) -> list[ObjectiveFile]:
    """Return the files that a user named, and those in the folders; at least one.

    Raises:
        InputError: if a path leads nowhere, or there is none.
    """
    missing = [problem(each, "no such file or folder") for each in paths if not each.exists()]
    if missing:
        raise InputError(missing)
    files = [file for path in paths for file in find_objective_files(path, str(path))]
    if not files:
        raise InputError([problem(paths[0], "found no objective file in it")])
    return files


def read_sources(files: Iterable[ObjectiveFile]) -> list[Source]:
    """Return the documents in files, whatever they hold.

    Raises:
        InputError: with everything that keeps any of them from being read.
    """
    sources: list[Source] = []
    problems: list[Problem] = []
    for file in files:
        try:
            sources += [
                Source(document, file.name)
                for document in read_documents(file.path, largest_bytes=LARGEST_BYTES)
            ]
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return sources


def _resolve(sources: Iterable[Source]) -> tuple[Objective, ...]:
    """Return the objectives of OpenSLO's and of Sloth's documents, sorted by name."""
    every = list(sources)
    sloth = [each for each in every if is_sloth(each.document.data)]
    openslo = [each for each in every if not is_sloth(each.document.data)]
    found: list[Objective] = []
    problems: list[Problem] = []
    try:
        found += resolve_objectives(openslo)
    except InputError as error:
        problems += error.problems
    try:
        found += (each.objective for each in resolve_sloth(sloth))
    except InputError as error:
        problems += error.problems
    first: dict[str, Objective] = {}
    for each in found:
        if first.setdefault(each.name, each) is not each:
            problems.append(_second(each, first[each.name]))
    if problems:
        raise InputError(problems)
    return tuple(first[name] for name in sorted(first))


def _second(objective: Objective, first: Objective) -> Problem:
    """Of two objectives in different formats; each format finds its own."""
    return Problem(
        objective.file,
        objective.line,
        0,
        "",
        f"found an objective called {objective.name!r}, as another in {first.file}:{first.line}, "
        "expected each once",
        "rename or remove one of them",
        "equal-series",
    )


def find_objective_files(path: Path, name: str) -> list[ObjectiveFile]:
    """Return ``path`` itself, or the YAML and JSON files of the folder that it is, sorted."""
    if not path.is_dir():
        return [ObjectiveFile(path, name)]
    return [
        ObjectiveFile(found, f"{name.rstrip('/')}/{found.relative_to(path).as_posix()}")
        for found in sorted(path.rglob("*"))
        if found.suffix in _SUFFIXES and found.is_file()
    ]


def _files(config: Config, entry: str, place: Place) -> list[ObjectiveFile]:
    if entry.startswith(_LIBRARY_PREFIX):
        name = entry.removeprefix(_LIBRARY_PREFIX)
        if name not in library_names():
            there = ", ".join(_LIBRARY_PREFIX + each for each in library_names())
            message = f"nothing in the library is called {name!r}"
            raise InputError([config.document.problem(place, message, f"take one of: {there}")])
        return [ObjectiveFile(LIBRARY / f"{name}.yaml", entry)]
    path = config.resolve(entry)
    if not path.exists():
        message = f"no such file or folder: {path}"
        fix = "correct the path; a name of the library starts with library:"
        raise InputError([config.document.problem(place, message, fix)])
    files = find_objective_files(path, entry)
    if not files:
        message = f"found no {', '.join(_SUFFIXES)} file in {path}, expected one at least"
        raise InputError([config.document.problem(place, message)])
    return files


def wrong_scrapes(config: Config) -> Iterator[Problem]:
    """Yield what keeps rules from being made for a configuration's scrape interval."""
    wrong = wrong_interval(config.file.prometheus.scrape_interval)
    if wrong is not None:
        yield config.document.problem(("prometheus", "scrape_interval"), *wrong)
