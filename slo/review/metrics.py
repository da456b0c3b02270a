"""What the record's service tells of itself."""

from __future__ import annotations

from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

from exporters.version import VERSION

OUTCOMES = ("committed", "malformed", "denied", "busy", "failed")


class ReviewMetrics:
    """The families of one service, on a registry of its own."""

    def __init__(self) -> None:
        self._registry = CollectorRegistry(auto_describe=True)
        self.webhooks = Counter(
            "shardwatch_review_webhooks",
            "Webhooks of Alertmanager, by outcome.",
            ["outcome"],
            registry=self._registry,
        )
        for outcome in OUTCOMES:
            self.webhooks.labels(outcome)
        self.pagerduty_events = Counter(
            "shardwatch_review_pagerduty_events",
            "Webhooks of PagerDuty, by outcome; ignored are those that tell of other things.",
            ["outcome"],
            registry=self._registry,
        )
        for outcome in (*OUTCOMES, "ignored"):
            self.pagerduty_events.labels(outcome)
        self.alerts_left_out = Counter(
            "shardwatch_review_alerts_left_out",
            "Alerts that senders cut off their webhooks.",
            registry=self._registry,
        )
        self.rounds = Counter(
            "shardwatch_review_rounds",
            "Rounds of work beside webhooks, by task and outcome.",
            ["task", "outcome"],
            registry=self._registry,
        )
        self.known_until = Gauge(
            "shardwatch_review_known_until_seconds",
            "UNIX time up to which Prometheus has been asked, by task.",
            ["task"],
            registry=self._registry,
        )
        build = Gauge(
            "shardwatch_review_build_info", "1, by version.", ["version"], registry=self._registry
        )
        build.labels(VERSION).set(1)

    def page(self) -> bytes:
        """Return them as text."""
        return generate_latest(self._registry)
