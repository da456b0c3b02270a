"""Causes in hosts: all that stands on one is gone at once."""

from __future__ import annotations

from alerts.causes.cause import Cause
from alerts.causes.gpus import HOSTS_SEEN, LOST_REASONS, SIGHT, gpus_with
from alerts.causes.places import HOST_LABELS, IN_CELL, by, reason_here, with_reason
from alerts.causes.regions import unless_region_is_down
from alerts.sources import ROUTER
from exporters import catalog

HOST_DOWN = "HostDown"

DOWN_FOR_SECONDS = 120.0
"""As of a dead group. Also longer than it takes to know that all of the region is down."""


def host_causes() -> tuple[Cause, ...]:
    """Return the causes in hosts."""
    return (_host_down(),)


def _host_down() -> Cause:
    host, group = by(HOST_LABELS), by(catalog.GROUP_LABELS)
    place = by((catalog.CLUSTER, catalog.HOST))
    dark = f'{catalog.GPU_REASON.name}{{{catalog.REASON}="telemetry_unreachable"}} == 1'
    dead = f'{catalog.GROUP_STATE.name}{{{catalog.STATE}="dead"}} == 1'
    lost = gpus_with(LOST_REASONS)
    # Of a host with one GPU, GpuLost says it all.
    several = f"max by ({place}) ({catalog.GPU_HOST_EXPECTED.name}) > 1"
    unreachable = f"group by ({host}) ({dark})\nand on ({group}) ({dead})"
    all_lost = (
        f"group by ({host}) ({lost})\n"
        f"and on ({place})\n(count by ({place}) ({lost}) >= on ({place}) ({several}))"
    )
    return Cause(
        name=HOST_DOWN,
        rank=960,
        explains=(ROUTER,),
        state=(
            f"{with_reason(unreachable, 'unreachable')}\nor\n"
            f"{with_reason(all_lost, 'all_gpus_lost')}"
        ),
        state_labels=HOST_LABELS,
        sight=SIGHT,
        evidence=(
            "host {{ .Labels.host }} of group {{ .Labels.group }} is down ({{ .Labels.reason }})"
        ),
        first_step=(
            "take group {{ .Labels.group }} out of the router, see whether {{ .Labels.host }} "
            "has power and network"
        ),
        labels=HOST_LABELS,
        summary="Host {{ $labels.host }} of group {{ $labels.group }} is down " + IN_CELL,
        description=(
            "Host {{ $labels.host }} is down, reason: "
            + reason_here(HOST_DOWN, HOST_LABELS)
            + ". Group {{ $labels.group }} serves nothing without it."
        ),
        for_seconds=DOWN_FOR_SECONDS,
        levels=(HOSTS_SEEN,),
        unless=unless_region_is_down(),
    )
