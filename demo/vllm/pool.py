"""The groups that a router knows, and whose turn it is. Pure."""

from __future__ import annotations

from collections.abc import Container, Sequence
from dataclasses import dataclass, field

FAILURES_UNTIL_OUT = 2
"""Health checks in a row; one alone may be an accident."""


@dataclass
class Group:
    """One engine behind the router."""

    name: str
    url: str
    """Base address, without a slash at the end."""
    is_healthy: bool = False
    """Nothing is sent before the first good health check."""
    failures: int = 0
    """Health checks failed in a row."""
    revision: str | None = None
    """Of its weights and its engine; None for that of the router's other groups."""
    share: float | None = None
    """Of the traffic, as a canary gets it; None for an equal part of what is left."""
    is_draining: bool = False
    """It ends what it has and gets nothing new."""
    in_flight: int = 0
    """Requests that it has."""

    def note_health(self, *, is_good: bool) -> None:
        """Take the result of one health check."""
        self.failures = 0 if is_good else self.failures + 1
        if is_good or self.failures >= FAILURES_UNTIL_OUT:
            self.is_healthy = is_good

    @property
    def takes_requests(self) -> bool:
        """Whether new requests may be sent to it."""
        return self.is_healthy and not self.is_draining


@dataclass
class Pool:
    """Groups in the order of their turns: smooth weighted round robin over those that serve.

    Each turn, every group is owed its share of one request; the one that is owed most gets it.
    With equal shares this is round robin (as nginx does it, ``ngx_http_upstream_round_robin.c``).
    """

    groups: list[Group]
    _owed: dict[str, float] = field(default_factory=dict, init=False)

    @property
    def is_complete(self) -> bool:
        """Whether every group is healthy."""
        return all(group.is_healthy for group in self.groups)

    def find(self, name: str) -> Group | None:
        """Return a group by its name; None if there is none."""
        return next((group for group in self.groups if group.name == name), None)

    def choose(self, tried: Container[str] = ()) -> Group | None:
        """Return the group whose turn it is, but for those ``tried``; None if none serves."""
        serving = [each for each in self.groups if each.takes_requests and each.name not in tried]
        if not serving:
            return None
        for group, share in zip(serving, _shares(serving), strict=True):
            self._owed[group.name] = self._owed.get(group.name, 0.0) + share
        # Shares such as a third add up to a little less than one: what is equal must look so.
        chosen = max(serving, key=lambda group: round(self._owed[group.name], 9))
        self._owed[chosen.name] -= 1.0
        return chosen


def _shares(groups: Sequence[Group]) -> list[float]:
    """Return each group's share of the traffic; they add up to 1."""
    given = sum(group.share or 0.0 for group in groups)
    others = sum(group.share is None for group in groups)
    if not others:
        return [1 / len(groups)] * len(groups)
    left = max(1 - given, 0.0) / others
    total = max(given, 1.0)
    return [left if group.share is None else group.share / total for group in groups]
