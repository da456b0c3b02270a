"""What a family is."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal

Kind = Literal["gauge", "counter", "histogram"]
Values = Mapping[str, tuple[str, ...]]
"""All values that labels can have."""


@dataclass(frozen=True)
class Family:
    """One family of the exposition: its name on the wire, its help, its labels, its bounds."""

    name: str
    """On the wire: counters with ``_total``."""
    kind: Kind
    help: str
    labels: tuple[str, ...]
    bounds: tuple[float, ...] = ()
    """Upper bounds of a histogram's buckets, without +Inf."""
    values: Values = field(default_factory=dict, hash=False)
    """Of those labels whose values are the same wherever it is served, ``other`` among them where
    strange ones become that: whoever asks for another value asks for nothing. Labels whose values
    a topology, a gateway or an engine says are not here."""


_ANY: Values = {}


def gauge(name: str, help: str, labels: tuple[str, ...], values: Values = _ANY) -> Family:
    """Return a gauge of ours."""
    return Family(f"shardwatch_{name}", "gauge", help, labels, values=values)


def counter(name: str, help: str, labels: tuple[str, ...], values: Values = _ANY) -> Family:
    """Return a counter of ours; ``_total`` is added to its name."""
    return Family(f"shardwatch_{name}_total", "counter", help, labels, values=values)


def histogram(
    name: str,
    help: str,
    labels: tuple[str, ...],
    bounds: tuple[float, ...],
    values: Values = _ANY,
) -> Family:
    """Return a histogram of ours."""
    return Family(f"shardwatch_{name}", "histogram", help, labels, bounds, values)
