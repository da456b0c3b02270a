"""Questions that several checks ask in the same way."""

from __future__ import annotations

from slo.rule import base_window_seconds


def fresh(name: str, scrape_interval_seconds: float) -> str:
    """Return the expression of a family's series that were scraped within the base window.

    Of a job that was removed, Prometheus goes on to show the last samples for five minutes.
    """
    seconds = base_window_seconds(scrape_interval_seconds)
    return f"({name} and timestamp({name}) > time() - {seconds:g})"
