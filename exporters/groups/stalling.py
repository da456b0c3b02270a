"""Whether an engine stands still although it has work. Pure: readings over time in, verdicts out.

vLLM's step counter tells, for ``/health`` does not. Three things make this more than a timer:

*   The gauge of running requests is refreshed by steps only. After a mass cancellation it may say
    99 for ever while nothing is there to be done (vLLM #29928). And a worker that was stopped
    between two requests leaves it at 0: then requests that the API server ends, and that no step
    has served, are the sign of work.
*   So a suspicion is tried before it is a verdict: the engine is asked for one token. One that
    answers is up, whatever its gauges say; the answer took a step, which refreshes them.
*   The first step after a start may compile kernels for a minute or two.

The prefill of a long prompt is no stall: it is cut into chunks, a step each.

What is in flight at the router is no sign of work: routers count by model, revision and tier, and
no group is stalled because some group of its model is busy. The requests that the group's own API
server ends (``http_requests_total``) are, and they are there without a router.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from math import inf
from typing import Literal

STALLED_AFTER_SECONDS = 30.0
"""A step takes milliseconds, the prefill of a long prompt seconds; vLLM itself waits 300 s."""
WARM_UP_SECONDS = 120.0
"""The same for an engine that has not made a step since it started."""
PROBED_AHEAD_SECONDS = 15.0
"""The probe is sent this long before its answer is needed: samples are 5 s apart, and it may take
:data:`PROBE_DEADLINE_SECONDS`, so that no verdict waits for it."""
PROBE_DEADLINE_SECONDS = 5.0
PROBE_AGAIN_SECONDS = 30.0
"""Between two probes of an engine that stays silent."""
PATIENCE_SECONDS = 15.0
"""How long a request that ended unserved is taken to have waited before its client left."""
LOOKS_APART_SECONDS = 4.0
"""Looks closer than this, by several Prometheus servers, are one: that the second of them finds no
step says nothing. Below the 5 s between two samples."""
_GRACE_SECONDS = 1.0
"""Past its deadline a probe counts as unanswered, whether its end was heard of or not."""
_LATE_SECONDS = 2.0
"""A request that ends this long after the last step was not served by it."""

Outcome = Literal["none", "pending", "answered", "unanswered", "refused", "unsupported"]


@dataclass(frozen=True)
class Probe:
    """The last probe of an engine, as far as it is known how it ended.

    ``none``: there was no probe yet. ``refused``: an answer that says nothing of the engine, such
    as that of a proxy in front of it, or of an API server that asks for a key.
    ``unsupported``: nobody asks here.
    """

    outcome: Outcome = "none"
    asked_at: float = -inf


UNSUPPORTED = Probe("unsupported")


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
    ended: float = 0.0
    """Requests that its API server ended. Cumulative."""

    def is_restart_of(self, known: EngineSighting) -> bool:
        """Return whether the engine was restarted since it was seen as ``known``."""
        is_other_process = (
            self.started_at is not None
            and known.started_at is not None
            and self.started_at != known.started_at
        )
        return is_other_process or self.steps < known.steps


@dataclass(frozen=True)
class Watch:
    """What is known of an engine's work. Times are seconds of the caller's monotonic clock."""

    engine: EngineSighting
    """The newest there was."""
    looked_at: float
    stepped_at: float
    """When the steps last moved, or were first seen."""
    has_moved: bool
    """Whether they moved at the newest look, or the looks right before it; not by a restart."""
    busy_since: float | None
    """Since when requests have been running or waiting without a pause; None if there are none."""
    unserved_since: float | None
    """Since when a request has been waiting that ended unserved; None if there was none."""
    proven_at: float = -inf
    """When an answered probe was last heard of."""
    is_stalled: bool = False
    wants_probe: bool = False

    def seconds_since_step(self, now: float) -> float:
        """Return how long the steps have not moved."""
        return now - self.stepped_at


def watch(engine: EngineSighting, before: Watch | None, probe: Probe, now: float) -> Watch:
    """Return what is known after one more look.

    Args:
        engine: what its page says.
        before: what was known; None at the first look.
        probe: the last probe.
        now: seconds of a monotonic clock.
    """
    is_still = before is not None and engine.steps == before.engine.steps
    stepped_at = before.stepped_at if before and is_still else now
    # What a restart does to the counter is no step.
    is_same = before is not None and not engine.is_restart_of(before.engine)
    has_moved = is_same and (
        not is_still
        or (before is not None and before.has_moved and now - stepped_at < LOOKS_APART_SECONDS)
    )
    busy_since = before.busy_since if before else None
    unserved_since = before.unserved_since if before and is_still else None
    proven_at = before.proven_at if before else -inf
    if probe.outcome == "answered" and probe.asked_at > proven_at:
        proven_at, unserved_since = now, None
    elif before and is_still and unserved_since is None and _ended_unserved(engine, before):
        unserved_since = now - PATIENCE_SECONDS
    seen = Watch(
        engine,
        looked_at=now,
        stepped_at=stepped_at,
        has_moved=has_moved,
        busy_since=(now if busy_since is None else busy_since) if engine.is_busy else None,
        unserved_since=unserved_since,
        proven_at=proven_at,
    )
    return _judge(seen, before, probe, now)


def _ended_unserved(engine: EngineSighting, before: Watch) -> bool:
    is_late = before.looked_at - before.stepped_at >= _LATE_SECONDS
    return is_late and engine.ended > before.engine.ended


def _judge(seen: Watch, before: Watch | None, probe: Probe, now: float) -> Watch:
    works = [since for since in (seen.busy_since, seen.unserved_since) if since is not None]
    # One that sleeps makes no step, and a request would find its weights gone.
    if not works or not seen.engine.is_awake:
        return seen
    silent_since = max(seen.stepped_at, seen.proven_at, min(works))
    limit = STALLED_AFTER_SECONDS if seen.engine.steps > 0 else WARM_UP_SECONDS
    silent_seconds = now - silent_since
    was_asked = probe.asked_at >= silent_since
    is_stalled = silent_seconds >= limit and (
        _is_confirmed(probe, now, was_asked=was_asked, is_busy=seen.busy_since is not None)
        # Another probe may be under way: the verdict stands until it is refuted.
        or (before is not None and before.is_stalled)
    )
    may_ask = probe.outcome not in ("unsupported", "pending") and (
        not was_asked or now - probe.asked_at >= PROBE_AGAIN_SECONDS
    )
    wants_probe = may_ask and silent_seconds >= limit - PROBED_AHEAD_SECONDS
    return replace(seen, is_stalled=is_stalled, wants_probe=wants_probe)


def _is_confirmed(probe: Probe, now: float, *, was_asked: bool, is_busy: bool) -> bool:
    if probe.outcome == "unsupported" or (was_asked and probe.outcome == "refused"):
        return is_busy
    if not was_asked:
        return False
    is_overdue = now - probe.asked_at >= PROBE_DEADLINE_SECONDS + _GRACE_SECONDS
    return probe.outcome == "unanswered" or (probe.outcome == "pending" and is_overdue)
