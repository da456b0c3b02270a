"""Groups of rules replayed over a past, step by step in the order of what reads what."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Iterable, Sequence
from dataclasses import dataclass

from slo.prometheus import PrometheusClient
from slo.replay.asking import MOST_MOMENTS
from slo.replay.circles import Circle
from slo.replay.firing import Firing
from slo.replay.grids import Key
from slo.replay.holding import Holding
from slo.replay.moments import TimedGroup
from slo.replay.ordering import Placed, Step, plan
from slo.replay.playing import COPY, Player
from slo.replay.reading import ALERTS_FOR_STATE, name_of
from slo.series import Series

AT_ONCE = 4
"""Steps that are asked for at the same time."""
WRITTEN_AT_ONCE = 500
"""Series; a rule that gives as many is written by itself, for who waits takes memory."""


@dataclass(frozen=True)
class Failure:
    """A rule that could not be evaluated at some moments: then it records and fires nothing.

    Or one that gives a series which another rule records: it is left to that, as a server would
    refuse the later sample of one moment.
    """

    group: str
    rule: str
    moments: tuple[float, ...]
    """UNIX seconds."""
    said: str
    """By the server, or of the result."""


class Replay:
    """Groups of rules, played from a time on."""

    def __init__(
        self,
        client: PrometheusClient,
        groups: Sequence[TimedGroup],
        start: float,
        at_once: int = AT_ONCE,
    ) -> None:
        """Make a replay that has played nothing yet.

        Args:
            client: of the server, which takes remote writes and holds what was scraped. Of what the
                rules record, ALERTS too, it holds nothing younger than ``start``: so files that are
                to be compared need a server each.
            groups: of rules; those due at the same millisecond are evaluated in this order.
            start: nothing is evaluated at or before this time, UNIX seconds.
            at_once: queries that may run at the same time.

        Raises:
            ValueError: if an expression is no PromQL.
        """
        self._groups = list(groups)
        self._until, self._has_begun = start, False
        planned = plan(groups)
        every = [each for level in planned.levels for step in level for each in step.rules]
        reads_states = any(
            read.name in (None, ALERTS_FOR_STATE) for each in every for read in each.reads
        )
        owners: dict[Key, Placed] = {}
        self._players = {
            each.place: Player(client, each, reads_states, each.place in planned.copied, owners)
            for each in every
        }
        self._levels = [[self._played(step) for step in level] for level in planned.levels]
        self._at_once = at_once
        shortest = min((each.moments.interval_seconds for each in groups), default=1.0)
        self._longest_seconds = MOST_MOMENTS * shortest

    def _played(self, step: Step) -> _Played:
        players = [self._players[each.place] for each in step.rules]
        return _Played(step, players)

    async def advance(self, until: float) -> None:
        """Play all moments after those played so far, up to ``until`` (UNIX seconds).

        What was scraped up to then must be there.

        Raises:
            PrometheusError: if the server does not answer, or does not take what is written.
        """
        if not self._has_begun:
            self._has_begun = True
            start = self._until
            await self._gather(
                each.begin(start) for level in self._levels for each in level
            )  # fmt: skip
        while self._until < until:
            end = min(until, self._until + self._longest_seconds)
            for level in self._levels:
                await self._gather(each.play(self._until, end) for each in level)
                await self._write(player for each in level for player in each.players)
            self._until = end

    async def _write(self, players: Iterable[Player]) -> None:
        """Write what rules of one level gave, who do not read each other: together."""
        series: list[Series] = []
        client: PrometheusClient | None = None
        for each in players:
            client = each.client
            series += each.take_unwritten()
            if len(series) >= WRITTEN_AT_ONCE:
                await client.remote_write(series)
                series = []
        if client and series:
            await client.remote_write(series)

    def go_on_with(self, client: PrometheusClient) -> None:
        """Ask another server from now on, which holds what the one before held."""
        for each in self._players.values():
            each.client = client

    def firings(self) -> list[Firing]:
        """Return what became active up to now, by time and labels."""
        found = [
            firing
            for player in self._players.values()
            if player.alerts is not None
            for firing in player.alerts.firings()
        ]
        return sorted(found, key=lambda each: (each.active_at, sorted(each.labels.items())))

    def failures(self) -> list[Failure]:
        """Return what could not be evaluated, by group and rule."""
        return [
            Failure(
                self._groups[place[0]].group.name,
                name_of(player.placed.rule),
                tuple(sorted(set(moments))),
                said,
            )
            for place, player in sorted(self._players.items())
            for said, moments in sorted(player.failed.items())
        ]

    def require_no_failure(self) -> None:
        """Raise ValueError if a rule could not be evaluated at some moment."""
        if failures := self.failures():
            raise ValueError(f"found {failures[0]}, expected all rules to be evaluated")

    async def _gather(self, works: Iterable[Awaitable[None]]) -> None:
        free = asyncio.Semaphore(self._at_once)

        async def one(work: Awaitable[None]) -> None:
            async with free:
                await work

        try:
            async with asyncio.TaskGroup() as tasks:
                for each in works:
                    tasks.create_task(one(each))
        except ExceptionGroup as group:  # the first of them ended the others
            raise group.exceptions[0] from None


class _Played:
    """A step and its players."""

    def __init__(self, step: Step, players: Sequence[Player]) -> None:
        self.players = players
        by_text = {read.text: read.name or "" for each in step.rules for read in each.reads}
        self._names: dict[str, str] = {}
        self._holding: Holding | None = None
        self._circle: Circle | None = None
        if step.moment_by_moment and len(step.rules) > 1:
            self._circle = Circle(players, {})
            return
        (placed,) = step.rules
        own = frozenset(
            read.text
            for read in placed.reads
            if step.reads_itself and any(map(read.may_find, placed.outputs))
        )
        self._names = {text: COPY + by_text[text] for text in step.delayed - own}
        if step.reads_itself:
            self._holding = Holding(players[0], own)
        if step.moment_by_moment:
            self._circle = Circle(players, self._names)

    async def begin(self, start: float) -> None:
        """Look for what is there before the first moment."""
        for each in self.players:
            moments = each.placed.moments
            first_ms = round(moments.between(start, start)[0] * 1000)
            await each.begin(first_ms)
            if self._holding:
                await self._holding.begin(first_ms)

    async def play(self, start: float, end: float) -> None:
        """Play the step after ``start`` up to ``end``."""
        if self._circle:
            await self._circle.play(start, end)
            return
        (player,) = self.players
        times_ms = player.placed.moments.between_ms(start, end)
        if self._holding:
            await self._holding.play(times_ms, self._names)
        elif times_ms.size:
            await player.play(times_ms, self._names)
        if len(player.unwritten) >= WRITTEN_AT_ONCE:
            await player.write()


async def evaluate(
    client: PrometheusClient, groups: Sequence[TimedGroup], start: float, end: float
) -> list[Firing]:
    """Return what becomes active after ``start`` up to ``end`` (UNIX seconds).

    For more than that, or piece by piece, see :class:`Replay`.
    """
    replay = Replay(client, groups, start)
    await replay.advance(end)
    return replay.firings()
