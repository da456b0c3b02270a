"""Which XIDs of a GPU count, and what they make of it. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TypeAlias

from exporters.gpu.readings import Xid
from exporters.gpu.taxonomy import BURST_SECONDS, DAY, RULE_OF_XID, XidRule

Code: TypeAlias = tuple[int, int]
"""An XID and how often it was seen: the same code once more is another."""


def codes_of(xids: tuple[Xid, ...]) -> set[Code]:
    """Return them without the rest."""
    return {(xid.code, xid.count) for xid in xids}


def active_xids(xids: tuple[Xid, ...], excused: frozenset[Code]) -> Iterator[Xid]:
    """Yield the XIDs that have a rule that applies."""
    for xid in xids:
        rule = RULE_OF_XID.get(xid.code)
        if rule is None or (xid.code, xid.count) in excused:
            continue
        if rule.only_fatal and not xid.is_fatal:
            continue
        if not _is_replaced(xid, rule, xids):
            yield xid


def reasons_of(
    xids: tuple[Xid, ...], excused: frozenset[Code], seen_at: Mapping[Code, float], now: float
) -> Iterator[str]:
    """Yield the reasons (``taxonomy.ROWS``) that XIDs give now.

    Args:
        xids: all that are known of the GPU.
        excused: those of before a repair.
        seen_at: when each was first seen, in seconds of the clock of ``now``.
        now: likewise.
    """
    for xid in active_xids(xids, excused):
        rule = RULE_OF_XID[xid.code]
        if rule.lasts_seconds is not None:
            if now - seen_at[xid.code, xid.count] > rule.lasts_seconds:
                continue
            if rule.reason == "xid_contained" and _comes_again(xid):
                yield "contained_repeatedly"
        yield rule.reason


def _comes_again(xid: Xid) -> bool:
    if xid.last_at is None or xid.previous_at is None:
        return False
    return BURST_SECONDS < xid.last_at - xid.previous_at <= DAY


def _is_replaced(xid: Xid, rule: XidRule, xids: tuple[Xid, ...]) -> bool:
    return any(
        other.code == rule.unless_with
        and xid.last_at is not None
        and other.last_at is not None
        and abs(other.last_at - xid.last_at) <= BURST_SECONDS
        for other in xids
    )
