"""Figures in words: one way to write a share, a duration and a place, for every format. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

UNKNOWN = "unknown"
_VERDICTS = {
    "met": "met",
    "missed": "missed",
    "unknown": "unknown: too little was recorded",
    "idle": "no traffic",
}


def percent(share: float | None, digits: int = 1) -> str:
    """Return a share as percent: ``12.5 %``."""
    return UNKNOWN if share is None else f"{share * 100:.{digits}f} %"


def attained(share: float | None) -> str:
    """Return an attainment with the digits that matter beside a target: ``99.9312 %``."""
    return "no traffic" if share is None else f"{share * 100:.4f} %"


def points(now: float | None, before: float | None) -> str:
    """Return how much more a share is than another: ``+1.2 points``; empty where one is unknown."""
    if now is None or before is None:
        return ""
    return f"{(now - before) * 100:+.3g} points"


def share_of(value: float | None, whole: float) -> float:
    """Return how long a bar is, of 100, that is full at ``whole``; 0 for what is unknown."""
    return 0.0 if value is None else round(min(max(value / whole, 0.0), 1.0) * 100, 2)


def target(text: str) -> str:
    """Return a target as percent, without digits of a float: ``99.9 %``."""
    return f"{float(text) * 100:.10g} %"


def count(number: float) -> str:
    """Return a number of events: ``12,345``."""
    return f"{number:,.0f}"


def duration(seconds: float | None) -> str:
    """Return a duration as people say it: ``3 min 20 s``."""
    if seconds is None:
        return "not known"
    whole = round(seconds)
    units = (("d", 86_400), ("h", 3600), ("min", 60), ("s", 1))
    parts: list[str] = []
    for name, size in units:
        if whole >= size:
            parts.append(f"{whole // size} {name}")
            whole %= size
    return " ".join(parts[:2]) or "0 s"


def place(labels: Mapping[str, Any]) -> str:
    """Return labels as a place: ``eu chat pro``; all, where nothing tells places apart."""
    order = ("region", "model", "tier", "revision")
    known = [str(labels[name]) for name in order if labels.get(name)]
    rest = [
        f"{name}={labels[name]}"
        for name in sorted(labels)
        if name not in (*order, "cluster", "slo", "service")
    ]
    return " ".join([*known, *rest]) or "all"


def covered(cells: int, hours: int) -> str:
    """Return how much maintenance covers: ``1 cell for 3 hours``."""
    parts = ((cells, "cell"), (hours, "hour"))
    return " for ".join(f"{many:,} {noun}{'' if many == 1 else 's'}" for many, noun in parts)


def moment(text: str | None) -> str:
    """Return a time as people read it: ``2026-11-16 13:00``, UTC."""
    return "still on" if text is None else text[:16].replace("T", " ")


def verdict(name: str) -> str:
    """Return what is said of an objective."""
    return _VERDICTS[name]
