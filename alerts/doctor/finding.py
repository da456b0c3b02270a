"""What a check finds, and what harm it does."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from enum import IntEnum

from alerts.doctor.seen import Seen
from slo.checks.live.asking import list_some


class Harm(IntEnum):
    """What goes wrong for people, the gravest first."""

    PAGES_LOST = 1
    RULES_MISSING = 2
    BLIND = 3
    WRONG_DATA = 4
    LATE = 5
    UNTIDY = 6

    @property
    def id(self) -> str:
        """Its stable name: ``pages-lost``."""
        return self.name.lower().replace("_", "-")

    @property
    def words(self) -> str:
        """What people read."""
        return _WORDS[self]


_WORDS = {
    Harm.PAGES_LOST: "pages do not arrive",
    Harm.RULES_MISSING: "rules are not what was built",
    Harm.BLIND: "something cannot be seen",
    Harm.WRONG_DATA: "data are wrong",
    Harm.LATE: "it comes late, or does not end",
    Harm.UNTIDY: "untidy",
}


@dataclass(frozen=True, order=True)
class Found:
    """One thing that is wrong. Each text is a sentence without a full stop."""

    subject: str
    """Which server, file, target, objective, group."""
    found: str
    expected: str
    fix: str
    """What to do: a command, or the lines to write."""


@dataclass(frozen=True)
class Check:
    """One thing that is looked at."""

    id: str
    """Stable: scripts may look for it."""
    harm: Harm
    about: str
    """What it finds and what that does to users, in a line."""
    find: Callable[[Seen], Iterable[Found]]
    asks: Callable[[Seen], Iterable[str]] = lambda _: ()
    """The expressions whose values it needs, of a :class:`Seen` in which nothing was asked yet."""
    needs: tuple[str, ...] = ()
    """The parts of what servers say of themselves that it needs: names of fields of ``Seen``."""
    series: tuple[str, ...] = ()
    """Families of which one must be there: without them that it finds nothing says nothing."""


def listed(names: Iterable[str], most: int = 5) -> str:
    """Return the first of some names, sorted, and how many more there are."""
    return list_some(sorted(set(names)), most)
