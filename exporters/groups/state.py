"""The state of a shard group: what a collection saw and what was known in, the state out. Pure.

A group lives or dies as one: one GPU lost is capacity 0, whatever its engine's page still says.
vLLM's ``/health`` answers 200 while a collective hangs (until VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS,
300 s), so it can prove a group dead but not alive: the step counter does that.

==========  ======================================================================================
dead        a member GPU is lost or hung; or the page could not be had at two looks; or /health
            says 5xx
stalled     it has work and has not stepped for 30 s (:mod:`exporters.groups.stalling`)
degraded    a member GPU is degraded, or cannot be seen; or it is far slower than its peers
            (:mod:`exporters.groups.peers`); or the page failed one look
draining    /health says 503 while requests run and it steps; or the topology says that it is taken
            out of service
starting    the engine was restarted, and neither /health is 200 nor has it stepped; or it was
            never seen and failed the first look
sleeping    the engine says so
up          else
==========  ======================================================================================

The first that applies is the state, but for a GPU that hangs in a kernel: that is how a stall looks
from below, so a stalled group is called so, and one that has such a GPU and no stall is dead.

Two Prometheus servers may look within the same moment. What a look that soon does not find again
(a step, a page) is not held against the group.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

from exporters.gpu.verdict import SECOND_LOOK_SECONDS
from exporters.groups import stalling
from exporters.groups.stalling import UNSUPPORTED, EngineSighting, Probe, Watch, watch

STALLED_AFTER_SECONDS = stalling.STALLED_AFTER_SECONDS
"""How long a group that has work makes no step before it is stalled."""

_SERVING = ("degraded", "draining", "up")


@dataclass(frozen=True)
class Members:
    """The group's GPUs, counted by the verdict on each."""

    expected: int = 0
    watched: int = 0
    """Of these: their hosts have telemetry."""
    answering: int = 0
    """And not lost."""
    lost: int = 0
    hung: int = 0
    """Dead to their driver."""
    spinning: int = 0
    """Hung in a kernel that waits for ever."""
    impaired: int = 0
    """Degraded."""
    unknown: int = 0
    """Their telemetry cannot be had, or one look was not enough."""
    states: Mapping[str, int] = field(default_factory=dict)
    """How many of those that are watched are in each of ``catalog.MEMBER_STATES``."""


@dataclass(frozen=True)
class GroupSighting:
    """What one collection saw of a group."""

    engine: EngineSighting | None
    """None if its page could not be had, or was not asked for."""
    health_status: int | None
    """HTTP status of ``/health``; None if there was no answer."""
    members: Members
    probe: Probe = UNSUPPORTED
    is_below_peers: bool = False
    is_unasked: bool = False
    """Whether the page was not asked for, or not read, for reasons that are not the engine's."""
    is_taken_out: bool = False
    """Whether the topology says that it is out of service on purpose."""
    is_vanished: bool = False
    """Whether service discovery has nothing of it any more."""


@dataclass(frozen=True)
class GroupStatus:
    """A group's state after one collection, and what the next needs to know.

    Times are seconds of the caller's monotonic clock.
    """

    state: str
    """One of ``catalog.GROUP_STATES``."""
    reason: str
    """One of ``catalog.GROUP_REASONS``."""
    seconds_since_step: float | None
    """None while the engine's page cannot be had."""
    watch: Watch | None
    """What is known of the engine's work; None if it was never seen."""
    failing_since: float | None
    """When the page first could not be had; None while it can."""
    is_restarting: bool
    is_draining: bool = False
    """Whether it is taken out of service on purpose, whatever its state."""

    @property
    def capacity(self) -> float:
        """1 if the group can serve, else 0: there is no 7/8 of a group."""
        return 1.0 if self.state in _SERVING else 0.0

    @property
    def wants_probe(self) -> bool:
        """Whether the engine is to be asked for a token, for it seems to stall.

        Of a dead group the answer would change nothing.
        """
        can_answer = self.failing_since is None and self.state in (*_SERVING, "stalled")
        return can_answer and self.watch is not None and self.watch.wants_probe


def assess(seen: GroupSighting, before: GroupStatus | None, now: float) -> GroupStatus:
    """Return the status of a group.

    Args:
        seen: what this collection saw.
        before: the status after the collection before; None at the first.
        now: seconds of a monotonic clock.
    """
    if seen.engine is None and seen.is_unasked and (before is None or before.failing_since is None):
        return _assess_unasked(seen, before)
    if seen.engine is None:
        return _assess_unreachable(seen, before, now)
    known = before.watch if before else None
    is_restarted = known is not None and seen.engine.is_restart_of(known.engine)
    watched = watch(seen.engine, known, seen.probe, now)
    is_restarting = is_restarted or (
        before is not None and before.is_restarting and known is not None and not watched.has_moved
    )
    is_restarting = is_restarting and seen.health_status != 200
    # A dead engine's gauge still shows requests, but it takes no step.
    is_ending = (
        seen.health_status == 503
        and watched.engine.is_busy
        and watched.has_moved
        and not is_restarting
    )
    state, reason = _decide(seen, watched, is_restarting=is_restarting, is_ending=is_ending)
    return GroupStatus(
        state,
        reason,
        seconds_since_step=watched.seconds_since_step(now),
        watch=watched,
        failing_since=None,
        is_restarting=is_restarting,
        is_draining=is_ending or seen.is_taken_out,
    )


def _decide(
    seen: GroupSighting, watched: Watch, *, is_restarting: bool, is_ending: bool
) -> tuple[str, str]:
    """Return state and reason of a group whose engine's page was read."""
    members, engine = seen.members, watched.engine
    is_unhealthy = seen.health_status is not None and seen.health_status >= 500
    for applies, state, reason in (
        (members.lost > 0, "dead", "gpu_lost"),
        (members.hung > 0, "dead", "gpu_hung"),
        # While it starts, an engine that is not healthy yet is no dead one.
        (is_unhealthy and not is_restarting and not is_ending, "dead", "engine_unhealthy"),
        (watched.is_stalled, "stalled", "no_step"),
        (members.spinning > 0, "dead", "gpu_hung"),
        (members.impaired > 0, "degraded", "gpu_degraded"),
        (members.unknown > 0, "degraded", "member_unknown"),
        (seen.is_below_peers, "degraded", "below_peers"),
        (is_ending or seen.is_taken_out, "draining", "draining"),
        (is_restarting, "starting", "starting"),
        (not engine.is_awake, "sleeping", "sleeping"),
    ):
        if applies:
            return state, reason
    return "up", "none"


def _assess_unasked(seen: GroupSighting, before: GroupStatus | None) -> GroupStatus:
    """Return what was known before, but for what the members say."""
    if before is None:
        before = GroupStatus("starting", "starting", None, None, None, is_restarting=False)
    gone = [("gpu_lost", seen.members.lost), ("gpu_hung", seen.members.hung)]
    reasons = [reason for reason, count in gone if count]
    if reasons:
        before = replace(before, state="dead", reason=reasons[0])
    is_draining = before.is_draining or seen.is_taken_out
    return replace(before, seconds_since_step=None, is_draining=is_draining)


def _assess_unreachable(seen: GroupSighting, before: GroupStatus | None, now: float) -> GroupStatus:
    failing_since = before.failing_since if before else None
    failing_since = now if failing_since is None else failing_since
    if seen.members.lost:
        state, reason = "dead", "gpu_lost"
    elif seen.members.hung:
        state, reason = "dead", "gpu_hung"
    elif now - failing_since >= SECOND_LOOK_SECONDS:
        state, reason = "dead", "undiscovered" if seen.is_vanished else "engine_unreachable"
    elif before is None or (before.watch is None and before.state == "starting"):
        state, reason = "starting", "starting"
    elif before.state == "stalled":
        state, reason = before.state, before.reason
    else:
        state, reason = "degraded", "engine_unreachable"
    return GroupStatus(
        state,
        reason,
        seconds_since_step=None,
        watch=before.watch if before else None,
        failing_since=failing_since,
        is_restarting=before is not None and before.is_restarting,
        is_draining=seen.is_taken_out,
    )
