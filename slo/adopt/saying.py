"""What adoption says besides the files: how things were worked out, what has no place, doubts."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from slo.adopt.labels import Sureness, Told


@dataclass(frozen=True, order=True)
class Guess:
    """How one thing was worked out, for as many as it was so."""

    what: str
    """``region of engines``."""
    by: str
    sureness: Sureness
    count: int
    example: str
    """One of the values."""


@dataclass(frozen=True, order=True)
class LeftOut:
    """Something that was found and has no place in the topology."""

    kind: str
    """``engine``, ``GPU``, ``router`` or ``tools``."""
    what: str
    why: str
    to_do: str


@dataclass(frozen=True, order=True)
class Doubt:
    """Something that is not as it should be."""

    about: str
    """A word or two: ``retention``, ``old names``."""
    found: str
    to_do: str


@dataclass
class Notes:
    """Collects what is said while things are given their places."""

    left_out: list[LeftOut] = field(default_factory=list)
    doubts: list[Doubt] = field(default_factory=list)
    _told: Counter[tuple[str, str, Sureness]] = field(default_factory=Counter)
    _examples: dict[tuple[str, str, Sureness], str] = field(default_factory=dict)

    def tell(self, what: str, told: Told) -> None:
        """Note how one thing was worked out."""
        key = what, told.by, told.sureness
        self._told[key] += 1
        self._examples.setdefault(key, told.value)

    def leave(self, kind: str, what: str, why: str, to_do: str) -> None:
        """Note that something has no place."""
        self.left_out.append(LeftOut(kind, what, why, to_do))

    def doubt(self, about: str, found: str, to_do: str) -> None:
        """Note a doubt."""
        self.doubts.append(Doubt(about, found, to_do))

    @property
    def guesses(self) -> tuple[Guess, ...]:
        """Return how things were worked out, sorted by what they are."""
        return tuple(
            sorted(Guess(*key, count, self._examples[key]) for key, count in self._told.items())
        )


def counted(number: int, noun: str) -> str:
    """Return a number of things: ``1 GPU``, ``2,000 GPUs``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def last_days(days: int) -> str:
    """Return the days before now in words: ``the last day``, ``the last 28 days``."""
    return "the last day" if days == 1 else f"the last {days} days"


def some(items: Iterable[str], most: int = 3) -> str:
    """Return the first of some things by comma, sorted, and how many more there are."""
    return first_of(sorted(set(items)), most)


def first_of(items: Sequence[str], most: int = 8) -> str:
    """Return the first of some things by comma, in their order, and how many more there are."""
    rest = f" and {len(items) - most:,} more" if len(items) > most else ""
    return ", ".join(items[:most]) + rest
