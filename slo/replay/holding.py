"""Rules that read their own value of the moment before: states that hold.

What such a rule recorded is guessed, and its expression asked over all moments at once with the
guess in place of its own series: a copy under another name, each sample one millisecond after its
moment. Up to and with the first moment at which the result differs from the guess, each result was
made of what is right; so that much is, by induction, what a server would have recorded, and the
rest is guessed and asked again. Where a result is what it saw of itself, it is held, and guessed to
be what comes out of the moment before. Elsewhere it follows what else is read, and is the next
guess. So a state takes one query for each change, and a level that is held at some moments and
follows at others takes two or three, however many moments there are.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field, replace

import numpy as np

from slo.replay.grids import Grid, Key, Row, stored
from slo.replay.playing import DELAY_MS, Player, copied, seen_before
from slo.replay.reading import with_names
from slo.series import Series
from slo.steps import Times

_numbers = itertools.count()
_FEWEST_ASKED = 64
_ASKED_TIMES = 16
"""So many times as many moments are asked for as were right the time before."""


@dataclass
class _Guess:
    """What the rule is guessed to give, and what it is known to give, at all moments."""

    known: Grid
    guessed: dict[Key, Row]

    def accept(self, given: Grid, first: int) -> int:
        """Take over what is right of a result from ``first`` on; return where to go on.

        Up to the first change of any series all is right. What is guessed of the rest, see above.
        """
        stop = first + len(given.times_ms)
        differs = {key: self._change(key, given, first, stop) for key in given.rows | self.guessed}
        failed = np.flatnonzero(given.failed)
        changed = min([*differs.values(), *(first + failed[:1]).tolist()], default=stop)
        end = min(changed + 1, stop)
        for key in differs:
            if key not in self.known.rows:
                self.known.rows[key] = Row.empty(len(self.known.times_ms))
            _copy(given.row(key), self.known.rows[key], slice(0, end - first), slice(first, end))
        self.known.failed[first:end] = given.failed[: end - first]
        for key, change in differs.items():
            if change < stop:
                self._go_on(key, given, first, change)
        return end

    def _change(self, key: Key, given: Grid, first: int, stop: int) -> int:
        asked = self._guessed(key, first, stop)
        # Where the rule failed its series stays as it was.
        places = np.flatnonzero(asked.differs(given.row(key)) & ~given.failed)
        return first + int(places[0]) if places.size else stop

    def _guessed(self, key: Key, first: int, stop: int) -> Row:
        row = self.guessed.get(key) or Row.empty(len(self.known.times_ms))
        return Row(row.values[first:stop], row.present[first:stop])

    def _go_on(self, key: Key, given: Grid, first: int, change: int) -> None:
        """Guess a series anew from its first change on."""
        count = len(self.known.times_ms)
        row, stop = given.row(key), first + len(given.times_ms)
        seen = self._guessed(key, change, stop - 1)
        after = slice(change + 1 - first, None)
        follows = np.zeros(count - change, np.bool_)
        follows[0] = True
        follows[1 : stop - change] = (
            seen.differs(Row(row.values[after], row.present[after])) & ~given.failed[after]
        )
        places = np.where(follows, np.arange(count - change), 0)
        places = np.maximum.accumulate(places) + change - first
        guessed = self.guessed.setdefault(key, Row.empty(count))
        guessed.values[change:], guessed.present[change:] = row.values[places], row.present[places]


@dataclass
class Holding:
    """A rule that reads itself."""

    player: Player
    own: frozenset[str]
    """Texts of the selectors that find its own series."""
    _before_ms: int = 0
    """When what is known from before was recorded."""
    _before: dict[Key, float] = field(default_factory=dict)
    """Value of each of its series as it is seen at the next moment."""

    async def begin(self, first_ms: int) -> None:
        """Look for what is there before the first moment."""
        seen = await seen_before(self.player.client, self.player.placed, first_ms, "")
        self._before_ms = first_ms - 1 - DELAY_MS
        self._before = {tuple(sorted(each.labels.items())): float(each.values[-1]) for each in seen}

    async def play(self, times_ms: Times, names: dict[str, str]) -> None:
        """Play the rule at some moments; ``names`` are of copies of others' series."""
        if not times_ms.size:
            return
        count = len(times_ms)
        guess = _Guess(
            Grid.of(times_ms),
            {
                key: Row(np.full(count, value), np.ones(count, np.bool_))
                for key, value in self._before.items()
            },
        )
        place, asked, said = 0, count, ""
        while place < count:
            given = await self._ask(guess, times_ms[: place + asked], place, names)
            accepted = guess.accept(given, place) - place
            place += accepted
            said = said or given.said
            # Of a rule that changes all the time little can be guessed.
            asked = max(_FEWEST_ASKED, _ASKED_TIMES * accepted)
        self._remember(guess.known)
        self.player.take(replace(guess.known, said=said))

    async def _ask(self, guess: _Guess, times_ms: Times, first: int, names: dict[str, str]) -> Grid:
        prefix = f"replay:guess{next(_numbers)}:"
        series = self._copies(guess, times_ms, first, prefix)
        if series:
            await self.player.client.remote_write(series)
        rule = self.player.placed.rule
        own = {
            read.text: prefix + (read.name or "")
            for read in self.player.placed.reads
            if read.text in self.own
        }
        return await self.player.ask(times_ms[first:], with_names(rule.expr, names | own))

    def _copies(self, guess: _Guess, times_ms: Times, first: int, prefix: str) -> list[Series]:
        """Return delayed samples of what is known just before ``first``, and guessed from there."""
        before = self._seen(guess.known, first)
        at = self._before_ms if not first else int(times_ms[first - 1])
        guessed = slice(first, len(times_ms) - 1)
        times = np.concatenate(([at], times_ms[guessed]))
        grid = Grid.of(times)
        for key in before.keys() | guess.guessed.keys():
            row = guess.guessed.get(key) or Row.empty(len(times_ms))
            values = np.concatenate(([before.get(key, np.nan)], row.values[guessed]))
            present = np.concatenate(([key in before], row.present[guessed]))
            grid.rows[key] = Row(values, present)
        return stored(copied(grid, prefix), (), DELAY_MS)[0]

    def _seen(self, known: Grid, first: int) -> dict[Key, float]:
        """Return the values that the rule's series have as seen at a moment."""
        last = np.flatnonzero(~known.failed[:first])
        if not last.size:
            return self._before
        index = int(last[-1])
        return {
            key: float(row.values[index]) for key, row in known.rows.items() if row.present[index]
        }

    def _remember(self, known: Grid) -> None:
        self._before = self._seen(known, len(known.times_ms))
        self._before_ms = int(known.times_ms[-1])


def _copy(source: Row, target: Row, taken: slice, put: slice) -> None:
    target.values[put] = source.values[taken]
    target.present[put] = source.present[taken]
