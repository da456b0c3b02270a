"""Pastes lists into a YAML text between two lines that say so.

Whatever else stands in it, comments, blanks and ends of lines included, stays byte for byte. Pure.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

import yaml

from alerts.pasting.marks import Block, Source, begin, blank_out, blocks_of, end, take_out
from exporters.documents import SAFE_LOADER, Document, parse_documents
from exporters.generated import WithoutAliases
from exporters.problems import InputError, Problem, problem

Keys = tuple[str, ...]
"""Of mappings in each other: ``("route", "routes")``."""

_BY_HAND = "paste by hand what NEXT.md says"
_ALONE = "write the key alone, with nothing after its colon, and paste again"
_NULL = "tag:yaml.org,2002:null"


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
            at, indent, said = _place(root, file, keys, content, (lines, others))
        except InputError as error:
            problems += error.problems
            continue
        margin = " " * indent
        content_lines = [f"{margin}{line}".rstrip(" ") for line in lines_of(said)]
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
) -> tuple[int, int, Any]:
    """Return before which line to put what, and how far it is indented.

    Args:
        root: of the text.
        file: its name, for problems.
        keys: that lead to a list, which may be missing or null.
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
        if isinstance(node, yaml.ScalarNode) and node.tag == _NULL:
            # As in the file that Prometheus comes with: nothing stands there, or comments alone.
            if wrong := _unlike_nothing(node, lines[key_line], keys[: depth + 1]):
                raise refused(key_line, *wrong)
            return key_line + 1, found[0].start_mark.column + 2, _below(keys[depth + 1 :], content)
    else:
        if not isinstance(node, yaml.SequenceNode) or node.flow_style:
            fix = _BY_HAND if node.value else _ALONE
            raise refused(key_line, f"{_written(keys)} is no list of dashes", fix)
    line, column = node.start_mark.line, node.start_mark.column
    if lines[line][:column].strip():
        raise refused(line, f"line {line + 1} holds more than one key, dash or anchor")
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
    return line, column, content


def _below(keys: Keys, content: Any) -> Any:
    """Return content with mappings around it."""
    for each in reversed(keys):
        content = {each: content}
    return content


def _unlike_nothing(node: yaml.ScalarNode, line: str, keys: Keys) -> tuple[str, ...]:
    """Return why lines cannot be put below a key that is null, and what to do; nothing if so."""
    if node.value:
        return f"{_written(keys)} is {node.value}", _ALONE
    if not line.endswith(("\n", "\r")):
        return "the last line does not end", "end it, and paste again"
    return ()


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
