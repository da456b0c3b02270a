"""Who is told of what, and when: Alertmanager 0.25 modelled from its configuration.

What it does, and where its source says so:

*   Prometheus sends an alert when it fires and when it ends, and again at its first evaluation more
    than a minute later, ended ones for 15 minutes (rules/alerting.go ``needsSending``).
*   An alert goes into a group of each route that it takes. A new group waits ``group_wait`` and is
    then flushed every ``group_interval``; ended alerts leave it with a flush. An empty one goes
    within 30 s (dispatch/dispatch.go).
*   A flush leaves out what is inhibited, ended or not; tells nobody outside the route's times; and
    tells an integration only if more fires than it was last told of, if all has ended, if one has
    ended and it wants to hear of that, or if ``repeat_interval`` has passed (notify/notify.go
    ``needsUpdate``). What it was told is remembered after the group is gone.

Nothing takes time: an alert is in Alertmanager at the moment at which Prometheus evaluates, and a
notification arrives when it is sent.
"""

from __future__ import annotations

import hashlib
import heapq
import json
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cmp_to_key
from types import MappingProxyType
from typing import Any

from alerts.alertmanager.inhibiting import Inhibition, read_inhibitions
from alerts.alertmanager.receivers import Integration, read_integrations
from alerts.alertmanager.routes import Route, read_route
from alerts.alertmanager.time_intervals import TimeInterval, read_time_intervals
from slo.replay.firing import Firing

RESEND_SECONDS = 60.0
"""Prometheus sends again what it sent longer ago (``--rules.alert.resend-delay``)."""
RETENTION_SECONDS = 15 * 60.0
"""For so long it sends again what has ended (``resolvedRetention``)."""
CLEANUP_SECONDS = 30.0
"""Between two looks for groups that are empty."""

FIRING, RESOLVED = "firing", "resolved"


@dataclass(frozen=True)
class Notification:
    """One message to one integration of a receiver."""

    at: float
    """UNIX seconds."""
    receiver: str
    integration: str
    """``pagerduty``, ``webhook``, ..."""
    group_labels: Mapping[str, str]
    group_key: str
    """As Alertmanager writes it."""
    status: str
    """:data:`FIRING`, if any of its alerts does, else :data:`RESOLVED`."""
    alerts: tuple[Firing, ...]
    """What it tells of, in its order: ended ones too, where the integration wants them."""

    @property
    def dedup_key(self) -> str:
        """Return PagerDuty's key of the incident."""
        return hashlib.sha256(self.group_key.encode()).hexdigest()

    @property
    def firing(self) -> tuple[Firing, ...]:
        """Return the alerts that fire."""
        return tuple(each for each in self.alerts if _fires(each, self.at))

    @property
    def action(self) -> str:
        """Return what PagerDuty is asked for: ``trigger`` or ``resolve``."""
        return "trigger" if self.status == FIRING else "resolve"


def notifications(
    firings: Iterable[Firing],
    config: Mapping[str, Any],
    start: float,
    end: float,
    evaluation_seconds: float = 15.0,
    *,
    external_labels: Mapping[str, str] = MappingProxyType({}),
) -> list[Notification]:
    """Return what an Alertmanager tells from ``start`` to ``end`` (UNIX seconds), by time.

    Args:
        firings: of all alerts; those that were only pending are passed over.
        config: ``alertmanager.yml`` as data.
        start: when it starts; empty.
        end: see above.
        evaluation_seconds: between two evaluations of the alerts' rules.
        external_labels: what Prometheus sends alerts with that have no such label of their own
            (notifier/notifier.go). Notifications have the alerts as they were given.

    Raises:
        ValueError: if the configuration has something that is none of Alertmanager's.
    """
    own = list(firings)
    sent = [replace(each, labels={**external_labels, **each.labels}) for each in own]
    given = {id(each): one for each, one in zip(sent, own, strict=True)}
    return [
        replace(told, alerts=tuple(given[id(each)] for each in told.alerts))
        for told in _Dispatcher(config, start, evaluation_seconds).run(sent, end)
    ]


def group_key(route: Route, labels: Mapping[str, str]) -> str:
    """Return the key of a group as Alertmanager writes it, of which PagerDuty's is a hash."""
    written = (f"{k}={json.dumps(v, ensure_ascii=False)}" for k, v in sorted(labels.items()))
    return f"{route.key}:{{{', '.join(written)}}}"


def _order(one: Firing, other: Firing) -> int:
    """Compare two alerts as a message sorts them (types/types.go ``AlertSlice``).

    By job and instance, where they have any, then by the number of labels, then by labels; who
    lacks the first that differs comes first.
    """
    for name in ("job", "instance"):
        mine, theirs = one.labels.get(name), other.labels.get(name)
        if mine != theirs:
            return -1 if theirs is None or (mine is not None and mine < theirs) else 1
    if len(one.labels) != len(other.labels):
        return len(one.labels) - len(other.labels)
    for name in sorted({*one.labels, *other.labels}):
        mine, theirs = one.labels.get(name), other.labels.get(name)
        if mine != theirs:
            return -1 if mine is None or (theirs is not None and mine < theirs) else 1
    return 0


def _fires(firing: Firing, at: float) -> bool:
    return firing.ended_at is None or firing.ended_at > at


def _labels_key(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))


@dataclass
class _Told:
    """What an integration was last told of a group."""

    at: float
    firing: frozenset[object]
    resolved: frozenset[object]


@dataclass
class _Group:
    """Alerts of one route with the same group labels."""

    route: Route
    labels: Mapping[str, str]
    key: str
    next_flush: float
    alerts: dict[object, Firing] = field(default_factory=dict)
    has_flushed: bool = False
    goes_at: float = math.inf
    """When it is taken away, unless an alert comes before."""


class _Dispatcher:
    def __init__(self, config: Mapping[str, Any], start: float, evaluation_seconds: float) -> None:
        self._start = start
        # Strictly more than the delay: the next evaluation after it.
        self._resend_seconds = evaluation_seconds * (RESEND_SECONDS // evaluation_seconds + 1)
        self._root = read_route(config["route"])
        self._inhibitions: Sequence[Inhibition] = read_inhibitions(
            config.get("inhibit_rules") or ()
        )
        self._intervals = read_time_intervals(config)
        self._integrations = read_integrations(config)
        self._groups: dict[tuple[int, str], _Group] = {}
        self._told: dict[tuple[Integration, str], _Told] = {}
        self._known: dict[object, Firing] = {}
        """The newest of each set of labels, as the inhibitor knows them."""

    def run(self, firings: Iterable[Firing], end: float) -> Iterator[Notification]:
        """Yield notifications in time order."""
        sent = [(at, number, firing)
                for number, firing in enumerate(firings)
                for at in self._sendings(firing, end)]  # fmt: skip
        heapq.heapify(sent)
        while True:
            group = min(self._groups.values(), key=lambda each: each.next_flush, default=None)
            flush_at = group.next_flush if group else math.inf
            # What comes at the same moment was sent with what began the group's time, or before.
            if sent and sent[0][0] <= flush_at:
                at, _, firing = heapq.heappop(sent)
                self._take(firing, at)
            elif group is not None and flush_at <= end:
                yield from self._flush(group)
            else:
                return

    def _sendings(self, firing: Firing, end: float) -> Iterator[float]:
        if firing.firing_at is None:
            return
        ends = math.inf if firing.ended_at is None else firing.ended_at
        at = firing.firing_at
        while at < ends and at <= end:
            yield at
            # Only the first says something new: the others are as good as one at the end.
            at = ends
        while at <= min(end, ends + RETENTION_SECONDS):
            yield at
            at += self._resend_seconds

    def _take(self, firing: Firing, at: float) -> None:
        key = _labels_key(firing.labels)
        newest = self._known.get(key)
        if newest is None or (newest.firing_at or 0) <= (firing.firing_at or 0):
            self._known[key] = firing
        else:
            return  # it fires again, and Prometheus has forgotten that it had ended
        for route in self._root.matching(firing.labels):
            self._insert(route, firing, key, at)

    def _insert(self, route: Route, firing: Firing, key: object, at: float) -> None:
        labels = route.group_labels(firing.labels)
        key_of_group = group_key(route, labels)
        place = (id(route), key_of_group)
        group = self._groups.get(place)
        if group is None or group.goes_at <= at:
            group = _Group(route, labels, key_of_group, at + route.group_wait_seconds)
            self._groups[place] = group
        group.alerts[key] = firing
        group.goes_at = math.inf
        if not group.has_flushed and (firing.firing_at or at) + route.group_wait_seconds < at:
            group.next_flush = at

    def _flush(self, group: _Group) -> Iterator[Notification]:
        at = group.next_flush
        if group.goes_at <= at:
            self._groups = {k: v for k, v in self._groups.items() if v is not group}
            return
        group.next_flush = at + group.route.group_interval_seconds
        group.has_flushed = True
        if not group.alerts:
            return
        alerts = sorted(group.alerts.values(), key=cmp_to_key(_order))
        group.alerts = {key: each for key, each in group.alerts.items() if _fires(each, at)}
        if not group.alerts:
            looks = math.floor((at - self._start) / CLEANUP_SECONDS) + 1
            group.goes_at = self._start + looks * CLEANUP_SECONDS
        firing_now = [each.labels for each in self._known.values() if _fires(each, at)]
        heard = [
            each
            for each in alerts
            if not any(rule.mutes(each.labels, firing_now) for rule in self._inhibitions)
        ]
        if heard and self._is_time(group.route, at):
            for integration in self._integrations.get(group.route.receiver, ()):
                yield from self._tell(integration, group, heard, at)

    def _is_time(self, route: Route, at: float) -> bool:
        def is_in(names: Sequence[str]) -> bool:
            intervals: Iterable[TimeInterval] = (
                each for name in names for each in self._intervals[name]
            )
            return any(each.contains(at) for each in intervals)

        return not is_in(route.muted_in) and (not route.active_in or is_in(route.active_in))

    def _tell(
        self, integration: Integration, group: _Group, alerts: Sequence[Firing], at: float
    ) -> Iterator[Notification]:
        firing = [each for each in alerts if _fires(each, at)]
        fires = frozenset(_labels_key(each.labels) for each in firing)
        ended = frozenset(_labels_key(each.labels) for each in alerts if not _fires(each, at))
        before = self._told.get((integration, group.key))
        repeat_seconds = group.route.repeat_interval_seconds
        if not _is_news(before, fires, ended, integration, at - repeat_seconds):
            return
        self._told[integration, group.key] = _Told(at, fires, ended)
        told = alerts if integration.sends_resolved else firing
        if told:
            status = FIRING if firing else RESOLVED
            yield Notification(
                at, integration.receiver, integration.name, group.labels, group.key, status,
                tuple(told),
            )  # fmt: skip


def _is_news(
    before: _Told | None,
    firing: frozenset[object],
    ended: frozenset[object],
    integration: Integration,
    repeat_before: float,
) -> bool:
    """Tell whether an integration is to be told (notify/notify.go, ``needsUpdate``)."""
    if before is None:
        return bool(firing)
    if not firing <= before.firing:
        return True
    if not firing:
        return bool(before.firing)
    if integration.sends_resolved and not ended <= before.resolved:
        return True
    return before.at < repeat_before
