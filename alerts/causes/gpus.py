"""Causes in GPUs, by the taxonomy of :mod:`exporters.gpu.taxonomy`; one alert a host."""

from __future__ import annotations

from alerts.causes.cause import Cause, Sight
from alerts.causes.places import HOST_LABELS, IN_CELL, by
from alerts.sources import ROUTER
from alerts.templates import listing, matchers
from exporters import catalog
from slo import conventions

GPU_LOST = "GpuLost"

SIGHT = Sight("gpu", catalog.GPU_STATE.name, catalog.GPU_LABELS)


def gpu_causes() -> tuple[Cause, ...]:
    """Return the causes in GPUs."""
    return (_gpu_lost(),)


def _gpu_lost() -> Cause:
    return Cause(
        name=GPU_LOST,
        rank=940,
        explains=(ROUTER,),
        state=_in_state("lost"),
        state_labels=catalog.GPU_LABELS,
        sight=SIGHT,
        evidence=(
            "{{ .Labels.uuid }} on host {{ .Labels.host }} of group {{ .Labels.group }} "
            "({{ .Labels.reason }})"
        ),
        first_step="take group {{ .Labels.group }} out of the router, reboot {{ .Labels.host }}",
        labels=HOST_LABELS,
        summary="GPU lost on host {{ $labels.host }} of group {{ $labels.group }} " + IN_CELL,
        description=(
            "{{ $value }} of the GPUs of host {{ $labels.host }} lost: "
            + _gpus_here(GPU_LOST)
            + ". Group {{ $labels.group }} serves nothing until they are back or replaced."
        ),
    )


def _in_state(state: str) -> str:
    """Return an element for each GPU in a state, with its reason."""
    reasons = f'{catalog.GPU_REASON.name}{{{catalog.REASON}!="none"}} == 1'
    in_state = f'{catalog.GPU_STATE.name}{{{catalog.STATE}="{state}"}} == 1'
    gpu = by(catalog.GPU_LABELS)
    return f"group by ({gpu}, {catalog.REASON}) ({reasons})\nand on ({gpu})\n({in_state})"


def _gpus_here(cause: str) -> str:
    """Return a template that lists the GPUs of the alert's host that a cause is about."""
    here = matchers({conventions.CAUSE: cause}, HOST_LABELS)
    return listing(
        f"{conventions.CAUSE_STATE}{{{here}}}",
        HOST_LABELS,
        "{{ .Labels.uuid }} ({{ .Labels.reason }})",
        missing="unknown",
        sort_by=catalog.UUID,
    )
