"""What a family is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Kind = Literal["gauge", "counter", "histogram"]


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


def gauge(name: str, help: str, labels: tuple[str, ...]) -> Family:
    """Return a gauge of ours."""
    return Family(f"shardwatch_{name}", "gauge", help, labels)


def counter(name: str, help: str, labels: tuple[str, ...]) -> Family:
    """Return a counter of ours; ``_total`` is added to its name."""
    return Family(f"shardwatch_{name}_total", "counter", help, labels)


def histogram(name: str, help: str, labels: tuple[str, ...], bounds: tuple[float, ...]) -> Family:
    """Return a histogram of ours."""
    return Family(f"shardwatch_{name}", "histogram", help, labels, bounds)
