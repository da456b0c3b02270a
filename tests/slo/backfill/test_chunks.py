"""Raw series are read in small pieces, politely, and again where nobody answered."""

import numpy as np
import pytest

from slo.backfill.chunks import FEWEST_POINTS, MOST_POINTS, WAITS_SECONDS, ChunkReader
from slo.prometheus import PrometheusRefusedError, PrometheusUnreachableError
from slo.series import Series

START, DAY = 1_760_054_400, 86400


class FakeServer:
    """Answers range queries with 1 at every step; refuses or is silent as told."""

    def __init__(self, most_points=10**9, silent=0, cells=1, error="too many samples") -> None:
        self.most_points, self.silent, self.cells, self.error = most_points, silent, cells, error
        self.asked = []
        self.slept = []

    async def query_range(self, expr, start, end, step_seconds):
        """Answer, or not."""
        if self.silent:
            self.silent -= 1
            raise PrometheusUnreachableError("no answer in time")
        times_ms = np.arange(round(start * 1000), round(end * 1000) + 1, round(step_seconds * 1000))
        if times_ms.size > self.most_points:
            raise PrometheusRefusedError(self.error)
        self.asked.append(times_ms)
        return [
            Series({"cell": str(cell)}, times_ms, np.ones(times_ms.shape))
            for cell in range(self.cells)
        ]

    async def sleep(self, seconds):
        """Remember it."""
        self.slept.append(seconds)

    async def read(self, objective, interval=15.0, seconds=DAY):
        """Return every piece."""
        reader = ChunkReader(self, objective, interval, sleep=self.sleep, clock=lambda: 0.0)
        return [chunk async for chunk in reader.chunks(START, START + seconds)]


async def test_pieces_hold_each_moment_once(objective):
    """After the start, up to the end; both queries of a piece ask for the same."""
    server = FakeServer()
    chunks = await server.read(objective)

    times = np.concatenate([chunk.times_ms for chunk in chunks])
    assert np.array_equal(np.arange(START + 15, START + DAY + 1, 15) * 1000, times)
    assert 2 * len(chunks) == len(server.asked)


async def test_pieces_grow_while_answers_come_at_once(objective):
    """Up to what one answer may hold."""
    sizes = [chunk.times_ms.size for chunk in await FakeServer().read(objective, seconds=30 * DAY)]

    assert [240, 480, 960] == sizes[:3]
    assert MOST_POINTS == max(sizes)


async def test_many_cells_make_small_pieces(objective):
    """The answer is bounded, whatever the number of cells."""
    chunks = await FakeServer(cells=1000).read(objective)

    assert max(chunk.times_ms.size * len(chunk.cells) for chunk in chunks[1:]) <= 500_000


async def test_a_piece_that_was_too_much_is_asked_for_in_parts(objective):
    """The server says so, and is asked for less."""
    chunks = await FakeServer(most_points=100).read(objective)

    assert DAY / 15 == sum(chunk.times_ms.size for chunk in chunks)
    assert max(chunk.times_ms.size for chunk in chunks) <= 100


@pytest.mark.parametrize(
    ("most_points", "error"), [(FEWEST_POINTS - 1, "too many samples"), (0, "parse error")]
)
async def test_what_is_refused_for_good_is_an_error(objective, most_points, error):
    """A query that is too much even for minutes, or that is none."""
    with pytest.raises(PrometheusRefusedError, match=error):
        await FakeServer(most_points=most_points, error=error).read(objective)


async def test_a_silent_server_is_asked_again(objective):
    """After longer and longer waits; then it is given up."""
    server = FakeServer(silent=2)
    assert await server.read(objective)
    assert list(WAITS_SECONDS[:2]) == server.slept
    with pytest.raises(PrometheusUnreachableError):
        await FakeServer(silent=99).read(objective)
