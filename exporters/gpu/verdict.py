"""The verdict on one GPU: readings and what was known before in, state and reason out. Pure.

Three things make this more than a look-up:

*   dcgm-exporter serves a lost GPU as an absent series. An expected GPU that is missing from a page
    is suspect at the first look and lost at the second, for pages have gaps while DCGM reloads.
*   The XID gauge is sticky: it keeps its last code until DCGM's host engine restarts, repaired or
    not. So a code counts as answered for (``excused``) once the GPU is proven to be back: all its
    usual fields are there again, and were gone before or have moved since. DCGM may serve the last
    values of a lost GPU once more, but it cannot make them move. Profiling fields are not usual:
    DCGM drops them whenever a profiler takes the GPU.
*   A page that cannot be had says nothing of its GPUs. Unknown is not lost, and not healthy either:
    it is ``degraded`` with the reason ``telemetry_unreachable``. What was proven lost stays lost.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from enum import Enum
from typing import Literal

from exporters.gpu.taxonomy import RULE_OF_XID
from exporters.gpu.telemetry import ENERGY, OPTIONAL_FIELDS, ROW_REMAP_FAILURE, Reading

SECOND_LOOK_SECONDS = 2.0
"""Two collections closer than this, by two Prometheus servers, are one look."""


class Unread(Enum):
    """Why there is no reading of a GPU."""

    MISSING = "missing"
    """The host's page was read and does not have it."""
    UNREACHABLE = "unreachable"
    """The host's page could not be read."""


Sighting = Reading | Literal[Unread.MISSING, Unread.UNREACHABLE]


@dataclass(frozen=True, slots=True)
class Verdict:
    """A GPU's state after one collection, and what the next verdict needs to know."""

    state: str
    """One of ``catalog.GPU_STATES``."""
    reason: str
    """One of ``catalog.GPU_REASONS``."""
    answers: bool
    """Whether its fields were there, and are believed."""
    values: Mapping[str, float]
    """Its fields when they were last seen; of this collection only if it ``answers``."""
    xid: int = 0
    """The last one that was seen, excused or not."""
    excused: int = 0
    """An XID that the gauge still shows, of before the GPU came back."""
    missing_since: float | None = None
    """When its fields were first found missing; None while they are there."""


def judge(sighting: Sighting, before: Verdict | None, now: float) -> Verdict:
    """Return the verdict on a GPU.

    Args:
        sighting: what this collection saw of it.
        before: the verdict of the collection before; None at the first.
        now: seconds of a monotonic clock.
    """
    if sighting is Unread.UNREACHABLE:
        return _judge_unreachable(before)
    if sighting is Unread.MISSING:
        xid = before.xid if before else 0
        return _judge_missing(xid, before, now)
    if not sighting.values:
        return _judge_missing(sighting.xid, before, now)
    return _judge_present(sighting, before)


def _judge_unreachable(before: Verdict | None) -> Verdict:
    if before is None:
        return Verdict("degraded", "telemetry_unreachable", answers=False, values={})
    if before.state in ("lost", "hung"):
        return replace(before, answers=False)
    return replace(before, state="degraded", reason="telemetry_unreachable", answers=False)


def _judge_missing(xid: int, before: Verdict | None, now: float) -> Verdict:
    excused = before.excused if before and before.excused == xid else 0
    since = before.missing_since if before and before.missing_since is not None else now
    rule = RULE_OF_XID.get(xid) if xid != excused else None
    if rule and rule.state in ("lost", "hung"):
        state, reason = rule.state, rule.reason
    elif before and before.state == "lost":
        state, reason = before.state, before.reason
    elif now - since >= SECOND_LOOK_SECONDS:
        state, reason = "lost", "absent"
    else:
        state, reason = "degraded", "starting"
    return Verdict(
        state,
        reason,
        answers=False,
        values=before.values if before else {},
        xid=xid,
        excused=excused,
        missing_since=since,
    )


def _judge_present(reading: Reading, before: Verdict | None) -> Verdict:
    if before and before.state == "lost" and not _is_back(reading, before):
        return replace(before, answers=False, xid=reading.xid)
    excused = reading.xid if before and _is_excused(reading, before) else 0
    seen = Verdict(
        "healthy", "none", answers=True, values=reading.values, xid=reading.xid, excused=excused
    )
    rule = RULE_OF_XID.get(reading.xid) if reading.xid != excused else None
    if rule and rule.state == "lost" and _is_first_sight(reading, before):
        # Lost just now, or repaired long ago: whether its fields go or move will tell.
        return replace(seen, state="degraded", reason="starting")
    if rule:
        return replace(seen, state=rule.state, reason=rule.reason, answers=rule.state != "lost")
    if reading.values.get(ROW_REMAP_FAILURE):
        return replace(seen, state="degraded", reason="row_remap_failure")
    return seen


def _is_back(reading: Reading, before: Verdict) -> bool:
    """Whether a GPU that was lost is proven to be there again."""
    complete = before.values.keys() - OPTIONAL_FIELDS <= reading.values.keys()
    return complete and (before.missing_since is not None or _has_moved(reading, before))


def _is_excused(reading: Reading, before: Verdict) -> bool:
    """Whether the XID that the gauge shows is of before a repair."""
    if before.state == "lost" or before.excused == reading.xid:
        return True
    if before.xid != reading.xid:
        return False
    if before.missing_since is not None or _was_reset(reading, before):
        return True
    return before.reason == "starting" and _has_moved(reading, before)


def _is_first_sight(reading: Reading, before: Verdict | None) -> bool:
    """Whether nothing is known of the time before the XID that the gauge shows."""
    if before is None or not before.values:
        return True
    return before.reason == "starting" and before.xid == reading.xid


def _has_moved(reading: Reading, before: Verdict) -> bool:
    """Whether fields were measured anew: the energy where it is known, for it always grows."""
    both = reading.values.keys() & before.values.keys()
    # One that went, or came, was not measured anew: profiling fields do so by themselves.
    return any(
        reading.values[field] != before.values[field]
        for field in ({ENERGY} if ENERGY in both else both)
    )


def _was_reset(reading: Reading, before: Verdict) -> bool:
    """Whether the energy fell: it counts from the load of the driver, or a reset of the GPU."""
    return reading.values.get(ENERGY, 0.0) < before.values.get(ENERGY, 0.0)
