"""The state of a shard group: what a collection saw and what was known in, the state out. Pure.

A group lives or dies as one: one GPU lost is capacity 0, whatever its engine's page still says.
vLLM's ``/health`` answers 200 while a collective hangs (until VLLM_EXECUTE_MODEL_TIMEOUT_SECONDS,
300 s), so it can prove a group dead but not alive: the step counter does that.

==========  ======================================================================================
dead        a member GPU is lost; or the page could not be had at two looks; or /health says 5xx
stalled     requests run or wait, and for 30 s none of this time's steps was made
degraded    a member GPU is degraded or hung, or cannot be seen; or the page failed one look
starting    the engine was restarted, and neither /health is 200 nor has it stepped; or it was
            never seen and failed the first look
sleeping    the engine says so
up          else
==========  ======================================================================================

The first that applies is the state. ``draining`` has no source yet.
"""

from __future__ import annotations

from dataclasses import dataclass

from exporters.gpu.verdict import SECOND_LOOK_SECONDS

STALLED_AFTER_SECONDS = 30.0
"""A step takes milliseconds, the prefill of a long prompt seconds; vLLM itself waits 300 s."""

_SERVING = ("degraded", "draining", "up")


@dataclass(frozen=True)
class EngineSighting:
    """What an engine's page says about whether it works."""

    steps: float
    """Cumulative."""
    is_busy: bool
    """Requests are running or waiting."""
    is_awake: bool = True
    started_at: float | None = None
    """Unix time at which its process started, if known."""


@dataclass(frozen=True)
class Members:
    """The group's GPUs, counted by the verdict on each."""

    expected: int = 0
    answering: int = 0
    """And not lost."""
    lost: int = 0
    impaired: int = 0
    """Degraded or hung."""
    unknown: int = 0
    """Their telemetry cannot be had, or one look was not enough."""


@dataclass(frozen=True)
class GroupSighting:
    """What one collection saw of a group."""

    engine: EngineSighting | None
    """None if its page could not be had."""
    health_status: int | None
    """HTTP status of ``/health``; None if there was no answer."""
    members: Members


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
    engine: EngineSighting | None
    """The newest there was."""
    stepped_at: float
    """When the steps last moved, or were first seen."""
    busy_since: float | None
    """Since when requests have been running or waiting without a pause; None if there are none."""
    failing_since: float | None
    """When the page first could not be had; None while it can."""
    is_restarting: bool

    @property
    def capacity(self) -> float:
        """1 if the group can serve, else 0: there is no 7/8 of a group."""
        return 1.0 if self.state in _SERVING else 0.0


def assess(seen: GroupSighting, before: GroupStatus | None, now: float) -> GroupStatus:
    """Return the status of a group.

    Args:
        seen: what this collection saw.
        before: the status after the collection before; None at the first.
        now: seconds of a monotonic clock.
    """
    if seen.engine is None:
        return _assess_unreachable(seen, before, now)
    known = before.engine if before else None
    restarted = known is not None and _is_restarted(seen.engine, known)
    moved = known is None or seen.engine.steps != known.steps
    stepped_at = now if before is None or moved else before.stepped_at
    busy_since = before.busy_since if before else None
    busy_since = (now if busy_since is None else busy_since) if seen.engine.is_busy else None
    is_restarting = restarted or (
        before is not None and before.is_restarting and known is not None and not moved
    )
    is_restarting = is_restarting and seen.health_status != 200
    is_stalled = (
        busy_since is not None and now - max(stepped_at, busy_since) >= STALLED_AFTER_SECONDS
    )
    state, reason = _decide(seen, is_stalled=is_stalled, is_restarting=is_restarting)
    return GroupStatus(
        state,
        reason,
        seconds_since_step=now - stepped_at,
        engine=seen.engine,
        stepped_at=stepped_at,
        busy_since=busy_since,
        failing_since=None,
        is_restarting=is_restarting,
    )


def _decide(seen: GroupSighting, *, is_stalled: bool, is_restarting: bool) -> tuple[str, str]:
    """Return state and reason of a group whose engine's page was read."""
    members = seen.members
    is_unhealthy = seen.health_status is not None and seen.health_status >= 500
    is_awake = seen.engine is not None and seen.engine.is_awake
    for applies, state, reason in (
        (members.lost > 0, "dead", "gpu_lost"),
        # While it starts, an engine that is not healthy yet is no dead one.
        (is_unhealthy and not is_restarting, "dead", "engine_unhealthy"),
        (is_stalled, "stalled", "no_step"),
        (members.impaired > 0, "degraded", "gpu_degraded"),
        (members.unknown > 0, "degraded", "member_unknown"),
        (is_restarting, "starting", "starting"),
        (not is_awake, "sleeping", "sleeping"),
    ):
        if applies:
            return state, reason
    return "up", "none"


def _assess_unreachable(seen: GroupSighting, before: GroupStatus | None, now: float) -> GroupStatus:
    failing_since = before.failing_since if before else None
    failing_since = now if failing_since is None else failing_since
    if seen.members.lost:
        state, reason = "dead", "gpu_lost"
    elif now - failing_since >= SECOND_LOOK_SECONDS:
        state, reason = "dead", "engine_unreachable"
    elif before is None or (before.engine is None and before.state == "starting"):
        state, reason = "starting", "starting"
    elif before.state == "stalled":
        state, reason = before.state, before.reason
    else:
        state, reason = "degraded", "engine_unreachable"
    return GroupStatus(
        state,
        reason,
        seconds_since_step=None,
        engine=before.engine if before else None,
        stepped_at=before.stepped_at if before else now,
        busy_since=before.busy_since if before else None,
        failing_since=failing_since,
        is_restarting=before is not None and before.is_restarting,
    )


def _is_restarted(engine: EngineSighting, known: EngineSighting) -> bool:
    other_process = (
        engine.started_at is not None
        and known.started_at is not None
        and engine.started_at != known.started_at
    )
    return other_process or engine.steps < known.steps
