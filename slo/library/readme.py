"""The tables of the library's page, made of the objectives: ``python -m slo.library.readme``."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import yaml

from exporters.durations import format_duration
from exporters.histograms import SUFFIXES
from exporters.router.demo import DIALECT as DEMO
from exporters.router.dialects import DIALECTS
from slo.burn import format_decimal
from slo.objective import Objective, Threshold
from slo.objectives import LIBRARY, ObjectiveFile, library_names, read_objective_files
from slo.promql import selectors

FILE = Path(__file__).with_name("README.md")
SOURCE_ANNOTATION = "target-source"
"""Of an SLO in the library: where its target comes from."""
BEGIN, END = "<!-- objectives -->\n", "<!-- end of objectives -->\n"

_OPERATORS = {"<": "<", "<=": "at most", ">": ">", ">=": "at least"}


def main() -> None:
    """Write the tables anew."""
    FILE.write_text(fill(FILE.read_text(encoding="utf-8")), encoding="utf-8")


def fill(text: str) -> str:
    """Return the text of the page with its tables as they should be.

    Raises:
        ValueError: if they have no place in it.
    """
    if text.count(BEGIN) != 1 or text.count(END) != 1:
        raise ValueError("the page has not one place for the objectives")
    before, _, rest = text.partition(BEGIN)
    return before + BEGIN + "\n".join(_tables()) + "\n" + END + rest.partition(END)[2]


def _tables() -> Iterator[str]:
    for name in library_names():
        path = LIBRARY / f"{name}.yaml"
        objectives = read_objective_files([ObjectiveFile(path, f"library:{name}")])
        sources = target_sources(path)
        yield f"### `library:{name}`\n\n{_opening_comment(path)}\n"
        yield "| objective | what it judges | a budget for each | series | target | source |"
        yield "|---|---|---|---|---|---|"
        for each in objectives:
            cells = (
                f"`{each.name}`",
                " ".join(each.description.split()),
                ", ".join(f"`{label}`" for label in each.grouping_labels),
                "<br>".join(_series(family) for family in series_of(each)),
                _target(each),
                sources[each.name],
            )
            yield f"| {' | '.join(cells)} |"
        yield ""


def target_sources(path: Path) -> dict[str, str]:
    """Return where the target of each SLO in a file of the library comes from, by its name.

    Raises:
        KeyError: if one does not say.
    """
    return {
        each["metadata"]["name"]: " ".join(
            each["metadata"]["annotations"][SOURCE_ANNOTATION].split()
        ).rstrip(".")
        for each in yaml.safe_load_all(path.read_text(encoding="utf-8"))
        if each["kind"] == "SLO"
    }


def series_of(objective: Objective) -> list[str]:
    """Return the families that an objective reads, sorted; histograms without suffix."""
    names = {
        selector.name or ""
        for expression in objective.indicator.expressions
        for selector in selectors(expression)
    }
    return sorted({_family(name) for name in names})


def families_of_the_demo() -> set[str]:
    """Return the families that routers of the ``demo`` dialect tell of, and no others."""
    told = {
        name: {rule.family.name for rule in dialect.rules} for name, dialect in DIALECTS.items()
    }
    demo = told.pop(DEMO.name)
    return demo.difference(*told.values())


def _series(family: str) -> str:
    only = f" (`{DEMO.name}` only)" if family in families_of_the_demo() else ""
    return f"`{family}`{only}"


def _family(name: str) -> str:
    for suffix in SUFFIXES:
        if name.endswith(suffix):
            return name.removesuffix(suffix)
    return name


def _opening_comment(path: Path) -> str:
    lines = path.read_text(encoding="utf-8").splitlines()
    until = next(at for at, line in enumerate(lines) if not line.startswith("#"))
    return " ".join(line.removeprefix("#").strip() for line in lines[:until])


def _target(objective: Objective) -> str:
    text = f"{format_decimal(objective.target * 100)} %"
    if objective.slices is not None:
        text += f" of slices of {format_duration(objective.slices.window_seconds)}"
        if objective.slices.target is not None:
            text += f", each with {format_decimal(objective.slices.target * 100)} % good"
    if isinstance(objective.indicator, Threshold):
        bound = format_decimal(objective.indicator.bound)
        text += f"; good is {_OPERATORS[objective.indicator.op]} {bound}"
    return text


if __name__ == "__main__":
    main()
