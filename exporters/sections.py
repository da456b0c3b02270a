"""Sections of a README that follow from what there is, each between two comments that name it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path


def write_sections(file: Path, sections: Mapping[str, Callable[[], str]]) -> None:
    """Write the sections of a file anew.

    Raises:
        ValueError: the file has no comments of one of the names.
    """
    text = file.read_text(encoding="utf-8")
    for name, make in sections.items():
        text = replace_section(text, name, make())
    file.write_text(text, encoding="utf-8")


def section(text: str, name: str) -> str:
    """Return what stands between the comments of a name."""
    begin, end = _comments(name)
    return text.partition(begin)[2].partition(end)[0]


def replace_section(text: str, name: str, content: str) -> str:
    """Return the text with this between the comments of a name.

    Raises:
        ValueError: the text has no such comments.
    """
    begin, end = _comments(name)
    if begin not in text or end not in text:
        raise ValueError(f"found no {begin.strip()} and {end.strip()}, expected both")
    return text.partition(begin)[0] + begin + content + end + text.partition(end)[2]


def table(head: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Return a table in Markdown."""
    lines = [f"| {' | '.join(cells)} |\n" for cells in (head, *rows)]
    lines.insert(1, f"|{'---|' * len(head)}\n")
    return "".join(lines)


def first_cells(table: str) -> Iterator[tuple[str, str]]:
    """Yield the first two cells of each row of a table in Markdown whose first is code."""
    for line in table.splitlines():
        if line.startswith("| `"):
            _, first, second, *_ = (cell.strip() for cell in line.split("|"))
            yield first.strip("`"), second


def _comments(name: str) -> tuple[str, str]:
    return f"<!-- {name} -->\n", f"<!-- end of {name} -->\n"
