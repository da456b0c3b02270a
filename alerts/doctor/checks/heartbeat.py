"""The watchdog: whether it fires, arrives, and is told to somebody."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.doctor.examples import watchdog
from alerts.doctor.finding import Check, Found, Harm, listed
from alerts.doctor.leading import built_leading, by_config
from alerts.doctor.seen import Seen
from alerts.watchdog import HEARTBEAT_SECONDS, REPEAT_SECONDS, WATCHDOG
from exporters.durations import format_duration
from slo import conventions

FIRING = f'time() - max(ALERTS_FOR_STATE{{{conventions.ALERTNAME}="{WATCHDOG}"}})'
"""Seconds for which it fires."""
ARRIVED_AFTER_SECONDS = 120.0
"""Prometheus sends what fires once a minute, the first time maybe before it knows whom to."""
LONGEST_SECONDS = 900.0
"""Between two heartbeats. Chosen: nobody outside can call silence a failure before that is over."""


def find_not_firing(seen: Seen) -> Iterator[Found]:
    """Yield that the alert does not fire, which always does."""
    if not seen.vector(FIRING):
        yield Found(
            seen.url,
            f"{WATCHDOG} does not fire, so no rule of alerts is evaluated there",
            "an alert that always fires",
            "load rules/alerts.yaml, which `shardwatch build` writes, under rule_files of "
            "prometheus.yml",
        )


def find_not_arrived(seen: Seen) -> Iterator[Found]:
    """Yield the Alertmanagers that have not heard of the alert that fires in Prometheus."""
    firing = seen.vector(FIRING)
    if not firing or firing[0].value < ARRIVED_AFTER_SECONDS:
        return
    for each in seen.answering:
        if each.up_seconds is not None and each.up_seconds < ARRIVED_AFTER_SECONDS:
            continue
        if not any(alert.get(conventions.ALERTNAME) == WATCHDOG for alert in each.alerts):
            yield Found(
                each.url,
                f"{WATCHDOG} fires in Prometheus and is not among its alerts: pages do not arrive "
                "either",
                "every alert that Prometheus has",
                f"see whether Prometheus sends to it ({seen.url}/api/v1/alertmanagers) and what "
                "alert_relabel_configs drop",
            )


def find_not_told(seen: Seen) -> Iterator[Found]:
    """Yield that nobody outside hears of the heartbeat, or too seldom."""
    beat = watchdog(seen)
    expected = built_leading(seen).ways(beat.labels)
    for urls, leading, _ in by_config(seen.answering):
        ways, receivers = leading.ways(beat.labels), listed(leading.receivers(beat.labels))
        astray = not all(any(one.is_as(way) for one in ways) for way in expected)
        if not ways or astray:
            told = f", that is to {listed(map(str, ways))}" if ways else ", which tells nobody"
            yield Found(
                urls,
                f"{WATCHDOG} goes to {receivers}{told}: nobody outside hears when "
                "alerts stop coming",
                listed(map(str, expected)) or "a webhook outside that pages when it is not called",
                "name such a receiver as alertmanager.watchdog in "
                f"{seen.config.path.name}, build, and let its route stand before yours",
            )
            continue
        slowest = max(route.told_every_seconds for route in leading.routes(beat.labels))
        if slowest > LONGEST_SECONDS:
            yield Found(
                urls,
                f"{WATCHDOG} is told every {format_duration(slowest)}",
                f"every {format_duration(HEARTBEAT_SECONDS)}",
                f"write `group_interval: {format_duration(HEARTBEAT_SECONDS)}` and "
                f"`repeat_interval: {format_duration(REPEAT_SECONDS)}` into its route",
            )


CHECKS = (
    Check("watchdog/not-firing", Harm.PAGES_LOST, "The alert that always fires does not.",
          find_not_firing, lambda _: [FIRING]),
    Check("watchdog/not-arrived", Harm.PAGES_LOST, "It fires in Prometheus, and an Alertmanager "
          "does not know of it.", find_not_arrived, lambda _: [FIRING], needs=("answers",)),
    Check("watchdog/not-told", Harm.BLIND, "It is told to nobody, to others than configured, or "
          "too seldom.", find_not_told, needs=("are_readable",)),
)  # fmt: skip
