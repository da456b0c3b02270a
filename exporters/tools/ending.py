"""How a call of a tool ended, told from what it raised or returned."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from typing import Any

from exporters.catalog import TOOL_OUTCOMES

TOOL_ERROR = "tool_error"
"""``error.type`` where a tool answered that it failed (MCP's ``CallToolResult.isError``)."""
OUTCOME_OF_STATUS: Mapping[int, str] = {
    401: "blocked",
    403: "blocked",
    408: "timeout",
    429: "rate_limited",
    451: "blocked",
    504: "timeout",
}
"""Of HTTP; every other status from 400 on is ``error``."""


class ToolError(Exception):
    """What a tool raises to say how its call ended, where no exception of others says it."""

    outcome = "error"


class CaptchaError(ToolError):
    """A page asked whether a human reads it."""

    outcome = "captcha"


class RateLimitedError(ToolError):
    """The tool, or what is behind it, takes no more calls for now."""

    outcome = "rate_limited"


class BlockedError(ToolError):
    """A policy, ours or of what is behind the tool, forbids the call."""

    outcome = "blocked"


Outcomes = Mapping[type[BaseException], str]
"""Outcomes by exception, for those of libraries that we do not know."""


def check_outcome(outcome: str) -> str:
    """Return the outcome.

    Raises:
        ValueError: if it is none of ``catalog.TOOL_OUTCOMES``.
    """
    if outcome not in TOOL_OUTCOMES:
        raise ValueError(f"found {outcome!r}, expected one of {', '.join(TOOL_OUTCOMES)}")
    return outcome


def outcome_of(error: BaseException, outcomes: Outcomes | None = None) -> str:
    """Return how a call ended that raised ``error``: one of ``catalog.TOOL_OUTCOMES``.

    A class of ``outcomes`` comes first, the nearest one in the order of inheritance. Then what
    Python says of time and cancellation, then the HTTP status that clients' exceptions carry.
    """
    for kind in type(error).__mro__:
        if outcomes and kind in outcomes:
            return outcomes[kind]
    if isinstance(error, ToolError):
        return error.outcome
    if isinstance(error, TimeoutError):  # asyncio's and the sockets' are the same
        return "timeout"
    if isinstance(error, asyncio.CancelledError | GeneratorExit | KeyboardInterrupt):
        return "cancelled"
    status = _status_of(error)
    if status is not None:
        return OUTCOME_OF_STATUS.get(status, "error")
    # Clients' time-outs that are no TimeoutError: httpx.ReadTimeout, requests.Timeout, ...
    return "timeout" if "Timeout" in type(error).__name__ else "error"


def error_type_of(error: BaseException, outcome: str) -> str:
    """Return ``error.type``: the outcome, or the exception's name where that is just an error."""
    if outcome != "error":
        return outcome
    code = _rpc_code_of(error)
    return type(error).__name__ if code is None else str(code)


def _status_of(error: BaseException) -> int | None:
    for place in (error, getattr(error, "response", None)):
        for name in ("status", "status_code"):
            status: Any = getattr(place, name, None)
            if isinstance(status, int) and 400 <= status < 600:
                return status
    return None


def _rpc_code_of(error: BaseException) -> int | None:
    """Return the code of a JSON-RPC error, as the exception of MCP's SDK carries it."""
    code: Any = getattr(getattr(error, "error", None), "code", None)
    return code if isinstance(code, int) else None
