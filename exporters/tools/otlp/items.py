"""What a request of OTLP holds of tools, as plain data; and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field


class OtlpError(Exception):
    """A request that is no OTLP, or beyond a limit; the text says why."""


class ItemError(Exception):
    """An item that makes no sense. The text is a reason of ``otlp_items_dropped``."""


@dataclass(frozen=True, slots=True)
class Client:
    """Who sent: a process, as its resource identifies it."""

    key: bytes
    """``service.instance.id``, or else all attributes of the resource, as a digest."""
    region: str
    """``cloud.region``; empty if it does not say."""


@dataclass(frozen=True, slots=True)
class Point:
    """One data point. Counts are of observations since ``start``."""

    instrument: str
    stream: bytes
    """Instrument, scope and all attributes, as a digest."""
    attributes: Mapping[str, str]
    """Those that we use."""
    is_delta: bool
    start: int
    """Nanoseconds since 1970, of the client's clock; 0 if it does not say."""
    time: int
    counts: tuple[float, ...]
    """At or below each of ``TOOL_DURATION_BOUNDS``; empty for sums."""
    count: float
    """Observations, or the value of a sum."""
    sum: float
    """Seconds; 0 for sums."""
    is_coarse: bool = False
    """The client's bounds are others than ours, so some observations count at a later bound."""


@dataclass(frozen=True, slots=True)
class ToolSpan:
    """One call of a tool, or one request of an MCP client."""

    id: bytes
    is_mcp: bool
    attributes: Mapping[str, str]
    seconds: float


@dataclass(slots=True)
class Batch:
    """What one client sent in one request."""

    client: Client
    points: list[Point] = field(default_factory=list)
    spans: list[ToolSpan] = field(default_factory=list)
    dropped: Counter[str] = field(default_factory=Counter)
    """Items of tools that make no sense, by reason."""
