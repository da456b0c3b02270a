"""The table of ``alerts/doctor/README.md``: ``python -m alerts.doctor.readme`` writes it anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from alerts.doctor.table import CHECKS
from exporters.sections import table, write_sections

FILE = Path(__file__).with_name("README.md")


def main() -> None:
    """Write the table."""
    write_sections(FILE, TABLES)


def checks_table() -> str:
    """Return the checks, those of the gravest harm first."""
    rows = [(f"`{each.id}`", each.harm.words, each.about) for each in CHECKS]
    return table(("id", "harm", "finds"), rows)


TABLES: Mapping[str, Callable[[], str]] = {"checks": checks_table}
"""By name of the section."""


if __name__ == "__main__":
    main()
