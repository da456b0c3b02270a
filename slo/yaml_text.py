"""Data as YAML text, block style, as Prometheus's own documentation writes it.

PyYAML takes a second for the rules of fifty objectives; this takes one for thousands. The text is
what PyYAML would write: plain where that is safe, ``|`` for text of several lines, so that
expressions can be read in the file, else in single quotes; what is not printable in double ones.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import TypeAlias, Union

import yaml

Data: TypeAlias = Union[str, Sequence["Data"], Mapping[str, "Data"]]  # noqa: UP007 - names itself

_PRINTABLE = r" -~\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff"
_LINE = re.compile(rf"[{_PRINTABLE}]+")
_LINES = re.compile(rf"(?! )[{_PRINTABLE}](?:[{_PRINTABLE}\n]*[{_PRINTABLE}])?\n?")
_TRAILING_SPACE = re.compile(r" (?:\n|\Z)")
_PLAIN = re.compile(rf"(?![-?:,\[\]{{}}#&*!|>'\"%@`= ])[{_PRINTABLE}]*[^ :]")
"""Of texts that may not stand without quotes, those are told by their beginning and their end."""
_MARKS = re.compile(r": | #|\A(?:---|\.\.\.)")
_ESCAPED = re.compile(r"[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff\ud800-\udfff]")
_RESOLVERS: Mapping[str, Sequence[tuple[str, re.Pattern[str]]]] = (
    yaml.SafeDumper.yaml_implicit_resolvers
)
"""By first character: what plain text would be read as, if not as text."""


def write_yaml(data: Data) -> str:
    """Return the text of a document, a mapping or a sequence, that reads as ``data`` again."""
    return "\n".join(_lines(data, "")) + "\n"


def _lines(data: Data, indent: str) -> Iterator[str]:
    if isinstance(data, Mapping):
        for key, value in data.items():
            yield from _entry(f"{indent}{_scalar(key, '')}:", value, indent + "  ")
    else:
        for value in data:
            yield from _item(value, indent)


def _entry(head: str, value: Data, indent: str) -> Iterator[str]:
    if isinstance(value, str):
        yield f"{head} {_scalar(value, indent)}"
    elif not value:
        yield f"{head} {'{}' if isinstance(value, Mapping) else '[]'}"
    else:
        yield head
        yield from _lines(value, indent)


def _item(value: Data, indent: str) -> Iterator[str]:
    if isinstance(value, str) or not value:
        yield from _entry(f"{indent}-", value, indent + "  ")
        return
    lines = _lines(value, indent + "  ")
    yield f"{indent}- {next(lines)[len(indent) + 2 :]}"
    yield from lines


def _scalar(text: str, indent: str) -> str:
    """Return a text as it is to be written; further lines of it are indented.

    Args:
        text: any.
        indent: of further lines; empty where there may be none, as in a key.
    """
    if _LINE.fullmatch(text):
        if _PLAIN.fullmatch(text) and not _MARKS.search(text) and not _is_read_as_other(text):
            return text
        return "'" + text.replace("'", "''") + "'"
    if not text:
        return "''"
    if indent and "\n" in text and _LINES.fullmatch(text) and not _TRAILING_SPACE.search(text):
        body, _, rest = text.rpartition("\n") if text.endswith("\n") else (text, "", "-")
        lines = (f"{indent}{line}" if line else "" for line in body.split("\n"))
        return f"|{rest}\n" + "\n".join(lines)
    return _ESCAPED.sub(
        lambda found: f"\\u{ord(found[0]):04x}", json.dumps(text, ensure_ascii=False)
    )


def _is_read_as_other(text: str) -> bool:
    resolvers = _RESOLVERS.get(text[0], ())
    return any(pattern.match(text) for _, pattern in resolvers)
