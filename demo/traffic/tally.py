"""The truth about the traffic: how each request and tool call ended for the client that made it.

The same definitions as the objectives', counted where nothing is scraped or rounded.
"""

from __future__ import annotations

from bisect import bisect_left
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from demo.first_tokens import FIRST_TOKEN_BOUNDS, tell_quantiles
from demo.objectives import (
    AVAILABILITY,
    BAD_OUTCOMES,
    FIRST_TOKEN,
    FIRST_TOKEN_SECONDS,
    NOT_ADMITTED,
    TOOL_SUCCESS,
    UNCOUNTED_CALLS,
    UNCOUNTED_OUTCOMES,
)
from exporters.catalog import TIER, TIERS


@dataclass(frozen=True)
class Tokens:
    """What one request cost."""

    prompt: int = 0
    cached: int = 0
    """Of the prompt's: found in a prefix cache."""
    generated: int = 0
    """That reached the user."""
    is_billed: bool = False
    """Whether the answer came with its usage, by which it is billed."""


@dataclass
class _Service:
    """What one tier asked for and got."""

    offered: int = 0
    outcomes: Counter[str] = field(default_factory=Counter)
    first_tokens: NDArray[np.float64] = field(
        default_factory=lambda: np.zeros(len(FIRST_TOKEN_BOUNDS) + 1)
    )
    """By their time, in the buckets of :mod:`demo.first_tokens`."""
    prompt_tokens: int = 0
    cached_tokens: int = 0
    generated_tokens: int = 0
    billed_tokens: int = 0


@dataclass
class Tally:
    """Outcomes since the start."""

    started: float = 0.0
    """UNIX seconds."""
    first_tokens: Counter[str] = field(default_factory=Counter)
    """``in_time``, ``late``, ``never``."""
    calls: Counter[str] = field(default_factory=Counter)
    """Of tools, by outcome."""
    _services: dict[str, _Service] = field(
        default_factory=lambda: {tier: _Service() for tier in TIERS}, init=False
    )

    @property
    def requests(self) -> Counter[str]:
        """Ended requests of all tiers, by outcome."""
        return sum((each.outcomes for each in self._services.values()), Counter())

    def note_offer(self, tier: str) -> None:
        """Count a request that is sent."""
        self._services[tier].offered += 1

    def note_request(
        self, tier: str, outcome: str, first_token_seconds: float | None, tokens: Tokens
    ) -> None:
        """Count a request that ended, with the time to its first token if one came."""
        service = self._services[tier]
        service.outcomes[outcome] += 1
        service.prompt_tokens += tokens.prompt
        service.cached_tokens += tokens.cached
        service.generated_tokens += tokens.generated
        if tokens.is_billed:
            service.billed_tokens += tokens.prompt + tokens.generated
        if first_token_seconds is not None:
            service.first_tokens[bisect_left(FIRST_TOKEN_BOUNDS, first_token_seconds)] += 1
            is_late = first_token_seconds > FIRST_TOKEN_SECONDS
            self.first_tokens["late" if is_late else "in_time"] += 1
        elif outcome in BAD_OUTCOMES:
            self.first_tokens["never"] += 1

    def note_call(self, outcome: str) -> None:
        """Count a tool call that ended."""
        self.calls[outcome] += 1

    def tell(self, labels: Mapping[str, str], now: float) -> dict[str, Any]:
        """Return what ``GET /control/truth`` says of traffic (see :mod:`demo.engine`).

        ``services`` has an entry a tier: ``offered`` are requests sent, ``admitted`` those that
        ended neither rejected nor limited; what was sent and has not ended is only offered.
        Quantiles are those of all first tokens that came. ``billed``
        tokens are those of answers that came with their usage.
        """
        requests = _without(self.requests, UNCOUNTED_OUTCOMES)
        calls = _without(self.calls, UNCOUNTED_CALLS)
        bad_requests = {name: n for name, n in requests.items() if name in BAD_OUTCOMES}
        bad_tokens = _without(self.first_tokens, {"in_time"})
        bad_calls = _without(calls, {"ok"})
        return {
            "time": now,
            "started": self.started,
            "classes": [
                _class(AVAILABILITY, labels, bad_requests, requests),
                _class(FIRST_TOKEN, labels, bad_tokens, self.first_tokens),
                _class(TOOL_SUCCESS, labels, bad_calls, calls),
            ],
            "services": [
                _tell_service({**labels, TIER: tier}, each) for tier, each in self._services.items()
            ],
        }


def _without(counts: Mapping[str, int], names: frozenset[str] | set[str]) -> dict[str, int]:
    return {name: count for name, count in counts.items() if name not in names}


def _class(
    slo: str, labels: Mapping[str, str], bad: Mapping[str, int], counted: Mapping[str, int]
) -> dict[str, Any]:
    return {
        "slo": slo,
        "labels": dict(labels),
        "bad": float(sum(bad.values())),
        "total": float(sum(counted.values())),
        "reasons": {reason: float(count) for reason, count in sorted(bad.items()) if count},
    }


def _tell_service(labels: Mapping[str, str], seen: _Service) -> dict[str, Any]:
    outcomes = seen.outcomes
    return {
        "labels": dict(labels),
        "offered": seen.offered,
        "admitted": sum(_without(outcomes, NOT_ADMITTED).values()),
        "good": sum(_without(outcomes, UNCOUNTED_OUTCOMES | BAD_OUTCOMES).values()),
        "bad": {name: outcomes[name] for name in sorted(BAD_OUTCOMES) if outcomes[name]},
        "first_token_seconds": tell_quantiles(seen.first_tokens),
        "tokens": {
            "prompt": seen.prompt_tokens,
            "cached": seen.cached_tokens,
            "generated": seen.generated_tokens,
            "billed": seen.billed_tokens,
        },
    }
