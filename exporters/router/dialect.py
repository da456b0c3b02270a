"""What a router's dialect is: a table of its series, and what they mean in families of ours."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from exporters import catalog
from exporters.catalog import Family

_BOUNDED: Mapping[str, tuple[str, ...]] = {
    catalog.OUTCOME: catalog.OUTCOMES,
    catalog.ATTEMPT: catalog.ATTEMPTS,
    catalog.PHASE: catalog.PHASES,
    catalog.STAGE: catalog.SAFETY_STAGES,
    catalog.VERDICT: catalog.SAFETY_VERDICTS,
}
"""Values of labels, but for those that the topology bounds."""
_WHAT: Mapping[str, str] = {
    catalog.ROUTER_TIME_TO_FIRST_TOKEN.name: "time_to_first_token",
    catalog.ROUTER_END_TO_END.name: "end_to_end",
    catalog.ROUTER_IN_FLIGHT.name: "in_flight",
}


@dataclass(frozen=True, eq=False)
class Rule:
    """One series of theirs as one family of ours.

    Labels of ours that no field here speaks of are theirs of the same name. Counters are never
    subtracted from each other: of two that belong together one may rise first, and the difference
    would fall.
    """

    names: tuple[str, ...]
    """Names of the same thing, the newest first: the first that is on a page counts, the others
    do not. Of histograms without suffix, unless it is a part that is read as a counter."""
    family: Family
    fixed: Mapping[str, str] = field(default_factory=dict)
    """Labels of ours that the series itself says."""
    source: str = ""
    """The label of theirs that says the last label of ours."""
    values: Mapping[str, str | None] = field(default_factory=dict)
    """What its values mean; None: such events are not counted at all."""
    default: str | None = ""
    """What other values mean; as they are if empty."""
    seconds: float = 1.0
    """A unit of theirs in seconds, of histograms."""
    is_optional: bool = False
    """Not every router of the dialect has it: no zeros where it is not on the page."""

    @property
    def is_histogram(self) -> bool:
        """Whether all of a histogram is read."""
        return self.family.kind == "histogram"

    def options(self, label: str) -> tuple[str, ...]:
        """Return the values that a bounded label of ours can have by this rule."""
        if label in self.fixed:
            return (self.fixed[label],)
        bounded = _BOUNDED[label]
        if not self.source or self.default == "":
            return bounded
        told = {self.default, *self.values.values()}
        return tuple(each for each in bounded if each in told)


@dataclass(frozen=True)
class RouterDialect:
    """How one kind of router speaks."""

    name: str
    """As the topology has it."""
    rules: tuple[Rule, ...]
    model: tuple[str, ...] = ()
    """Labels that name the model, as users ask for it or by a name that the topology explains; the
    first that is not empty counts."""
    revision: tuple[str, ...] = ()
    """Labels that name the revision."""
    learns_revisions: bool = False
    """Whether what they name is a revision and nothing else, so that one which the topology does
    not know is told by its name (:mod:`exporters.router.revisions`)."""
    tier: tuple[str, ...] = ()
    server: str = ""
    """The label that has the address of an engine, which the topology knows."""
    has_our_series: bool = False
    """Whether each of its counters is one of ours, so that it is passed through as it is; sums of
    several are counted by what is new in them (:mod:`exporters.router.counting`)."""
    explained: bool = False
    """Whether model and revision are told only by names that the topology explains."""

    def missing(self, *, names_models: bool, names_revisions: bool) -> tuple[str, ...]:
        """Return what it does not tell, of ``catalog.ROUTER_FACTS`` and in their order.

        Args:
            names_models: whether the topology says which models its names mean.
            names_revisions: likewise of revisions.
        """
        told = {_WHAT[rule.family.name] for rule in self.rules if rule.family.name in _WHAT}
        for rule in self.rules:
            for family, label in (
                (catalog.ROUTER_REQUESTS, catalog.OUTCOME),
                (catalog.ROUTER_ATTEMPTS, catalog.ATTEMPT),
            ):
                if rule.family is family:
                    told |= {f"{label}_{each}" for each in rule.options(label)}
        if names_models or (self.model and not self.explained):
            told.add(catalog.MODEL)
        if names_revisions or self.revision or self.server:
            told.add(catalog.REVISION)
        if self.tier:
            told.add(catalog.TIER)
        return tuple(each for each in catalog.ROUTER_FACTS if each not in told)
