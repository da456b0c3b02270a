"""Whether failures come as often as published: counted in a long run, against the table."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

import numpy as np

from demo.sim.fleet import Fleet
from demo.sim.hardware.failures import (
    SECONDS_OF_HOUR,
    advance_failures,
    published_rates,
    start_failures,
)
from demo.sim.hardware.figures import Cause
from demo.sim.hardware.run import start_hardware


@dataclass(frozen=True)
class FailureRate:
    """How often one cause struck: incidents per GPU-hour, however many parts each one hit."""

    cause: Cause
    published: float
    measured: float

    @property
    def deviation(self) -> float:
        """How far the measured rate is from the published one, relatively."""
        return abs(self.measured / self.published - 1)


def measure_failures(fleet: Fleet, seed: int, *, hours: int) -> list[FailureRate]:
    """Return the rates of all causes in a run of so many hours, in which hardware breaks and mends.

    The rarest cause has 1.4 % of the incidents: 1.5e9 GPU-hours tell its rate to 5 % (one standard
    deviation).
    """
    rng = np.random.default_rng(seed)
    hardware = start_hardware(fleet, seed)
    failures = start_failures(fleet, 0.0, rng)
    counts: Counter[Cause] = Counter()
    for hour in range(1, hours + 1):
        struck = advance_failures(failures, hardware, fleet, hour * SECONDS_OF_HOUR, rng)
        counts.update({each.incident: each.cause for each in struck}.values())
    return [
        FailureRate(cause, rate, counts[cause] / (fleet.gpus * hours))
        for cause, rate in published_rates().items()
    ]
