"""What the rules of an objective cost a server: samples read in an hour, estimated and measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import promql_parser

from slo import conventions
from slo.checks.live.asking import Asked
from slo.costs import Found, recorded_intervals, samples_an_hour
from slo.objective import Objective
from slo.promql_text import write_promql
from slo.rule import RuleGroup, matching
from slo.rules import levels_group, objective_group


@dataclass(frozen=True)
class Cost:
    """Of an objective's recording rules; its alerts are not in it."""

    objective: str
    cells: int
    """Sets of values of the grouping labels, each with a budget of its own."""
    series: int
    """Scraped ones that the indicator reads, each counted once for each selector."""
    estimated_samples_per_hour: int
    """By the expressions and the numbers of series, once all windows are full."""
    measured_samples_per_hour: int | None
    """By Prometheus's own count of one evaluation of each rule now; None if it does not tell."""
    is_recorded: bool
    """Whether the rules run there already. If not, only the base could be measured."""


def rule_groups(objective: Objective, scrape_interval_seconds: float) -> tuple[RuleGroup, ...]:
    """Return the groups whose cost is told."""
    return (
        objective_group(objective, scrape_interval_seconds),
        levels_group(objective, scrape_interval_seconds),
    )


def estimate_samples(
    groups: Sequence[RuleGroup], scraped: Mapping[str, Found], cells: int
) -> float:
    """Return how many samples the groups of an objective read in an hour.

    Args:
        groups: of one objective.
        scraped: what the selectors of its indicator find, by their text.
        cells: how many of each recorded series there are.
    """
    recorded = recorded_intervals(groups)

    def finds(selector: promql_parser.VectorSelector) -> Found:
        interval = recorded.get(selector.name or "")
        if interval is not None:
            return Found(cells, interval)
        return scraped.get(write_promql(selector), Found(0, 1.0))

    return samples_an_hour(groups, finds)


async def ask_cost(
    asked: Asked,
    objective: Objective,
    scrape_interval_seconds: float,
    scraped: Mapping[str, Found],
    cells: int,
) -> Cost:
    """Return what an objective costs. Every rule is evaluated once, one after the other.

    Args:
        asked: the server.
        objective: whose rules.
        scrape_interval_seconds: at which its base is recorded.
        scraped: what the selectors of its indicator find, by their text.
        cells: how many it has.

    Raises:
        PrometheusError: if there is no answer, or a rule is refused.
    """
    groups = rule_groups(objective, scrape_interval_seconds)
    base = matching(conventions.EVENTS_RATE, objective)
    return Cost(
        objective.name,
        cells,
        sum(each.series for each in scraped.values()),
        round(estimate_samples(groups, scraped, cells)),
        await _measure(asked, groups),
        is_recorded=await asked.count(base) > 0,
    )


async def _measure(asked: Asked, groups: Sequence[RuleGroup]) -> int | None:
    total = 0.0
    for group in groups:
        for rule in group.rules:
            read = await asked.prometheus.samples_read(rule.expr)
            if read is None:
                return None
            total += read * 3600 / group.interval_seconds
    return round(total)
