"""The README of the dashboards is true, and its pictures are there."""

import struct
from pathlib import Path

import pytest

from dashboards.build import all_boards
from dashboards.readme import FILE, PICTURES, SECTIONS
from exporters.sections import section

LARGEST_BYTES = 180_000
SHORT_NAMES = [each.uid.removeprefix("shardwatch-") for each in all_boards()]


@pytest.mark.parametrize("name", sorted(SECTIONS))
def test_a_section_is_what_the_boards_say(name: str):
    """``python -m dashboards.readme`` writes it anew."""
    assert SECTIONS[name]() == section(FILE.read_text(), name)


@pytest.mark.parametrize("name", SHORT_NAMES)
def test_every_board_has_a_picture_that_is_not_large(name: str):
    """Of few colours, so that a checkout stays small."""
    content = ((FILE.parent / PICTURES).resolve() / f"{name}.png").read_bytes()
    depth, kind = struct.unpack_from(">BB", content, 24)
    assert (8, 3) == (depth, kind)
    assert len(content) <= LARGEST_BYTES


def test_no_picture_is_of_a_board_that_is_gone():
    """A board that is renamed needs a new one."""
    folder = Path(FILE.parent / PICTURES)
    assert sorted(SHORT_NAMES) == sorted(each.stem for each in folder.glob("*.png"))
