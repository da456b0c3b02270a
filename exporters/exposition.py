"""Reading Prometheus's text format 0.0.4: bytes in, samples out, or one error naming the line.

A page is read again and again with the same series and new values. So a reader remembers the texts
of the series that it has parsed, and the frame that they make of a page. Comments are not looked
at: what a family means is the reader's caller's to know, and dcgm-exporter announces families
twice.

Format: https://prometheus.io/docs/instrumenting/exposition_formats/#text-based-format
"""

from __future__ import annotations

from collections.abc import Callable, Container, Sequence
from math import inf, isfinite

from exporters.frames import Frame, make_frame
from exporters.lines import (
    LINE,
    LONGEST_LINE,
    LONGEST_NAME,
    LONGEST_VALUE,
    NAME,
    PageError,
    Samples,
    Series,
    are_odd,
    parse_label_names,
    parse_labels,
    parse_value,
    quote,
)

__all__ = ["PageError", "PageReader", "Samples", "Series", "require_counts"]

LARGEST_PAGE_BYTES = 16 * 1024 * 1024
"""vLLM's page has 50 kB, a dcgm-exporter's of 8 GPUs 45 kB; this is 300 times as much."""
MOST_LINES = 100_000
"""vLLM's page has 614."""
MOST_REMEMBERED = 25_000
"""Series that are remembered from one page to the next, at half a kB each; of a page with more,
none is, and it is parsed anew each time."""
_MOST_NAMES = 10_000
_NEW = Series(("", {}))
_LONGEST_PAUSE = 64
"""Pages between two frames that did not fit, in the end: a source whose series come in another
order each time."""
_SPARE = 1024
"""Series that are gone and still remembered, beside as many as there are."""


class _OddError(Exception):
    """Something that is not written as everybody writes it."""


class PageReader:
    """Reads the pages of one source, in three ways, the quickest that will do.

    A page that differs from the last one in its values only is recognised as a whole. Else its
    lines are looked up, and those not seen before are parsed as everybody writes them. What is
    written otherwise, or wrongly, is looked at line by line.

    Args:
        wanted: says which metric names are returned; asked once for each series. All by default.
    """

    def __init__(self, wanted: Callable[[str], bool] | None = None) -> None:
        self._wanted = wanted
        self._known: dict[str, Series | None] = {}
        """Text of a series -> the series, or None for one without labels that nobody wants."""
        self._names: dict[str, str | None] = {}
        """Names in order, None for those that nobody wants: their series' texts are not worth
        their memory."""
        self._labels: dict[str, dict[str, str]] = {}
        """By what stands between the braces."""
        self._label_names: dict[str, tuple[str, ...]] = {}
        """By what stands between the braces, without the values."""
        self._frame: Frame | None = None
        self._pause = 0
        """Pages until the next frame is made."""
        self._next_pause = 1

    def read(self, page: bytes) -> Samples:
        """Return the samples of a page; an empty page has none.

        Raises:
            PageError: if the page breaks the format or a limit, was cut, or repeats a series.
        """
        _check_size(page)
        try:
            lines = page.decode("utf-8").split("\n")
        except UnicodeDecodeError:
            return self._read_carefully(_decode_lines(page))
        if self._frame:
            samples = self._frame.read(lines)
            if samples is not None:
                self._next_pause = 1
                return samples
            self._frame = None
        known = len(self._known)
        try:
            samples = self._look_up(lines)
        except _OddError:
            return self._read_carefully(lines)
        if len(self._known) == known:
            # Nothing new, so the next page may well be like this one.
            self._make_frame(lines)
        return samples

    def _make_frame(self, lines: list[str]) -> None:
        if self._pause:
            self._pause -= 1
            return
        self._frame = make_frame(lines, self._known, self._is_unwanted)
        self._pause = self._next_pause
        self._next_pause = min(2 * self._next_pause, _LONGEST_PAUSE)

    def _is_unwanted(self, name: str) -> bool:
        return self._names.get(name, "") is None

    def _look_up(self, lines: list[str]) -> Samples:
        """Return the samples of lines that are written as everybody writes them.

        Raises:
            _OddError: if one is not, or is wrong.
        """
        known, names, all_labels = self._known, self._names, self._labels
        parts = [line.rpartition(" ") for line in lines if line and line[0] != "#"]
        series_of: list[Series] = []
        values: list[str] = []
        texts = 0
        for text, _, value in parts:
            series = known.get(text, _NEW)
            if series is _NEW:
                start, brace, inside = text.partition("{")
                name = names.get(start, "")
                if name is None and brace:
                    continue
                labels = all_labels.get(inside)
                if labels is None:
                    labels = self._parse_plain_labels(inside) if brace else {}
                if name == "":
                    # Of a name that nobody wants, the first labels are looked at all the same.
                    name = self._parse_name(start)
                    if name is None and brace:
                        continue
                series = None if name is None else Series((name, labels))
                known[text] = series
            texts += 1
            if series is not None:
                series_of.append(series)
                values.append(value)
        if are_odd("".join(values)):
            raise _OddError
        try:
            samples = dict(zip(series_of, map(float, values), strict=True))
        except ValueError:
            raise _OddError from None
        if len(samples) != len(series_of):
            raise _OddError
        self._forget(texts, lambda: {text for text, _, _ in parts})
        return samples

    def _forget(self, texts: int, used: Callable[[], Container[str]]) -> None:
        """Forget series that are gone: a source whose labels always change must not fill memory."""
        if len(self._known) > 2 * texts + _SPARE:
            kept = used()
            self._known = {text: each for text, each in self._known.items() if text in kept}
            self._labels = {}
        if len(self._known) > MOST_REMEMBERED:
            self._known, self._labels = {}, {}
        if len(self._names) > _MOST_NAMES:
            self._names = {}
        if len(self._label_names) > _MOST_NAMES:
            self._label_names = {}

    def _parse_name(self, text: str) -> str | None:
        """Return a name as it is remembered, or None if nobody wants it."""
        if len(text) > LONGEST_NAME or not NAME.fullmatch(text):
            raise _OddError
        name = text if self._wanted is None or self._wanted(text) else None
        self._names[text] = name
        return name

    def _parse_plain_labels(self, inside: str) -> dict[str, str]:
        """Return labels without escapes and spare spaces; ``inside`` ends with the brace."""
        parts = inside.split('"')
        frame, values = '"'.join(parts[::2]), parts[1::2]
        names = self._label_names.get(frame)
        if names is None:
            names = parse_label_names(frame)
            if names is None:
                raise _OddError
            self._label_names[frame] = names
        if "\\" in inside or len(values) != len(names):
            raise _OddError
        if len(inside) > LONGEST_VALUE and max(map(len, values)) > LONGEST_VALUE:
            raise _OddError
        labels = self._labels[inside] = dict(zip(names, values, strict=True))
        return labels

    def _read_carefully(self, lines: Sequence[str | bytes]) -> Samples:
        samples: Samples = {}
        seen: set[str] = set()
        try:
            for number, line in enumerate(lines, 1):
                parsed = self._parse(line, number)
                if parsed is None:
                    continue
                text, series, value = parsed
                seen.add(text)
                if series is None:
                    continue
                if series in samples:
                    raise PageError(number, f"found {quote(line)} a second time")
                samples[series] = value
        finally:
            self._forget(len(seen), lambda: seen)
        return samples

    def _parse(self, line: str | bytes, number: int) -> tuple[str, Series | None, float] | None:
        """Return the text, the series and the value of a line; None for one not looked at."""
        if isinstance(line, bytes):
            if line.startswith(b"#") or self._is_unwanted(_decode(line.partition(b"{")[0])):
                return None
            raise PageError(number, f"found {quote(line)}, which is not UTF-8")
        if not line.strip(" \t\r") or line.lstrip(" \t").startswith("#"):
            return None
        start, brace, _ = line.partition("{")
        if brace and self._is_unwanted(start):
            return None
        if len(line) > LONGEST_LINE:
            raise PageError(number, f"found a line of {len(line)} characters: {quote(line)}")
        match = LINE.fullmatch(line)
        if not match:
            raise PageError(number, f"found {quote(line)}, expected NAME{{LABELS}} VALUE")
        name, braced, value_text = match.groups()
        try:
            value = parse_value(value_text)
        except ValueError:
            raise PageError(number, f"found {quote(line)}, expected a number at its end") from None
        text = line[: match.start(3)].rstrip(" \t")
        if text in self._known:
            return text, self._known[text], value
        if len(name) > LONGEST_NAME:
            raise PageError(number, f"found a name of {len(name)} characters: {quote(line)}")
        labels = parse_labels(braced, number) if braced else {}
        is_wanted = self._wanted is None or self._wanted(name)
        if not is_wanted and braced:
            self._names[name] = None
            return None
        series = Series((name, labels)) if is_wanted else None
        self._known[text] = series
        return text, series, value


def require_counts(samples: Samples) -> Samples:
    """Return the samples, whose values are finite and not below 0, and whose buckets have bounds.

    Raises:
        PageError: if one is not so: no counter, no gauge of a number of things and no bucket of a
            histogram can be.
    """
    values = samples.values()
    # A sum is finite only if all are, and costs less than a look at each.
    if samples and not (min(values) >= 0 and isfinite(sum(values))):
        for series, value in samples.items():
            if not 0 <= value < inf:
                raise PageError(0, f"found {value} for {series!r}, expected a number from 0 on")
    for series in samples:
        name, labels = series
        if name.endswith("_bucket"):
            try:
                float(labels["le"])
            except (KeyError, ValueError):
                raise PageError(0, f"found no bound le=NUMBER in {series!r}") from None
    return samples


def _check_size(page: bytes) -> None:
    if len(page) > LARGEST_PAGE_BYTES:
        raise PageError(0, f"found {len(page)} bytes, expected at most {LARGEST_PAGE_BYTES}")
    if page and not page.endswith(b"\n"):
        raise PageError(page.count(b"\n") + 1, "found no line feed at the end: the page was cut")
    if len(page) > MOST_LINES and page.count(b"\n") > MOST_LINES:
        raise PageError(0, f"found more than {MOST_LINES} lines")


def _decode_lines(page: bytes) -> list[str | bytes]:
    """Return the lines of a page that is not UTF-8 as a whole; those that are not, as bytes."""
    lines: list[str | bytes] = []
    for line in page.split(b"\n"):
        try:
            lines.append(line.decode("utf-8"))
        except UnicodeDecodeError:
            lines.append(line)
    return lines


def _decode(text: bytes) -> str:
    return text.decode("utf-8", "replace")
