"""Pastes lists into a YAML text between two lines that say so, and takes them out again.

Whatever else stands in it, comments and blanks included, stays byte for byte. Pure.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterator, Mapping
from typing import Any

import yaml

from exporters.generated import WithoutAliases

Keys = tuple[str, ...]
"""Of mappings in each other: ``("route", "routes")``."""

BEGIN = "# shardwatch: begin; `shardwatch paste --undo` takes out what stands up to its end"
END = "# shardwatch: end"
_PASTED = re.compile(rf"^ *{re.escape(BEGIN)}\n.*?^ *{re.escape(END)}\n", re.MULTILINE | re.DOTALL)


class CannotPasteError(ValueError):
    """A text is written in a way into which nothing can be pasted safely."""


def paste(text: str, parts: Mapping[Keys, Any]) -> str:
    """Return a text with parts at their keys: lists before those that are there.

    What was pasted before is replaced.

    Args:
        text: a mapping in YAML.
        parts: a list for keys that may be there, or a mapping for those that must not.

    Raises:
        CannotPasteError: if the text is written in another style than blocks there, or the result
            would say anything else than both.
    """
    bare = take_out(text)
    root = yaml.compose(bare, Loader=yaml.SafeLoader)
    lines = bare.splitlines(keepends=True)
    if lines and not lines[-1].endswith("\n"):
        raise CannotPasteError("its last line has no end")
    parts = {keys: content for keys, content in parts.items() if content}
    blocks = [_block(root, keys, content, lines) for keys, content in parts.items()]
    for at, block in sorted(blocks, key=lambda each: each[0], reverse=True):
        lines.insert(at, block)
    pasted = "".join(lines)
    expected = yaml.safe_load(bare)
    for keys, content in parts.items():
        _add(expected, keys, content)
    if _said(pasted) != expected or take_out(pasted) != bare:
        raise CannotPasteError("it is written in a way that lines cannot be put between")
    return pasted


def _said(text: str) -> Any:
    try:
        return yaml.safe_load(text)
    except yaml.YAMLError:
        return None


def take_out(text: str) -> str:
    """Return a text without what was pasted."""
    return _PASTED.sub("", text)


def _block(root: yaml.Node | None, keys: Keys, content: Any, lines: list[str]) -> tuple[int, str]:
    """Return what to put before which line."""
    node = root if root is not None else yaml.ScalarNode("", "")
    for depth, key in enumerate(keys):
        where = " ".join(f"{each}:" for each in keys[:depth]) or "the file"
        if not isinstance(node, yaml.MappingNode) or node.flow_style:
            raise CannotPasteError(f"{where} is no mapping in block style")
        found = next((value for name, value in node.value if name.value == key), None)
        if found is None:
            for inner in reversed(keys[depth:]):
                content = {inner: content}
            break
        node = found
    else:
        is_list = isinstance(node, yaml.SequenceNode) and not node.flow_style
        if not is_list or not isinstance(content, list):
            raise CannotPasteError(f"{' '.join(f'{each}:' for each in keys)} is no list of dashes")
    line, column = node.start_mark.line, node.start_mark.column
    if lines[line][:column].strip():
        raise CannotPasteError(f"line {line + 1} holds more than one key or dash")
    return line, textwrap.indent("".join(_marked(content)), " " * column)


def _marked(content: Any) -> Iterator[str]:
    yield f"{BEGIN}\n"
    yield yaml.dump(content, Dumper=WithoutAliases, sort_keys=False, width=1000)
    yield f"{END}\n"


def _add(data: Any, keys: Keys, content: Any) -> None:
    *outer, last = keys
    for key in outer:
        data = data.setdefault(key, {})
    data[last] = [*content, *data[last]] if last in data else content
