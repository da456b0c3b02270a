"""Samples that rules read in an hour, by Prometheus's own count (``stats=all``).

Two fleets of shard groups, each the one cell of an objective: 99.9 % over 28 days, the workbook's
tiers. Each group has two series, good requests and errors, scraped every 30 s at a moment of its
own; four days of them are there, and all that the rules would have recorded in 28 days. Then the
rules are played over one more hour, and each of their evaluations in it is asked what it reads: of
all that is built, states and alerts included (:mod:`alerts.bench`), but for what the templates of
firing alerts ask, and for causes, which are those of shardwatch's own series. Of
the seven windows over raw series two evaluations are asked, the first and the last of the hour: all
in between read as much.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from slo.benching.playing import Timed, groups_of, recording
from slo.benching.raw_windows import seven_windows
from slo.history import CellTraffic, history_batches
from slo.objective import Objective, Ratio
from slo.prometheus import PrometheusClient
from slo.replay.evaluating import Replay
from slo.series import Series
from slo.steps import Floats

INTERVAL_SECONDS = 30
HOUR, DAY = 3600, 86400
RAW_SECONDS = 4 * DAY
CELL = "model"
_REQUESTS_PER_SECOND, _ERRORS_PER_SECOND = 2.0, 0.001
"""Of each group."""
_BATCH_SECONDS = HOUR


@dataclass(frozen=True)
class Reads:
    """Samples read in an hour."""

    rules: int
    raw_windows: int

    @property
    def ratio(self) -> float:
        """Return what the rules read as a share of what raw windows read."""
        return self.rules / self.raw_windows


async def measure_reads(
    client: PrometheusClient,
    groups: Sequence[int],
    hour: int,
    rules_of: Callable[[Objective, int], Timed] = groups_of,
) -> dict[int, Reads]:
    """Return what is read for fleets of so many groups.

    Args:
        client: of a server that holds nothing younger than 28 days before the hour.
        groups: sizes of the fleets, each another.
        hour: when the measured hour begins, UNIX seconds.
        rules_of: of an objective at a scrape interval in seconds; by default those that record.

    Raises:
        ValueError: if the server does not tell what it reads.
    """
    objectives = {size: objective_of(size) for size in groups}
    await _write_past(client, objectives, hour)
    reads = {}
    for size, objective in objectives.items():
        ours = await _read_by_rules(client, hour, rules_of(objective, INTERVAL_SECONDS))
        reads[size] = Reads(ours, await _read_by_raw_windows(client, objective, hour))
    return reads


async def _read_by_rules(
    client: PrometheusClient,
    hour: int,
    groups: Timed,
) -> int:
    await Replay(client, recording(groups), hour).advance(hour + HOUR)
    read = 0
    for group in groups:
        first, last = group.moments.between(hour, hour + HOUR)
        for moment in np.arange(first, last + 1, group.moments.interval_seconds).tolist():
            for rule in group.group.rules:
                read += await _samples_read(client, rule.expr, moment)
    return read


async def _read_by_raw_windows(client: PrometheusClient, objective: Objective, hour: int) -> int:
    if not isinstance(objective.indicator, Ratio):
        raise TypeError(f"found {objective.indicator}, expected a ratio")
    asked = groups_of(objective, INTERVAL_SECONDS)[0].moments.between(hour, hour + HOUR)
    read = sum([
        await _samples_read(client, expr, moment)
        for moment in asked
        for expr in seven_windows(objective.indicator, CELL)
    ])  # fmt: skip
    return read * (HOUR // INTERVAL_SECONDS) // len(asked)


async def _samples_read(client: PrometheusClient, expr: str, moment: float) -> int:
    read = await client.samples_read(expr, moment)
    if read is None:
        raise ValueError("the server does not tell how many samples it reads")
    return read


def objective_of(groups: int) -> Objective:
    """Return the objective of a fleet of so many shard groups."""
    requests = f'rate(requests_total{{fleet="{groups}"}}[$window])'
    errors = f'rate(requests_total{{fleet="{groups}",outcome="error"}}[$window])'
    return Objective(
        name=f"fleet-{groups}",
        service="inference",
        target=Decimal("0.999"),
        period_seconds=28 * DAY,
        grouping_labels=(CELL,),
        indicator=Ratio(total=requests, bad=errors),
    )


async def _write_past(
    client: PrometheusClient, objectives: dict[int, Objective], hour: int
) -> None:
    past = {
        objective: [CellTraffic({CELL: "chat"}, _constant(groups))]
        for groups, objective in objectives.items()
    }
    for batch in history_batches(past, hour, INTERVAL_SECONDS):
        await client.remote_write(batch)
    end = hour + HOUR
    for start in range(end - RAW_SECONDS, end, _BATCH_SECONDS):
        for groups in objectives:
            await client.remote_write(_raw(groups, start))


def _constant(groups: int) -> Callable[[Floats], tuple[Floats, Floats]]:
    def rates(times: Floats) -> tuple[Floats, Floats]:
        bad, total = groups * _ERRORS_PER_SECOND, groups * _REQUESTS_PER_SECOND
        return np.full(times.shape, bad), np.full(times.shape, total)

    return rates


def _raw(groups: int, start: int) -> Iterator[Series]:
    """Yield the samples of one batch, from ``start`` on."""
    phases = np.random.default_rng(groups).integers(0, 1000 * INTERVAL_SECONDS, groups)
    times_ms = np.arange(start, start + _BATCH_SECONDS, INTERVAL_SECONDS, dtype=np.int64) * 1000
    for number, phase in enumerate(phases.tolist()):
        labels = {
            "__name__": "requests_total", "fleet": str(groups), CELL: "chat", "group": f"g{number}",
        }  # fmt: skip
        scraped_ms = times_ms + phase
        seconds = scraped_ms % (100 * DAY * 1000) / 1000
        good = _REQUESTS_PER_SECOND - _ERRORS_PER_SECOND
        for outcome, rate in (("ok", good), ("error", _ERRORS_PER_SECOND)):
            yield Series({**labels, "outcome": outcome}, scraped_ms, np.floor(seconds * rate))
