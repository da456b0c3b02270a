"""Why a vLLM server ended, out of what it wrote: one line, not three tracebacks of each process.

Uses the standard library alone.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

LONGEST = 300
"""Characters of a reason; some of vLLM's give advice after it."""

_PREFIX = re.compile(
    r"^(\([\w.]+ pid=\d+\) )?"  # the process
    r"((DEBUG|INFO|WARNING|ERROR|CRITICAL) \d\d-\d\d [\d:]{8} \[[^\]]*\] )?"  # the logger
)
_EXCEPTION = re.compile(r"^([A-Za-z_]\w*\.)*(\w*(Error|Exception|Interrupt|Exit))(: .*)?$")
_USAGE = re.compile(r"^\S+\.py: error: (.*)$")
_POINTS_ELSEWHERE = ("See root cause above", "See stack trace for root cause")
"""vLLM's own words where one process tells that another has failed."""


def read_reason(lines: Sequence[str]) -> str | None:
    """Return the last exception in the output of a server that names a cause; None without any."""
    found: str | None = None
    for line in lines:
        text = _PREFIX.sub("", line.rstrip())
        if usage := _USAGE.match(text):
            found = usage[1]
        elif (exception := _EXCEPTION.match(text)) and not (
            found and any(words in text for words in _POINTS_ELSEWHERE)
        ):
            found = exception[2] + (exception[4] or "")
    if found is None:
        return None
    return found if len(found) <= LONGEST else found[: LONGEST - 3] + "..."
