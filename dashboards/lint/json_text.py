"""JSON of anybody, read so that each value's place in the file is known.

Strict as RFC 8259 is, and bounded: in size, in depth, in the length of numbers. YAML's reader,
which all else is read with, takes JSON for YAML: it knows no surrogate pairs, and follows any
depth.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from exporters.documents import Document, Place, format_place, read_text
from exporters.problems import InputError, Problem
from slo.rule_reading.source import Position

LARGEST_BYTES = 8 * 1024 * 1024
"""Of a file: some fifty boards of the largest that are known, in one array."""
DEEPEST = 100
"""Values within one another; boards have some 20."""
MOST_VALUES = 500_000
"""Of a file; such boards have half of that."""
LONGEST_NUMBER_CHARACTERS = 300

_TOKEN = re.compile(
    r"""
    [ \t\n\r]*
    (?: (?P<string>"[^"\\\x00-\x1f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\x00-\x1f]*)*")
      | (?P<number>-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?)(?![0-9A-Za-z_.+-])
      | (?P<word>true|false|null)(?![0-9A-Za-z_])
      | (?P<sign>[{}\[\]:,])
    )
    """,
    re.VERBOSE,
)
_SPACE = re.compile(r"[ \t\n\r]*")
_CHARACTER = re.compile(
    r"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}|\\u[0-9a-fA-F]{4}|\\.|.", re.DOTALL
)
"""A character of a string as it is written."""
_BREAK = re.compile(r"\r\n|\n|\r")
_WORDS = {"true": True, "false": False, "null": None}
_BYTE_ORDER_MARK = "\ufeff"


@dataclass(frozen=True)
class JsonFile:
    """A file's data, and where each value stands."""

    document: Document
    text: str = field(repr=False)
    starts: Mapping[Place, int] = field(repr=False)
    """Of each value, its first character in the text."""

    @property
    def file(self) -> str:
        """The file's path, as given."""
        return self.document.file

    @cached_property
    def lines(self) -> tuple[str, ...]:
        """The lines, without their ends."""
        return tuple(_BREAK.split(self.text))

    def position(self, place: Place) -> Position:
        """Return line and column of a key or an item, or of the nearest enclosing one."""
        known = place
        while known and known not in self.document.positions:
            known = known[:-1]
        return self.document.positions.get(known, (1, 1))

    def position_in(self, place: Place, offset: int) -> Position:
        """Return where a character of a text stands; the place of the text if it is none."""
        start = self.starts.get(place)
        if start is None or self.text[start] != '"':
            return self.position(place)
        at = start + 1
        for _ in range(offset):
            found = _CHARACTER.match(self.text, at)
            if found is None or found[0] == '"':
                return self.position(place)
            at = found.end()
        line, column = self.position_at(start)
        return line, column + at - start

    def position_at(self, index: int) -> Position:
        """Return line and column of a character of the file."""
        line = bisect_right(self._line_starts, index)
        return line, index - self._line_starts[line - 1] + 1

    @cached_property
    def _line_starts(self) -> list[int]:
        return [0, *(each.end() for each in _BREAK.finditer(self.text))]


def read_json(path: Path) -> JsonFile:
    """Return what a file holds.

    Raises:
        InputError: if it is missing, unreadable, too large, or no JSON.
    """
    return parse_json(read_text(path, largest_bytes=LARGEST_BYTES), str(path))


def parse_json(text: str, file: str) -> JsonFile:
    """Return what JSON text holds; ``file`` is only used in problems.

    Raises:
        InputError: if it is no JSON, has a key twice, or values too deep within one another.
    """
    return _Reader(text, file).read()


class _Reader:
    def __init__(self, text: str, file: str) -> None:
        self._file = JsonFile(Document(file, None, {}), text, {})
        self._text = text
        self._starts: dict[Place, int] = {}
        self._keys: dict[Place, int] = {}
        self._repeated: list[Problem] = []
        self._at = len(_BYTE_ORDER_MARK) if text.startswith(_BYTE_ORDER_MARK) else 0

    def read(self) -> JsonFile:
        data = self._value((), *self._token("a value"))
        end = self._skip_space()
        if end < len(self._text):
            raise self._refusal(end, f"found {self._shown(end)} after the value, expected the end")
        if self._repeated:
            raise InputError(self._repeated)
        positions = {
            place: self._file.position_at(self._keys.get(place, index))
            for place, index in self._starts.items()
        }
        document = Document(self._file.file, data, positions)
        return JsonFile(document, self._text, self._starts)

    def _value(self, place: Place, kind: str, text: str, index: int) -> Any:
        self._starts[place] = index
        if len(self._starts) > MOST_VALUES:
            raise self._problem(index, f"found more than {MOST_VALUES} values", "split the file")
        if len(place) > DEEPEST:
            raise self._problem(index, f"nested more than {DEEPEST} deep", "no dashboard is")
        if kind == "string":
            return _decoded(text)
        if kind == "word":
            return _WORDS[text]
        if kind == "number":
            return self._number(text, index)
        if text == "{":
            return self._object(place)
        if text == "[":
            return self._array(place)
        raise self._refusal(index, f"found {text!r}, expected a value")

    def _object(self, place: Place) -> dict[str, Any]:
        found: dict[str, Any] = {}
        kind, text, index = self._token("a key or '}'")
        while text != "}":
            if kind != "string":
                raise self._refusal(index, f"found {text!r}, expected a key in quotes")
            key = _decoded(text)
            inside = (*place, key)
            if key in found:
                said = f"the key {key!r} stands here twice"
                self._repeated.append(
                    Problem(
                        self._file.file, *self._file.position_at(index), format_place(inside), said,
                        "keep one of them",
                    )
                )  # fmt: skip
            self._keys[inside] = index
            self._sign(":")
            found[key] = self._value(inside, *self._token("a value"))
            if self._sign(",}") == "}":
                break
            kind, text, index = self._token("a key")
            if text == "}":
                raise self._refusal(index, "found '}' after a comma, expected a key")
        return found

    def _array(self, place: Place) -> list[Any]:
        found: list[Any] = []
        kind, text, index = self._token("a value or ']'")
        while text != "]" or kind != "sign":
            found.append(self._value((*place, len(found)), kind, text, index))
            if self._sign(",]") == "]":
                break
            kind, text, index = self._token("a value")
            if kind == "sign" and text == "]":
                raise self._refusal(index, "found ']' after a comma, expected a value")
        return found

    def _sign(self, wanted: str) -> str:
        said = " or ".join(map(repr, wanted))
        kind, text, index = self._token(said)
        if kind != "sign" or text not in wanted:
            raise self._refusal(index, f"found {self._shown(index)}, expected {said}")
        return text

    def _token(self, wanted: str) -> tuple[str, str, int]:
        found = _TOKEN.match(self._text, self._at)
        if found is None or found.lastgroup is None:
            index = self._skip_space()
            if index >= len(self._text):
                raise self._refusal(index, f"found the end, expected {wanted}")
            if self._text[index] == '"':
                raise self._refusal(
                    index,
                    "found a text that does not end in its line, or has an escape that is none",
                )
            raise self._refusal(index, f"found {self._shown(index)}, expected {wanted}")
        self._at = found.end()
        return found.lastgroup, found[found.lastgroup], found.start(found.lastgroup)

    def _number(self, text: str, index: int) -> int | float:
        if len(text) > LONGEST_NUMBER_CHARACTERS:
            raise self._problem(
                index,
                f"found a number of {len(text)} characters, expected at most "
                f"{LONGEST_NUMBER_CHARACTERS}",
                "round it",
            )
        return float(text) if set(text) & set(".eE") else int(text)

    def _skip_space(self) -> int:
        found = _SPACE.match(self._text, self._at)
        return self._at if found is None else found.end()

    def _shown(self, index: int) -> str:
        cut = re.split(r"[\s,{}\[\]]", self._text[index : index + 40], maxsplit=1)[0]
        return repr(cut or self._text[index])

    def _refusal(self, index: int, said: str) -> InputError:
        fix = "correct the file: Grafana reads JSON alone"
        return self._problem(index, f"not JSON: {said}", fix)

    def _problem(self, index: int, message: str, fix: str) -> InputError:
        line, column = self._file.position_at(index)
        return InputError([Problem(self._file.file, line, column, "", message, fix)])


def _decoded(literal: str) -> str:
    """Return the text of a literal; half of a surrogate pair, which is no character, as U+FFFD."""
    if "\\" not in literal:
        return literal[1:-1]
    text: str = json.loads(literal)
    return "".join("\ufffd" if "\ud800" <= each <= "\udfff" else each for each in text)
