"""Objectives on raw series as an OpenSLO file."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any

import yaml

from exporters.durations import format_duration
from slo.adopt.names import one_of
from slo.adopt.proposing import Proposal
from slo.adopt.raw import Kind, RawIndicator, RawSeries
from slo.adopt.saying import counted, some
from slo.burn import format_decimal
from slo.checks.retention import MARGIN_SECONDS
from slo.spec.annotations import annotation_key

PATH = "objectives/raw.yaml"
SERVICE = "llm"
_UNFOLDED_WIDTH = 10_000
"""A query is read more easily in one line."""
PERIODS_SECONDS = (28 * 86400, 14 * 86400, 7 * 86400)
"""The longest that the server keeps is taken."""
FEWEST_BAD_EVENTS = 10
"""Chosen: fewer in a window of a burn alert are a ticket, for a handful is nobody's outage."""


def choose_period_seconds(retention_seconds: float | None) -> int:
    """Return the longest period whose budget a server can know; the usual one if none, or unknown.

    Args:
        retention_seconds: how long it keeps samples; None if it does not tell.
    """
    usual = PERIODS_SECONDS[0]
    if retention_seconds is None:
        return usual
    fitting = (each for each in PERIODS_SECONDS if each + MARGIN_SECONDS <= retention_seconds)
    return next(fitting, usual)


def write_objectives(
    proposals: Iterable[Proposal], where: Mapping[str, str], period_seconds: int
) -> str:
    """Return the text of the file.

    Args:
        proposals: one of each indicator.
        where: labels, each with the value that all series of interest have.
        period_seconds: of the budgets.
    """
    service = {
        "apiVersion": "openslo/v1",
        "kind": "Service",
        "metadata": {"name": SERVICE, "displayName": "LLM serving"},
    }
    slos = [
        comment + _dump(slo)
        for proposal in proposals
        for comment, slo in _slos(proposal, where, period_seconds)
    ]
    return "---\n".join((_dump(service), *slos))


def objective_name(proposal: Proposal, target: Decimal, models: Collection[str]) -> str:
    """Return what the objective of a target is called; of all models, if none is named."""
    name = f"{SERVICE}-{proposal.indicator.kind}"
    # No number at the end: a group of rules that was split has numbered parts.
    return f"{name}-{_percent(target).replace('.', '-')}-percent" if models else name


def _slos(
    proposal: Proposal, where: Mapping[str, str], period_seconds: int
) -> Iterator[tuple[str, dict[str, Any]]]:
    indicator = proposal.indicator
    for target, models in proposal.targets:
        only = [f"{indicator.model_label}=~{one_of(models)}"] if models else []
        name = objective_name(proposal, target, models)
        comment = f"# Stands on series of {indicator.stands_on}.\n"
        comment += "".join(f"# Not seen: {each}.\n" for each in indicator.lacks)
        comment += _why_fewest(proposal, models)
        yield comment, {
            "apiVersion": "openslo/v1",
            "kind": "SLO",
            "metadata": {
                "name": name,
                "displayName": _title(indicator),
                "annotations": {
                    annotation_key("grouping_labels"): ",".join(indicator.labels),
                    annotation_key("minimum_bad_events"): str(FEWEST_BAD_EVENTS),
                    "target-source": _source(proposal, target, models),
                },
            },
            "spec": {
                "description": _description(indicator),
                "service": SERVICE,
                "budgetingMethod": "Occurrences",
                "timeWindow": [
                    {"duration": format_duration(period_seconds), "isRolling": True}
                ],
                "objectives": [{"target": _Number(format_decimal(target))}],
                "indicator": {
                    "metadata": {"name": name},
                    "spec": {"ratioMetric": _ratio(indicator, where, only)},
                },
            },
        }  # fmt: skip


def _why_fewest(proposal: Proposal, models: Collection[str]) -> str:
    """Return comments on how many bad events page, beside what was measured."""
    said = f"# Fewer than {FEWEST_BAD_EVENTS} bad events in a window are a ticket, and no page"
    span_hours = 24 * proposal.history.span_days
    measured = [
        (each.events / (each.kept[0].spans * span_hours), each.name)
        for each in proposal.records
        if not models or each.model in models
    ]
    if not measured:
        return f"{said}.\n"
    events, cell = min(measured)
    text = f"{said}; {cell}, the quietest,\n# has {events:.3g} events an hour.\n"
    if events < 2 * FEWEST_BAD_EVENTS:
        text += "# Of so few it takes hours to see an outage: lower it if these are to page.\n"
    return text


def _ratio(
    indicator: RawIndicator, where: Mapping[str, str], only: Sequence[str]
) -> dict[str, Any]:
    part = "good" if indicator.is_good else "bad"
    return {
        "counter": True,
        part: _metric(indicator, indicator.part, where, only),
        "total": _metric(indicator, indicator.total, where, only),
    }


def _metric(
    indicator: RawIndicator,
    series: Sequence[RawSeries],
    where: Mapping[str, str],
    only: Sequence[str],
) -> dict[str, Any]:
    texts = [each.text(where, only) for each in series]
    query = texts[0]
    if len(texts) > 1:
        by = ", ".join(indicator.labels)
        sums = [f"sum by ({by}) ({each})" for each in texts]
        # One that was never born counts nothing, and must not take the others' sum with it.
        query = " + ".join(
            f"({each} or {' or '.join(f'0 * {other}' for other in sums if other != each)})"
            for each in sums
        )
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def _title(indicator: RawIndicator) -> str:
    if indicator.kind is Kind.AVAILABILITY:
        return "LLM availability"
    return f"LLM first token within {indicator.threshold_seconds:g} s"


def _description(indicator: RawIndicator) -> str:
    if indicator.kind is Kind.AVAILABILITY:
        return f"Requests are answered, as {indicator.stands_on.partition(' (')[0]} count them."
    return (
        f"The first token is there within {indicator.threshold_seconds:g} seconds, as "
        f"{indicator.stands_on.partition(' (')[0]} measure it."
    )


def _source(proposal: Proposal, target: Decimal, models: Collection[str]) -> str:
    days = counted(proposal.history.days_seen, "day")
    if not proposal.records:
        return f"{_percent(target)} % is usual: there was no history to look at."
    if missed := proposal.missed(target, models):
        cells = some(each.name for each in missed)
        return f"{_percent(target)} % was chosen, and missed by {cells} over {days} with events."
    if any(each.proposed for each in proposal.records if not models or each.model in models):
        return f"{_percent(target)} % is the highest target that was met over {days} with events."
    return f"{_percent(target)} % is usual: {days} had too few events to tell."


def _percent(target: Decimal) -> str:
    return format_decimal(target * 100)


class _Number(str):
    """A number that is written exactly as it stands."""

    __slots__ = ()


class _Dumper(yaml.SafeDumper):
    """Writes numbers as they stand."""


_Dumper.add_representer(
    _Number, lambda dumper, value: dumper.represent_scalar("tag:yaml.org,2002:float", value)
)


def _dump(content: dict[str, Any]) -> str:
    return yaml.dump(
        content, Dumper=_Dumper, sort_keys=False, width=_UNFOLDED_WIDTH, allow_unicode=True
    )
