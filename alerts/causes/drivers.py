"""Causes in drivers of GPUs: hosts that should run the same and do not. They explain no burn."""

from __future__ import annotations

from alerts.causes.cause import Cause, Sight
from alerts.causes.places import REGION_LABELS, by
from alerts.templates import listing, matchers
from exporters import catalog
from slo import conventions
from slo.rules import RecordingRule

PATCH_SKEW = "PatchLevelSkew"
ROLL_OUT_OVERDUE = "DriverRollOutOverdue"

SKEW_FOR_SECONDS = 3600.0
"""Hosts of a failure domain are patched together, and are back within minutes. Chosen: twice the
deadline of a drain (:data:`alerts.causes.draining.DRAIN_SECONDS`)."""
ROLL_OUT_FOR_SECONDS = 2 * 86400.0
"""A region of hundreds of groups that are drained one after the other takes days: half an hour
each, a few at a time. Chosen."""

_DOMAIN_LABELS = (*catalog.CELL_LABELS, catalog.FAILURE_DOMAIN)
_DOMAIN, _GROUP, _REGION = by(_DOMAIN_LABELS), by(catalog.GROUP_LABELS), by(REGION_LABELS)
_VERSION = catalog.VERSION

HOSTS_BY_DRIVER = RecordingRule(
    conventions.DRIVER_HOSTS,
    f"count by ({_DOMAIN}, {_VERSION}) (\n"
    f"group by ({_GROUP}, {catalog.HOST}, {_VERSION}) ({catalog.GPU_DRIVER.name})\n"
    f"* on ({_GROUP}) group_left ({catalog.FAILURE_DOMAIN})\n"
    f"topk by ({_GROUP}) (1, group by ({_GROUP}, {catalog.FAILURE_DOMAIN}) "
    f"({catalog.GROUP_INFO.name}))\n)",
)
"""A group is its own failure domain where the topology names none."""


def driver_causes() -> tuple[Cause, ...]:
    """Return the causes in drivers."""
    return (
        _mixed(
            PATCH_SKEW,
            rank=904,
            labels=_DOMAIN_LABELS,
            where="failure domain {{ $labels.failure_domain }}",
            consequence=(
                "Ranks that answer together run different code: collectives may hang, and numbers "
                "may differ."
            ),
            for_seconds=SKEW_FOR_SECONDS,
        ),
        _mixed(
            ROLL_OUT_OVERDUE,
            rank=902,
            labels=REGION_LABELS,
            where="region {{ $labels.region }}",
            consequence="A roll-out stands still, or was taken back by half.",
            for_seconds=ROLL_OUT_FOR_SECONDS,
        ),
    )


def _mixed(
    name: str,
    *,
    rank: int,
    labels: tuple[str, ...],
    where: str,
    consequence: str,
    for_seconds: float,
) -> Cause:
    """Return the cause that hosts of one place have drivers of several versions."""
    place = by(labels)
    versions = f"group by ({place}, {_VERSION}) ({conventions.DRIVER_HOSTS})"
    here = matchers({conventions.CAUSE: name}, labels)
    found = listing(
        f"{conventions.CAUSE_STATE}{{{here}}}",
        labels,
        f"{{{{ .Labels.{_VERSION} }}}}",
        missing="unknown",
        sort_by=_VERSION,
    )
    return Cause(
        name=name,
        rank=rank,
        explains=(),
        state=f"{versions}\nand on ({place})\n(count by ({place}) ({versions}) > 1)",
        state_labels=labels,
        sight=Sight("gpu", conventions.DRIVER_HOSTS, REGION_LABELS),
        evidence="drivers of several versions in region {{ .Labels.region }}",
        first_step="bring all hosts to one version of the driver",
        labels=labels,
        summary=f"Drivers of {{{{ $value }}}} versions in {where}",
        description=f"Hosts of {where} run drivers of {{{{ $value }}}} versions: {found}. "
        f"{consequence}",
        for_seconds=for_seconds,
        levels=(HOSTS_BY_DRIVER,),
    )
