"""Windows over which causes are looked at, and what is counted within them."""

from __future__ import annotations

from collections.abc import Iterable

from alerts.causes.places import by
from exporters.durations import format_duration

SHORT_SECONDS = 300.0
"""For causes that are told apart from chance by many events. Chosen: as the short window of the
Workbook's fastest tier."""


def short_window(base_window_seconds: float) -> str:
    """Return five minutes as PromQL writes them; more where scrapes are rare."""
    return format_duration(max(SHORT_SECONDS, base_window_seconds))


def increases(selector: str, labels: Iterable[str], window: str) -> str:
    """Return PromQL of how much counters grew within a window, summed up by labels."""
    return f"sum by ({by(labels)}) (increase({selector}[{window}]))"
