"""Where a configuration of Alertmanager leads alerts, and who hears of them there."""

from __future__ import annotations

import re
import warnings
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import PurePath
from typing import Any

from alerts.alertmanager.inhibiting import Inhibition, read_inhibitions
from alerts.alertmanager.matching import Matcher
from alerts.alertmanager.receivers import Integration, read_integrations
from alerts.alertmanager.routes import Route, read_route
from alerts.doctor.seen import Alertmanager, Labels, Seen
from alerts.routing import alertmanager_config
from exporters.notifying import PAGERDUTY_EVENTS_URL

SECRET = "<secret>"  # noqa: S105 - what Alertmanager writes in the place of one
_WHERE = {
    "pagerduty": "routing_key_file",
    "webhook": "url",
    "slack": "channel",
    "email": "to",
}
"""What tells one of a kind from another."""


@dataclass(frozen=True, order=True)
class Way:
    """One way on which somebody is told."""

    kind: str
    """``pagerduty``, ``webhook``, ..."""
    where: str
    """A channel, an address; of a file its name alone, for folders differ. Empty if unknown."""
    url: str = ""
    """Which server is told, where ``where`` does not say it; empty if unknown."""
    file: str = field(default="", compare=False)
    """The whole path of the file, where ``where`` is one's name."""

    def __str__(self) -> str:
        url = "" if self.url == PAGERDUTY_EVENTS_URL else self.url
        said = ", ".join(filter(None, (self.where, url)))
        return f"{self.kind} ({said})" if said else self.kind

    def is_as(self, other: Way) -> bool:
        """Tell whether both may be the same."""
        pairs = ((self.where, other.where), (self.url, other.url))
        return self.kind == other.kind and all(not a or not b or a == b for a, b in pairs)


class Leading:
    """One configuration."""

    def __init__(self, config: Mapping[str, Any]) -> None:
        """Read it.

        Raises:
            ValueError: if something in it is none of Alertmanager's, or an expression none that
                Python reads.
        """
        self.root: Route = read_route(config.get("route") or {})
        self.inhibitions = read_inhibitions(config.get("inhibit_rules") or ())
        for each in (*_matchers(self.root), *_matchers_of(self.inhibitions)):
            require_readable(each)
        self.integrations = read_integrations(config)
        self._ways: dict[str, set[Way]] = defaultdict(set)
        for receiver in config.get("receivers") or ():
            for key, each in receiver.items():
                if key.endswith("_configs"):
                    kind = key.removesuffix("_configs")
                    ways = {_way(kind, one, config.get("global") or {}) for one in each or ()}
                    self._ways[str(receiver["name"])] |= ways

    def routes(self, labels: Labels) -> list[Route]:
        """Return the routes that an alert takes and on which anybody is told."""
        return [each for each in self.root.matching(labels) if self._ways[each.receiver]]

    def receivers(self, labels: Labels) -> list[str]:
        """Return the names of all receivers that an alert is led to, whether they tell or not."""
        return [each.receiver for each in self.root.matching(labels)]

    def ways(self, labels: Labels) -> set[Way]:
        """Return the ways on which anybody is told of an alert."""
        return {way for route in self.routes(labels) for way in self._ways[route.receiver]}

    def ways_of(self, route: Route) -> set[Way]:
        """Return the ways on which somebody is told by a route."""
        return self._ways[route.receiver]

    def told(self, labels: Labels) -> list[Integration]:
        """Return the integrations that are told of an alert."""
        return [
            integration
            for route in self.routes(labels)
            for integration in self.integrations.get(route.receiver, ())
        ]


def built_leading(seen: Seen) -> Leading:
    """Return where the configuration that ``build`` writes leads alerts."""
    config = seen.config
    cluster = config.topology.cluster
    return Leading(alertmanager_config(config.file, config.path.parent, cluster, seen.objectives))


def by_config(alertmanagers: Sequence[Alertmanager]) -> list[tuple[str, Leading, Alertmanager]]:
    """Return the configurations that run, each once: who runs it, what it leads where, the first.

    Raises:
        ValueError: if one cannot be read; checks that need them are not made then.
    """
    same: dict[str, list[Alertmanager]] = defaultdict(list)
    for each in alertmanagers:
        same[repr(each.config)].append(each)
    found = []
    for those in same.values():
        urls = ", ".join(each.url for each in those)
        found.append((urls, Leading(those[0].config), those[0]))
    return found


def why_unreadable(alertmanagers: Sequence[Alertmanager]) -> str:
    """Return why a configuration cannot be read here, though Alertmanager can; empty if all can."""
    for each in alertmanagers:
        try:
            Leading(each.config)
        except (ValueError, TypeError, AttributeError, KeyError) as error:
            return f"the configuration of {each.url} cannot be read here: {error}"
    return ""


def require_readable(matcher: Matcher) -> None:
    """See that a matcher's expression, if it is one, can be read.

    Raises:
        ValueError: if not. Alertmanager's expressions are RE2's, which differ from Python's.
    """
    if matcher.op in ("=~", "!~"):
        try:
            with warnings.catch_warnings():
                # Python warns of what it reads otherwise than RE2, such as [[:alpha:]].
                warnings.simplefilter("error")
                re.compile(matcher.value)
        except (re.error, Warning) as error:
            raise ValueError(f"{matcher}: {error}") from None


def _matchers(route: Route) -> Iterator[Matcher]:
    yield from route.matchers
    for each in route.routes:
        yield from _matchers(each)


def _matchers_of(rules: Iterable[Inhibition]) -> Iterator[Matcher]:
    for rule in rules:
        yield from rule.source
        yield from rule.target


def _way(kind: str, config: Mapping[str, Any], of_all: Mapping[str, Any]) -> Way:
    where = str(config.get(_WHERE.get(kind, ""), "") or "")
    where = "" if where == SECRET else where
    if kind != "pagerduty":
        return Way(kind, where)
    url = str(config.get("url") or of_all.get("pagerduty_url") or PAGERDUTY_EVENTS_URL)
    return Way(kind, PurePath(where).name, "" if url == SECRET else url, where)
