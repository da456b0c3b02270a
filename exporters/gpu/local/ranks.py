"""Which of vLLM's workers a process is: by its title, ``VLLM::Worker_TP0``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from pathlib import Path

PROC = Path("/proc")
MOST_RANKS = 16
"""Of one GPU."""
_TITLE = re.compile(rb"VLLM::(?:Worker_([A-Za-z0-9_]{1,32})|(EngineCore[A-Za-z0-9_]{0,22}))")
_LONGEST_TITLE_BYTES = 256


def ranks_of(pids: Iterable[int], proc: Path = PROC) -> list[str]:
    """Return the ranks of processes, sorted: ``TP0``, ``DP0_TP1``, ``EngineCore``.

    An engine of one GPU computes in ``VLLM::EngineCore`` itself. Processes that are gone, of other
    programs, or of another PID namespace have none.
    """
    found = {rank for pid in pids if (rank := _rank(proc / str(pid) / "cmdline"))}
    return sorted(found)[:MOST_RANKS]


def _rank(file: Path) -> str | None:
    try:
        with file.open("rb") as opened:
            title = opened.read(_LONGEST_TITLE_BYTES)
    except OSError:
        return None
    found = _TITLE.fullmatch(title.partition(b"\0")[0])
    return (found[1] or found[2]).decode() if found else None
