"""Alerts that fire and are told to nobody: between Prometheus, Alertmanager and the receivers.

This takes the same way as what is lost on it. Where that is gone altogether, the watchdog falls
silent, and whoever listens to it outside speaks. While one server of two still tells, it is a
ticket; once none does, it pages by whatever way is left, for then no other page is heard.
Names of the metrics: Prometheus, notifier/notifier.go, and Alertmanager, notify/notify.go; seen in
2.42 and 0.25, ailing and well.
"""

from __future__ import annotations

from dataclasses import replace

from alerts.causes.places import with_reason
from alerts.watch.alert import WatchAlert
from exporters.durations import format_duration
from slo import conventions

NOTIFICATIONS_FAILING = "NotificationsFailing"

PROMETHEUS_JOB, ALERTMANAGER_JOB = "prometheus", "alertmanager"
"""The label ``job`` of their scrapes."""
WINDOW_SECONDS = 180
"""The watchdog is sent at least every 75 s (Prometheus's ``rules.alert.resend-delay`` of a minute,
and an interval), so that what fails always fails within this."""
FAILING_FOR_SECONDS = 300
"""Longer than a restart of Alertmanager stands in the window."""
RECEIVER_WINDOW_SECONDS = 900
"""Alertmanager gives up at the end of a ``group_interval``, 5 minutes by its own default, and
tries again in the next one: twice within this is no chance."""

_INTEGRATION = "integration"
SERVERS = f'up{{job=~"{PROMETHEUS_JOB}|{ALERTMANAGER_JOB}"}}'


def notification_alerts() -> tuple[WatchAlert, ...]:
    """Return the alert about notifications: as a page where nobody is told, else as a ticket."""
    window = format_duration(WINDOW_SECONDS)

    def given_up(matcher: str = "") -> str:
        # From 0.26 on a series for each reason: of one receiver that times out and answers 500.
        return (
            f"sum by (job, instance, {_INTEGRATION}) ("
            f"increase(alertmanager_notifications_failed_total{matcher}"
            f"[{format_duration(RECEIVER_WINDOW_SECONDS)}])) > 1.5"  # two, by extrapolation
        )

    reasons = {
        "no_alertmanager": "prometheus_notifications_alertmanagers_discovered < 1",
        "dropped": f"increase(prometheus_notifications_dropped_total[{window}]) > 0",
        "errors": f"increase(prometheus_notifications_errors_total[{window}]) > 0",
        "alertmanager_down": f'up{{job="{ALERTMANAGER_JOB}"}} == 0',
        "given_up": given_up(),
    }
    # So many servers must have it that no other is left. To one Alertmanager of two, all
    # Prometheus servers fail: nothing is lost.
    every = dict.fromkeys(("no_alertmanager", "dropped", "given_up"), f"{SERVERS} == 1")
    every["alertmanager_down"] = SERVERS
    # The webhook takes tickets and the watchdog; whoever sends pages there alone has no other way
    # on which to be told.
    lost = reasons | {"given_up": given_up(f'{{{_INTEGRATION}!="webhook"}}')}
    found = "\nor\n".join(_because(expr, reason) for reason, expr in reasons.items())
    nowhere = "\nor\n".join(
        f"({_because(lost[reason], reason)})\nand on (job, {_INTEGRATION})\n"
        f"(count by (job, {_INTEGRATION}) ({_group(lost[reason])})\n"
        f">= on (job) group_left () count by (job) ({servers}))"
        for reason, servers in every.items()
    )
    alert = WatchAlert(
        NOTIFICATIONS_FAILING,
        f"({found})\nunless\n({nowhere})",
        summary=(
            "Notifications are lost at {{ $labels.instance }} ({{ $labels.reason }}"
            f"{{{{ with $labels.{_INTEGRATION} }}}}, {{{{ . }}}}{{{{ end }}}})"
        ),
        description=(
            "{{ $labels.job }} at {{ $labels.instance }} does not pass alerts on, reason: "
            "{{ $labels.reason }}. Pages may reach nobody; look at the boards until they do."
        ),
        first_step="tell whoever is on call what fires now, by voice",
        for_seconds=FAILING_FOR_SECONDS,
    )
    return (replace(alert, expr=nowhere, severity=conventions.PAGE), alert)


def _group(expr: str) -> str:
    return f"group by (job, instance, {_INTEGRATION}) ({expr})"


def _because(expr: str, reason: str) -> str:
    return with_reason(_group(expr), reason)
