"""What was promised and kept: for each cell what would have been met, and what to promise."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from slo.adopt.history import History, Span
from slo.adopt.raw import Kind, RawIndicator

TARGETS = (Decimal("0.999"), Decimal("0.995"), Decimal("0.99"))
"""Tried, the highest first."""
USUAL = {Kind.AVAILABILITY: Decimal("0.999"), Kind.TTFT: Decimal("0.99")}
"""Of ``library:chat``: what is written where nothing is known."""
FEWEST_DAYS = 7
"""A proposal of fewer has not seen a week."""


@dataclass(frozen=True)
class Kept:
    """One target in one cell."""

    target: Decimal
    spans_met: int
    """Days, or spans of some days where the history has these."""
    spans: int
    """With events."""
    budget_left_ratio: float
    """Of the budget of all these together; below 0 if the target was not met."""
    is_tellable: bool
    """Whether there were events enough to tell it from 100 %: one bad one must be allowed."""

    @property
    def is_met(self) -> bool:
        """Return whether it would have been met over all days."""
        return self.is_tellable and not self.is_missed

    @property
    def is_missed(self) -> bool:
        """Return whether it was not, by events enough."""
        return self.is_tellable and self.budget_left_ratio < 0


@dataclass(frozen=True)
class CellRecord:
    """What one cell kept."""

    region: str
    model: str
    events: float
    bad: float
    kept: tuple[Kept, ...]
    """By target, the highest first."""

    @property
    def name(self) -> str:
        """Return what it is called: ``chat in eu``."""
        return f"{self.model} in {self.region}"

    @property
    def proposed(self) -> Decimal | None:
        """Return the highest target that was met; None if none was."""
        return next((each.target for each in self.kept if each.is_met), None)


@dataclass(frozen=True)
class Proposal:
    """What an indicator's objectives should promise."""

    indicator: RawIndicator
    history: History
    records: tuple[CellRecord, ...]
    """Sorted by region and model."""
    targets: tuple[tuple[Decimal, tuple[str, ...]], ...]
    """Targets, each with the models that it is for; without models if it is for all."""

    def missed(self, target: Decimal, models: Collection[str]) -> tuple[CellRecord, ...]:
        """Return the cells that did not meet a target, of some models; of all, if none is named."""
        return tuple(
            each
            for each in self.records
            if (not models or each.model in models)
            and any(kept.target == target and kept.is_missed for kept in each.kept)
        )

    @property
    def is_short(self) -> bool:
        """Return whether less than a week was seen."""
        return self.history.days_seen < FEWEST_DAYS


def propose(history: History, region: str) -> Proposal:
    """Return what the history of an indicator proposes.

    A model has one target, the highest that it met in every region.

    Args:
        history: of the indicator.
        region: of cells whose series do not tell it.
    """
    indicator = history.indicator
    records = []
    for cell, spans in history.cells.items():
        told = dict(zip(indicator.labels, cell, strict=True))
        if spans:
            where = told.get(indicator.region_label, region) if indicator.region_label else region
            records.append(_record(where, told[indicator.model_label], spans.values()))
    records.sort(key=lambda each: (each.region, each.model))
    return Proposal(indicator, history, tuple(records), _targets(indicator, records))


def _record(region: str, model: str, spans: Iterable[Span]) -> CellRecord:
    every = list(spans)
    events, bad = sum(each.total for each in every), sum(each.bad for each in every)
    return CellRecord(
        region, model, events, bad, tuple(_kept(each, every, events, bad) for each in TARGETS)
    )


def _kept(target: Decimal, spans: Sequence[Span], events: float, bad: float) -> Kept:
    allowed_ratio = float(1 - target)
    return Kept(
        target,
        sum(each.bad <= allowed_ratio * each.total for each in spans),
        len(spans),
        1 - bad / (allowed_ratio * events),
        events * allowed_ratio >= 1,
    )


def _targets(
    indicator: RawIndicator, records: Sequence[CellRecord]
) -> tuple[tuple[Decimal, tuple[str, ...]], ...]:
    usual, lowest = USUAL[indicator.kind], TARGETS[-1]
    by_model: dict[str, Decimal] = {}
    for each in records:
        if not any(kept.is_tellable for kept in each.kept):
            continue  # too few events to say anything
        target = each.proposed or lowest
        by_model[each.model] = min(by_model.get(each.model, target), target)
    if not by_model:
        return ((usual, ()),)
    if len(set(by_model.values())) == 1:
        return ((next(iter(by_model.values())), ()),)
    silent = {each.model for each in records} - by_model.keys()
    by_model |= dict.fromkeys(silent, usual)
    return tuple(
        (target, tuple(sorted(model for model, its in by_model.items() if its == target)))
        for target in sorted(set(by_model.values()), reverse=True)
    )
