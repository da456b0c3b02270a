"""On a real server: what is recorded and fired, and how often it is asked."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from slo.prometheus import PrometheusClient, PrometheusRefusedError
from slo.replay.evaluating import Replay, evaluate
from slo.replay.moments import Moments, TimedGroup, timed
from slo.rule import AlertingRule, RecordingRule, Rule, RuleGroup
from slo.series import STALE, Series
from slo.testing import running_prometheus

START = 20_000 * 86400
INTERVAL = 15
MOMENTS = 240


@pytest.fixture(scope="module")
def url(prometheus: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """One server for all: each test has series of its own."""
    with running_prometheus(prometheus, tmp_path_factory.mktemp("server")) as address:
        yield address


class Counting(PrometheusClient):
    """Counts range queries and writes."""

    asked = written = 0

    async def remote_write(self, series):
        """Write as ever."""
        self.written += 1
        await super().remote_write(series)

    async def query_range(self, expr, start, end, step_seconds):
        """Ask as ever."""
        self.asked += 1
        return await super().query_range(expr, start, end, step_seconds)


def series(name: str, values: list[float], **labels: str) -> Series:
    """Return a series with a sample at each moment from the start on."""
    times_ms = 1000 * (START + INTERVAL * np.arange(len(values), dtype=np.int64))
    return Series({"__name__": name, **labels}, times_ms, np.array(values, np.float64))


def group(*rules: Rule, offset: float = 0.0, interval: float = INTERVAL) -> TimedGroup:
    """Return a group whose moments are those of the samples."""
    return TimedGroup(RuleGroup("g", interval, rules), Moments(interval, offset))


async def recorded(client: PrometheusClient, expr: str) -> list[float | None]:
    """Return a recorded series at each moment; None where it is not there."""
    found = await client.query_range(expr, START, START + INTERVAL * (MOMENTS - 1), INTERVAL)
    values: list[float | None] = [None] * MOMENTS
    for each in found:
        for time_ms, value in zip(each.times_ms.tolist(), each.values.tolist(), strict=True):
            values[(time_ms // 1000 - START) // INTERVAL] = value
    return values


async def test_a_state_that_holds_takes_a_query_for_each_change(url: str):
    """It begins above 9 and ends below 3, twice, in ten cells at moments of their own."""
    level = np.full(MOMENTS, 5.0)
    level[[20, 120]], level[[60, 200]] = 10.0, 1.0
    rule = RecordingRule(
        "hold:state",
        "max by (cell) (hold > bool 9) == 1 or hold:state == 1 unless on (cell) hold < 3 "
        "or on (cell) 0 * max by (cell) (hold)",
    )
    async with Counting(url) as client:
        await client.remote_write(
            series("hold", np.roll(level, cell).tolist(), cell=f"c{cell}") for cell in range(10)
        )
        await evaluate(client, [group(rule)], START - 1, START + INTERVAL * (MOMENTS - 1))
        asked = client.asked
        expected = [1.0 if 20 <= at < 60 or 120 <= at < 200 else 0.0 for at in range(MOMENTS)]
        for cell in (0, 7):
            found = await recorded(client, f'hold:state{{cell="c{cell}"}}')
            assert expected == (found[cell:] + found[:cell])

    assert asked <= 7  # four changes, one query more, one for what was there before


async def test_rules_that_do_not_read_each_other_are_written_together(url: str):
    """A request for each step of the way, and not one for each rule."""
    first = [RecordingRule(f"together:{at}", f"together + {at}") for at in range(20)]
    second = [RecordingRule(f"together:more:{at}", f"together:{at} * 2") for at in range(20)]
    async with Counting(url) as client:
        await client.remote_write([series("together", [1.0] * MOMENTS)])
        before = client.written
        await evaluate(
            client, [group(*first, *second)], START - 1, START + INTERVAL * (MOMENTS - 1)
        )

        assert 2 == client.written - before
        either = "together:more:20 or together:more:19 + 2"
        assert [42.0] * MOMENTS == await recorded(client, either)


async def test_a_rule_that_counts_on_from_itself_is_played_too(url: str):
    """A change at each moment: few moments are asked for then, and each is right."""
    rule = RecordingRule("count:up", "count:up + 1 or 0 * count")
    async with Counting(url) as client:
        await client.remote_write([series("count", [1.0] * MOMENTS)])
        await evaluate(client, [group(rule)], START - 1, START + INTERVAL * (MOMENTS - 1))
        found = await recorded(client, "count:up")

    assert [float(at) for at in range(MOMENTS)] == found


async def test_a_level_that_is_held_at_times_and_follows_otherwise_takes_few_queries(url: str):
    """Each result tells what the rest will be, where it follows what else is read."""
    held = [1.0 if 50 <= at < 80 else 0.0 for at in range(MOMENTS)]
    rule = RecordingRule("follow:level", "(follow:level and on () held == 1) or follow")
    async with Counting(url) as client:
        await client.remote_write([series("held", held), series("follow", list(range(MOMENTS)))])
        await evaluate(client, [group(rule)], START - 1, START + INTERVAL * (MOMENTS - 1))
        asked = client.asked
        found = await recorded(client, "follow:level")

    assert [49.0 if 50 <= at < 80 else float(at) for at in range(MOMENTS)] == found
    assert asked <= 6


async def test_a_circle_in_which_nothing_happens_is_not_asked_moment_by_moment(url: str):
    """Only while one of its rules gives something; then each sees what the other has just said."""
    ring = [1.0 if 60 <= at < 75 else 0.0 for at in range(MOMENTS)]
    rules = (
        AlertingRule("Ring", "ring == 1 unless ring:said", {}, {}, 60),
        RecordingRule("ring:said", 'count(ALERTS{alertname="Ring",alertstate="firing"}) or 0 * '
                                   '(ring == 1 unless on () ALERTS{alertname="Ring"})'),
    )  # fmt: skip
    async with Counting(url) as client:
        await client.remote_write([series("ring", ring)])
        await evaluate(client, [group(*rules)], START - 1, START + INTERVAL * (MOMENTS - 1))
        asked = client.asked
        found = await recorded(client, "ring:said")
    # From the fifth moment at which it is pending; it ends at the next, as it has been said.
    said = [1.0] + [0.0] * 10
    assert [None] * 64 + said + [None] * (MOMENTS - 75) == found
    assert asked < MOMENTS


async def test_a_piece_at_a_time_is_as_good_as_all_at_once(url: str):
    """Alerts that last, states that hold, series that end: all go on from where they were."""
    values = [1.0 if at % 50 < 20 else 0.0 for at in range(MOMENTS)]
    firings = []
    async with PrometheusClient(url) as client:
        for name, pieces in (("one", [MOMENTS]), ("two", [7, 25, 70, 71, MOMENTS])):
            await client.remote_write([series(f"{name}_x", values)])
            hold = f"({name}_x == 1) or ({name}:s == 1 unless {name}_x offset 10m == 1)"
            rules = (
                RecordingRule(f"{name}:s", hold),
                RecordingRule(f"{name}:late", f"{name}:last * 2"),
                RecordingRule(f"{name}:last", f"{name}_x == 1"),
                AlertingRule(f"A{name}", f"{name}:late", {}, {}, 60, 45),
            )
            replay = Replay(client, [group(*rules)], START - 1)
            for end in pieces:
                await replay.advance(START + INTERVAL * (end - 1))
            firings.append(replay.firings())
            states = [await recorded(client, f"{name}:{what}") for what in ("s", "late", "last")]
            if name == "one":
                expected = states
        assert expected == states

    one, two = firings
    assert len(one) == 5
    assert [(each.active_at, each.firing_at, each.ended_at) for each in one] == [
        (each.active_at, each.firing_at, each.ended_at) for each in two
    ]
    # What comes later in the group is seen one moment late.
    assert [value and 2 for value in expected[2][:-1]] == expected[1][1:]


async def test_where_a_series_ends_a_marker_follows(url: str):
    """At once it is gone, and not after five minutes."""
    level = series("gone", [1.0] * MOMENTS)
    level.values[100] = STALE
    ended = Series(level.labels, level.times_ms[:101], level.values[:101])
    async with PrometheusClient(url) as client:
        await client.remote_write([ended])
        rule = RecordingRule("gone:copy", "gone")
        await evaluate(client, [group(rule)], START - 1, START + INTERVAL * (MOMENTS - 1))
        found = await recorded(client, "gone:copy")

    assert [1.0] * 100 + [None] * (MOMENTS - 100) == found


async def test_a_rule_fails_at_its_moments_alone_and_is_told(url: str):
    """Two elements that are one without a label; two on a side that may have one only."""
    second = series("many", [2.0] * MOMENTS, instance="b")
    few = slice(50, 53)
    second = Series(second.labels, second.times_ms[few], second.values[few])
    gone = Series(second.labels, second.times_ms[-1:] + 15000, np.array([STALE]))
    rules = (
        RecordingRule("many:one", "many", {"instance": ""}),
        RecordingRule("many:matched", "many + on () many"),
        AlertingRule("Many", "many", {"instance": "all"}),
    )
    async with PrometheusClient(url) as client:
        await client.remote_write([series("many", [1.0] * MOMENTS, instance="a")])
        await client.remote_write([second])
        await client.remote_write([gone])
        replay = Replay(client, [group(*rules)], START - 1)
        await replay.advance(START + INTERVAL * (MOMENTS - 1))
        found = await recorded(client, "many:matched")

    at = tuple(float(START + INTERVAL * index) for index in (50, 51, 52))
    assert [("many:one", at), ("many:matched", at), ("Many", at)] == [
        (each.rule, each.moments) for each in replay.failures()
    ]
    # Nothing was recorded there, and nothing ended: the sample before is still seen.
    assert [2.0] * MOMENTS == found
    (alert,) = replay.firings()
    assert None is alert.ended_at


async def test_two_rules_of_one_series_are_told(url: str):
    """A server would refuse the second's samples; both alerts fire all the same."""
    rules = [AlertingRule("Twice", f"twice > {bound}") for bound in (1, 2)]
    async with PrometheusClient(url) as client:
        await client.remote_write([series("twice", [3.0] * MOMENTS)])
        replay = Replay(client, [group(*rules)], START - 1)
        await replay.advance(START + INTERVAL * 2)

    (failure,) = replay.failures()
    assert "another rule records the same series" == failure.said
    assert 2 == len(replay.firings())


async def test_a_state_that_was_there_before_goes_on(url: str):
    """Recorded before the replay begins, by whoever it was."""
    rule = RecordingRule("old:state", "old:state == 1 unless on () old == 5")
    async with PrometheusClient(url) as client:
        await client.remote_write([series("old", [float(at == 30) * 5 for at in range(MOMENTS)])])
        before = Series(
            {"__name__": "old:state"}, np.array([1000 * START - 20_000]), np.array([1.0])
        )
        await client.remote_write([before])
        await evaluate(client, [group(rule)], START - 1, START + INTERVAL * (MOMENTS - 1))
        found = await recorded(client, "old:state")

    assert [1.0] * 30 + [None] * (MOMENTS - 30) == found


async def test_groups_have_intervals_and_offsets_of_their_own(url: str):
    """A slow group's sample stands until its next moment, for a fast one that reads it."""
    async with PrometheusClient(url) as client:
        await client.remote_write([series("own", [float(at) for at in range(MOMENTS)])])
        slow = group(RecordingRule("own:slow", "own"), interval=60, offset=30)
        fast = group(RecordingRule("own:fast", "own:slow"))
        await evaluate(client, [fast, slow], START - 1, START + INTERVAL * (MOMENTS - 1))
        found = await recorded(client, "own:fast")

    # At 30 s two scrapes were made; a group later in the order is seen with the next moment.
    assert [None, None, None, 2.0, 2.0, 2.0, 2.0, 6.0, 6.0] == found[:9]


async def test_an_expression_that_no_server_knows_is_no_failure_of_moments(url: str):
    """It is said, and not asked 240 times."""
    rule = RecordingRule("odd", 'count_values("x", odd, odd)')
    async with PrometheusClient(url) as client:
        with pytest.raises((PrometheusRefusedError, ValueError)):
            await evaluate(client, [group(rule)], START - 1, START + 3600)


def test_offsets_are_the_same_each_time_and_differ():
    """As a hash of names."""
    groups = [RuleGroup(f"g{index}", 15, ()) for index in range(20)]
    offsets = [each.moments.offset_ms for each in timed(groups)]

    assert offsets == [each.moments.offset_ms for each in timed(groups)]
    assert len(set(offsets)) > 15
    assert all(0 <= each < 15_000 for each in offsets)
