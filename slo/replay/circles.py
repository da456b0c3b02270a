"""Rules that read each other in a circle: played moment by moment.

At one moment a rule sees what those before it have just recorded, and of those after it what they
recorded at their moment before. Rules of which neither has just been waited for are asked for
together, and what they gave is written together: a request for each is most of the work.
"""

from __future__ import annotations

import heapq
from collections.abc import Mapping, Sequence
from itertools import groupby

import numpy as np

from slo.replay.asking import ask_together
from slo.replay.ordering import Placed
from slo.replay.playing import Player
from slo.replay.reading import is_told_its_moment
from slo.steps import Times

_FEWEST_AHEAD = 8
"""Moments that rules in a circle are asked for at once while they give nothing; then twice as many,
and so on."""
_Due = tuple[int, tuple[int, int], Player]


class Circle:
    """Rules that must be played together, and one that cannot be played otherwise."""

    def __init__(self, players: Sequence[Player], names: Mapping[str, str]) -> None:
        """Make a circle that has played nothing yet.

        Args:
            players: of its rules, by place.
            names: of selectors that are to find copies, by their text.
        """
        self._players, self._names = players, names
        self._is_told_its_moment = any(
            is_told_its_moment(each.placed.rule.expr) for each in players
        )
        turns = turns_of([each.placed for each in players])
        self._turns = {
            each.placed.place: turn for each, turn in zip(players, turns, strict=True)
        }  # fmt: skip

    async def play(self, start: float, end: float) -> None:
        """Play all moments after ``start`` up to ``end``; skip those at which nothing is given.

        As long as none does, and nothing of theirs lasts, none has written what another would read:
        then all may be asked over many moments at once, up to the first that gives something.
        """
        of_each = (_due(each, start, end) for each in self._players)
        due = list(heapq.merge(*of_each, key=lambda each: each[:2]))
        at, ahead = 0, _FEWEST_AHEAD
        while at < len(due):
            if not self._is_told_its_moment and not any(each.lasts for each in self._players):
                some = due[at : at + ahead * len(self._players)]
                skipped = await self._count_silent(some)
                at += skipped
                ahead = 2 * ahead if skipped == len(some) else _FEWEST_AHEAD
                if skipped == len(some):
                    continue
            time_ms = due[at][0]
            now = [player for time, _, player in due[at : at + len(self._players)]
                   if time == time_ms]  # fmt: skip
            await self._play_moment(time_ms, now)
            at += len(now)

    async def _play_moment(self, time_ms: int, players: Sequence[Player]) -> None:
        """Play rules at one moment, by place, all that are still to be played at it."""

        def turn(player: Player) -> int:
            return self._turns[player.placed.place]

        client = players[0].client
        times_ms = np.array([time_ms], np.int64)
        for _, same in groupby(sorted(players, key=turn), turn):
            together = list(same)
            exprs = [each.expr_with(self._names) for each in together]
            interval_ms = together[0].placed.moments.interval_ms
            told = await ask_together(client, exprs, times_ms, interval_ms)
            for each, (found, failed, said) in zip(together, told, strict=True):
                each.take(each.labelled(times_ms, found, failed, said))
            series = [of for each in together for of in each.take_unwritten()]
            if series:
                await client.remote_write(series)

    async def _count_silent(self, due: Sequence[_Due]) -> int:
        """Return how many of the first of these give nothing, if nothing of theirs is there."""
        first: tuple[int, tuple[int, int]] | None = None
        for player in self._players:
            times_ms = np.array([time for time, _, of in due if of is player], np.int64)
            if not times_ms.size:
                continue
            found = await player.when_not_silent(times_ms, self._names)
            told = None if found is None else (found, player.placed.place)
            first = min(filter(None, (first, told)), default=None)
        return sum(first is None or each[:2] < first for each in due)


def turns_of(rules: Sequence[Placed]) -> list[int]:
    """Return when each of some rules is played at one moment: those of one turn together.

    A rule comes after those before it that it reads, and what it writes no sooner than a rule
    before it has been asked for that reads it, or may write the same.

    Args:
        rules: by place.
    """
    turns: list[int] = []
    for rule in rules:
        turn = 0
        for before, its_turn in zip(rules, turns, strict=False):
            if _reads(rule, before):
                turn = max(turn, its_turn + 1)
            elif _reads(before, rule) or _may_write_the_same(before, rule):
                turn = max(turn, its_turn)
        turns.append(turn)
    return turns


def _reads(one: Placed, other: Placed) -> bool:
    return any(read.may_find(output) for read in one.reads for output in other.outputs)


def _may_write_the_same(one: Placed, other: Placed) -> bool:
    names = {each.name for each in one.outputs}
    return any(each.name in names for each in other.outputs)


def _due(player: Player, start: float, end: float) -> list[_Due]:
    times_ms: Times = player.placed.moments.between_ms(start, end)
    return [(time_ms, player.placed.place, player) for time_ms in times_ms.tolist()]
