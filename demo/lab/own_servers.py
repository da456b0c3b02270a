"""What Prometheus and Alertmanager say of themselves in virtual time, while they ail as well.

No server has evaluated the rules of a play while it was scraped, so that nobody could ask one:
what it would say is made here, of the metrics that the watch's rules read. Names, labels and
arithmetic are those of Prometheus 2.42 and Alertmanager 0.25, which ``tests/e2e`` makes ail in the
same ways and holds this against. Meanings: Prometheus rules/group.go, rules/manager.go and
tsdb/db.go, Alertmanager notify/notify.go.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from math import inf

import numpy as np

from demo.lab.setting import USUAL
from demo.weektime import DAY_SECONDS
from exporters.durations import parse_duration
from slo.series import Series
from slo.steps import Floats

SLOW_RULES, FAILING_RULES = "slow-rules", "failing-rules"
SHORT_STORAGE, REFUSED_MESSAGES = "short-storage", "refused-messages"
SLOW_GROUP, FAILING_GROUP, WELL_GROUP = RULE_GROUPS = (
    "/etc/prometheus/rules/causes.yaml;shardwatch-causes",
    "/etc/prometheus/rules/slo-probe-success.yaml;slo-probe-success",
    "/etc/prometheus/rules/alerts.yaml;shardwatch-alerts",
)
"""Of all groups these: which is slow while it ails, in which a rule fails, and which is well."""
ALERTMANAGER = "127.0.0.1:9093"
"""Its address."""
NOTIFIED = f"http://{ALERTMANAGER}/api/v2/alerts"
"""How Prometheus calls it."""
QUICK_SHARE, SLOW_SHARE = 0.02, 1.2
"""Of its interval, for an evaluation of a group. Chosen."""
QUICK_AGE_SECONDS = 1.0
"""Since a quick group was evaluated: a moment within the interval that is the group's own."""
KEPT_SECONDS, LEFT_SECONDS = 35.0 * DAY_SECONDS, 3.0 * DAY_SECONDS
"""How long samples are kept, and for how long those that are left go back. Chosen."""
NEWEST_BLOCK_SECONDS, OLDEST_BLOCK_SECONDS = 2.0 * 3600.0, 54.0 * 3600.0
"""A block of samples, as it is cut and as it is merged in the end: times three at each merge, up to
a tenth of what is kept (``--storage.tsdb.max-block-duration``). Blocks are deleted as a whole."""
MESSAGE_SECONDS = parse_duration(USUAL.group_interval)
"""What a receiver answers with a 5xx is tried until the next is due, and then counted, once."""
INTEGRATIONS = ("pagerduty", "slack", "webhook")
"""Of ten kinds of receivers that Alertmanager counts, used or not."""


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
        for group in RULE_GROUPS:
            of = {"rule_group": group}
            is_slow = self._ails(SLOW_RULES, times) if group == SLOW_GROUP else nothing
            seconds = (QUICK_SHARE + (SLOW_SHARE - QUICK_SHARE) * is_slow) * interval
            yield "prometheus_rule_group_interval_seconds", nothing + interval, of
            yield "prometheus_rule_group_last_duration_seconds", seconds, of
            # One evaluation after the other: those for which there was no time were missed.
            lasted = self._lasted(SLOW_RULES, times) if group == SLOW_GROUP else nothing
            missed = lasted / interval * (1 - 1 / SLOW_SHARE)
            yield "prometheus_rule_group_iterations_missed_total", np.floor(missed), of
            # When the last that has ended began.
            age = np.where(is_slow > 0, seconds + lasted % seconds, QUICK_AGE_SECONDS)
            yield "prometheus_rule_group_last_evaluation_timestamp_seconds", times - age, of
            lasted = self._lasted(FAILING_RULES, times) if group == FAILING_GROUP else nothing
            failed = lasted / interval  # one a rule and evaluation
            yield "prometheus_rule_evaluation_failures_total", np.floor(failed), of
        yield from self._of_storage(times)
        yield "prometheus_notifications_alertmanagers_discovered", nothing + 1.0, {}
        yield "prometheus_notifications_dropped_total", nothing, {}
        yield "prometheus_notifications_errors_total", nothing, {"alertmanager": NOTIFIED}

    def _of_storage(self, times: Floats) -> Iterator[tuple[str, Floats, dict[str, str]]]:
        """Yield what is kept: what is too old is deleted by time, and what is too much by size."""
        newest = np.floor(times / NEWEST_BLOCK_SECONDS) * NEWEST_BLOCK_SECONDS
        by_time = np.floor((newest - KEPT_SECONDS) / OLDEST_BLOCK_SECONDS) * OLDEST_BLOCK_SECONDS
        short = np.cumsum(self._ails(SHORT_STORAGE, times)) > 0
        left = newest[np.argmax(short)] - LEFT_SECONDS  # until blocks are cut again
        yield "prometheus_tsdb_lowest_timestamp_seconds", np.where(short, left, by_time), {}
        # It has run for longer than it keeps: a server that is well deletes as well.
        deletions = 1.0 + (by_time - by_time[:1]) / OLDEST_BLOCK_SECONDS
        yield "prometheus_tsdb_time_retentions_total", deletions, {}
        yield "prometheus_tsdb_size_retentions_total", short.astype(np.float64), {}

    def _of_alertmanager(self, times: Floats) -> Iterator[tuple[str, Floats, dict[str, str]]]:
        nothing = np.zeros_like(times)
        yield "up", nothing + 1.0, {}
        refused = np.floor(self._lasted(REFUSED_MESSAGES, times) / MESSAGE_SECONDS)
        for integration in INTEGRATIONS:
            failed = refused if integration == "slack" else nothing
            yield (
                "alertmanager_notifications_failed_total",
                failed,
                {"integration": integration},
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
