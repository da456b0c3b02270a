"""Counting the XIDs of one GPU: each told once, whoever reports it; never falling.

An XID comes as an event of NVML and as a line of the kernel log. Either may be missing: events are
lost while the child that waits for them is replaced, the log may not be readable. So both are
taken, and of two reports of one code that stand close together, from different sources, the second
is the first again.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from exporters.gpu.readings import Xid
from exporters.gpu.taxonomy import BURST_SECONDS

SAME_SECONDS = 10.0
"""How far apart two sources tell of one event: seconds, for the child may be starting."""


@dataclass
class _Report:
    code: int
    at: float
    source: str


class XidLog:
    """The XIDs of one GPU. Times are Unix seconds."""

    def __init__(self) -> None:
        self.bursts = 0
        """Groups without ``BURST_SECONDS`` of silence between."""
        self._by_code: dict[int, Xid] = {}
        self._unmatched: list[_Report] = []
        self._last_at = float("-inf")

    @property
    def xids(self) -> tuple[Xid, ...]:
        """One for each code, the latest last."""
        return tuple(sorted(self._by_code.values(), key=lambda xid: xid.last_at or 0.0))

    def add(
        self, code: int, at: float, source: str, *, is_fatal: bool | None = None,
        is_history: bool = False,
    ) -> bool:  # fmt: skip
        """Take a report; return whether it is of an event that nobody has reported before."""
        twin = self._twin(code, at, source)
        if twin:
            self._unmatched.remove(twin)
            if is_fatal is not None:
                self._by_code[code] = replace(self._by_code[code], is_fatal=is_fatal)
            return False
        self._unmatched.append(_Report(code, at, source))
        if at - self._last_at > BURST_SECONDS:
            self.bursts += 1
        self._last_at = max(self._last_at, at)
        known = self._by_code.get(code)
        self._by_code[code] = Xid(
            code,
            count=known.count + 1 if known else 1,
            last_at=max(at, known.last_at or at) if known else at,
            previous_at=_previous(known, at),
            is_fatal=is_fatal,
            is_history=is_history,
        )
        return True

    def _twin(self, code: int, at: float, source: str) -> _Report | None:
        self._unmatched = [each for each in self._unmatched if at - each.at <= SAME_SECONDS]
        for each in self._unmatched:
            if each.code == code and each.source != source and abs(at - each.at) <= SAME_SECONDS:
                return each
        return None


def _previous(known: Xid | None, at: float) -> float | None:
    """Return when the burst before the one at ``at`` was."""
    if known is None or known.last_at is None:
        return None
    return known.last_at if at - known.last_at > BURST_SECONDS else known.previous_at
