"""Histograms of OTLP, explicit and exponential, at the bounds of ours. Pure."""

from __future__ import annotations

from bisect import bisect_left
from itertools import accumulate, pairwise
from math import inf, isfinite

from opentelemetry.proto.metrics.v1.metrics_pb2 import (
    ExponentialHistogramDataPoint,
    HistogramDataPoint,
)

from exporters.catalog import TOOL_DURATION_BOUNDS
from exporters.tools.otlp.items import ItemError


def explicit_buckets(point: HistogramDataPoint, scale: float) -> list[tuple[float, int]]:
    """Return upper bounds in seconds, each with the observations of its bucket alone.

    ``scale`` is the point's unit in seconds.

    Raises:
        ItemError: if bounds are not in order, or counts do not add up.
    """
    bounds, counts = tuple(point.explicit_bounds), tuple(point.bucket_counts)
    if not counts and not bounds:
        return [(inf, point.count)]
    if len(counts) != len(bounds) + 1 or sum(counts) != point.count:
        raise ItemError("buckets")
    if bounds != TOOL_DURATION_BOUNDS and not (
        all(low < high for low, high in pairwise(bounds)) and all(map(isfinite, bounds))
    ):
        raise ItemError("buckets")
    # Rounded, for 10 ms have to be 0.01 s.
    uppers = bounds if scale == 1.0 else [round(bound * scale, 9) for bound in bounds]
    return list(zip([*uppers, inf], counts, strict=True))


def exponential_buckets(
    point: ExponentialHistogramDataPoint, scale: float
) -> list[tuple[float, int]]:
    """Return the same of buckets whose bounds are powers of ``2 ** 2 ** -point.scale``.

    Raises:
        ItemError: if durations below 0 are among them, or counts do not add up.
    """
    if any(point.negative.bucket_counts) or not -10 <= point.scale <= 20:
        raise ItemError("buckets")
    if point.zero_count + sum(point.positive.bucket_counts) != point.count:
        raise ItemError("buckets")
    if not (isfinite(point.zero_threshold) and point.zero_threshold >= 0):
        raise ItemError("buckets")
    buckets = [(point.zero_threshold * scale, point.zero_count)]
    for index, count in enumerate(point.positive.bucket_counts, point.positive.offset + 1):
        exponent = index * 2.0**-point.scale
        upper = 2.0**exponent if exponent < 1024 else inf
        buckets.append((upper * scale, count))
    return buckets


def at_our_bounds(buckets: list[tuple[float, int]]) -> tuple[tuple[float, ...], bool]:
    """Return the counts at or below each of our bounds, and whether others were there.

    An observation counts at the first bound of ours at or above the upper bound of its bucket: it
    is surely at or below that one, so no call is ever called faster than it was.
    """
    alone = [0] * (len(TOOL_DURATION_BOUNDS) + 1)
    is_coarse = False
    for upper, count in buckets:
        if count:
            index = bisect_left(TOOL_DURATION_BOUNDS, upper)
            alone[index] += count
            is_coarse |= upper != inf and upper not in TOOL_DURATION_BOUNDS
    return tuple(map(float, accumulate(alone[:-1]))), is_coarse
