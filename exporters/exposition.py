"""Reading Prometheus's text format 0.0.4: bytes in, samples out, or one error naming the line.

A page is read again and again with the same series and new values. So a reader remembers the text
of each series that it has parsed: a line seen before costs a split at its last space, one look-up
and one ``float``. Comments are not looked at: what a family means is the reader's caller's to know,
and dcgm-exporter announces families twice.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from math import inf
from typing import TypeAlias

LARGEST_PAGE_BYTES = 16 * 1024 * 1024
"""vLLM's page has 50 kB, a dcgm-exporter's of 8 GPUs 45 kB; this is 300 times as much."""
MOST_LINES = 200_000
MOST_LABELS = 64
"""vLLM's ``cache_config_info`` has 37."""
LONGEST_NAME = 256
"""Characters of a metric's or a label's name."""
LONGEST_VALUE = 1024
"""Characters of a label's value."""

_SHOWN = 60
_MOST_UNWANTED = 10_000
_COMMENT = ord("#")

_LINE = re.compile(
    r"[ \t]*([a-zA-Z_:][a-zA-Z0-9_:]*)[ \t]*"  # name
    r"(\{.*\})?[ \t]*"  # labels, up to the last brace: values may hold braces
    r"([^ \t{}]+)"  # value
    r"(?:[ \t]+-?[0-9]+)?[ \t\r]*"  # timestamp, which we do not use
)
_LABEL = re.compile(
    r'[ \t]*([a-zA-Z_][a-zA-Z0-9_]*)[ \t]*=[ \t]*"([^"\\]*(?:\\.[^"\\]*)*)"[ \t]*(,|$)'
)
_ESCAPE = re.compile(r'\\([\\"n])')


class PageError(Exception):
    """A page that is not in the text format, or not what was expected of it.

    ``line`` counts from 1; 0 means the page as a whole.
    """

    def __init__(self, line: int, message: str) -> None:
        self.line = line
        self.message = message
        super().__init__(f"line {line}: {message}" if line else message)


class Series:
    """A name with labels. A reader gives the same object for the same text, so it can be a key."""

    __slots__ = ("labels", "name")

    def __init__(self, name: str, labels: Mapping[str, str]) -> None:
        self.name = name
        self.labels = labels
        """Shared between series of the same labels: not to be changed."""

    def __repr__(self) -> str:
        return self.name + str(dict(self.labels))


Samples: TypeAlias = dict[Series, float]
"""The values of one page, in its order. They may be NaN or infinite, as the format allows."""


class PageReader:
    """Reads the pages of one source.

    Args:
        wanted: says which metric names are returned; asked once for each series. All by default.
    """

    def __init__(self, wanted: Callable[[str], bool] | None = None) -> None:
        self._wanted = wanted
        self._known: dict[bytes, Series | None] = {}
        """Text of a series -> the series, or None for one without labels that nobody wants."""
        self._unwanted: set[bytes] = set()
        """Names that nobody wants: their series' texts are not worth their memory."""
        self._labels: dict[str, dict[str, str]] = {}

    def read(self, page: bytes) -> Samples:
        """Return the samples of a page; an empty page has none.

        Raises:
            PageError: if the page breaks the format or a limit, was cut, or repeats a series.
        """
        _check_size(page)
        lines = page.split(b"\n")
        known, unwanted = self._known, self._unwanted
        try:
            parts = [
                line.rpartition(b" ")
                for line in lines
                if line
                and line[0] != _COMMENT
                and (not unwanted or line.partition(b"{")[0] not in unwanted)
            ]
            found = [
                (series, value) for text, _, value in parts if (series := known[text]) is not None
            ]
            samples = {series: float(value) for series, value in found}
        except (KeyError, ValueError):
            # Something new, or something wrong: look at each line.
            return self._read_carefully(lines)
        if len(samples) != len(found):
            return self._read_carefully(lines)
        return samples

    def _read_carefully(self, lines: list[bytes]) -> Samples:
        samples: Samples = {}
        seen: set[bytes] = set()
        for number, line in enumerate(lines, 1):
            if not line or line[0] == _COMMENT or line.partition(b"{")[0] in self._unwanted:
                continue
            text, _, value_text = line.rpartition(b" ")
            try:
                series, value = self._known[text], float(value_text)
            except (KeyError, ValueError):
                parsed = self._parse(line, number)
                if parsed is None:
                    continue
                text, series, value = parsed
            seen.add(text)
            if series is None:
                continue
            if series in samples:
                raise PageError(number, f"found {_quote(line)} a second time")
            samples[series] = value
        if len(self._known) > 2 * len(seen) + 1024:
            # A source whose labels change all the time must not fill the memory.
            self._known = {text: self._known[text] for text in seen}
            self._labels = {}
        return samples

    def _parse(self, line: bytes, number: int) -> tuple[bytes, Series | None, float] | None:
        """Return the series' text, the series and the value of a line; None for a blank one."""
        try:
            text = line.decode("utf-8")
        except UnicodeDecodeError:
            raise PageError(number, f"found {_quote(line)}, which is not UTF-8") from None
        if not text.strip(" \t\r") or text.lstrip(" \t").startswith("#"):
            return None
        match = _LINE.fullmatch(text)
        if not match:
            raise PageError(number, f"found {_quote(line)}, expected NAME{{LABELS}} VALUE")
        name, labels, value_text = match.groups()
        try:
            value = float(value_text)
        except ValueError:
            raise PageError(number, f"found {_quote(line)}, expected a number at its end") from None
        series_text = text[: match.start(3)].rstrip(" \t").encode()
        if series_text in self._known:
            return series_text, self._known[series_text], value
        if len(name) > LONGEST_NAME:
            raise PageError(number, f"found a name of {len(name)} characters: {_quote(line)}")
        parsed = self._parse_labels(labels, number) if labels else {}
        if self._wanted is None or self._wanted(name):
            series = Series(name, parsed)
        elif labels and len(self._unwanted) < _MOST_UNWANTED:
            self._unwanted.add(name.encode())
            return None
        else:
            series = None
        self._known[series_text] = series
        return series_text, series, value

    def _parse_labels(self, text: str, number: int) -> dict[str, str]:
        known = self._labels.get(text)
        if known is not None:
            return known
        labels: dict[str, str] = {}
        inside, position = text[1:-1].rstrip(" \t"), 0
        while position < len(inside):
            match = _LABEL.match(inside, position)
            if not match:
                raise PageError(
                    number, f'found {_quote(inside[position:])}, expected LABEL="VALUE"'
                )
            name, value, _ = match.groups()
            if name in labels:
                raise PageError(number, f"found the label {name!r} a second time")
            if len(name) > LONGEST_NAME or len(value) > LONGEST_VALUE:
                raise PageError(number, f"found a label {name[:_SHOWN]!r} that is too long")
            labels[name] = _unescape(value) if "\\" in value else value
            position = match.end()
        if len(labels) > MOST_LABELS:
            raise PageError(number, f"found {len(labels)} labels, expected at most {MOST_LABELS}")
        self._labels[text] = labels
        return labels


def require_counts(samples: Samples) -> Samples:
    """Return the samples, whose values are finite and not below 0, and whose buckets have bounds.

    Raises:
        PageError: if one is not so: no counter, no gauge of a number of things and no bucket of a
            histogram can be.
    """
    for series, value in samples.items():
        if not 0 <= value < inf:
            raise PageError(0, f"found {value} for {series!r}, expected a number from 0 on")
        if series.name.endswith("_bucket"):
            try:
                float(series.labels["le"])
            except (KeyError, ValueError):
                raise PageError(0, f"found no bound le=NUMBER in {series!r}") from None
    return samples


def _check_size(page: bytes) -> None:
    if len(page) > LARGEST_PAGE_BYTES:
        raise PageError(0, f"found {len(page)} bytes, expected at most {LARGEST_PAGE_BYTES}")
    if page and not page.endswith(b"\n"):
        raise PageError(page.count(b"\n") + 1, "found no line feed at the end: the page was cut")
    if page.count(b"\n") > MOST_LINES:
        raise PageError(0, f"found more than {MOST_LINES} lines")


def _unescape(value: str) -> str:
    return _ESCAPE.sub(lambda match: "\n" if match[1] == "n" else match[1], value)


def _quote(text: bytes | str) -> str:
    shown = text.decode("utf-8", "replace") if isinstance(text, bytes) else text
    return repr(shown if len(shown) <= _SHOWN else shown[: _SHOWN - 3] + "...")
