"""Rules are played as a server evaluates them: at its moments, level after level, without gaps."""

from dataclasses import dataclass, field

import numpy as np
import pytest

from slo import conventions as names
from slo.benching.playing import Moments, play, play_objective
from slo.rule import RecordingRule
from slo.rules import levels_group, objective_group
from slo.series import Series


@dataclass
class Server:
    """Answers each query with one series, and remembers what was asked and written."""

    missing: int = 0
    """Samples that are not there, in the middle."""
    asked: list = field(default_factory=list)
    written: list = field(default_factory=list)

    async def query_range(self, expr, start, end, step_seconds):
        """Answer with one series."""
        self.asked.append((expr, start, end, step_seconds))
        times = np.arange(round(start * 1000), round(end * 1000) + 1, round(step_seconds * 1000))
        kept = np.delete(times, slice(2, 2 + self.missing))
        return [Series({"cell": "a", "slo": "other"}, kept, np.ones(kept.shape))]

    async def remote_write(self, series):
        """Remember the labels."""
        self.written += [dict(each.labels) for each in series]


MOMENTS = Moments(30, 7.3)
RULE = RecordingRule("recorded", "asked", {"slo": "own"})


def test_a_group_is_evaluated_every_interval_after_its_own_offset():
    """After the start, up to the end."""
    assert (607.3, 907.3) == MOMENTS.between(577.3, 907.3)
    assert (577.3, 877.3) == MOMENTS.between(577.2, 907.2)


async def test_a_rules_labels_go_over_those_that_it_finds():
    """As a server records them."""
    server = Server()
    await play(server, [RULE], MOMENTS, 600, 900)

    assert [("asked", 607.3, 877.3, 30)] == server.asked
    assert [{"__name__": "recorded", "cell": "a", "slo": "own"}] == server.written


async def test_a_gap_is_refused():
    """A server would have ended the series there, and others would read that."""
    with pytest.raises(ValueError, match="has a gap, expected every 30 s"):
        await play(Server(missing=1), [RULE], MOMENTS, 600, 900)


async def test_every_rule_is_played_once_after_those_that_it_reads(objective):
    """The period's counts read full hours, which the slower group records."""
    server = Server()
    await play_objective(server, objective, 30, 600, 900)

    groups = objective_group(objective, 30), levels_group(objective, 30)
    of_groups = [(rule.record, rule.labels.get("window")) for g in groups for rule in g.rules]
    played = [(each["__name__"], each.get("window")) for each in server.written]
    assert sorted(of_groups, key=str) == sorted(played, key=str)
    order = [(names.EVENTS_RATE, None), (names.EVENTS_COUNT, "5m"), (names.EVENTS_COUNT, "1h"),
             (names.EVENTS_FULL_HOURS, "1d"), (names.EVENTS_COUNT, "1d"),
             (names.BUDGET_REMAINING, None)]  # fmt: skip
    assert order == sorted(order, key=played.index)


async def test_only_the_chosen_rules_are_played(objective):
    """For what nobody reads."""
    server = Server()
    await play_objective(
        server, objective, 30, 600, 900, only=lambda rule: rule.record == names.EVENTS_RATE
    )

    assert [names.EVENTS_RATE] == [each["__name__"] for each in server.written]
