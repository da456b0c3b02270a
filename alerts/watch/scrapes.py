"""Scrapes of the exporters that take too long, or that do not take place."""

from __future__ import annotations

from alerts.causes.places import with_reason
from alerts.watch.alert import WatchAlert
from alerts.watch.exporters import OUR_JOBS
from exporters import catalog
from exporters.durations import format_duration
from exporters.scrape import scrape_timeout_seconds

SCRAPE_LATE = "ScrapeLate"

SLOW_SHARE = 0.9
"""Of the time-out. At the shortest interval, 5 s, that is 3.6 s, just above the 3.5 s that an
exporter takes where sources hang and pages are large (:mod:`exporters.scrape`)."""
SLOW_FOR_SECONDS = 600
"""Chosen: longer than what is missed by a server that was restarted stands in the window."""
WINDOW_SECONDS = 300
FEWEST_SHARE = 0.8
"""Of the scrapes that are due within the window. Rates over the base window need two of four."""
SLOW, MISSED = "slow", "missed"


def scrape_alerts(scrape_interval_seconds: float) -> tuple[WatchAlert, ...]:
    """Return the alert about scrapes.

    Args:
        scrape_interval_seconds: as configured.
    """
    timeout = scrape_timeout_seconds(scrape_interval_seconds)
    window = format_duration(WINDOW_SECONDS)
    fewest = FEWEST_SHARE * WINDOW_SECONDS / scrape_interval_seconds
    slow = f"scrape_duration_seconds{{{OUR_JOBS}}} > {SLOW_SHARE * timeout:g}"
    # Whoever was not scraped a window ago is new, or Prometheus is.
    missed = (
        f"count_over_time(up{{{OUR_JOBS}}}[{window}]) < {fewest:g}\n"
        f"and up{{{OUR_JOBS}}} offset {window}"
    )
    return (
        WatchAlert(
            SCRAPE_LATE,
            f"{with_reason(slow, SLOW)}\nor\n{with_reason(missed, MISSED)}",
            summary="Scrapes of {{ $labels.job }} at {{ $labels.instance }} are late",
            description=(
                f'{{{{ if eq $labels.{catalog.REASON} "{SLOW}" }}}}'
                f'They take {{{{ $value | printf "%.1f" }}}} s of the {timeout:g} s that they may.'
                f"{{{{ else }}}}Of {WINDOW_SECONDS / scrape_interval_seconds:g} that were due "
                f"within {window} {{{{ $value }}}} took place.{{{{ end }}}} Rates over the base "
                "window have gaps then, and burn rates with them."
            ),
            first_step="trust pages less to end in time, and see what burdens the exporter",
            for_seconds=SLOW_FOR_SECONDS,
        ),
    )
