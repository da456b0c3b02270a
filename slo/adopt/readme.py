"""The tables of ``slo/adopt/README.md``: ``python -m slo.adopt.readme`` writes them anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from exporters.sections import table, write_sections
from slo.adopt.labels import LIKELY, SURE
from slo.adopt.without import missed_table

FILE = Path(__file__).with_name("README.md")


def main() -> None:
    """Write the tables."""
    write_sections(FILE, TABLES)


def labels_table() -> str:
    """Return which labels of series are looked at for each field, the first that is there first."""
    rows = [(name, _code(labels), _code(LIKELY.get(name, ()))) for name, labels in SURE.items()]
    return table(("what", "sure, by", "likely, by"), rows)


def _code(labels: tuple[str, ...]) -> str:
    return ", ".join(f"`{each}`" for each in labels)


TABLES: Mapping[str, Callable[[], str]] = {
    "labels": labels_table,
    "missed": missed_table,
}


if __name__ == "__main__":
    main()
