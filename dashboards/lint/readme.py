"""The table of ``dashboards/lint/README.md``: ``python -m dashboards.lint.readme`` writes it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from alerts.lint.readme import checks_table
from dashboards.lint.table import TABLE
from exporters.sections import write_sections

FILE = Path(__file__).with_name("README.md")
TABLES: Mapping[str, Callable[[], str]] = {"checks": lambda: checks_table(TABLE)}
"""By name of the section."""


def main() -> None:
    """Write the table."""
    write_sections(FILE, TABLES)


if __name__ == "__main__":
    main()
