"""The truth about the traffic: how each request and tool call ended for the client that made it.

The same definitions as the objectives', counted where nothing is scraped or rounded.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

AVAILABILITY, FIRST_TOKEN, TOOL_SUCCESS = "chat-availability", "chat-ttft", "tool-success"
"""Names of the objectives (slo/library)."""

FIRST_TOKEN_SECONDS = 2.5
"""A first token later than this is bad."""

_UNCOUNTED_REQUESTS = frozenset({"rate_limited"})
_BAD_REQUESTS = frozenset({"error", "timeout", "rejected"})
_UNCOUNTED_CALLS = frozenset({"cancelled"})


@dataclass
class Tally:
    """Outcomes since the start."""

    requests: Counter[str] = field(default_factory=Counter)
    """By outcome."""
    first_tokens: Counter[str] = field(default_factory=Counter)
    """``in_time``, ``late``, ``never``."""
    calls: Counter[str] = field(default_factory=Counter)
    """Of tools, by outcome."""

    def note_request(self, outcome: str, first_token_seconds: float | None) -> None:
        """Count a request that ended, with the time to its first token if one came."""
        self.requests[outcome] += 1
        if first_token_seconds is not None:
            is_late = first_token_seconds > FIRST_TOKEN_SECONDS
            self.first_tokens["late" if is_late else "in_time"] += 1
        elif outcome in _BAD_REQUESTS:
            self.first_tokens["never"] += 1

    def note_call(self, outcome: str) -> None:
        """Count a tool call that ended."""
        self.calls[outcome] += 1

    def tell(self, labels: Mapping[str, str], now: float) -> dict[str, Any]:
        """Return the content of ``GET /control/truth`` (see :mod:`demo.engine`)."""
        requests = _without(self.requests, _UNCOUNTED_REQUESTS)
        calls = _without(self.calls, _UNCOUNTED_CALLS)
        bad_requests = {name: n for name, n in requests.items() if name in _BAD_REQUESTS}
        bad_tokens = _without(self.first_tokens, {"in_time"})
        bad_calls = _without(calls, {"ok"})
        return {
            "time": now,
            "classes": [
                _class(AVAILABILITY, labels, bad_requests, requests),
                _class(FIRST_TOKEN, labels, bad_tokens, self.first_tokens),
                _class(TOOL_SUCCESS, labels, bad_calls, calls),
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
