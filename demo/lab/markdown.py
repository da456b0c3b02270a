"""Tables as markdown, as :mod:`demo.lab.page` makes HTML of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return a table; what would end a cell is written otherwise."""
    lines = [f"| {' | '.join(head)} |", f"|{'---|' * len(head)}"]
    lines += [f"| {' | '.join(each.replace('|', '/') for each in row)} |" for row in rows]
    return "\n".join(lines)


def seconds(value: float | None) -> str:
    """Return seconds for people; nothing for None."""
    return "" if value is None else f"{value:.0f} s"
