"""One rule played over moments: asked, labelled, and its series made as a server stores them.

They are written together with those of other rules (:mod:`slo.replay.evaluating`): a request for
each rule is most of the work of both sides.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from slo.prometheus import PrometheusClient
from slo.replay.alerting import Alerts
from slo.replay.asking import ask
from slo.replay.grids import Bools, Grid, Key, key_of, stored
from slo.replay.ordering import Placed
from slo.replay.reading import ALERTS_FOR_STATE, NAME, with_names
from slo.rule import AlertingRule, RecordingRule
from slo.series import Series
from slo.steps import Times

COPY = "replay:before:"
"""Names of delayed copies begin so."""
DELAY_MS = 1
"""Of copies: the rule that reads one sees the sample of the moment before."""


@dataclass(eq=False)
class Player:
    """A rule, what it has left of the moments played so far."""

    client: PrometheusClient
    placed: Placed
    writes_states: bool = False
    """Of an alert: whether ``ALERTS_FOR_STATE`` is wanted too."""
    is_copied: bool = False
    """Whether a delayed copy of its series is wanted."""
    owners: dict[Key, Placed] = field(default_factory=dict)
    """Who writes each series, of all players of a server."""
    alerts: Alerts | None = None
    unwritten: list[Series] = field(default_factory=list)
    """What it gave and nobody has written yet."""
    failed: dict[str, list[float]] = field(default_factory=dict)
    """Moments at which it failed, by what was said of that."""
    _last: frozenset[Key] = frozenset()
    """Series that are there at the last moment."""
    _last_copies: frozenset[Key] = frozenset()

    def __post_init__(self) -> None:
        if isinstance(self.placed.rule, AlertingRule):
            self.alerts = Alerts(self.placed.rule)

    async def play(self, times_ms: Times, names: Mapping[str, str]) -> None:
        """Play the rule at some moments, all at once.

        Args:
            times_ms: the moments.
            names: of selectors that are to find copies, by their text.
        """
        self.take(await self.ask(times_ms, self.expr_with(names)))

    def expr_with(self, names: Mapping[str, str]) -> str:
        """Return the rule's expression with selectors that find copies; see :meth:`play`."""
        expr = self.placed.rule.expr
        return with_names(expr, names) if names else expr

    @property
    def lasts(self) -> bool:
        """Whether anything that it gave is there at its last moment, or may still be told."""
        is_active = self.alerts is not None and self.alerts.is_active
        return bool(self._last or self._last_copies or is_active)

    async def when_not_silent(self, times_ms: Times, names: Mapping[str, str]) -> int | None:
        """Return the first of some moments at which the rule gives something, or fails; or None.

        Nothing is taken of it, see :meth:`play`.
        """
        grid = await self.ask(times_ms, self.expr_with(names))
        told = grid.failed.copy()
        for row in grid.rows.values():
            told |= row.present
        places = np.flatnonzero(told)
        return int(times_ms[places[0]]) if places.size else None

    async def ask(self, times_ms: Times, expr: str) -> Grid:
        """Return what the rule gives at some moments, where its expression is ``expr``."""
        found, failed, said = await ask(
            self.client, expr, times_ms, self.placed.moments.interval_ms
        )
        return self.labelled(times_ms, found, failed, said)

    def labelled(self, times_ms: Times, found: list[Series], failed: Bools, said: str) -> Grid:
        """Return a result as the rule's series, of an alert before its ``for``."""
        grid = Grid(
            times_ms, {}, failed.copy(), said or "it gives several elements with equal labels"
        )
        rule = self.placed.rule
        for each in found:
            if self.alerts is not None:
                self.alerts.add(grid, each)
            elif isinstance(rule, RecordingRule):
                key = key_of({**each.labels, **rule.labels, NAME: rule.record})
                grid.add(key, each.times_ms, each.values)
        grid.clear_failed()
        return grid

    def take(self, grid: Grid) -> None:
        """Take what the rule gave as to be written, and go on from there."""
        self._note(grid.said, grid.times_ms[grid.failed])
        if self.alerts is not None:
            grid = self.alerts.advance(grid)
        grid = self._own(grid)
        series, self._last = stored(grid, self._last)
        if self.is_copied:
            copies, self._last_copies = stored(copied(grid, COPY), self._last_copies, DELAY_MS)
            series += copies
        self.unwritten += series

    def take_unwritten(self) -> list[Series]:
        """Return what is to be written, which whoever asks does."""
        series, self.unwritten = self.unwritten, []
        return series

    async def write(self) -> None:
        """Write what is to be written."""
        if self.unwritten:
            await self.client.remote_write(self.take_unwritten())

    def _own(self, grid: Grid) -> Grid:
        """Return a grid of what this rule is to write: no series that another writes already."""
        rows = {}
        for key, row in grid.rows.items():
            if (NAME, ALERTS_FOR_STATE) in key and not self.writes_states:
                continue
            if self.owners.setdefault(key, self.placed) is self.placed:
                rows[key] = row
            else:
                self._note("another rule records the same series", grid.times_ms[row.present])
        return Grid(grid.times_ms, rows, grid.failed)

    def _note(self, said: str, times_ms: Times) -> None:
        if times_ms.size:
            self.failed.setdefault(said, []).extend((times_ms / 1000).tolist())

    async def begin(self, first_ms: int) -> None:
        """Copy what is there before the first moment, of which nobody recorded it here."""
        if self.is_copied:
            seen = await seen_before(self.client, self.placed, first_ms, COPY)
            self._last_copies = frozenset(key_of(each.labels) for each in seen)
            if seen:
                await self.client.remote_write(seen)


def copied(grid: Grid, prefix: str) -> Grid:
    """Return a grid with other names of its series."""
    rows = {_renamed(key, prefix): row for key, row in grid.rows.items()}
    return Grid(grid.times_ms, rows, grid.failed)


def _renamed(key: Key, prefix: str) -> Key:
    labels = dict(key)
    return key_of({**labels, NAME: prefix + labels[NAME]})


async def seen_before(
    client: PrometheusClient, placed: Placed, first_ms: int, prefix: str
) -> list[Series]:
    """Return copies of a rule's series as they are seen just before a moment."""
    found: list[Series] = []
    for output in placed.outputs:
        at = (first_ms - 1) / 1000
        found += await client.query_range(output.selector, at, at, 1)
    return [
        Series({**each.labels, NAME: prefix + each.labels[NAME]}, each.times_ms, each.values)
        for each in found
    ]
