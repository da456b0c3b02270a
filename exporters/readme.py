"""The tables of ``exporters/README.md`` that follow from what there is.

``python -m exporters.readme`` writes them anew.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from inspect import signature
from itertools import takewhile
from pathlib import Path
from types import ModuleType
from typing import get_args, get_type_hints

from exporters.catalog import (
    GROUP,
    UUID,
    Family,
    exporter,
    gpu,
    groups,
    probe,
    process,
    router,
    tools,
)
from exporters.cli import app
from exporters.config import PORTS
from exporters.sections import table, write_sections

FILE = Path(__file__).with_name("README.md")

SUBJECTS: Mapping[str, ModuleType] = {
    "gpu": gpu,
    "groups": groups,
    "router": router,
    "tools": tools,
    "probe": probe,
    "all": exporter,
    "process": process,
}
"""What is served, by exporter: each the part of the catalogue that has its families."""


def main() -> None:
    """Write the tables."""
    write_sections(FILE, TABLES)


def families_of(subject: str) -> list[Family]:
    """Return the families of one of ``SUBJECTS``, in the order of its page."""
    return [each for each in vars(SUBJECTS[subject]).values() if isinstance(each, Family)]


def exporters_table() -> str:
    """Return all exporters: what each does, and at which port."""
    rows = [
        (f"`{name}`", str(port), str(_commands()[name].__doc__)) for name, port in PORTS.items()
    ]
    return table(("exporter", "port", "what it does"), rows)


def options_table() -> str:
    """Return all options: of which exporters, and what each means."""
    found: dict[str, tuple[list[str], str]] = {}
    for name, command in _commands().items():
        hints = get_type_hints(command, include_extras=True)
        for parameter in signature(command).parameters.values():
            _, option = get_args(hints[parameter.name])
            usual = parameter.default
            metavar = f" {option.metavar}" if option.metavar else ""
            text = option.help + ("" if usual in (None, False) else f" By default `{usual}`.")
            # Where it stands in an annotation, typer takes its name for its default at first.
            found.setdefault(f"`{option.default}{metavar}`", ([], text))[0].append(name)
    rows = [
        (option, "all" if set(names) == set(PORTS) else ", ".join(names), text)
        for option, (names, text) in found.items()
    ]
    return table(("option", "of", "means"), rows)


def series_table(subject: str) -> str:
    """Return the families of one of ``SUBJECTS``, with the labels that all of them have apart."""
    families = families_of(subject)
    # What is said of a host has fewer labels than what is said of its GPUs.
    shared = (
        _shared([each.labels for each in families if UUID in each.labels])
        or _shared([each.labels for each in families if GROUP in each.labels])
        or _shared([each.labels for each in families])
    )
    rows = []
    for each in families:
        has_all = each.labels[: len(shared)] == shared
        labels = _labels(each.labels[len(shared) :] if has_all else each.labels)
        rows.append(
            (f"`{each.name}`", _kind(each), labels if has_all else f"only {labels}", each.help)
        )
    names = _labels(shared)
    exceptions = ", but where it says only" if any("only `" in row[2] for row in rows) else ""
    head = f"All have the labels {names}{exceptions}.\n\n" if names else ""
    return f"\n{head}{table(('family', 'kind', 'further labels', 'means'), rows)}\n"


def _kind(family: Family) -> str:
    if family.kind != "histogram":
        return family.kind
    low, high = family.bounds[0], family.bounds[-1]
    return f"histogram, {len(family.bounds)} bounds from {low:g} to {high:g} s"


def _labels(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


def _commands() -> dict[str, Callable[..., None]]:
    """Return the functions of the commands."""
    made = [each.callback for each in app.registered_commands]
    return {each.__name__: each for each in made if each is not None}


def _shared(labels: Sequence[tuple[str, ...]]) -> tuple[str, ...]:
    """Return what all begin with."""
    same = takewhile(lambda each: len(set(each)) == 1, zip(*labels, strict=False))
    return tuple(name for name, *_ in same)


TABLES: Mapping[str, Callable[[], str]] = {
    "exporters": exporters_table,
    "options": options_table,
    **{f"series of {name}": partial(series_table, name) for name in SUBJECTS},
}
"""By name of the section."""


if __name__ == "__main__":
    main()
