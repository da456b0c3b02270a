"""The sections of ``dashboards/README.md``: ``python -m dashboards.readme`` writes them anew."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path

from dashboards.build import all_boards, short_name
from dashboards.frame import Board
from dashboards.links import DAY_TAG, NIGHT_TAG, OF_THE_NIGHT, TAG
from exporters.sections import table, write_sections

FILE = Path(__file__).with_name("README.md")
PICTURES = "../docs/dashboards"
"""Where the pictures lie, from the README."""


def main() -> None:
    """Write the sections."""
    write_sections(FILE, SECTIONS)


def boards_table() -> str:
    """Return the table of the boards: when each is looked at, and which question it answers."""
    return table(
        ("board", "for", "answers", "file"),
        [
            (f"[{_title(each)}](#{_anchor(each)})",
             f"**{NIGHT_TAG}**" if each.uid in OF_THE_NIGHT else DAY_TAG, each.question,
             f"[{short_name(each)}.json](generated/{short_name(each)}.json)")
            for each in all_boards()
        ],
    )  # fmt: skip


def pictures() -> str:
    """Return a picture of each board."""
    return "\n".join(
        f"### {_title(each)}\n\n![{_title(each)}]({PICTURES}/{short_name(each)}.png)\n"
        for each in all_boards()
    )


def _title(board: Board) -> str:
    return board.title.removeprefix(f"{TAG} / ")


def _anchor(board: Board) -> str:
    return _title(board).lower().replace(" ", "-")


SECTIONS: Mapping[str, Callable[[], str]] = {"boards": boards_table, "pictures": pictures}


if __name__ == "__main__":
    main()
