"""When to ask a source that keeps failing: a circuit breaker, as plain data.

After three failures in a row the circuit opens: the source is no longer waited for. It is probed
after 1, 2, 4, 8 and then every 10 seconds; the first success closes the circuit.
"""

from __future__ import annotations

from dataclasses import dataclass

FAILURES_TO_OPEN = 3
FIRST_PAUSE_SECONDS = 1.0
LONGEST_PAUSE_SECONDS = 10.0


@dataclass(frozen=True)
class Circuit:
    """The failures of one source up to now. Times are of the caller's monotonic clock."""

    failures: int = 0
    """In a row."""
    probe_at: float = 0.0

    @property
    def is_open(self) -> bool:
        """Whether the source is not to be waited for."""
        return self.failures >= FAILURES_TO_OPEN

    def is_probe_due(self, now: float) -> bool:
        """Whether an open circuit's source is to be asked again."""
        return self.is_open and now >= self.probe_at

    def after(self, *, success: bool, now: float) -> Circuit:
        """Return the circuit after one more answer, or the lack of one, at ``now``."""
        if success:
            return Circuit()
        failures = self.failures + 1
        doublings = min(max(failures - FAILURES_TO_OPEN, 0), 10)
        pause = min(FIRST_PAUSE_SECONDS * 2**doublings, LONGEST_PAUSE_SECONDS)
        return Circuit(failures, now + pause)
