"""Faults that contradict each other: what is gone cannot break, what is broken not break again."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from math import inf

from demo.fault_kinds import LEVELS, PlaceKey
from demo.faults import FAULTS
from demo.scenario import Fault

Resolve = Callable[[Mapping[str, str]], Mapping[str, str]]
"""Completes a place with all that it lies in."""


def contradictions(faults: Sequence[Fault], resolve: Resolve) -> Iterator[tuple[int, str, str]]:
    """Yield the faults that cannot strike because an earlier one is there: index, why, what to do.

    Earlier means that it strikes before, or at the same time and takes away more, or as much and
    stands before in the list. A place that leaves out which GPU or host is struck may be any of
    them.
    """
    order = sorted(
        range(len(faults)), key=lambda index: (faults[index].at, _rank(faults[index]), index)
    )
    for position, index in enumerate(order):
        later = faults[index]
        for before in order[:position]:
            earlier = faults[before]
            if not _is_there(earlier, later.at):
                continue
            said = _why_not(earlier, later, resolve)
            if said is not None:
                until = "" if earlier.length is None else f" to {earlier.at + earlier.length:g} s"
                span = f"faults[{before}], {earlier.fault} from {earlier.at:g} s{until}"
                yield index, f"{said[0]}: {span}", said[1]
                break


def _rank(fault: Fault) -> int:
    """Return how wide the place is that a fault takes away: 0 the widest, last who takes none."""
    taken = FAULTS[fault.fault].takes_away
    return min((LEVELS.index(key) for key in taken), default=len(LEVELS))


def _is_there(fault: Fault, at: float) -> bool:
    """Whether a fault is there at a time that is not before it."""
    length = fault.length if FAULTS[fault.fault].repaired else 0.0
    return at == fault.at or at < fault.at + (inf if length is None else length)


def _is_same(earlier: Fault, later: Fault, resolve: Resolve) -> bool:
    if earlier.fault != later.fault:
        return False
    one, other = earlier.place, later.place
    return one.items() <= resolve(other).items() or other.items() <= resolve(one).items()


def _why_not(earlier: Fault, later: Fault, resolve: Resolve) -> tuple[str, str] | None:
    """Return why a fault cannot strike while another is there, and what to do; None if it can."""
    if _is_same(earlier, later, resolve):
        return f"{later.fault} is there already", "move one of them, or name other places"
    place, level = resolve(later.place), LEVELS.index(FAULTS[later.fault].level)
    for key in sorted(FAULTS[earlier.fault].takes_away, key=LEVELS.index):
        taken = {k: v for k, v in earlier.place.items() if _reaches(k, key)}
        # An engine that stands still still has GPUs to lose; a region that is dark has nothing.
        is_reached = _acts_on_engine(later) if key == "group" else level >= LEVELS.index(key)
        if not is_reached or not taken.items() <= place.items():
            continue
        if key in taken:
            return f"nothing to strike in {key} {taken[key]}", "move one of them"
        where = " ".join(f"{k} {v}" for k, v in taken.items())
        return f"may strike the same {key} of {where}", f"name each {key}, or move one of them"
    return None


def _reaches(key: str, innermost: PlaceKey) -> bool:
    """Whether a key of a place says where the innermost kind of place is."""
    return key in LEVELS and LEVELS.index(key) <= LEVELS.index(innermost)


def _acts_on_engine(fault: Fault) -> bool:
    return FAULTS[fault.fault].level in ("group", "rank")
