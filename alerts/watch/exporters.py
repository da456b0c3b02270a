"""Exporters that do not answer, or that go on with what is not true any more."""

from __future__ import annotations

from alerts.templates import listing, matchers
from alerts.watch.alert import RESTART_SECONDS, WatchAlert
from exporters import catalog
from exporters.scrape import JOBS

EXPORTER_DOWN = "ExporterDown"
EXPORTER_CONFIG_STALE = "ExporterConfigStale"
EXPORTER_MISTAKE = "ExporterMistake"
TARGETS_UNPLACED = "TargetsUnplaced"

ROLLING_SECONDS = 900
"""Chosen: pods that are replaced one by one may be half labelled for minutes."""

OUR_JOBS = f'job=~"{"|".join(JOBS.values())}"'
"""Matcher of the scrapes of our exporters."""


def exporter_alerts() -> tuple[WatchAlert, ...]:
    """Return the alerts about exporters."""
    return (_down(), _config_stale(), _mistake(), _unplaced())


def _down() -> WatchAlert:
    return WatchAlert(
        EXPORTER_DOWN,
        f"up{{{OUR_JOBS}}} == 0",
        summary="Exporter {{ $labels.job }} at {{ $labels.instance }} does not answer",
        description=(
            "What it watches is unknown until it answers. Causes that it saw are taken to go on, "
            "whether they do or not, and new ones are not seen."
        ),
        first_step="see whether its process runs, and watch by hand what it watched",
        for_seconds=RESTART_SECONDS,
    )


def _config_stale() -> WatchAlert:
    labels = (catalog.EXPORTER, catalog.FILE)
    stale = f"{catalog.EXPORTER_RELOAD_SUCCESS.name}{{SELECTOR}} == 0"
    return WatchAlert(
        EXPORTER_CONFIG_STALE,
        _count(labels, stale),
        summary="Exporter {{ $labels.exporter }} cannot use its {{ $labels.file }} as it is now",
        description=(
            "It goes on with an earlier content, so what changed since is not watched: "
            f"{_instances(labels, stale)}. Its log says what is wrong, and where."
        ),
        first_step="mend what its log names, or put the earlier file back",
        for_seconds=RESTART_SECONDS,
    )


def _mistake() -> WatchAlert:
    labels = (catalog.EXPORTER,)
    failed = f"{catalog.EXPORTER_COLLECTION_SUCCESS.name}{{SELECTOR}} == 0"
    return WatchAlert(
        EXPORTER_MISTAKE,
        _count(labels, failed),
        summary="Exporter {{ $labels.exporter }} makes no sense of what it reads",
        description=(
            "It answers, with nothing of the cluster, which is a mistake of the exporter's: "
            f"{_instances(labels, failed)}. Its log has the reason."
        ),
        first_step="restart it; if it fails again, go back to what was changed today",
        for_seconds=RESTART_SECONDS,
    )


def _unplaced() -> WatchAlert:
    # Every exporter reads the whole topology, so that all count the same.
    found = f"max by ({catalog.REASON}) ({catalog.EXPORTER_UNPLACED_TARGETS.name}) > 0"
    return WatchAlert(
        TARGETS_UNPLACED,
        found,
        summary="{{ $value }} targets have no place in the topology ({{ $labels.reason }})",
        description=(
            "Service discovery tells {{ $value }} targets that nobody watches, reason: "
            "{{ $labels.reason }}. shardwatch validate names each."
        ),
        first_step="run shardwatch validate, and give the targets it names their labels",
        for_seconds=ROLLING_SECONDS,
    )


def _count(labels: tuple[str, ...], expr: str) -> str:
    return f"count by ({', '.join(labels)}) ({expr.replace('{SELECTOR}', '')})"


def _instances(labels: tuple[str, ...], expr: str) -> str:
    """Return a template that lists the addresses of the exporters that an alert is about."""
    here = expr.replace("SELECTOR", matchers({}, labels))
    return listing(here, labels, "{{ .Labels.instance }}", missing="unknown", sort_by="instance")
