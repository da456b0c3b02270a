"""Alerts as Prometheus 2.42 keeps them: pending, firing, ended (rules/alerting.go, ``Eval``)."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from slo.replay.firing import Firing
from slo.replay.grids import Grid, Key, Row, key_of
from slo.replay.label_templates import read_template, uses_value
from slo.replay.reading import ALERTNAME, ALERTS, ALERTS_FOR_STATE, ALERTSTATE, NAME
from slo.rule import AlertingRule
from slo.series import Series

_PENDING, _FIRING = "pending", "firing"


@dataclass
class _Active:
    """An alert that is pending or firing. Times in milliseconds."""

    active_at: int
    firing_at: int | None = None
    gone_since: int | None = None
    """When its expression ended, while it is kept firing."""


@dataclass
class Alerts:
    """The alerts of one rule over time."""

    rule: AlertingRule
    _active: dict[Key, _Active] = field(default_factory=dict)
    _ended: list[Firing] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._labels = {
            name: (read_template(text), uses_value(text)) for name, text in self.rule.labels.items()
        }
        self._says_value = any(changes for _, changes in self._labels.values())

    @property
    def is_active(self) -> bool:
        """Whether any is pending or firing."""
        return bool(self._active)

    def firings(self) -> list[Firing]:
        """Return all alerts up to now, those that last too."""
        lasting = (self._firing(key, each, None) for key, each in self._active.items())
        return [*self._ended, *lasting]

    def add(self, grid: Grid, series: Series) -> None:
        """Add an element of the expression's result to a grid of alerts."""
        if not self._says_value:
            key = self._key(series, series.values[0] if series.values.size else 0.0)
            grid.add(key, series.times_ms, series.values)
            return
        for index, value in enumerate(series.values.tolist()):
            one = slice(index, index + 1)
            grid.add(self._key(series, value), series.times_ms[one], series.values[one])

    def advance(self, grid: Grid) -> Grid:
        """Take in when alerts' expressions held, and return the series ALERTS and their like."""
        told = Grid(grid.times_ms, {}, grid.failed)
        counted = np.flatnonzero(~grid.failed).tolist()
        for key in sorted(self._active.keys() | grid.rows.keys()):
            self._advance_one(key, grid.row(key), counted, told)
        return told

    def _advance_one(self, key: Key, row: Row, counted: list[int], told: Grid) -> None:
        times, present = told.times_ms.tolist(), row.present.tolist()
        active = self._active.pop(key, None)
        states = {state: [] for state in (_PENDING, _FIRING)}  # type: dict[str, list[int]]
        since: list[float] = []
        for index in counted:
            now = times[index]
            if present[index]:
                active = active or _Active(now)
                active.gone_since = None
            elif active is not None and not self._keeps(active, now):
                self._ended.append(self._firing(key, active, now))
                active = None
            if active is None:
                continue
            if active.firing_at is None and now - active.active_at >= self._for_ms:
                active.firing_at = now
            states[_PENDING if active.firing_at is None else _FIRING].append(index)
            since.append(float(active.active_at // 1000))
        if active is not None:
            self._active[key] = active
        self._tell(key, states, since, told)

    def _keeps(self, active: _Active, now: int) -> bool:
        keep_ms = round(self.rule.keep_firing_for_seconds * 1000)
        if active.firing_at is None or not keep_ms:
            return False
        if active.gone_since is None:
            active.gone_since = now
        return now - active.gone_since < keep_ms

    @property
    def _for_ms(self) -> int:
        return round(self.rule.for_seconds * 1000)

    @staticmethod
    def _tell(key: Key, states: dict[str, list[int]], since: list[float], told: Grid) -> None:
        for state, indices in states.items():
            if indices:
                labels = {**dict(key), NAME: ALERTS, ALERTSTATE: state}
                told.add(key_of(labels), told.times_ms[indices], np.ones(len(indices)))
        if since:
            indices = sorted([*states[_PENDING], *states[_FIRING]])
            labels = {**dict(key), NAME: ALERTS_FOR_STATE}
            told.add(key_of(labels), told.times_ms[indices], np.array(since))

    def _key(self, series: Series, value: float) -> Key:
        found = series.labels
        rendered = {name: render(found, value) for name, (render, _) in self._labels.items()}
        return key_of({**found, **rendered, NAME: "", ALERTNAME: self.rule.alert})

    def _firing(self, key: Key, active: _Active, ended_at: int | None) -> Firing:
        fired = active.firing_at
        return Firing(
            self.rule.alert,
            dict(key),
            active.active_at / 1000,
            None if fired is None else fired / 1000,
            None if ended_at is None else ended_at / 1000,
        )
