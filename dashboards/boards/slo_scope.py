"""What boards of objectives are about: ours, or those that somebody brings."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

from dashboards import variables
from dashboards.links import KEPT, TAG, TITLES
from dashboards.queries.objectives import GROUPING, NARROWED, Objectives, variable_of
from dashboards.variables import DATASOURCE, Choice
from slo import conventions
from slo.burn import Tier
from slo.objective import Objective
from slo.windows import read_tiers

_LONGEST_SLUG = 18
"""Grafana refuses uids of more than 40 characters: ``shardwatch-SLUG-slo-detail``."""
_SLUG = re.compile(r"[a-z0-9]+(?:-[a-z0-9]+)*")
_NO_SLUG = re.compile(r"[^a-z0-9]+")
_DIGEST = 6
_NAMED = 3
"""Services that titles name."""


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
    services: tuple[str, ...] = ()
    """Whose objectives somebody brings, sorted; of ours none, which are the whole cluster's."""

    @property
    def slug(self) -> str:
        """Return what tells boards of these services from others': letters, digits and dashes."""
        said = ",".join(self.services)
        if len(said) <= _LONGEST_SLUG and _SLUG.fullmatch(said):
            return said
        digest = hashlib.sha256(said.encode()).hexdigest()[:_DIGEST]
        short = _NO_SLUG.sub("-", said.lower())[: _LONGEST_SLUG - _DIGEST - 1].strip("-")
        return f"{short or 'of'}-{digest}"

    def uid_of(self, uid: str) -> str:
        """Return the uid of one of these boards: of ours ``uid`` itself, of others' their own."""
        return f"{TAG}-{self.slug}-{uid.removeprefix(f'{TAG}-')}" if self.services else uid

    def name_of(self, uid: str) -> str:
        """Return what one of these boards is called."""
        if not self.services:
            return TITLES[uid]
        more = len(self.services) - _NAMED
        named = ", ".join(self.services[:_NAMED]) + (f" and {more} more" if more > 0 else "")
        return f"{TITLES[uid]}: {named}"

    @property
    def kept(self) -> tuple[str, ...]:
        """Return the variables that links from values keep as they are."""
        # Of a row that has no tool or tier, the next board would choose the empty one.
        return (*KEPT, *self.ask.of_some) if self.has_cells else (DATASOURCE,)

    @property
    def fastest(self) -> Tier | None:
        """Return the tier that fires first."""
        return self.tiers[0] if self.tiers else None

    @property
    def cell(self) -> str:
        """Return what the grouping labels are, in words."""
        return " and ".join(self.ask.grouping) or "all together"


_CELLS_OF_SOME = tuple(
    replace(each, series=conventions.EVENTS_RATE, within=(conventions.SLO, *GROUPING))
    for each in (variables.TOOL, variables.TIER)
)
OURS = Scope(NARROWED, read_tiers(), (*variables.USUAL, *_CELLS_OF_SOME), (variables.CLUSTER.name,))
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
        services=tuple(sorted({each.service for each in every})),
    )
