"""The table of ``alerts/lint/README.md``: ``python -m alerts.lint.readme`` writes it anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from alerts.lint.grading import Table
from alerts.lint.table import TABLE
from exporters.sections import table, write_sections

FILE = Path(__file__).with_name("README.md")


def main() -> None:
    """Write the table."""
    write_sections(FILE, TABLES)


def checks_table(of: Table) -> str:
    """Return the checks of a lint, sorted by id."""
    rows = [(f"`{each.id}`", each.severity, each.about) for _, each in sorted(of.by_id.items())]
    return table(("id", "severity", "finds"), rows)


TABLES: Mapping[str, Callable[[], str]] = {"checks": lambda: checks_table(TABLE)}
"""By name of the section."""


if __name__ == "__main__":
    main()
