"""What boards of objectives are about: ours, or those that somebody brings."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dashboards import variables
from dashboards.links import KEPT
from dashboards.queries.objectives import LIBRARY, Objectives, variable_of
from dashboards.variables import DATASOURCE, Choice
from slo import conventions
from slo.burn import Tier
from slo.objective import Objective
from slo.windows import read_tiers


@dataclass(frozen=True)
class Scope:
    """The objectives of a pair of boards."""

    ask: Objectives
    tiers: tuple[Tier, ...]
    """Of their burn alerts, the fastest first; may be none."""
    choices: tuple[Choice, ...]
    """The variables after the data source."""
    hidden: tuple[str, ...] = ()
    has_cells: bool = True
    """Whether cells and causes are recorded beside them, as in a cluster of shard groups."""

    @property
    def kept(self) -> tuple[str, ...]:
        """Return the variables that links from values keep as they are."""
        return KEPT if self.has_cells else (DATASOURCE,)

    @property
    def fastest(self) -> Tier | None:
        """Return the tier that fires first."""
        return self.tiers[0] if self.tiers else None

    @property
    def cell(self) -> str:
        """Return what the grouping labels are, in words."""
        return " and ".join(self.ask.grouping) or "all together"


OURS = Scope(LIBRARY, read_tiers(), variables.USUAL, (variables.CLUSTER.name,))
"""Objectives of a cluster of shard groups, grouped as the library's are."""


def scope_of(objectives: Iterable[Objective]) -> Scope:
    """Return the scope of objectives that somebody brings: their labels become the variables.

    Of tiers those are taken that any of them has, of two with the same windows and severity both.
    """
    every = tuple(objectives)
    grouping = tuple(dict.fromkeys(label for each in every for label in each.grouping_labels))
    tiers = dict.fromkeys(
        tier for each in every for tier in each.tiers if not each.is_zero_tolerance
    )
    choices = tuple(
        Choice(
            variable_of(label),
            label,
            conventions.EVENTS_RATE,
            label,
            within=(conventions.SLO,),
        )
        for label in grouping
    )
    return Scope(
        Objectives(grouping),
        tuple(sorted(tiers, key=lambda tier: (tier.long_seconds, tier.short_seconds))),
        (variables.OBJECTIVE, *choices),
        has_cells=False,
    )
