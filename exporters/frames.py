"""What stays the same of a page from one time to the next: everything but the values of its series.

A frame recognises such a page as a whole, and needs next to no work of Python's for each line.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from itertools import compress

from exporters.lines import Samples, Series, are_odd


@dataclass(frozen=True, slots=True)
class Frame:
    """A page without its values. Masks have a byte for each line, 1 where it is meant."""

    samples: bytes
    """Lines that are series with a value."""
    others: bytes
    """Lines that are comments or empty."""
    other_lines: list[str]
    starts: tuple[str, ...]
    """What the lines of series begin with, before their values; also of those that nobody wants."""
    wanted: bytes
    """Which of the series somebody wants."""
    lengths: tuple[int, ...]
    """Of the starts of those."""
    series: tuple[Series, ...]
    """Those."""

    def read(self, lines: list[str]) -> Samples | None:
        """Return the samples of a page, or None if it differs in more than values."""
        if len(lines) != len(self.samples):
            return None
        sampled = list(compress(lines, self.samples))
        if not all(map(str.startswith, sampled, self.starts)):
            return None
        if list(compress(lines, self.others)) != self.other_lines:
            return None
        pairs = zip(compress(sampled, self.wanted), self.lengths, strict=True)
        numbers = [line[length:] for line, length in pairs]
        told = "".join(numbers)
        if " " in told or are_odd(told):
            return None
        try:
            return dict(zip(self.series, map(float, numbers), strict=True))
        except ValueError:
            return None


def make_frame(
    lines: list[str], known: Mapping[str, Series | None], is_unwanted: Callable[[str], bool]
) -> Frame | None:
    """Return the frame of a page.

    Args:
        lines: of a page that has been read without an error.
        known: series by text, None for those that nobody wants.
        is_unwanted: says whether nobody wants any series of a name.

    Returns:
        None if there are lines with more than a series and a value, or no series is wanted.
    """
    samples = bytes(bool(line) and line[0] != "#" for line in lines)
    others = bytes(1 - each for each in samples)
    starts, wanted, series = [], bytearray(), []
    for line in compress(lines, samples):
        text, space, _ = line.rpartition(" ")
        if text not in known and not (space and is_unwanted(text.partition("{")[0])):
            return None
        meant = known.get(text)
        if meant:
            series.append(meant)
        wanted.append(meant is not None)
        # Interned, for engines of one kind have one text.
        starts.append(sys.intern(f"{text} "))
    if not series:
        return None
    other_lines = [sys.intern(line) for line in compress(lines, others)]
    lengths = tuple(map(len, compress(starts, wanted)))
    return Frame(samples, others, other_lines, tuple(starts), bytes(wanted), lengths, tuple(series))
