"""Causes in GPUs, by the taxonomy of :mod:`exporters.gpu.taxonomy`; one alert a host.

A GPU has one series for its reason, and the reason says which state it is in. So states are asked
by reasons that are failures: of a hundred thousand GPUs that are well Prometheus reads nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from alerts.causes.cause import Cause, Sight
from alerts.causes.places import HOST_LABELS, IN_CELL, by
from alerts.causes.regions import unless_region_is_down
from alerts.sources import ROUTER
from alerts.templates import listing, matchers
from exporters import catalog
from exporters.gpu.taxonomy import ROWS, Row
from exporters.gpu.verdict import LINK_REASONS
from slo import conventions
from slo.rules import RecordingRule

GPU_LOST = "GpuLost"
GPU_HUNG = "GpuHung"
GPU_FAULTY = "GpuFaulty"
GPU_THROTTLED = "GpuThrottled"
GPU_NEEDS_ATTENTION = "GpuNeedsAttention"

THROTTLED_FOR_SECONDS = 120.0
"""Several GPUs of a host that are slowed down are a ticket after so long. Chosen: a rack that loses
its cooling does not recover within two minutes, a burst of work does."""
FEWEST_THROTTLED = 2
"""GPUs of one host, from which on it is the air or the power, and not one board. Chosen."""

LOST_REASONS = tuple(row.reason for row in ROWS if row.state == "lost")
_THROTTLING = ("hw_thermal", "hw_power_brake", "sw_thermal")

HOSTS_SEEN = RecordingRule(
    conventions.GPU_HOST_SEEN,
    f"group by ({catalog.CLUSTER}, {catalog.HOST}) (\n"
    f'label_replace({catalog.SOURCE_UP.name}{{{catalog.EXPORTER}="gpu"}}, '
    f'"{catalog.HOST}", "$1", "{catalog.SOURCE}", "(.+)")\n)',
)
SIGHT = Sight("gpu", conventions.GPU_HOST_SEEN, (catalog.CLUSTER, catalog.HOST))
"""By host: a series for each GPU would be read for each cause."""

_GPU = by(catalog.GPU_LABELS)
_HOST = by(HOST_LABELS)
_HERE = "{{ .Labels.uuid }} on host {{ .Labels.host }} of group {{ .Labels.group }}"


def gpu_causes() -> tuple[Cause, ...]:
    """Return the causes in GPUs."""
    hung = _reasons(row for row in ROWS if row.state == "hung")
    ill = [row for row in ROWS if row.state in ("degraded", "healthy")]
    faulty = _reasons(row for row in ill if row.severity == "page")
    attended = _reasons(
        row
        for row in ill
        if (row.severity == "ticket" and row.reason not in _THROTTLING)
        or row.reason in LINK_REASONS
    )
    return (
        _cause(
            GPU_LOST,
            rank=940,
            state=gpus_with(LOST_REASONS),
            evidence=_HERE + " ({{ .Labels.reason }})",
            first_step=(
                "take group {{ .Labels.group }} out of the router, reboot {{ .Labels.host }}"
            ),
            is_what="lost",
            consequence="Group {{ $labels.group }} serves nothing until they are back or replaced.",
        ),
        _cause(
            GPU_HUNG,
            rank=930,
            state=_with_action(gpus_with(hung), "page"),
            is_what="hung",
            consequence="Group {{ $labels.group }} waits for them and serves nothing.",
        ),
        _cause(
            GPU_FAULTY,
            rank=920,
            state=_with_action(gpus_with(faulty), "page"),
            is_what="faulty",
            consequence=(
                "Group {{ $labels.group }} is slow, dies, or may compute wrong results: drain it "
                "before anything is done."
            ),
        ),
        _cause(
            GPU_THROTTLED,
            rank=914,
            state=_throttled(),
            is_what="slowed down",
            consequence="All of group {{ $labels.group }} is as slow as its slowest GPU.",
            for_seconds=THROTTLED_FOR_SECONDS,
        ),
        _cause(
            GPU_NEEDS_ATTENTION,
            rank=906,
            state=_with_action(gpus_with(attended), "ticket"),
            is_what="in need of attention",
            consequence="Group {{ $labels.group }} can serve until it is convenient.",
        ),
    )


def gpus_with(reasons: Iterable[str]) -> str:
    """Return an element for each GPU that has one of some reasons."""
    one_of = "|".join(reasons)
    return (
        f"group by ({_GPU}, {catalog.REASON}) "
        f'({catalog.GPU_REASON.name}{{{catalog.REASON}=~"{one_of}"}} == 1)'
    )


def _reasons(rows: Iterable[Row]) -> tuple[str, ...]:
    return tuple(row.reason for row in rows)


def _with_action(gpus: str, *severities: str) -> str:
    """Return GPUs whose verdict has one of some severities, with what the verdict says to do.

    Two exporters that disagree, as during a deploy, leave one action.
    """
    one_of = f'=~"{"|".join(severities)}"' if len(severities) > 1 else f'="{severities[0]}"'
    verdicts = (
        f"group by ({_GPU}, {catalog.ACTION}) "
        f"({catalog.GPU_VERDICT.name}{{{catalog.SEVERITY}{one_of}}} == 1)"
    )
    return f"{gpus}\n* on ({_GPU}) group_left ({catalog.ACTION})\ntopk by ({_GPU}) (1, {verdicts})"


def _throttled() -> str:
    """Return GPUs that have been slowed down for long, or are so with others of their host."""
    gpus = gpus_with(_THROTTLING)
    tickets = f'{catalog.GPU_VERDICT.name}{{{catalog.SEVERITY}="ticket"}} == 1'
    return (
        f"{_with_action(gpus, 'ticket', 'info')}\nand on ({_HOST}) (\n"
        f"count by ({_HOST}) ({gpus}) >= {FEWEST_THROTTLED}\nor\n"
        f"count by ({_HOST}) ({gpus} and on ({_GPU}) ({tickets}))\n)"
    )


def _cause(
    name: str,
    *,
    rank: int,
    state: str,
    is_what: str,
    consequence: str,
    evidence: str = _HERE + " ({{ .Labels.reason }}: {{ .Labels.action }})",
    first_step: str = (
        "drain group {{ .Labels.group }}, then: {{ .Labels.action }}, "
        "{{ .Labels.uuid }} on {{ .Labels.host }}"
    ),
    for_seconds: float = 0,
) -> Cause:
    """Return a cause that is seen in single GPUs, and told once for each host."""
    here = matchers({conventions.CAUSE: name}, HOST_LABELS)
    shown = "{{ .Labels.uuid }} ({{ .Labels.reason }}"
    shown += "{{ with .Labels.action }}: {{ . }}{{ end }})"
    gpus = listing(
        f"{conventions.CAUSE_STATE}{{{here}}}", HOST_LABELS, shown, "unknown", catalog.UUID
    )
    return Cause(
        name=name,
        rank=rank,
        explains=(ROUTER,),
        state=state,
        state_labels=catalog.GPU_LABELS,
        sight=SIGHT,
        evidence=evidence,
        first_step=first_step,
        labels=HOST_LABELS,
        summary=(
            f"GPU {is_what} on host {{{{ $labels.host }}}} of group {{{{ $labels.group }}}} "
            f"{IN_CELL}"
        ),
        description=(
            f"{{{{ $value }}}} of the GPUs of host {{{{ $labels.host }}}} {is_what}: {gpus}. "
            f"{consequence}"
        ),
        for_seconds=for_seconds,
        levels=(HOSTS_SEEN,),
        unless=unless_region_is_down(),
    )
