"""The two lines between which stands what was pasted for a cluster, and what they enclose. Pure."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from exporters.documents import shown
from exporters.problems import InputError, Problem

_BEGIN, _END = "# shardwatch: begin ", "# shardwatch: end "
_TOLD = "; `shardwatch paste --undo` takes out what stands up to its end"
_MARK = re.compile(r"\s*#\s*shardwatch:\s*(begin|end)\b")
_NAME = r'("(?:[^"\\]|\\.)*")'
_DIGEST_CHARACTERS = 16
_DIGEST = rf"([0-9a-f]{{{_DIGEST_CHARACTERS}}})"
_BEGINNING = re.compile(rf" *{re.escape(_BEGIN)}{_NAME} {_DIGEST}{re.escape(_TOLD)}")
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
    is_as_pasted: bool = True
    """Whether every line between its two is as it was written."""

    def encloses(self, line: int) -> bool:
        """Return whether something before this line would be within."""
        return self.first < line < self.end


def begin(cluster: str, lines: Iterable[str]) -> str:
    """Return the line before what is pasted for a cluster. A name may have any character.

    Args:
        cluster: whose it is.
        lines: that follow, indented as they are: a digest of them tells whether they were changed.
    """
    return f"{_BEGIN}{json.dumps(cluster)} {_digest(lines)}{_TOLD}"


def _digest(lines: Iterable[str]) -> str:
    text = "\n".join(each.rstrip() for each in lines)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]


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
    opened: tuple[str, str, int] | None = None
    lines = text.splitlines()
    for index, line in enumerate(lines):
        if not _MARK.match(line):
            continue
        if found := _BEGINNING.fullmatch(line):
            if opened is not None:
                raise _refused(file, index, line, f"the end of what begins in line {opened[2] + 1}")
            opened = json.loads(found[1]), found[2], index
        elif found := _ENDING.fullmatch(line):
            cluster = json.loads(found[1])
            if opened is None or opened[0] != cluster:
                expected = f"{_BEGIN}{json.dumps(cluster)} DIGEST{_TOLD}"
                raise _refused(file, index, line, f"`{expected}` before it")
            _, digest, first = opened
            yield Block(cluster, first, index + 1, digest == _digest(lines[first + 1 : index]))
            opened = None
        else:
            raise _refused(file, index, line, "a line as `shardwatch paste` writes it")
    if opened is not None:
        cluster, _, index = opened
        raise _refused(file, index, lines[index], f"`{end(cluster)}` after it")


def _refused(file: str, index: int, found: str, expected: str) -> InputError:
    message = f"found {shown(found.strip())}, expected {expected}"
    return InputError([Problem(file, index + 1, 0, "", message, _FIX)])


def own_blocks(text: str, file: str, cluster: str) -> list[Block]:
    """Return what was pasted for a cluster, as it was.

    Raises:
        InputError: as :func:`blocks_of`; or if somebody has changed what stands there, which would
            be lost.
    """
    own = [each for each in blocks_of(text, file) if each.cluster == cluster]
    if changed := [each for each in own if not each.is_as_pasted]:
        message = "found lines of others, or changed ones, before the end of what was pasted here"
        fix = f"move what is yours below or above it, and {_FIX}"
        raise InputError([Problem(file, each.first + 1, 0, "", message, fix) for each in changed])
    return own


def take_out(text: str, file: str, cluster: str) -> str:
    """Return a text without what was pasted for a cluster.

    Raises:
        InputError: as :func:`own_blocks`.
    """
    lines = text.splitlines(keepends=True)
    for each in reversed(own_blocks(text, file, cluster)):
        del lines[each.first : each.end]
    return "".join(lines)


def blank_out(text: str, file: str, cluster: str) -> str:
    """Return the same, with empty lines in its place: each line has the number that it had.

    Raises:
        InputError: as :func:`own_blocks`.
    """
    lines = text.splitlines(keepends=True)
    for each in own_blocks(text, file, cluster):
        lines[each.first : each.end] = ["\n"] * (each.end - each.first)
    return "".join(lines)
