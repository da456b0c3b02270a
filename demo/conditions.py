"""What scenarios expect, held against what there is: alerts by name, conditions in PromQL."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches

from alerts.runbooks import runbook_names
from slo.promql import is_instant, known_series, selectors

NAMED_AT_MOST = 5
"""Of the series that there are, in a problem: the nearest by name."""


def wrong_with_alert(name: str) -> tuple[str, str] | None:
    """Return what is wrong with the name of an alert and what to do; None if there is one."""
    known = runbook_names()
    if name in known:
        return None
    said = f"found {name!r}, expected an alert that shardwatch has"
    return said, f"take one of: {', '.join(known)}"


def wrong_with_condition(condition: str) -> Iterator[tuple[str, str]]:
    """Yield what is wrong with a condition, and what to do.

    It must be PromQL with a value at a moment, about series that somebody serves or records: else
    it would never hold, and only the end of the scenario would say so.
    """
    try:
        named = sorted({each.name for each in selectors(condition) if each.name})
        if not is_instant(condition):
            yield "found a range or a text, expected a condition that holds at a moment", ""
    except ValueError as error:
        why = " ".join(str(error).split())
        yield f"found {condition!r}, which is not PromQL: {why}", "correct the expression"
        return
    if not selectors(condition):
        yield "found a condition about no series", "name what must be true of which series"
    known = sorted(known_series())
    for name in named:
        if name not in known:
            near = get_close_matches(name, known, NAMED_AT_MOST, cutoff=0)
            said = f"found the series {name!r}, which nobody serves or records"
            yield said, f"the nearest that there are: {', '.join(near)}"
