"""The 28 days before the demo began: what the rules would have recorded of a healthy cluster."""

from __future__ import annotations

import time
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from demo.engine import EnginePlan, Habit
from demo.stack.layout import Layout
from demo.traffic.figures import figures
from demo.weektime import DAY_SECONDS
from exporters.config import Config
from slo.history import CellTraffic, history_batches
from slo.objectives import read_objectives
from slo.prometheus import PrometheusClient

EVENING_HOUR = 21.0
"""Past the peak; the simulator's scenarios play at this hour too."""


async def write_history(layout: Layout, config: Config, plan: EnginePlan) -> None:
    """Write the history of every cell, up to this moment, into the Prometheus that takes it."""
    interval = config.file.prometheus.scrape_interval
    traffic = {
        objective: cells_of(plan.habits, objective.name) for objective in read_objectives(config)
    }
    batches = history_batches(
        {objective: cells for objective, cells in traffic.items() if cells},
        time.time(),
        interval,
    )
    async with PrometheusClient(layout.url("prometheus")) as prometheus:
        for batch in batches:
            await prometheus.remote_write(batch)


def cells_of(habits: Sequence[Habit], slo: str) -> list[CellTraffic]:
    """Return the traffic of an objective's cells over time."""
    return [CellTraffic(each.labels, _Rates(each)) for each in habits if each.slo == slo]


class _Rates:
    """A cell's own swing, or a day's in which it is evening now, with the rate that it has now.

    Evening whatever the clock says, so that a demo by night tells the same story: whether a slower
    tier fires depends on how busy the hours before were.
    """

    def __init__(self, habit: Habit) -> None:
        self._habit = habit
        self._now = time.time()

    def __call__(
        self, times: NDArray[np.float64]
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        if self._habit.swing is not None:
            swing = self._habit.swing(times)
        else:
            evening = EVENING_HOUR / 24 * DAY_SECONDS
            swing = _swing(times - self._now + evening) / _swing(np.array([evening]))
        total = self._habit.events_per_second * swing
        return total * self._habit.bad_ratio, total


def _swing(times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return a working day's traffic in parts of its mean; ``times`` in seconds from midnight."""
    rhythm = figures().rhythm
    phase = (times / DAY_SECONDS - rhythm.peak_hour.value / 24) * 2 * np.pi
    return 1 + rhythm.day_swing_ratio.value * np.cos(phase)
