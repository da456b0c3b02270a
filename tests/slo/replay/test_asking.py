"""Over which ranges a server is asked for many moments."""

import numpy as np
import pytest

from slo.prometheus import PrometheusRefusedError
from slo.replay.asking import MOST_MOMENTS, MOST_MOMENTS_OF_TIMES, ask, ask_together
from slo.series import Series

INTERVAL_MS = 60_000
MOMENT = np.array([INTERVAL_MS], np.int64)


class Asked:
    """A server that gives at each moment its time, and keeps which moments it was asked for."""

    def __init__(self) -> None:
        self.ranges: list[int] = []

    async def query_range(self, expr, start, end, step_seconds):
        """Answer."""
        seconds = np.arange(start, end + step_seconds / 2, step_seconds)
        self.ranges.append(len(seconds))
        return [Series({}, np.rint(seconds * 1000).astype(np.int64), seconds)]


class Labelled:
    """A server that has a series of each name but ``none``; it fails at one of them."""

    def __init__(self, fails: str = "") -> None:
        self.asked, self._fails = 0, fails

    async def query_range(self, expr, start, end, step_seconds):
        """Answer, as ``or`` and ``label_replace`` would."""
        self.asked += 1
        if self._fails and self._fails in expr:
            raise PrometheusRefusedError("refused")
        found = []
        for part in expr.split("label_replace("):
            if (name := part[:4].strip("\n ,")) not in ("none", ""):
                marks = part.split('"')[1:4:2]
                labels = {"__name__": name, **dict([marks] if marks else [])}
                found.append(Series(labels, MOMENT, np.ones(1)))
        return found


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


async def test_what_is_asked_together_comes_apart_again():
    """Each expression's series with the labels that they have, in one request."""
    server = Labelled()
    one, none, two = await ask_together(server, ["one # first", "none", "two"], MOMENT, INTERVAL_MS)

    assert 1 == server.asked
    assert [{"__name__": "one"}, {"__name__": "two"}] == [of[0][0].labels for of in (one, two)]
    assert [] == none[0]
    assert not any(failed.any() for _, failed, _ in (one, none, two))


async def test_where_one_of_several_fails_the_others_do_not():
    """Each is asked by itself then, and what is wrong is said of the one alone."""
    server = Labelled(fails="two")
    one, two = await ask_together(server, ["one", "two"], MOMENT, INTERVAL_MS)

    assert (1, [False], "") == (len(one[0]), one[1].tolist(), one[2])
    assert (0, [True], "refused") == (len(two[0]), two[1].tolist(), two[2])
