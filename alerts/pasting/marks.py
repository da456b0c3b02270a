"""The two lines between which stands what was pasted for a cluster, and what they enclose. Pure."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass

from exporters.documents import shown
from exporters.problems import InputError, Problem

_BEGIN, _END = "# shardwatch: begin ", "# shardwatch: end "
_TOLD = "; `shardwatch paste --undo` takes out what stands up to its end"
_MARK = re.compile(r"\s*#\s*shardwatch:\s*(begin|end)\b")
_NAME = r'("(?:[^"\\]|\\.)*")'
_BEGINNING = re.compile(rf" *{re.escape(_BEGIN)}{_NAME}{re.escape(_TOLD)}")
_ENDING = re.compile(rf" *{re.escape(_END)}{_NAME}")
_FIX = (
    "put the line back as it was, or take out by hand what was pasted, or take the copy "
    "(.before-shardwatch)"
)


@dataclass(frozen=True)
class Block:
    """What was pasted at one place, with its two lines."""

    cluster: str
    first: int
    """The index of its first line, from 0."""
    end: int
    """The index of the line after its last."""

    def encloses(self, line: int) -> bool:
        """Return whether something before this line would be within."""
        return self.first < line < self.end


def begin(cluster: str) -> str:
    """Return the line before what is pasted for a cluster. A name may have any character."""
    return f"{_BEGIN}{json.dumps(cluster)}{_TOLD}"


def end(cluster: str) -> str:
    """Return the line after it."""
    return f"{_END}{json.dumps(cluster)}"


def blocks_of(text: str, file: str) -> list[Block]:
    """Return what was pasted into a text, of all clusters.

    Args:
        text: of the file, with ends of lines of any kind.
        file: its name, for problems.

    Raises:
        InputError: if a line of the two is missing or is not as it was written: what stands between
            the others may be anybody's.
    """
    return list(_blocks(text, file))


def _blocks(text: str, file: str) -> Iterator[Block]:
    opened: tuple[str, int] | None = None
    for index, line in enumerate(text.splitlines()):
        if not _MARK.match(line):
            continue
        if found := _BEGINNING.fullmatch(line):
            if opened is not None:
                raise _refused(file, index, line, f"the end of what begins in line {opened[1] + 1}")
            opened = json.loads(found[1]), index
        elif found := _ENDING.fullmatch(line):
            cluster = json.loads(found[1])
            if opened is None or opened[0] != cluster:
                raise _refused(file, index, line, f"`{begin(cluster)}` before it")
            yield Block(cluster, opened[1], index + 1)
            opened = None
        else:
            raise _refused(file, index, line, "a line as `shardwatch paste` writes it")
    if opened is not None:
        cluster, index = opened
        raise _refused(file, index, begin(cluster), f"`{end(cluster)}` after it")


def _refused(file: str, index: int, found: str, expected: str) -> InputError:
    message = f"found {shown(found.strip())}, expected {expected}"
    return InputError([Problem(file, index + 1, 0, "", message, _FIX)])


def take_out(text: str, file: str, cluster: str) -> str:
    """Return a text without what was pasted for a cluster.

    Raises:
        InputError: as :func:`blocks_of`.
    """
    lines = text.splitlines(keepends=True)
    for each in reversed(blocks_of(text, file)):
        if each.cluster == cluster:
            del lines[each.first : each.end]
    return "".join(lines)


def blank_out(text: str, file: str, cluster: str) -> str:
    """Return the same, with empty lines in its place: each line has the number that it had.

    Raises:
        InputError: as :func:`blocks_of`.
    """
    lines = text.splitlines(keepends=True)
    for each in blocks_of(text, file):
        if each.cluster == cluster:
            lines[each.first : each.end] = ["\n"] * (each.end - each.first)
    return "".join(lines)
