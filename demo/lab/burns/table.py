"""The burn table as markdown: a row for each cell and tier that has anything to say in it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby

from demo.lab.burns.playing import LEAST_BAD_EVENTS, Burn, BurnTable
from demo.lab.markdown import seconds, table

_HEAD = ("cell", "fewest bad events", "tier", "severity", "theory", "fired", "later",
         "reset theory", "reset", "verdict")  # fmt: skip
_SAYS = (
    "An objective of 99.9 % over 28 days, scraped every 15 s (every minute where it takes days), "
    "through all rules that it gets, without and with a minimum of "
    f"{LEAST_BAD_EVENTS} bad events. Theory is when both windows of "
    "a tier burn at its factor by what really happened, second by second; reset counts from when "
    "all was well again. Of constant ratios, begun at four moments of a scrape interval, the "
    "latest stands here."
)


def burn_blocks(found: BurnTable) -> list[str]:
    """Return heading, explanation and table."""
    silent = sorted({each.cell.name for each in found.burns} - _talking(found.burns))
    never = f"Nothing fires, and nothing should: {'; '.join(silent)}." if silent else ""
    told = "; ".join(f"{cell} ({seconds(at)})" for cell, at in sorted(found.suppressed.items()))
    few = f"A ticket tells that bad events are too few for a burn: {told}." if told else ""
    return [
        "## Burns",
        _SAYS,
        table(_HEAD, _rows(found.burns)),
        *(each for each in (never, few) if each),
    ]


def _talking(burns: Sequence[Burn]) -> set[str]:
    return {
        each.cell.name
        for each in burns
        if each.theory_seconds is not None or each.fired_seconds is not None
    }


def _rows(burns: Sequence[Burn]) -> Iterator[tuple[str, ...]]:
    kept = [each for each in burns if each.cell.name in _talking([each])]
    places = {name: at for at, name in enumerate(dict.fromkeys(each.cell.title for each in burns))}

    def key(each: Burn) -> tuple[int, int, int]:
        return places[each.cell.title], each.minimum_bad_events, each.tier.long_seconds

    for _, same in groupby(sorted(kept, key=key), key):
        every = list(same)
        worst = max(every, key=lambda each: (not each.is_right, each.over_theory_seconds or 0.0))
        yield (
            worst.cell.title,
            str(worst.minimum_bad_events or "any"),
            worst.tier.name,
            worst.tier.severity,
            seconds(worst.theory_seconds) or "never",
            seconds(worst.fired_seconds) or "not",
            seconds(worst.over_theory_seconds),
            seconds(worst.reset_theory_seconds),
            seconds(worst.reset_seconds),
            "as it should" if worst.is_right else "NOT as it should",
        )
