"""What is drawn of a play: the true error ratio of a cell and its burn rates, over time."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np

from alerts.templates import matchers
from demo.lab.outcome import CellPicture, Curve
from demo.lab.readings import Readings
from demo.stack.truth import Cell, TruthRecord
from slo import conventions
from slo.burn import burn_factor
from slo.objective import Objective
from slo.prometheus import PrometheusClient
from slo.replay.firing import Firing

MOST_CELLS = 3
"""Of a play."""
BIN_SECONDS = 30.0
"""Over which a true error ratio is taken."""


async def cell_pictures(
    client: PrometheusClient,
    objectives: Sequence[Objective],
    readings: Readings,
    firings: Sequence[Firing],
) -> list[CellPicture]:
    """Return what the cells that matter looked like: those that burned, or the worst one."""
    by_name = {each.name: each for each in objectives}
    found = []
    for slo, cell_labels in list(_cells(by_name, readings, firings))[:MOST_CELLS]:
        objective, labels = by_name[slo], dict(cell_labels)
        thresholds = {}
        for tier in objective.tiers:
            if tier.severity == conventions.PAGE:
                factor = float(burn_factor(tier, objective.period_seconds))
                thresholds[tier.long_window] = thresholds[tier.short_window] = factor
        curves = [
            await _burn_rate(client, objective, labels, window, readings) for window in thresholds
        ]
        found.append(
            CellPicture(
                slo=slo,
                labels=labels,
                truth=_truth(readings.truth, (slo, cell_labels), readings),
                burn_rates=[each for each in curves if each.seconds],
                thresholds=thresholds,
                budget_ratio=float(objective.budget),
            )
        )
    return found


def _cells(
    objectives: dict[str, Objective], readings: Readings, firings: Sequence[Firing]
) -> Iterator[Cell]:
    """Yield the cells of which the truth is known: those whose alerts fired first, or the worst."""
    seen: set[Cell] = set()
    known = readings.truth.bad
    for each in sorted(firings, key=lambda each: (each.firing_at or 0.0, str(each.labels))):
        objective = objectives.get(each.labels.get(conventions.SLO, ""))
        if objective is None:
            continue
        own = {k: v for k, v in each.labels.items() if k in objective.grouping_labels}
        cell = objective.name, tuple(sorted(own.items()))
        if cell in known and cell not in seen:
            seen.add(cell)
            yield cell
    if not seen:
        end = readings.recovered_at or readings.end
        worst = {cell: readings.truth.error_ratio(cell, readings.fault_at, end) or 0.0
                 for cell in known if cell[0] in objectives}  # fmt: skip
        if worst:
            yield min(worst, key=lambda cell: (-worst[cell], cell))


def _truth(record: TruthRecord, cell: Cell, readings: Readings) -> Curve:
    moments = np.arange(readings.began_at - 300, readings.end, BIN_SECONDS)
    ratios = [record.error_ratio(cell, at - BIN_SECONDS, at) or 0.0 for at in moments.tolist()]
    return Curve("truth", (moments - readings.fault_at).tolist(), ratios)


async def _burn_rate(
    client: PrometheusClient,
    objective: Objective,
    labels: dict[str, str],
    window: str,
    readings: Readings,
) -> Curve:
    own = {conventions.SLO: objective.name, conventions.WINDOW: window, **labels}
    found = await client.query_range(
        f"{conventions.BURN_RATE}{{{matchers(own, ())}}}",
        readings.began_at - 300,
        readings.end,
        readings.interval_seconds,
    )
    if not found:
        return Curve(window, [], [])
    seconds = found[0].times_ms / 1000 - readings.fault_at
    return Curve(window, seconds.tolist(), found[0].values.tolist())
