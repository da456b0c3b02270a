"""Counting the XIDs of one GPU: each told once, whoever reports it; never falling.

An XID comes as an event of NVML, as a line of the kernel log and as a sample of DCGM's. Each may be
missing: events are lost while the child that waits for them is replaced, the log may not be
readable. So all are taken, and of reports of one code that stand close together, one from each
source, the later ones are the first again.
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
    sources: set[str]
    """That told of it."""


class XidLog:
    """The XIDs of one GPU. Times are Unix seconds."""

    def __init__(self) -> None:
        self.bursts = 0
        """Groups without ``BURST_SECONDS`` of silence between."""
        self._by_code: dict[int, Xid] = {}
        self._reports: list[_Report] = []
        """The latest."""
        self._last_at = float("-inf")

    @property
    def xids(self) -> tuple[Xid, ...]:
        """One for each code, the latest last."""
        return tuple(sorted(self._by_code.values(), key=lambda xid: xid.last_at or 0.0))

    def xids_since(self, at: float) -> tuple[Xid, ...]:
        """Return them; of those of before we looked, what is older than a time is history."""
        return tuple(
            replace(xid, is_history=True) if not xid.count and (xid.last_at or 0.0) < at else xid
            for xid in self.xids
        )

    def add(
        self, code: int, at: float, source: str, *, is_fatal: bool | None = None,
        is_counted: bool = True,
    ) -> bool:  # fmt: skip
        """Take a report; return whether it is of an event that nobody has reported before.

        Args:
            code: of the XID.
            at: Unix seconds.
            source: who tells of it.
            is_fatal: what the code says of itself.
            is_counted: whether it belongs into counters: not if an earlier run of ours may have
                counted it.
        """
        twin = self._twin(code, at, source)
        if twin:
            twin.sources.add(source)
            if is_fatal is not None:
                self._by_code[code] = replace(self._by_code[code], is_fatal=is_fatal)
            return False
        self._reports.append(_Report(code, at, {source}))
        if is_counted and at - self._last_at > BURST_SECONDS:
            self.bursts += 1
        self._last_at = max(self._last_at, at)
        known = self._by_code.get(code)
        self._by_code[code] = Xid(
            code,
            count=(known.count if known else 0) + is_counted,
            last_at=max(at, known.last_at or at) if known else at,
            previous_at=_previous(known, at),
            is_fatal=is_fatal,
        )
        return True

    def _twin(self, code: int, at: float, source: str) -> _Report | None:
        """Return the event that a report is of, if another source has told of it."""
        latest = max(at, self._last_at)
        self._reports = [each for each in self._reports if latest - each.at <= SAME_SECONDS]
        for each in self._reports:
            if each.code == code and source not in each.sources and (
                abs(at - each.at) <= SAME_SECONDS
            ):  # fmt: skip
                return each
        return None


def _previous(known: Xid | None, at: float) -> float | None:
    """Return when the burst before the one at ``at`` was."""
    if known is None or known.last_at is None:
        return None
    return known.last_at if at - known.last_at > BURST_SECONDS else known.previous_at
