"""Sets of label names, which may be all but some: a series of anybody may carry any label."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True)
class Names:
    """A finite set of names, or everything but a finite set."""

    listed: frozenset[str]
    is_open: bool = False
    """Whether ``listed`` are those that are *not* in the set."""

    @classmethod
    def of(cls, names: Iterable[str]) -> Names:
        """Return the set of these names."""
        return cls(frozenset(names))

    @classmethod
    def but(cls, names: Iterable[str] = ()) -> Names:
        """Return the set of all names but these."""
        return cls(frozenset(names), is_open=True)

    def __contains__(self, name: str) -> bool:
        return (name in self.listed) is not self.is_open

    def __invert__(self) -> Names:
        return Names(self.listed, not self.is_open)

    def __and__(self, other: Names) -> Names:
        match self.is_open, other.is_open:
            case True, True:
                return Names.but(self.listed | other.listed)
            case True, False:
                return Names.of(other.listed - self.listed)
            case False, True:
                return Names.of(self.listed - other.listed)
        return Names.of(self.listed & other.listed)

    def __or__(self, other: Names) -> Names:
        return ~(~self & ~other)

    def __sub__(self, other: Names) -> Names:
        return self & ~other

    def among(self, names: Iterable[str]) -> frozenset[str]:
        """Return those of these names that are in the set."""
        return frozenset(each for each in names if each in self)
