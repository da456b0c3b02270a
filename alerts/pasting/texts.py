"""Pastes lists into a YAML text between two lines that say so.

Whatever else stands in it, comments, blanks and ends of lines included, stays byte for byte. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import yaml

from alerts.pasting.marks import (
    Block,
    Source,
    begin,
    blank_out,
    blocks_of,
    end,
    instead,
    take_out,
)
from exporters.documents import SAFE_LOADER, Document, parse_documents
from exporters.generated import WithoutAliases
from exporters.problems import InputError, Problem, problem

Keys = tuple[str, ...]
"""Of mappings in each other: ``("route", "routes")``."""

_BY_HAND = "paste by hand what NEXT.md says"
_ALONE = "write the key alone, with nothing after its colon, and paste again"
_MORE = "line {} holds more than one key, dash or anchor"
_NULL = "tag:yaml.org,2002:null"


@dataclass(frozen=True)
class _Place:
    """Where to put what."""

    line: int
    """Before which, from 0."""
    indent: int
    content: Any
    is_replaced: bool = False
    """Whether it takes the place of the line, which comes back with ``--undo``."""


def read(text: str, file: str, cluster: str) -> Document:
    """Return what a text says without what was pasted for a cluster; its lines are the text's.

    Raises:
        InputError: if it is no document in YAML, or its marks are not as they were written.
    """
    documents = parse_documents(blank_out(text, file, cluster), file)
    if not documents:
        found = "found nothing but comments" if text.strip() else "found an empty file"
        fix = "name the file that the server reads"
        raise InputError([problem(file, f"{found}, expected a configuration", fix=fix)])
    if len(documents) > 1:
        raise InputError([documents[1].problem((), "found a second document, expected one only")])
    return documents[0]


def paste(text: str, file: str, source: Source, parts: Mapping[Keys, Any]) -> str:
    """Return a text with parts at their keys: lists before those that are there.

    What was pasted for this cluster before is replaced; what was for others stays.

    Args:
        text: a mapping in YAML.
        file: its name, for problems.
        source: of the parts.
        parts: a list for each key.

    Raises:
        InputError: if the text is no YAML, is written in another style than blocks there, or the
            result would say anything else than both.
    """
    cluster = source.cluster
    parts = {keys: content for keys, content in parts.items() if content}
    expected = read(text, file, cluster).data
    blocks = blocks_of(text, file)
    others = [each for each in blocks if each.cluster != cluster]
    own = {line for each in blocks if each.cluster == cluster
           for line in range(each.first, each.end)}  # fmt: skip
    blank = blank_out(text, file, cluster)
    root = yaml.compose(blank, Loader=SAFE_LOADER)
    lines = blank.splitlines(keepends=True)
    line_end = "\r\n" if text.partition("\n")[0].endswith("\r") else "\n"
    inserted: dict[int, str] = {}
    problems: list[Problem] = []
    for keys, content in parts.items():
        try:
            place = _place(root, file, keys, content, (lines, others))
        except InputError as error:
            problems += error.problems
            continue
        at, margin = place.line, " " * place.indent
        written = lines_of(place.content)
        if place.is_replaced:
            written.insert(0, instead(lines[at]))
            own.add(at)
        content_lines = [f"{margin}{line}".rstrip(" ") for line in written]
        first, last = begin(source, content_lines), end(cluster)
        block = "".join(
            f"{line}{line_end}" for line in (margin + first, *content_lines, margin + last)
        )
        inserted[at] = inserted.get(at, "") + block
        _add(expected, keys, content)
    if problems:
        raise InputError(problems)
    kept = text.splitlines(keepends=True)
    pasted = "".join(
        inserted.get(at, "") + ("" if at in own else line) for at, line in enumerate([*kept, ""])
    )
    is_so = _said(pasted, file) == _comparable(expected)
    if not is_so or take_out(pasted, file, cluster) != take_out(text, file, cluster):
        found = "it is written in a way that lines cannot be put between"
        raise InputError([problem(file, found, fix=_BY_HAND)])
    return pasted


def _said(text: str, file: str) -> str:
    try:
        [document] = parse_documents(text, file)
    except (InputError, ValueError):
        return ""
    return _comparable(document.data)


def _comparable(data: Any) -> str:
    """Return data as text: a number that is none is not equal to itself."""
    return json.dumps(data, sort_keys=True)


def _place(
    root: yaml.Node | None,
    file: str,
    keys: Keys,
    content: Any,
    among: tuple[list[str], list[Block]],
) -> _Place:
    """Return where to put what.

    Args:
        root: of the text.
        file: its name, for problems.
        keys: that lead to a list, which may be missing, null or empty.
        content: of the list.
        among: the lines of the text, and what is pasted of others.
    """
    node = root if root is not None else yaml.ScalarNode("", "")
    key_line = 0
    lines, others = among

    def refused(line: int, message: str, fix: str = _BY_HAND) -> InputError:
        return InputError([Problem(file, line + 1, 0, "", message, fix)])

    for depth, key in enumerate(keys):
        where = _written(keys[:depth]) or "the file"
        if not isinstance(node, yaml.MappingNode) or node.flow_style:
            raise refused(key_line, f"{where} is no mapping in block style")
        found = next(((name, value) for name, value in node.value if name.value == key), None)
        if found is None:
            content = _below(keys[depth:], content)
            break
        key_line, node = found[0].start_mark.line, found[1]
        if _is_empty(node, key_line, is_list=depth + 1 == len(keys)):
            if not lines[key_line].endswith(("\n", "\r")):
                raise refused(key_line, "the last line does not end", "end it, and paste again")
            if lines[key_line][: found[0].start_mark.column].strip():
                raise refused(key_line, _MORE.format(key_line + 1))
            return _at_nothing(found, keys[depth:], content)
    else:
        if not isinstance(node, yaml.SequenceNode) or node.flow_style:
            fix = _BY_HAND if node.value else _ALONE
            raise refused(key_line, f"{_written(keys)} is no list of dashes", fix)
    line, column = node.start_mark.line, node.start_mark.column
    if lines[line][:column].strip():
        raise refused(line, _MORE.format(line + 1))
    for each in others:
        if each.encloses(line):
            if node is not root and each.encloses(key_line):
                raise refused(
                    key_line,
                    f"found {_written(keys)} among the lines of the cluster {each.cluster}, "
                    "expected it above them",
                    f"take those out (--undo --cluster {json.dumps(each.cluster)}), write "
                    f"{_written(keys)} with nothing after it, and paste both",
                )
            line = each.first
    return _Place(line, column, content)


def _at_nothing(pair: tuple[yaml.Node, yaml.Node], keys: Keys, content: Any) -> _Place:
    """Return where to put what belongs to a key, the first of some, that has nothing."""
    key, nothing = pair
    line, indent = key.start_mark.line, key.start_mark.column
    if nothing.start_mark.index == nothing.end_mark.index:
        # As in the file that Prometheus comes with: nothing is there, or comments alone.
        return _Place(line + 1, indent + 2, _below(keys[1:], content))
    return _Place(line, indent, _below(keys, content), is_replaced=True)


def _is_empty(node: yaml.Node, key_line: int, *, is_list: bool) -> bool:
    """Tell whether nothing is said of a key, or in its line that it is nothing.

    That is ``~`` and ``null``, and ``[]`` of a list and ``{}`` of a mapping.
    """
    if isinstance(node, yaml.ScalarNode) and node.tag == _NULL and not node.value:
        return True
    kinds = (yaml.SequenceNode,) if is_list else (yaml.MappingNode,)
    is_nothing = node.tag == _NULL or (isinstance(node, kinds) and not node.value)
    return is_nothing and node.start_mark.line == node.end_mark.line == key_line


def _below(keys: Keys, content: Any) -> Any:
    """Return content with mappings around it."""
    for each in reversed(keys):
        content = {each: content}
    return content


def _written(keys: Keys) -> str:
    return " ".join(f"{each}:" for each in keys)


def lines_of(content: Any) -> list[str]:
    """Return content as it is pasted, without its margin."""
    text: str = yaml.dump(content, Dumper=WithoutAliases, sort_keys=False, width=1000)
    return text.removesuffix("\n").split("\n")


def _add(data: Any, keys: Keys, content: list[Any]) -> None:
    *outer, last = keys
    for key in outer:
        if data.get(key) is None:
            data[key] = {}
        data = data[key]
    data[last] = [*content, *(data.get(last) or ())]
