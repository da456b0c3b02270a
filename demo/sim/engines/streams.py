"""Requests between first and last token: how many, what KV cache they hold, when they are cut.

An answer's length has no memory: whatever its age, a stream has as many tokens before it as the
mean says. (The published lengths are nearly so: of the conversation trace, the 0.9 quantile is 3.29
times the median, and ln 10 / ln 2 is 3.32.) So a number of streams is enough, and of those that
began together it is known how many are left.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from demo.sim.fleet import Flags, Floats, Indices

COHORTS = 12
"""Slots of age in which streams are followed to their end-to-end deadline."""
_TINY = 1e-12
_MOST_GROWTH = 50.0
"""Of an exponent: streams that have so few left after one slot are none."""


@dataclass
class Streams:
    """Requests between first and last token."""

    count: Floats
    """[G]."""
    context_tokens: Floats
    """KV cache that they hold. [G]."""
    decay: Floats
    """What has ended streams so far, as the negative logarithm of the share that is left. [G]."""
    entered: Floats
    """Streams by slot of the time they began in, as if none had ended since the slot's. [A, G]."""
    decay_then: Floats
    """``decay`` at each slot's beginning. [A, G]."""
    place: Indices
    """Of the slot that streams begin in now, in the slots of all groups laid out in a row. [G]."""
    slot_seconds: Floats
    """Since that slot's beginning. [G]."""
    preempted: Floats
    """Streams whose KV cache was taken away; they are computed again. [G]."""
    preempted_tokens: Floats
    """What must be computed for them. [G]."""

    def preempt(self, kv_cache_tokens: Floats) -> Floats:
        """Take the KV cache from the youngest where it overflows; return how many. [G]."""
        over = self.context_tokens - kv_cache_tokens
        if not np.count_nonzero(over > 0):
            return np.zeros(len(over))
        over = np.maximum(over, 0.0)
        preempted = over * self.count / np.maximum(self.context_tokens, 1.0)
        self.count -= preempted
        self.context_tokens -= over
        self.preempted += preempted
        self.preempted_tokens += over
        return preempted

    def begin(self, entered: Floats, h: float) -> None:
        """Note the streams that began in a substep of ``h`` seconds, by their age. [G]."""
        age = self.decay - self.decay_then.reshape(-1)[self.place]
        np.minimum(age, _MOST_GROWTH, out=age)
        self.entered.reshape(-1)[self.place] += entered * np.exp(age)
        self.slot_seconds += h

    def pass_deadline(self, deadline_seconds: Floats) -> Floats:
        """End the streams whose end-to-end deadline has passed; return how many. [G]."""
        full = self.slot_seconds * COHORTS >= deadline_seconds
        expired = np.zeros(len(full))
        if not np.count_nonzero(full):
            return expired
        groups = np.flatnonzero(full)
        decay, count = self.decay[groups], self.count[groups]
        all_entered, all_decay_then = self.entered.reshape(-1), self.decay_then.reshape(-1)
        self.place[groups] = oldest = (self.place[groups] + len(full)) % len(all_entered)
        self.slot_seconds[groups] = 0.0
        left = all_entered[oldest] * np.exp(all_decay_then[oldest] - decay)
        left = np.minimum(left, count)
        all_entered[oldest] = 0.0
        all_decay_then[oldest] = decay
        self.context_tokens[groups] *= 1 - left / np.maximum(count, _TINY)
        self.count[groups] -= left
        expired[groups] = left
        return expired

    def give_up_preempted(self, share: float) -> Floats:
        """Let a share of those who wait to be computed again give up; return how many. [G]."""
        given_up: Floats = self.preempted * share
        self.preempted -= given_up
        self.preempted_tokens *= 1 - share
        return given_up

    def end(self, groups: Flags) -> None:
        """End all streams of some groups. [G]."""
        for each in (self.count, self.context_tokens, self.preempted, self.preempted_tokens):
            each[groups] = 0.0
        self.entered[:, groups] = 0.0


def start_streams(groups: int) -> Streams:
    """Return a moment without any."""

    def none() -> Floats:
        return np.zeros(groups)

    return Streams(
        count=none(),
        context_tokens=none(),
        decay=none(),
        entered=np.zeros((COHORTS, groups)),
        decay_then=np.zeros((COHORTS, groups)),
        place=np.arange(groups),
        slot_seconds=none(),
        preempted=none(),
        preempted_tokens=none(),
    )
