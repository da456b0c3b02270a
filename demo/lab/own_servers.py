"""What Prometheus and Alertmanager say of themselves in virtual time, while they ail as well.

No server has evaluated the rules of a play while it was scraped, so that nobody could ask one:
what it would say is made here, of the metrics that the watch's rules read. Names and meanings:
Prometheus rules/group.go, rules/manager.go and tsdb/db.go, Alertmanager notify/notify.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

import numpy as np

from demo.weektime import DAY_SECONDS
from slo.series import Series
from slo.steps import Floats

SLOW_RULES, FAILING_RULES = "slow-rules", "failing-rules"
SHORT_STORAGE, REFUSED_MESSAGES = "short-storage", "refused-messages"
RULE_GROUPS = ("/etc/prometheus/rules/causes.yaml;shardwatch-causes",
               "/etc/prometheus/rules/slo-probe-success.yaml;slo-probe-success")  # fmt: skip
"""Of all groups these two; the first is the one that ails."""
ALERTMANAGER = "127.0.0.1:9093"
"""Its address."""
_QUICK_SHARE, _SLOW_SHARE = 0.02, 1.2
"""Of its interval, for an evaluation of a group. Chosen."""
_KEPT_SECONDS, _LEFT_SECONDS = 35.0 * DAY_SECONDS, 3.0 * DAY_SECONDS
_MESSAGES_PER_SECOND = 1 / 60
"""Of one group of alerts, that Slack refuses: one a group interval."""


@dataclass
class OwnServers:
    """When which server ailed."""

    spells: list[tuple[str, float, float]] = field(default_factory=list)
    """Faults, and from when to when, UNIX seconds."""

    def begin(self, fault: str, now: float) -> None:
        """Let a server ail from now on."""
        self.spells.append((fault, now, inf))

    def end(self, fault: str, now: float) -> None:
        """Let it be well again."""
        self.spells = [
            (name, start, now if (name, end) == (fault, inf) else end)
            for name, start, end in self.spells
        ]

    def series(
        self, instance: str, start: float, end: float, interval_seconds: float
    ) -> Iterator[Series]:
        """Yield what was scraped of both after ``start`` up to ``end`` (UNIX seconds).

        Args:
            instance: Prometheus's address.
            start: before the first scrape.
            end: not before the last.
            interval_seconds: between two scrapes, and two evaluations.
        """
        count = int((end - start) // interval_seconds)
        times: Floats = start + interval_seconds * np.arange(1.0, count + 1.0)
        times_ms = np.rint(times * 1000).astype(np.int64)

        def made(job: str, address: str, name: str, values: Floats, **labels: str) -> Series:
            own = {"__name__": name, "job": job, "instance": address, **labels}
            return Series(own, times_ms, values)

        for name, values, labels in self._of_prometheus(times, interval_seconds):
            yield made("prometheus", instance, name, values, **labels)
        for name, values, labels in self._of_alertmanager(times):
            yield made("alertmanager", ALERTMANAGER, name, values, **labels)

    def _of_prometheus(
        self, times: Floats, interval: float
    ) -> Iterator[tuple[str, Floats, dict[str, str]]]:
        nothing = np.zeros_like(times)
        for number, group in enumerate(RULE_GROUPS):
            of = {"rule_group": group}
            ails = 1.0 if number == 0 else 0.0
            slow = ails * self._ails(SLOW_RULES, times)
            seconds = (_QUICK_SHARE + (_SLOW_SHARE - _QUICK_SHARE) * slow) * interval
            yield "prometheus_rule_group_interval_seconds", nothing + interval, of
            yield "prometheus_rule_group_last_duration_seconds", seconds, of
            missed = ails * self._lasted(SLOW_RULES, times) / interval
            yield "prometheus_rule_group_iterations_missed_total", np.floor(missed), of
            yield "prometheus_rule_group_last_evaluation_timestamp_seconds", times - 1.0, of
            failed = ails * self._lasted(FAILING_RULES, times) / interval
            yield "prometheus_rule_evaluation_failures_total", np.floor(failed), of
        short = np.cumsum(self._ails(SHORT_STORAGE, times)) > 0
        oldest: Floats = times - np.where(short, _LEFT_SECONDS, _KEPT_SECONDS)
        yield "prometheus_tsdb_lowest_timestamp_seconds", oldest, {}
        yield "prometheus_tsdb_time_retentions_total", short.astype(np.float64), {}
        yield "prometheus_tsdb_size_retentions_total", nothing, {}
        yield "prometheus_notifications_alertmanagers_discovered", nothing + 1.0, {}
        yield "prometheus_notifications_dropped_total", nothing, {}
        yield "prometheus_notifications_errors_total", nothing, {"alertmanager": ALERTMANAGER}

    def _of_alertmanager(self, times: Floats) -> Iterator[tuple[str, Floats, dict[str, str]]]:
        nothing = np.zeros_like(times)
        yield "up", nothing + 1.0, {}
        refused = np.floor(self._lasted(REFUSED_MESSAGES, times) * _MESSAGES_PER_SECOND)
        for integration in ("pagerduty", "slack", "webhook"):
            failed = refused if integration == "slack" else nothing
            yield (
                "alertmanager_notifications_failed_total",
                failed,
                {"integration": integration, "reason": "other"},
            )

    def _ails(self, fault: str, times: Floats) -> Floats:
        """Return 1 where a fault is there, else 0."""
        found = np.zeros_like(times)
        for name, start, end in self.spells:
            if name == fault:
                found[(times >= start) & (times < end)] = 1.0
        return found

    def _lasted(self, fault: str, times: Floats) -> Floats:
        """Return for how many seconds a fault has been there, all together."""
        found = np.zeros_like(times)
        for name, start, end in self.spells:
            if name == fault:
                found += np.clip(times, start, end) - start
        return found
