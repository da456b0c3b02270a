"""Over which ranges a server is asked for many moments."""

import numpy as np
import pytest

from slo.replay.asking import MOST_MOMENTS, MOST_MOMENTS_OF_TIMES, ask
from slo.series import Series

INTERVAL_MS = 60_000


class Asked:
    """A server that gives at each moment its time, and keeps which moments it was asked for."""

    def __init__(self) -> None:
        self.ranges: list[int] = []

    async def query_range(self, expr, start, end, step_seconds):
        """Answer."""
        seconds = np.arange(start, end + step_seconds / 2, step_seconds)
        self.ranges.append(len(seconds))
        return [Series({}, np.rint(seconds * 1000).astype(np.int64), seconds)]


@pytest.mark.parametrize(
    ("expr", "most"),
    [("sum(x)", MOST_MOMENTS), ("timestamp(x) == time()", MOST_MOMENTS_OF_TIMES)],
)
async def test_each_moment_is_asked_for_once_in_ranges_that_are_not_too_long(expr: str, most: int):
    """Short ones where a long one takes the server a time that grows with its square."""
    server = Asked()
    times_ms = np.arange(1, 2 * most + 8, dtype=np.int64) * INTERVAL_MS

    found, failed, said = await ask(server, expr, times_ms, INTERVAL_MS)

    assert [most, most, 7] == server.ranges
    assert times_ms.tolist() == [time for each in found for time in each.times_ms.tolist()]
    assert ("", False) == (said, failed.any())


async def test_nothing_is_asked_for_no_moment():
    """A rule may have none in a stretch."""
    server = Asked()

    assert [] == (await ask(server, "x", np.zeros(0, np.int64), INTERVAL_MS))[0]
    assert not server.ranges
