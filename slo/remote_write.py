"""Prometheus remote write 1.0, encoded: the request's protobuf by hand, snappy around it.

The messages are small (prometheus/prompb, remote.proto and types.proto): ``WriteRequest{1:
TimeSeries}``, ``TimeSeries{1: Label, 2: Sample}``, ``Label{1: name, 2: value}``, ``Sample{1: double
value, 2: int64 milliseconds}``. Every sample takes the same 18 bytes, so that
numpy lays them out at once.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache

import cramjam
import numpy as np

from slo.series import Series

HEADERS = {
    "Content-Encoding": "snappy",
    "Content-Type": "application/x-protobuf",
    "X-Prometheus-Remote-Write-Version": "0.1.0",
}

EARLIEST_MS = 1 << 35
"""1971-02-03. From here to :data:`LATEST_MS`, a time is a varint of six bytes."""
LATEST_MS = (1 << 42) - 1
"""2109-05-15."""

_KNOWN_LABELS = 1 << 16
"""Labels of series are mostly those of others."""

_SAMPLE = np.dtype(
    [
        ("sample", "u1"),  # field 2 of TimeSeries, length-delimited
        ("length", "u1"),
        ("value", "u1"),  # field 1 of Sample, 64 bits
        ("double", "<f8"),
        ("timestamp", "u1"),  # field 2 of Sample, varint
        ("varint", "u1", 6),
    ]
)


def encode_write_request(series: Iterable[Series]) -> bytes:
    """Return the body of a remote write request with all samples of ``series``.

    Series one after the other that share the memory of their samples are laid out once.

    Raises:
        ValueError: if a time lies outside of :data:`EARLIEST_MS` to :data:`LATEST_MS`.
    """
    request = bytearray()
    before: Series | None = None
    samples = b""
    for each in series:
        if before is None or not _share(before, each):
            samples = _samples(each)
        before = each
        content = _labels(each) + samples
        request += b"\x0a" + _varint(len(content)) + content
    return bytes(cramjam.snappy.compress_raw(bytes(request)))


def _share(one: Series, other: Series) -> bool:
    """Tell whether two living series have their samples at the same place."""
    # Asking where that is takes longer, and hardly ever any two do.
    of_one = one.values.base is other.values.base is not None or one.values is other.values
    return of_one and _memory(one) == _memory(other)


def _memory(series: Series) -> tuple[object, ...]:
    """Return where a living series has its samples."""
    arrays = (series.times_ms.__array_interface__, series.values.__array_interface__)
    return tuple((each["data"], each["shape"], each["strides"]) for each in arrays)


def _labels(series: Series) -> bytes:
    return b"".join([_label(name, value) for name, value in sorted(series.labels.items())])


@lru_cache(maxsize=_KNOWN_LABELS)
def _label(name: str, value: str) -> bytes:
    label = b"\x0a" + _text(name) + b"\x12" + _text(value)
    return b"\x0a" + _varint(len(label)) + label


def _samples(series: Series) -> bytes:
    times = series.times_ms
    if times.size and not EARLIEST_MS <= int(times.min()) <= int(times.max()) <= LATEST_MS:
        raise ValueError(
            f"found times from {times.min()} to {times.max()} ms, "
            f"expected {EARLIEST_MS} to {LATEST_MS}"
        )
    table = np.empty(times.shape, _SAMPLE)
    table["sample"], table["length"] = 0x12, _SAMPLE.itemsize - 2
    table["value"], table["double"] = 0x09, series.values
    table["timestamp"] = 0x10
    for place in range(6):
        seven_bits = (times >> (7 * place)) & 0x7F
        table["varint"][:, place] = seven_bits | (0x80 if place < 5 else 0)
    return table.tobytes()


def _text(text: str) -> bytes:
    content = text.encode("utf-8")
    return _varint(len(content)) + content


def _varint(number: int) -> bytes:
    content = bytearray()
    while number > 0x7F:
        content.append(number & 0x7F | 0x80)
        number >>= 7
    content.append(number)
    return bytes(content)
