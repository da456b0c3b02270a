"""The groups that a router knows, and whose turn it is. Pure."""

from __future__ import annotations

from collections.abc import Container
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

    def note_health(self, *, is_good: bool) -> None:
        """Take the result of one health check."""
        self.failures = 0 if is_good else self.failures + 1
        if is_good or self.failures >= FAILURES_UNTIL_OUT:
            self.is_healthy = is_good


@dataclass
class Pool:
    """Groups in the order of their turns: round robin over the healthy ones."""

    groups: list[Group]
    _next: int = field(default=0, init=False)

    @property
    def is_complete(self) -> bool:
        """Whether every group is healthy."""
        return all(group.is_healthy for group in self.groups)

    def choose(self, tried: Container[str] = ()) -> Group | None:
        """Return the healthy group whose turn it is, but for those ``tried``; None if none is."""
        count = len(self.groups)
        for place in range(self._next, self._next + count):
            group = self.groups[place % count]
            if group.is_healthy and group.name not in tried:
                self._next = (place + 1) % count
                return group
        return None
