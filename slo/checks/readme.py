"""The table of ``slo/checks/README.md``: ``python -m slo.checks.readme`` writes it anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from exporters.sections import table, write_sections
from slo.checks.table import CHECKS

FILE = Path(__file__).with_name("README.md")

_STAGES = {"reading": "reading", "file": "offline", "server": "with `--prometheus`"}


def main() -> None:
    """Write the table."""
    write_sections(FILE, TABLES)


def checks_table() -> str:
    """Return all checks, sorted by id."""
    rows = [
        (f"`{each.id}`", each.severity, ", ".join(_STAGES[stage] for stage in each.stages),
         each.about)
        for _, each in sorted(CHECKS.items())
    ]  # fmt: skip
    return table(("id", "severity", "when", "finds"), rows)


TABLES: Mapping[str, Callable[[], str]] = {"checks": checks_table}
"""By name of the section."""


if __name__ == "__main__":
    main()
