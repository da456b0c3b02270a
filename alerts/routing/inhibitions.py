"""What goes without saying while something else is said: a table, and rules of the burn tiers.

An inhibited alert is not told, and neither is its end. Prometheus sends an end for 15 minutes, and
so it is told late, once nothing inhibits it any more; after these, what was told before it was
inhibited stays open where it was told. So whatever inhibits should end soon after what it inhibits,
as a group is up soon after its GPUs are. Of causes those of a region alone inhibit pages, and are
pages themselves: a region that is down or fails, over what its users feel of it. Pages of one cell
inhibit none of each other: they are one incident (:mod:`alerts.incidents`).

A label that both alerts lack counts as equal. Of what is in the table both must have all of
``equal``; of an objective's cell, labels that it is not grouped by are lacking on both sides.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from alerts.burn import ERROR_BUDGET_BURN
from alerts.causes.draining import DRAINING
from alerts.causes.failing_regions import REGION_SPEAKS
from alerts.causes.groups import GROUP_DEAD, GROUP_DEGRADED, GROUP_STALLED
from alerts.causes.hosts import HOST_DOWN
from alerts.causes.places import REGION_LABELS
from alerts.causes.regions import REGION_DOWN, REGION_FAILING
from alerts.exhaustion import BUDGET_EXHAUSTED
from alerts.incidents import TRAFFIC_VANISHED
from alerts.owners import OWNER
from alerts.quiet import BURN_SUPPRESSED
from alerts.routing.names import Naming, equals, is_there, owners_elsewhere
from alerts.routing.routes import cell_labels
from alerts.zero_tolerance import ZERO_TOLERANCE_BROKEN
from exporters import catalog
from exporters.config import ConfigFile
from slo import conventions
from slo.objective import Objective

_IS_PAGE = equals(conventions.SEVERITY, conventions.PAGE)
_IS_TICKET = equals(conventions.SEVERITY, conventions.TICKET)
_OF_NO_OBJECTIVE = f'{conventions.SERVICE}=""'


@dataclass(frozen=True)
class Inhibition:
    """One thing that goes without saying."""

    source: str
    """The alert that says it already."""
    targets: tuple[str, ...]
    """Matchers of the tickets that it spares; of causes that are of no objective."""
    equal: tuple[str, ...]
    """Labels that both have, with the same values."""
    why: str


INHIBITIONS = (
    Inhibition(
        REGION_DOWN,
        (is_there(catalog.GROUP),),
        (catalog.CLUSTER, catalog.REGION),
        "a lost region is why each of its groups, hosts and GPUs is lost",
    ),
    Inhibition(
        REGION_FAILING,
        (equals(conventions.ALERTNAME, (GROUP_DEAD, GROUP_DEGRADED, GROUP_STALLED)),),
        REGION_LABELS,
        "a region that fails counts its groups, and its board names them",
    ),
    Inhibition(
        HOST_DOWN,
        (f'{conventions.ALERTNAME}!="{HOST_DOWN}"',),
        (catalog.CLUSTER, catalog.HOST),
        "a host that is gone takes with it all that runs on it",
    ),
    Inhibition(
        GROUP_DEAD,
        (is_there(catalog.HOST), f'{conventions.ALERTNAME}!="{HOST_DOWN}"'),
        catalog.GROUP_LABELS,
        "a dead group tells its reason, the GPU that it lost among them",
    ),
    Inhibition(
        GROUP_DEAD,
        (equals(conventions.ALERTNAME, (GROUP_DEGRADED, GROUP_STALLED)),),
        catalog.GROUP_LABELS,
        "a dead group is neither slow nor stalled",
    ),
    Inhibition(
        DRAINING,
        (f'{conventions.ALERTNAME}!="{DRAINING}"',),
        catalog.GROUP_LABELS,
        "what happens to a group that is being emptied was meant to",
    ),
)


def inhibit_rules(
    file: ConfigFile,
    objectives: Sequence[Objective],
    grouping_labels: Sequence[str],
    naming: Naming,
) -> list[dict[str, Any]]:
    """Return the rules as Alertmanager's YAML has them.

    Args:
        file: the user's configuration.
        objectives: all.
        grouping_labels: of all of them.
        naming: where there are others' alerts, these are left alone.
    """
    cell = cell_labels(grouping_labels)
    ours = naming.is_ours
    return [
        {
            "source_matchers": [
                equals(conventions.ALERTNAME, (ERROR_BUDGET_BURN, ZERO_TOLERANCE_BROKEN)),
                _IS_PAGE,
            ],
            "target_matchers": [_IS_TICKET, is_there(conventions.SLO), *ours],
            "equal": cell,
        },
        *_faster_tiers(objectives, cell, naming.of_cluster),
        # Both are one incident, which goes on under the other's name when the region is back.
        _over(REGION_DOWN, [equals(conventions.ALERTNAME, REGION_FAILING)], REGION_LABELS, ours),
        *_region_over_cells([*_told_with_regions(file), *ours]),
        *(
            {
                "source_matchers": [equals(conventions.ALERTNAME, each.source)],
                "target_matchers": [
                    _IS_TICKET,
                    _OF_NO_OBJECTIVE,
                    *each.targets,
                    *(
                        is_there(label)
                        for label in each.equal
                        if is_there(label) not in each.targets
                    ),
                    *ours,
                ],
                "equal": list(each.equal),
            }
            for each in INHIBITIONS
        ),
    ]


def _faster_tiers(
    objectives: Iterable[Objective], cell: list[str], of_cluster: list[str]
) -> Iterator[dict[str, Any]]:
    """Yield a rule for each tier that has slower ones: Alertmanager knows no order."""
    tiers = sorted(
        {
            (tier.severity, tier.long_seconds, tier.name)
            for each in objectives
            for tier in each.tiers
        }
    )
    for severity, long_seconds, name in tiers:
        slower = tuple(
            each for other, seconds, each in tiers if other == severity and seconds > long_seconds
        )
        if slower:
            burns = [
                equals(conventions.ALERTNAME, ERROR_BUDGET_BURN),
                equals(conventions.SEVERITY, severity),
            ]
            yield {
                "source_matchers": [*burns, equals(conventions.BURN_TIER, name)],
                "target_matchers": [
                    *burns,
                    equals(conventions.BURN_TIER, slower),
                    *of_cluster,
                ],
                "equal": cell,
            }


def _told_with_regions(file: ConfigFile) -> list[str]:
    """Return the matcher of what goes where pages of regions go, which have no owner.

    What others are told of is told to them: a region's page would wake none of them in its place.
    """
    elsewhere = owners_elsewhere(file)
    names = "|".join(map(re.escape, elsewhere))
    return [f"{OWNER}!~{json.dumps(names, ensure_ascii=False)}"] if elsewhere else []


def _region_over_cells(ours: list[str]) -> Iterator[dict[str, Any]]:
    """Yield the rules of cells in a region that has a page of its own.

    Of the same cluster: an alert that says none may be another's, and is told.
    """
    of_objectives = (ERROR_BUDGET_BURN, TRAFFIC_VANISHED, BUDGET_EXHAUSTED, BURN_SUPPRESSED)
    yield _over(REGION_DOWN, [equals(conventions.ALERTNAME, of_objectives)], REGION_LABELS, ours)
    yield _over(
        REGION_SPEAKS,
        [_IS_PAGE, equals(conventions.INCIDENT, conventions.OF_CELL)],
        catalog.CELL_LABELS,
        ours,
    )


def _over(source: str, targets: list[str], equal: Sequence[str], ours: list[str]) -> dict[str, Any]:
    """Return the rule that an alert inhibits others that have the same labels, and have them."""
    there = [is_there(each) for each in equal]
    return {
        "source_matchers": [equals(conventions.ALERTNAME, source), *there],
        "target_matchers": [*targets, *there, *ours],
        "equal": list(equal),
    }
