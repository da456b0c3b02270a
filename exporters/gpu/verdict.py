"""The verdict on one GPU. Pure.

Readings and what was known before in; state, reason, severity and action out.

What each reason makes of a GPU stands in :mod:`exporters.gpu.taxonomy`. Six things make this
more than a look-up:

*   dcgm-exporter serves a lost GPU as an absent series. An expected GPU that is missing from a page
    is suspect at the first look and lost at the second, for pages have gaps while DCGM reloads. So
    is one whose calls do not come back. A look counts only if the source has looked again as well.
    A source that says itself that the GPU is lost is believed.
*   Once the system processor of one GPU is dead (XID 119), DCGM asks the driver no more, and all
    GPUs of the host have no values. So a page that stays without any is no loss of all of them.
*   DCGM's XID gauge is sticky: it keeps its last code until the host engine restarts, repaired or
    not; and an event is over without saying so. So a code counts as answered for (``excused``) once
    the GPU is proven to be back: all its usual fields are there again, and were gone before or have
    moved since. DCGM may serve the last values of a lost GPU once more, but it cannot make them
    move. What a gauge shows at the first look came nobody knows when: it counts only once the
    fields are gone, and is over once they have moved; so an exporter that is restarted accuses
    nobody of what was repaired, and misses an error that was neither repaired nor shows otherwise.
    Profiling fields are not usual: DCGM drops them whenever a profiler takes the GPU.
*   A page that cannot be had says nothing of its GPUs. Unknown is not lost, and not healthy either:
    it is ``degraded`` with the reason ``telemetry_unreachable``. What was proven lost stays lost.
*   Links fail together: what a lost peer does to the links of others is no fault of theirs.
*   A GPU whose clocks are lowered by heat or by the power brake takes its whole group along, so it
    is ``degraded`` as soon as two looks agree; but such things pass, so that is for information
    until it has lasted as long as its row says, and a ticket only then.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from exporters.gpu.active_xids import Code, active_xids, codes_of, reasons_of
from exporters.gpu.conditions import Memory, find_conditions, slowed_now
from exporters.gpu.readings import PROFILING_NAMES, Reading, Xid
from exporters.gpu.sightings import USUAL, Reported, Setting, Sighting, Unread
from exporters.gpu.taxonomy import RANK_OF_REASON, ROW_OF_REASON, RULE_OF_XID

SECOND_LOOK_SECONDS = 2.0
"""Two collections closer than this, by two Prometheus servers, are one look."""
LONGEST_REFRESH_SECONDS = 35.0
"""After it a source has looked again itself, though nothing on its page shows it: dcgm-exporter
does each 30 s by default."""
BLANK_SECONDS = 30.0
"""How long a host's page may have no GPU at all: dcgm-exporter's is empty for 2 to 3 s while it
reloads, and DCGM takes up to 28 s to start."""

_ENERGY = "energy_joules"
_NOBODY_KNOWS = float("-inf")
"""When an XID came that a gauge showed already at the first look."""
LINK_REASONS = ("nvlink", "fabric")
"""Reasons that a peer's loss brings along."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """A GPU's state after one collection, and what the next verdict needs to know."""

    state: str
    """One of ``catalog.GPU_STATES``."""
    reason: str
    """One of ``catalog.GPU_REASONS``."""
    answers: bool
    """Whether its fields were there, and are believed."""
    reading: Reading | None = None
    """When it was last seen; of this collection only if it ``answers``."""
    severity: str = "none"
    """One of ``catalog.GPU_SEVERITIES``."""
    action: str = "none"
    """One of ``catalog.GPU_ACTIONS``."""
    xids: tuple[Xid, ...] = ()
    """All that were seen, excused or not, the latest last."""
    excused: frozenset[Code] = frozenset()
    """Those of before the GPU came back."""
    seen_at: Mapping[Code, float] = field(default_factory=dict)
    """When each was first seen; minus infinity if a gauge had it at the first look."""
    missing_since: float | None = None
    """When its fields were first found missing; None while they are there."""
    missing_at_refresh: int | None = None
    """Of its source, then."""
    unresponsive_since: float | None = None
    memory: Memory = field(default_factory=Memory)

    @property
    def is_settled(self) -> bool:
        """Whether the same reading, seen later, would be judged the same: time tells nothing."""
        return (
            self.answers
            and self.reason == "none"
            and self.reading is not None
            and not self.xids
            and not self.memory.since
            and not self.memory.grew_at
        )

    @property
    def xid(self) -> int:
        """The last one that was seen, 0 if none."""
        return self.xids[-1].code if self.xids else 0


def judge(
    sighting: Sighting,
    before: Verdict | None,
    now: float,
    setting: Setting = USUAL,
) -> Verdict:
    """Return the verdict on a GPU.

    Args:
        sighting: what this collection saw of it.
        before: the verdict of the collection before; None at the first.
        now: seconds of a monotonic clock.
        setting: what it stands in.
    """
    if isinstance(sighting, Reported):
        return Verdict(sighting.state, sighting.reason, sighting.answers)
    if sighting is Unread.UNREACHABLE:
        return _judge_unreachable(before)
    if isinstance(sighting, Reading) and sighting.trouble == "unread":
        return _judge_unread(sighting, before, now)
    if sighting is Unread.MISSING:
        return _judge_missing(before.xids if before else (), "missing", before, now, setting)
    if sighting.trouble or sighting.is_blank:
        trouble = sighting.trouble or "missing"
        return _judge_missing(sighting.xids, trouble, before, now, setting)
    return _judge_present(sighting, before, now, setting)


def _judge_unreachable(before: Verdict | None) -> Verdict:
    if before is None:
        return Verdict("degraded", "telemetry_unreachable", answers=False)
    if before.state in ("lost", "hung"):
        return replace(before, answers=False)
    return _unseen(replace(before, memory=before.memory.without_streaks()))


def _unseen(known: Verdict) -> Verdict:
    return replace(
        known, state="degraded", reason="telemetry_unreachable", severity="none", action="none",
        answers=False,
    )  # fmt: skip


def _judge_unread(reading: Reading, before: Verdict | None, now: float) -> Verdict:
    """Judge a GPU of which nothing but its XIDs is known."""
    excused = _still_excused(reading.xids, before)
    rules = [RULE_OF_XID[xid.code] for xid in active_xids(reading.xids, excused)]
    if before and before.reading and any(rule.state in ("lost", "hung") for rule in rules):
        return _judge_missing(reading.xids, "missing", before, now, USUAL)
    seen_at = _when_seen(reading.xids, before, now)
    return replace(_judge_unreachable(before), xids=reading.xids, excused=excused, seen_at=seen_at)


def _judge_missing(
    xids: tuple[Xid, ...], trouble: str, before: Verdict | None, now: float, setting: Setting
) -> Verdict:
    excused = _still_excused(xids, before)
    known = replace(before, xids=xids, excused=excused) if before else Verdict(
        "degraded", "starting", answers=False, xids=xids, excused=excused
    )  # fmt: skip
    since, refresh = known.missing_since, known.missing_at_refresh
    if since is None:
        since, refresh = now, setting.refreshes
    stuck = known.unresponsive_since if known.unresponsive_since is not None else now
    is_blank = setting.blank_seconds is not None
    known = replace(
        known,
        answers=False,
        seen_at=_when_seen(xids, before, now),
        # What is missing with all others says nothing of this one.
        missing_since=known.missing_since if is_blank else since,
        missing_at_refresh=known.missing_at_refresh if is_blank else refresh,
        unresponsive_since=stuck if trouble == "unresponsive" else None,
        memory=known.memory.without_streaks(),
    )
    rules = [(xid, RULE_OF_XID[xid.code]) for xid in active_xids(xids, excused)]
    gone = [rule.reason for _, rule in rules if rule.state in ("lost", "hung")]
    if trouble == "lost":
        gone.append("gpu_is_lost")
    if gone:
        return _with_reason(known, min(gone, key=RANK_OF_REASON.__getitem__))
    if known.state == "lost":
        return known
    if setting.blank_seconds is not None:
        if known.reason == "gsp_dead" or setting.blank_seconds >= BLANK_SECONDS:
            return _with_reason(known, "gsp_dead")
        return _unseen(known)
    if trouble == "unresponsive":
        # A GPU whose calls hang is there; whether it is of any use, a second look tells.
        return _with_reason(known, "unresponsive", if_confirmed=_is_second_look(stuck, now))
    is_refreshed = (
        setting.refreshes is None
        or refresh is None
        or setting.refreshes > refresh
        or now - since >= LONGEST_REFRESH_SECONDS
    )
    is_confirmed = is_refreshed and _is_second_look(since, now)
    return _with_reason(known, "absent", if_confirmed=is_confirmed)


def _is_second_look(first_at: float, now: float) -> bool:
    return now - first_at >= SECOND_LOOK_SECONDS


def _with_reason(known: Verdict, reason: str, *, if_confirmed: bool = True) -> Verdict:
    if not if_confirmed:
        return replace(known, state="degraded", reason="starting", severity="none", action="none")
    row = ROW_OF_REASON[reason]
    return replace(
        known, state=row.state, reason=row.reason, severity=row.severity, action=row.action
    )


def _judge_present(
    reading: Reading, before: Verdict | None, now: float, setting: Setting
) -> Verdict:
    if before and before.state == "lost" and not _is_back(reading, before):
        seen_at = _when_seen(reading.xids, before, now)
        return replace(before, answers=False, xids=reading.xids, seen_at=seen_at)
    excused = _still_excused(reading.xids, before) | frozenset(_excused_now(reading, before))
    memory = before.memory if before else Memory()
    conditions, memory = find_conditions(reading, memory, now)
    seen = Verdict(
        "healthy",
        "none",
        answers=True,
        reading=reading,
        xids=reading.xids,
        excused=excused,
        seen_at=_when_seen(reading.xids, before, now),
        memory=memory,
    )
    doubtful = frozenset(code for code, at in seen.seen_at.items() if at == _NOBODY_KNOWS)
    reasons = [*reasons_of(seen.xids, excused | doubtful, seen.seen_at, now), *conditions]
    if setting.has_lost_peer:
        reasons = [reason for reason in reasons if reason not in LINK_REASONS]
    worst = min(reasons, key=RANK_OF_REASON.__getitem__, default="none")
    is_ill = bool(reasons) and ROW_OF_REASON[worst].state != "healthy"
    if not is_ill and any(_lasting(seen.xids, excused | (codes_of(seen.xids) - doubtful))):
        # Just now, or repaired long ago: whether its fields go or move will tell.
        return replace(seen, state="degraded", reason="starting")
    slowed = slowed_now(memory, now)
    if slowed and not is_ill:
        worst = min(slowed, key=RANK_OF_REASON.__getitem__)
        return replace(_with_reason(seen, worst), severity="info")
    if not reasons:
        return seen
    if ROW_OF_REASON[worst].state == "lost":
        seen = replace(seen, answers=False)
    judged = _with_reason(seen, worst)
    if worst in LINK_REASONS and setting.gpus_of_group == 1:
        return replace(judged, severity="ticket")
    return judged


def _lasting(xids: tuple[Xid, ...], excused: frozenset[Code]) -> Iterator[Xid]:
    """Yield those whose rules hold until the GPU is repaired."""
    for xid in active_xids(xids, excused):
        if RULE_OF_XID[xid.code].lasts_seconds is None:
            yield xid


def _still_excused(xids: tuple[Xid, ...], before: Verdict | None) -> frozenset[Code]:
    return before.excused & codes_of(xids) if before else frozenset()


def _when_seen(xids: tuple[Xid, ...], before: Verdict | None, now: float) -> Mapping[Code, float]:
    known = before.seen_at if before else {}
    was_read = before is not None and before.reading is not None
    return {
        (xid.code, xid.count): known.get(
            (xid.code, xid.count), now if was_read or xid.last_at is not None else _NOBODY_KNOWS
        )
        for xid in xids
    }


def _excused_now(reading: Reading, before: Verdict | None) -> Iterator[Code]:
    """Yield the XIDs that are of before a repair, as this look shows."""
    for xid in reading.xids:
        code = (xid.code, xid.count)
        if xid.is_history:
            yield code
        elif before is None:
            continue
        elif before.state == "lost" or (code in codes_of(before.xids) and (
            before.missing_since is not None
            or _was_reset(reading, before)
            or (before.seen_at.get(code) == _NOBODY_KNOWS and _has_moved(reading, before))
        )):  # fmt: skip
            yield code


def _is_back(reading: Reading, before: Verdict) -> bool:
    """Whether a GPU that was lost is proven to be there again."""
    known = before.reading.measured.keys() if before.reading else set()
    complete = known - PROFILING_NAMES <= reading.measured.keys()
    return complete and (before.missing_since is not None or _has_moved(reading, before))


def _has_moved(reading: Reading, before: Verdict) -> bool:
    """Whether fields were measured anew: the energy where it is known, for it always grows."""
    old, new = before.reading.measured if before.reading else {}, reading.measured
    both = old.keys() & new.keys()
    # One that went, or came, was not measured anew: profiling fields do so by themselves.
    return any(new[name] != old[name] for name in ({_ENERGY} if _ENERGY in both else both))


def _was_reset(reading: Reading, before: Verdict) -> bool:
    """Whether the energy fell: it counts from the load of the driver, or a reset of the GPU."""
    old = (before.reading.energy_joules if before.reading else None) or 0.0
    return (reading.energy_joules or 0.0) < old
