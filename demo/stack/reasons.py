"""Why a process ended, as its log tells it: the few lines of many that say so."""

from __future__ import annotations

import re
from collections.abc import Iterator

REASONS_AT_MOST = 3
"""The first is the root; what follows from it is told after it."""

_PREFIX = re.compile(
    r"^(?:\([^)]*pid=\d+\)\s*)?"  # a process of vLLM
    r"(?:(?:ERROR|CRITICAL)\s+\d\d-\d\d \d\d:\d\d:\d\d \[[^\]]*\]\s*)?"  # its logger
)
_EXCEPTION = re.compile(
    r"^(?:[A-Za-z_]\w*\.)*[A-Z]\w*(?:Error|Exception|Exit|Interrupt)\b(?::.*)?$"
)
_LOGGED = re.compile(r"\blevel=(?:error|ERROR)\b.*|^(?:error|ERROR|fatal|FATAL|panic)\b[: ].*")
_OF_GO = re.compile(r'\b(?:err|error)="?((?:[^"\\]|\\.)*)')


def reasons(log: str) -> list[str]:
    """Return the lines of a log that tell why its process ended, the root of it first.

    These are Python's exceptions (in a chain the first raised stands first) and the errors that
    loggers mark as such; where there are none, the last line that says anything.
    """
    found = list(dict.fromkeys(_telling(log)))
    if not found:
        found = [line.strip() for line in log.splitlines() if line.strip()][-1:]
    return found[:REASONS_AT_MOST]


def _telling(log: str) -> Iterator[str]:
    for line in log.splitlines():
        text = _PREFIX.sub("", line).strip()
        # Python indents what leads to an exception, and not the exception; vLLM's logger pads.
        if _EXCEPTION.match(text) and not line.startswith((" ", "\t")):
            yield text
        elif logged := _LOGGED.search(text):
            of_go = _OF_GO.search(logged[0])
            yield of_go[1] if of_go else logged[0]
