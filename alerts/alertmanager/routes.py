"""The tree of routes (dispatch/route.go): which receivers hear of an alert, and when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from alerts.alertmanager.matching import Matchers, match_all, read_matchers
from exporters.durations import parse_duration

USUAL_GROUP_WAIT_SECONDS = 30.0
USUAL_GROUP_INTERVAL_SECONDS = 300.0
USUAL_REPEAT_INTERVAL_SECONDS = 4 * 3600.0
"""Where no route says another (config/config.go)."""
_BY_ALL = "..."


@dataclass(frozen=True)
class Route:
    """One route, with what it inherits."""

    key: str
    """Of the route in keys of groups: the matchers from the root on."""
    receiver: str
    matchers: Matchers
    goes_on: bool
    """Whether its later siblings are asked too (``continue``)."""
    group_by: tuple[str, ...] | None
    """None for all labels."""
    group_wait_seconds: float
    group_interval_seconds: float
    repeat_interval_seconds: float
    muted_in: tuple[str, ...]
    """Names of time intervals in which it tells nobody; not inherited."""
    active_in: tuple[str, ...]
    """Names of time intervals outside of which it tells nobody; not inherited."""
    routes: tuple[Route, ...]

    def matching(self, labels: Mapping[str, str]) -> list[Route]:
        """Return the routes that an alert takes: the deepest that match."""
        if not match_all(self.matchers, labels):
            return []
        found: list[Route] = []
        for each in self.routes:
            matched = each.matching(labels)
            found += matched
            if matched and not each.goes_on:
                break
        return found or [self]

    @property
    def told_every_seconds(self) -> float:
        """How often what fires is told again: with the first flush for which it is time.

        Only if more than ``repeat_interval`` has passed since it was told (notify/notify.go,
        ``needsUpdate``): of equal intervals every second flush tells.
        """
        flush = self.group_interval_seconds
        return flush * (self.repeat_interval_seconds // flush + 1)

    def group_labels(self, labels: Mapping[str, str]) -> dict[str, str]:
        """Return what an alert is grouped by: labels that it lacks group nothing."""
        names = sorted(labels) if self.group_by is None else self.group_by
        return {name: labels[name] for name in names if name in labels}


def read_route(config: Mapping[str, Any]) -> Route:
    """Return the root of a configuration's routes.

    Raises:
        ValueError: if something in it is none of Alertmanager's.
    """
    root = Route(
        key="",
        receiver="",
        matchers=(),
        goes_on=False,
        group_by=(),
        group_wait_seconds=USUAL_GROUP_WAIT_SECONDS,
        group_interval_seconds=USUAL_GROUP_INTERVAL_SECONDS,
        repeat_interval_seconds=USUAL_REPEAT_INTERVAL_SECONDS,
        muted_in=(),
        active_in=(),
        routes=(),
    )
    return _route(config, root)


def _route(config: Mapping[str, Any], parent: Route) -> Route:
    matchers = read_matchers(config)
    written = "{" + ",".join(map(str, matchers)) + "}"
    names = config.get("group_by")
    # An empty list is inherited over, as none is (config/config.go, Route.UnmarshalYAML).
    group_by = tuple(sorted(map(str, names))) if names else parent.group_by
    alone = Route(
        key=f"{parent.key}/{written}" if parent.key else written,
        receiver=str(config.get("receiver") or parent.receiver),
        matchers=matchers,
        goes_on=bool(config.get("continue")),
        group_by=None if group_by is not None and _BY_ALL in group_by else group_by,
        group_wait_seconds=_seconds(config, "group_wait", parent.group_wait_seconds),
        group_interval_seconds=_seconds(config, "group_interval", parent.group_interval_seconds),
        repeat_interval_seconds=_seconds(config, "repeat_interval", parent.repeat_interval_seconds),
        muted_in=_names(config, "mute_time_intervals"),
        active_in=_names(config, "active_time_intervals"),
        routes=(),
    )
    children = tuple(_route(each, alone) for each in config.get("routes") or ())
    return replace(alone, routes=children)


def _seconds(config: Mapping[str, Any], name: str, inherited: float) -> float:
    value = config.get(name)
    if value is None:
        return inherited
    return 0.0 if str(value) in ("0", "0s") else parse_duration(str(value))


def _names(config: Mapping[str, Any], name: str) -> tuple[str, ...]:
    found: Sequence[Any] = config.get(name) or ()
    return tuple(map(str, found))
