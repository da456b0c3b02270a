"""Sources that do not answer their exporter: routers, gateways, hosts' pages, engines' pages.

One alert for each exporter and region. A group whose engine is gone is a dead group, and a host
that is down has lost its GPUs, and many users' router is a cause of its own: what a cause names
already is not told a second time.
"""

from __future__ import annotations

from alerts.templates import listing, matchers
from alerts.watch.alert import WatchAlert
from exporters import catalog
from slo import conventions

SOURCE_DOWN = "SourceDown"

PATIENCE_SECONDS = 180
"""Chosen: a router or an engine that is restarted is back within this, and a group that is dead has
become a cause's alert a minute before."""

_WHERE = (catalog.EXPORTER, catalog.CLUSTER, catalog.REGION)
_ONE = (*_WHERE, catalog.SOURCE)


def source_alerts() -> tuple[WatchAlert, ...]:
    """Return the alert about sources."""
    here = matchers({}, _WHERE)
    named = listing(
        f"group by ({', '.join((*_ONE, catalog.REASON))}) "
        f'({catalog.SOURCE_REASON.name}{{{catalog.REASON}!~"none|circuit_open",{here}}} == 1)',
        _WHERE,
        "{{ .Labels.source }} ({{ .Labels.reason }})",
        missing="unknown",
        sort_by=catalog.SOURCE,
    )
    return (
        WatchAlert(
            SOURCE_DOWN,
            f"count by ({', '.join(_WHERE)}) (\n"
            f"group by ({', '.join(_ONE)}) ({catalog.SOURCE_UP.name} == 0)\n"
            f"unless on ({catalog.CLUSTER}, {catalog.REGION}, {catalog.SOURCE})\n"
            f"{_told_by_causes()}\n)",
            summary=(
                "{{ $value }} sources of exporter {{ $labels.exporter }} do not answer in region "
                "{{ $labels.region }}"
            ),
            description=(
                f"Without an answer, and why: {named}. What they would tell is unknown; "
                "they may work all the same."
            ),
            first_step="ask one of them by hand: for a router, send a request from outside",
            for_seconds=PATIENCE_SECONDS,
        ),
    )


def _told_by_causes() -> str:
    """Return the hosts, groups and routers that causes at work name, as sources."""
    return (
        "("
        + "\nor\n".join(_as_sources(each) for each in (catalog.HOST, catalog.GROUP, catalog.ROUTER))
        + ")"
    )


def _as_sources(label: str) -> str:
    by = ", ".join((catalog.CLUSTER, catalog.REGION, label))
    named = f'{conventions.CAUSE_STATE}{{{label}!=""}}'
    return f'label_replace(group by ({by}) ({named}), "{catalog.SOURCE}", "$1", "{label}", "(.+)")'
