"""Objectives against the Prometheus that has their series, or that is to have their rules.

Everything is asked for now and in aggregates, one question at a time, so that the server is not
burdened: series are counted there and not listed.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from typing import Any

from exporters.durations import format_duration
from exporters.problems import Problem
from slo.checks.finding import finding, sides
from slo.checks.live.asking import Asked
from slo.checks.live.bounds import check_bound
from slo.checks.live.costs import Cost, ask_cost
from slo.checks.live.intervals import ask_intervals, check_intervals
from slo.checks.live.retention import ask_retention
from slo.checks.live.series import check_cells, check_selector
from slo.checks.live.shares import check_share
from slo.checks.retention import check_retention
from slo.costs import Found
from slo.objective import Objective
from slo.prometheus import PrometheusClient, PrometheusRefusedError
from slo.promql import selectors
from slo.promql_text import write_promql

__all__ = ["Cost", "LiveReport", "check_live", "find_problems"]


@dataclass(frozen=True)
class LiveReport:
    """What a server said."""

    problems: tuple[Problem, ...]
    """Sorted."""
    retention_seconds: float | None
    """How long it keeps samples; None if it does not tell."""
    costs: tuple[Cost, ...]
    """Of every objective that could be asked about."""

    def to_json(self) -> dict[str, Any]:
        """Return retention and costs as plain data."""
        return {
            "retention_seconds": self.retention_seconds,
            "costs": [asdict(each) for each in self.costs],
        }

    def to_text(self) -> str:
        """Return retention and costs for people, a line each."""
        kept = self.retention_seconds
        lines = [
            "the server does not tell how long it keeps samples: see that it is longer than every "
            "period"
            if kept is None
            else f"the server keeps samples for {format_duration(kept)}"
        ]
        return "".join(f"{line}\n" for line in (*lines, *map(_cost_line, self.costs)))


async def check_live(
    objectives: Iterable[Objective], prometheus: PrometheusClient, scrape_interval_seconds: float
) -> LiveReport:
    """Return what is wrong with objectives on a server, and what their rules cost there.

    Args:
        objectives: that could be read.
        prometheus: an open client of the server.
        scrape_interval_seconds: at which the base of the rules is recorded.

    Raises:
        PrometheusError: if the server does not answer, or not as Prometheus does. Where it refuses
            one question, that is a problem of the objective.
    """
    await prometheus.query("vector(1)")
    kept = await ask_retention(prometheus)
    asked, costs, problems = Asked(prometheus), list[Cost](), list[Problem]()
    for objective in objectives:
        if kept is not None:
            problems += check_retention(objective, kept)
        try:
            found, cost = await _check(asked, objective, scrape_interval_seconds)
        except PrometheusRefusedError as error:
            problems.append(_refused(objective, error))
            continue
        problems += found
        costs.append(cost)
    return LiveReport(tuple(sorted(set(problems))), kept, tuple(costs))


async def find_problems(
    objectives: Iterable[Objective], prometheus: PrometheusClient, scrape_interval_seconds: float
) -> tuple[Problem, ...]:
    """Return what is wrong with objectives on a server, sorted, and evaluate no rule for it.

    Args:
        objectives: as in :func:`check_live`.
        prometheus: likewise.
        scrape_interval_seconds: likewise.

    Raises:
        PrometheusError: likewise.
    """
    kept = await ask_retention(prometheus)
    asked, problems = Asked(prometheus), list[Problem]()
    for objective in objectives:
        if kept is not None:
            problems += check_retention(objective, kept)
        try:
            problems += (await _look(asked, objective, scrape_interval_seconds)).problems
        except PrometheusRefusedError as error:
            problems.append(_refused(objective, error))
    return tuple(sorted(set(problems)))


@dataclass(frozen=True)
class _Looked:
    """What was found of one objective."""

    problems: list[Problem]
    scraped: dict[str, Found]
    """What the selectors of its indicator find, by their text."""
    cells: int


async def _check(
    asked: Asked, objective: Objective, scrape_interval_seconds: float
) -> tuple[Sequence[Problem], Cost]:
    looked = await _look(asked, objective, scrape_interval_seconds)
    cost = await ask_cost(asked, objective, scrape_interval_seconds, looked.scraped, looked.cells)
    return looked.problems, cost


async def _look(asked: Asked, objective: Objective, scrape_interval_seconds: float) -> _Looked:
    problems: list[Problem] = []
    scraped: dict[str, Found] = {}
    is_there = True
    for index, (side, expression) in enumerate(sides(objective).items()):
        for selector in selectors(expression):
            missing = await check_bound(asked, objective, side, selector)
            missing = missing or await check_selector(asked, objective, side, selector)
            problems += missing
            is_there = is_there and (index > 0 or not missing)
            intervals = await ask_intervals(asked, selector, scrape_interval_seconds)
            problems += check_intervals(objective, side, intervals, scrape_interval_seconds)
            text = write_promql(selector)
            longest = max(intervals.values(), default=scrape_interval_seconds)
            scraped[text] = Found(await asked.count(text), longest)
    cells = 0
    if is_there:
        cells, wrong = await check_cells(asked, objective, scrape_interval_seconds)
        problems += wrong
        problems += await check_share(asked, objective)
    return _Looked(problems, scraped, cells)


def _refused(objective: Objective, error: PrometheusRefusedError) -> Problem:
    fix = "see whether the query is too large for the server"
    return finding(objective, "query-refused", str(error), fix)


def _cost_line(cost: Cost) -> str:
    measured = ""
    if cost.measured_samples_per_hour is not None:
        so_far = "" if cost.is_recorded else " for the base alone, for its rules do not run there"
        measured = f"; {cost.measured_samples_per_hour:,} measured now{so_far}"
    return (
        f"{cost.objective}: {cost.cells:,} cells of {cost.series:,} series; its recording rules "
        f"read about {cost.estimated_samples_per_hour:,} samples an hour{measured}\n"
    ).rstrip("\n")
