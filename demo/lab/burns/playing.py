"""The burn table: cells of known error ratios through all rules that an objective gets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from alerts.build import groups_at
from alerts.burn import ERROR_BUDGET_BURN
from alerts.quiet import BURN_SUPPRESSED
from demo.lab.burns.cells import CELL, COUNTER, DAY, FAST, HEALTHY_SECONDS, SLOW, Cell
from demo.lab.past import write_readings
from exporters.config import Links
from slo import conventions
from slo.benching.counted import counted, events_of
from slo.benching.server import empty_server
from slo.burn import Tier
from slo.history import CellTraffic, history_batches
from slo.objective import Objective
from slo.prometheus import PrometheusClient
from slo.replay.evaluating import Replay
from slo.replay.firing import Firing
from slo.replay.moments import timed
from slo.steps import Floats

SCRAPE_SECONDS = 15
SLOW_SCRAPE_SECONDS = 60
"""Of cells that are watched for days: at 15 s every rule has 18,000 moments to look back from."""
ONSET = 20_000 * DAY + HEALTHY_SECONDS
"""UNIX seconds: in October 2024, when something goes wrong in each cell."""
LEAST_BAD_EVENTS = 20
_PLAIN = counted("burned", events_of(COUNTER), CELL)
OBJECTIVES = (
    _PLAIN,
    replace(_PLAIN, name="burned-often", minimum_bad_events=LEAST_BAD_EVENTS),
)
"""The same, without and with a minimum of bad events."""


@dataclass(frozen=True)
class Burn:
    """What a tier did in a cell. Seconds count from when something went wrong."""

    cell: Cell
    minimum_bad_events: int
    tier: Tier
    theory_seconds: float | None
    """Until it should fire by the truth; None: never."""
    fired_seconds: float | None
    reset_theory_seconds: float | None
    """From when all was well again until it should end for good; None if it never fires, or still
    does when nobody looks any more."""
    reset_seconds: float | None

    @property
    def over_theory_seconds(self) -> float | None:
        """Return how much later than by the truth it fired; None where either did not."""
        if self.theory_seconds is None or self.fired_seconds is None:
            return None
        return self.fired_seconds - self.theory_seconds

    @property
    def is_right(self) -> bool:
        """Return whether it fired if it should have, and not if not, nor before."""
        if self.theory_seconds is None or self.fired_seconds is None:
            return self.theory_seconds is self.fired_seconds
        return self.fired_seconds >= self.theory_seconds - 1


@dataclass(frozen=True)
class BurnTable:
    """All burns, and how often a burn of too few events was told of as such."""

    burns: Sequence[Burn]
    suppressed: Mapping[str, float]
    """By cell, seconds until the ticket of a suppressed burn."""

    def worst_over_theory_seconds(self, severity: str) -> float:
        """Return how much later than by the truth the latest alert of a severity fired.

        Infinite if one did not fire at all.
        """
        mine = [each for each in self.burns if each.tier.severity == severity]
        missed = any(each.fired_seconds is None for each in mine if each.theory_seconds is not None)
        late = [each.over_theory_seconds for each in mine if each.over_theory_seconds is not None]
        return float("inf") if missed or not late else max(late)

    @property
    def wrong(self) -> list[Burn]:
        """Return what fired without a reason or too soon, or did not fire."""
        return [each for each in self.burns if not each.is_right]


async def burn_table() -> BurnTable:
    """Play all cells; the fast ones and the slow ones on a server each."""
    burns: list[Burn] = []
    suppressed: dict[str, float] = {}
    for cells, objectives, interval in (
        (FAST, OBJECTIVES, SCRAPE_SECONDS),
        (SLOW, OBJECTIVES[:1], SLOW_SCRAPE_SECONDS),
    ):
        async with empty_server() as client:
            firings = await play(client, cells, objectives, interval)
        burns += [each for cell in cells for each in burns_of(cell, firings, objectives)]
        for each in firings:
            if each.alert == BURN_SUPPRESSED and each.firing_at is not None:
                suppressed.setdefault(each.labels[CELL], each.firing_at - ONSET)
    return BurnTable(burns, suppressed)


async def play(
    client: PrometheusClient,
    cells: Sequence[Cell],
    objectives: Sequence[Objective] = OBJECTIVES,
    interval_seconds: int = SCRAPE_SECONDS,
) -> list[Firing]:
    """Play cells on an empty server, and return what fired.

    Args:
        client: of the server.
        cells: all at once.
        objectives: whose rules.
        interval_seconds: between two scrapes, and two evaluations.
    """
    start = ONSET - HEALTHY_SECONDS
    traffic = {
        objective: [CellTraffic({CELL: each.name}, _Healthy(each)) for each in cells]
        for objective in objectives
    }
    for batch in history_batches(traffic, start, interval_seconds, 4 * DAY):
        await client.remote_write(batch)
    end = ONSET + max(each.watched_seconds for each in cells)
    series = [each for cell in cells for each in cell.scraped(ONSET, interval_seconds)]
    await write_readings(client, series, start, end)
    groups = [group for each in objectives for group in groups_at(each, interval_seconds, Links())]
    replay = Replay(client, timed(groups), start)
    await replay.advance(end)
    replay.require_no_failure()
    return replay.firings()


class _Healthy:
    """What a cell does before anything goes wrong."""

    def __init__(self, cell: Cell) -> None:
        self._cell = cell

    def __call__(self, times: Floats) -> tuple[Floats, Floats]:
        total = self._cell.requests_per_second(times - ONSET)
        return np.zeros_like(total), total


def burns_of(
    cell: Cell, firings: Sequence[Firing], objectives: Sequence[Objective]
) -> Iterator[Burn]:
    """Yield what each tier of each objective did in a cell."""
    onset, watched = ONSET + cell.phase_seconds, cell.watched_seconds
    for objective in objectives:
        for tier in objective.tiers:
            wanted = {conventions.SLO: objective.name, CELL: cell.name,
                      conventions.BURN_TIER: tier.name,
                      conventions.SEVERITY: tier.severity}  # fmt: skip
            mine = [
                (each.firing_at - onset, None if each.ended_at is None else each.ended_at - onset)
                for each in firings
                if each.alert == ERROR_BUDGET_BURN and wanted.items() <= each.labels.items()
                and each.firing_at is not None and each.firing_at <= onset + watched
            ]  # fmt: skip
            burns = np.flatnonzero(cell.burns(tier, objective))
            last = float(burns[-1]) if burns.size else None
            ended = mine[-1][1] if mine else None
            is_open = last is None or last >= watched or last < cell.wrong_seconds
            yield Burn(
                cell=cell,
                minimum_bad_events=objective.minimum_bad_events,
                tier=tier,
                theory_seconds=float(burns[0]) if burns.size else None,
                fired_seconds=mine[0][0] if mine else None,
                reset_theory_seconds=None if is_open or last is None else last - cell.wrong_seconds,
                reset_seconds=(
                    None if is_open or ended is None or ended > watched
                    else ended - cell.wrong_seconds
                ),
            )  # fmt: skip
