"""One line of Prometheus's text format 0.0.4: its parts, their limits, and what is wrong with it.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from operator import itemgetter
from typing import TypeAlias

MOST_LABELS = 64
"""vLLM's ``cache_config_info`` has 37."""
LONGEST_NAME = 256
"""Characters of a metric's or a label's name."""
LONGEST_VALUE = 1024
"""Characters of a label's value."""

LONGEST_LINE = 128 * 1024
"""Characters; as many labels as there may be, as long as they may be."""

_SHOWN = 60

# Quantifiers with a second + give nothing back: no line takes more than time in its length.
LINE = re.compile(
    r"[ \t]*+([a-zA-Z_:][a-zA-Z0-9_:]*+)[ \t]*+"  # name
    r"(\{.*\})?[ \t]*+"  # labels, up to the last brace: values may hold braces
    r"([^ \t{}\r]++)"  # value
    r"(?:[ \t]++-?[0-9]++)?[ \t\r]*+"  # timestamp, which we do not use
)
_LABEL = re.compile(
    r'[ \t]*+([a-zA-Z_][a-zA-Z0-9_]*+)[ \t]*+=[ \t]*+"([^"\\]*+(?:\\.[^"\\]*+)*+)"[ \t]*+(,|$)'
)
_ESCAPE = re.compile(r'\\([\\"n])')
NAME = re.compile(r"[a-zA-Z_:][a-zA-Z0-9_:]*+")
_PLAIN_NAME = re.compile(r'(?:\A|,)[a-zA-Z_][a-zA-Z0-9_]*+="')


class PageError(Exception):
    """A page that is not in the text format, or not what was expected of it.

    ``line`` counts from 1; 0 means the page as a whole.
    """

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        self.message = message
        super().__init__(f"line {line}: {message}" if line else message)


class Series(tuple[str, Mapping[str, str]]):
    """A name with labels. A reader gives the same object for the same text, so it can be a key.

    A pair, for these are made the fastest; but equal to no other, and hashed as the object it is.
    """

    __slots__ = ()
    __hash__ = object.__hash__
    __eq__ = object.__eq__
    __ne__ = object.__ne__

    name: str = property(itemgetter(0))  # type: ignore[assignment]  # the quickest way to say it
    labels: Mapping[str, str] = property(itemgetter(1))  # type: ignore[assignment]
    """Shared between series of the same labels: not to be changed."""

    def __repr__(self) -> str:
        return self.name + str(dict(self.labels))


Samples: TypeAlias = dict[Series, float]
"""The values of one page, in its order. They may be NaN or infinite, as the format allows."""


def parse_labels(text: str, number: int) -> dict[str, str]:
    """Return the labels between braces, however they are written; ``number`` is the line's.

    Raises:
        PageError: if they break the format or a limit.
    """
    labels: dict[str, str] = {}
    inside, position = text[1:-1].rstrip(" \t"), 0
    while position < len(inside):
        match = _LABEL.match(inside, position)
        if not match:
            raise PageError(number, f'found {quote(inside[position:])}, expected LABEL="VALUE"')
        name, value, _ = match.groups()
        if name in labels:
            raise PageError(number, f"found the label {name!r} a second time")
        if len(name) > LONGEST_NAME or len(value) > LONGEST_VALUE:
            raise PageError(number, f"found a label {name[:_SHOWN]!r} that is too long")
        labels[name] = _unescape(value) if "\\" in value else value
        position = match.end()
    if len(labels) > MOST_LABELS:
        raise PageError(number, f"found {len(labels)} labels, expected at most {MOST_LABELS}")
    return labels


def are_odd(numbers: str) -> bool:
    """Return whether Python may take for numbers what Prometheus does not.

    That is ``1_000``, digits of other scripts, and whitespace around. Several numbers may be
    looked at at once, as one text.
    """
    return "_" in numbers or not (numbers.isascii() and numbers.isprintable())


def parse_value(text: str) -> float:
    """Return a number as Prometheus reads it.

    Raises:
        ValueError: if it is none.
    """
    if are_odd(text):
        raise ValueError
    return float(text)


def parse_label_names(frame: str) -> tuple[str, ...] | None:
    """Return the names of plain labels, or None if they are not plain.

    ``frame`` is what follows the opening brace, the closing one included, without the values:
    ``engine="",model_name=""}`` has lost a quote of each pair and is ``engine=",model_name="}``.
    """
    names = _PLAIN_NAME.findall(frame)
    is_whole = "".join(names) + "}" == frame and not frame.startswith(",")
    bare = tuple(name.strip(',="') for name in names)
    if not is_whole or len(set(bare)) != len(bare) or not 0 < len(bare) <= MOST_LABELS:
        return None
    return bare if max(map(len, bare)) <= LONGEST_NAME else None


def _unescape(value: str) -> str:
    return _ESCAPE.sub(lambda match: "\n" if match[1] == "n" else match[1], value)


def quote(text: bytes | str) -> str:
    """Return what was found, cut where it is long."""
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return repr(shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "...")
