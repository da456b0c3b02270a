"""The stack's own processes, each as a child: exporters, Prometheus, Alertmanager, stand-in."""

from __future__ import annotations

import sys
from math import ceil
from pathlib import Path

from demo.engine import Child
from demo.setup.programs import find_program
from demo.stack.files import COMMAND
from demo.stack.layout import Layout
from exporters.config import PORTS
from exporters.durations import format_duration

RETENTION = "35d"
"""Longer than the 28 days of an objective's period."""


BLOCKS = ("--storage.tsdb.min-block-duration=1d", "--storage.tsdb.max-block-duration=4d")
"""28 days that arrive within seconds make 336 blocks of two hours, and ten seconds of compaction
while the demo begins; in days it is half a second."""


READY_WITHIN_SECONDS = 30.0
SECONDS_OF_PAGE = 0.01
"""Of a start: to read a page's part of the topology and, once, the page. Chosen: on a busy machine
10,000 pages take more than 30 s."""

PROBES_PER_SECOND = 5
"""To all groups together: as cheap to a simulator of thousands as to one of some."""
SHORTEST_PROBE_INTERVAL_SECONDS = 2
LONGEST_PROBE_INTERVAL_SECONDS = 3600


def probe_interval_seconds(groups: int) -> int:
    """Return the time between two probes of a group, where there are so many."""
    seconds = ceil(groups / PROBES_PER_SECOND)
    return min(max(seconds, SHORTEST_PROBE_INTERVAL_SECONDS), LONGEST_PROBE_INTERVAL_SECONDS)


def exporters(layout: Layout, groups: int, pages: int = 0) -> tuple[Child, ...]:
    """Return the exporters, which read so many pages before they are ready."""
    interval = format_duration(probe_interval_seconds(groups))
    options = {"probe": ("--interval", interval)}
    return tuple(
        Child(
            name=f"exporter-{name}",
            command=(*COMMAND, "exporter", name, "--config", str(layout.config),
                     "--listen", layout.address(f"exporter-{name}"),
                     *options.get(name, ())),
            ready_url=f"{layout.url(f'exporter-{name}')}/readyz",
            ready_within_seconds=READY_WITHIN_SECONDS + pages * SECONDS_OF_PAGE,
        )
        for name in PORTS
    )  # fmt: skip


def pagerduty(layout: Layout) -> Child:
    """Return the PagerDuty stand-in, which tells the record of reviews who took an incident."""
    return Child(
        name="pagerduty",
        command=(sys.executable, "-m", "alerts.testing", "--port", str(layout.ports["pagerduty"]),
                 "--routing-key-file", str(layout.routing_key),
                 "--webhook-url", f"{layout.url('reviews')}/pagerduty",
                 "--webhook-secret-file", str(layout.webhook_secret)),
        ready_url=f"{layout.url('pagerduty')}/healthz",
    )  # fmt: skip


def alertmanager(layout: Layout) -> Child:
    """Return an Alertmanager on the built configuration."""
    return Child(
        name="alertmanager",
        command=(
            str(find_program("alertmanager")),
            f"--config.file={layout.build / 'alertmanager.yml'}",
            f"--storage.path={layout.data / 'alertmanager'}",
            f"--web.listen-address={layout.address('alertmanager')}",
            f"--web.external-url={layout.url('alertmanager')}",
            "--cluster.listen-address=",
            "--data.maintenance-interval=1s",  # a killed one then still knows what it must resolve
        ),
        ready_url=f"{layout.url('alertmanager')}/-/ready",
    )


def preview(layout: Layout, scrape_interval_seconds: float) -> Child:
    """Return what draws the built dashboards for people without Grafana."""
    return Child(
        name="preview",
        command=(*COMMAND, "dashboards", "preview", "--boards", str(layout.build / "dashboards"),
                 "--prometheus", layout.url("prometheus"), "--port", str(layout.ports["preview"]),
                 "--scrape-interval", format_duration(scrape_interval_seconds)),
        ready_url=f"{layout.url('preview')}/healthz",
    )  # fmt: skip


def reviews(layout: Layout) -> Child:
    """Return what keeps the record of reviews.

    It is started when Prometheus knows the past: what is asked for before is unknown.
    """
    return Child(
        name="reviews",
        command=(*COMMAND, "review", "serve", "--database", layout.reviews,
                 "--config", str(layout.config), "--listen", layout.address("reviews"),
                 "--pagerduty-secret-file", str(layout.webhook_secret)),
        ready_url=f"{layout.url('reviews')}/healthz",
    )  # fmt: skip


def prometheus(layout: Layout) -> Child:
    """Return the Prometheus on the built configuration."""
    return _prometheus(layout, layout.build / "prometheus.yml")


def history_prometheus(layout: Layout) -> Child:
    """Return a Prometheus on the same data that only takes remote writes.

    Rules that run while the past is still being written would make the past out of order; so the
    past is written first.
    """
    empty = layout.data / "history.yml"
    empty.parent.mkdir(parents=True, exist_ok=True)
    empty.write_text("{}\n", encoding="utf-8")
    return _prometheus(layout, empty, "--web.enable-remote-write-receiver")


def _prometheus(layout: Layout, config: Path, *flags: str) -> Child:
    return Child(
        name="prometheus",
        command=(
            str(find_program("prometheus")),
            f"--config.file={config}",
            f"--storage.tsdb.path={layout.data / 'prometheus'}",
            f"--storage.tsdb.retention.time={RETENTION}",
            *BLOCKS,
            f"--web.listen-address={layout.address('prometheus')}",
            f"--web.external-url={layout.url('prometheus')}",
            *flags,
        ),
        ready_url=f"{layout.url('prometheus')}/-/ready",
        environment={"GOGC": "60"},
    )
