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
_INSTEAD = "# shardwatch: instead of "
_TOLD = "; `shardwatch paste --undo` takes out what stands up to its end"
_MARK = re.compile(r"\s*#\s*shardwatch:\s*(begin|end)\b")
_NAME = r'("(?:[^"\\]|\\.)*")'
_DIGEST_CHARACTERS = 16
_DIGEST = rf"([0-9a-f]{{{_DIGEST_CHARACTERS}}})"
_BEGINNING = re.compile(rf"( *){re.escape(_BEGIN)}{_NAME} {_DIGEST} of {_NAME}{re.escape(_TOLD)}")
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
    origin: str
    """The folder of the build that it is of."""
    is_as_pasted: bool
    """Whether every line between its two is as it was written."""
    instead_of: str
    """The line that stood there before, with its end; empty if there was none."""
    hangs_on_it: int | None
    """The index of the first line after it that is read as a part of what stands in it, if any: an
    item under a key that was pasted, or what is further in."""

    def encloses(self, line: int) -> bool:
        """Return whether something before this line would be within."""
        return self.first < line < self.end


@dataclass(frozen=True)
class Source:
    """Of what is pasted."""

    cluster: str
    """May have any character."""
    origin: str
    """The folder of the build."""


def begin(source: Source, lines: Iterable[str]) -> str:
    """Return the line before what is pasted.

    Args:
        source: of it.
        lines: that follow, indented as they are: a digest of them tells whether they were changed.
    """
    cluster, origin = json.dumps(source.cluster), json.dumps(source.origin)
    return f"{_BEGIN}{cluster} {_digest(lines)} of {origin}{_TOLD}"


def _digest(lines: Iterable[str]) -> str:
    text = "\n".join(each.rstrip() for each in lines)
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGEST_CHARACTERS]


def is_pasted_as(beginning: str, lines: Iterable[str]) -> bool:
    """Tell whether these are the lines that were pasted after a line of :func:`begin`."""
    found = _BEGINNING.fullmatch(beginning)
    return found is not None and found[3] == _digest(lines)


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
    opened: tuple[re.Match[str], int] | None = None
    lines = text.splitlines()
    for index, line in enumerate(lines):
        if not _MARK.match(line):
            continue
        if found := _BEGINNING.fullmatch(line):
            if opened is not None:
                raise _refused(file, index, line, f"the end of what begins in line {opened[1] + 1}")
            opened = found, index
        elif found := _ENDING.fullmatch(line):
            cluster = json.loads(found[1])
            if opened is None or json.loads(opened[0][2]) != cluster:
                raise _refused(file, index, line, f"`{_BEGIN}{found[1]} ...` before it")
            (margin, _, digest, origin), first = opened[0].groups(), opened[1]
            content = lines[first + 1 : index]
            yield Block(
                cluster,
                first,
                index + 1,
                json.loads(origin),
                is_as_pasted=digest == _digest(content),
                instead_of=_instead_of(content),
                hangs_on_it=_hanging(lines, index + 1, content, len(margin)),
            )
            opened = None
        else:
            raise _refused(file, index, line, "a line as `shardwatch paste` writes it")
    if opened is not None:
        found, index = opened
        raise _refused(file, index, lines[index], f"`{_END}{found[2]}` after it")


def instead(line: str) -> str:
    """Return the first line of what is pasted in a line's place.

    Args:
        line: with its end.
    """
    return f"{_INSTEAD}{json.dumps(line)}"


def _instead_of(content: list[str]) -> str:
    first = content[0].strip() if content else ""
    try:
        return str(json.loads(first.removeprefix(_INSTEAD))) if first.startswith(_INSTEAD) else ""
    except ValueError:
        return ""  # somebody has changed it, which its digest tells


def _hanging(lines: list[str], after: int, content: list[str], margin: int) -> int | None:
    is_list = bool(content) and content[0].lstrip().startswith("- ")
    for index, line in enumerate(lines[after:], after):
        written = line.strip()
        if not written or written.startswith("#"):
            continue
        indent = len(line) - len(line.lstrip())
        is_item = written == "-" or written.startswith("- ")
        is_in = indent > margin or (indent == margin and is_item and not is_list)
        return index if is_in else None
    return None


def _refused(file: str, index: int, found: str, expected: str) -> InputError:
    message = f"found {shown(found.strip())}, expected {expected}"
    return InputError([Problem(file, index + 1, 0, "", message, _FIX)])


def own_blocks(text: str, file: str, cluster: str) -> list[Block]:
    """Return what was pasted for a cluster, as it was.

    Raises:
        InputError: as :func:`blocks_of`; or if somebody has changed what stands there, which would
            be lost, or written what belongs to it, which would belong to nothing.
    """
    own = [each for each in blocks_of(text, file) if each.cluster == cluster]
    problems = []
    for each in own:
        if not each.is_as_pasted:
            message = "found lines of others, or changed ones, before the end of what begins here"
            fix = f"move what is yours below or above it, and {_FIX}"
            problems.append(Problem(file, each.first + 1, 0, "", message, fix))
        if each.hangs_on_it is not None:
            message = f"found what belongs to a key that was pasted up to line {each.end}"
            fix = "take it out, undo, write it under a key of yours, and paste again"
            problems.append(Problem(file, each.hangs_on_it + 1, 0, "", message, fix))
    if problems:
        raise InputError(problems)
    return own


def take_out(text: str, file: str, cluster: str) -> str:
    """Return a text without what was pasted for a cluster.

    Raises:
        InputError: as :func:`own_blocks`.
    """
    lines = text.splitlines(keepends=True)
    for each in reversed(own_blocks(text, file, cluster)):
        lines[each.first : each.end] = [each.instead_of] if each.instead_of else []
    return "".join(lines)


def blank_out(text: str, file: str, cluster: str) -> str:
    """Return the same, with empty lines after it: each line has the number that it had.

    Raises:
        InputError: as :func:`own_blocks`.
    """
    lines = text.splitlines(keepends=True)
    for each in own_blocks(text, file, cluster):
        blank = ["\n"] * (each.end - each.first)
        lines[each.first : each.end] = [each.instead_of or "\n", *blank[1:]]
    return "".join(lines)
