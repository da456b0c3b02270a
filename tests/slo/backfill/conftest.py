"""Raw counters for a backfill to read, and a sink that keeps what it is given."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from slo.series import Series

HOUR = 3600
INTERVAL = 60.0


@dataclass
class KeepingSink:
    """Keeps every batch; may break after some."""

    batches: list[list[Series]] = field(default_factory=list)
    breaks_after: int | None = None

    async def write(self, batch):
        """Keep it, or break."""
        if len(self.batches) == self.breaks_after:
            raise ConnectionError("interrupted")
        self.batches.append(list(batch))


@pytest.fixture
def keeping_sink():
    """Makes sinks."""
    return KeepingSink


def requests(start, end):
    """Return a cell's counters: 10 a second, every hundredth an error."""
    times = np.arange(int(start // INTERVAL + 1) * INTERVAL, end, INTERVAL)
    return [
        Series(
            {"__name__": "requests_total", "cell": "a", "outcome": outcome},
            (times * 1000).astype(np.int64),
            rate * (times - times[0]),
        )
        for outcome, rate in (("ok", 9.9), ("error", 0.1))
    ]
