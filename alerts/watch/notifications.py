"""Alerts that fire and are told to nobody: between Prometheus, Alertmanager and the receivers.

This ticket takes the same way as what is lost on it. Where that is gone altogether, the watchdog
falls silent, and whoever listens to it outside speaks. Names of the metrics: Prometheus,
notifier/notifier.go, and Alertmanager, notify/notify.go; seen in 2.42 and 0.25.
"""

from __future__ import annotations

from alerts.watch.alert import WatchAlert
from exporters import catalog
from exporters.durations import format_duration

NOTIFICATIONS_FAILING = "NotificationsFailing"

ALERTMANAGER_JOB = "alertmanager"
"""The label ``job`` of its scrapes."""
WINDOW_SECONDS = 180
"""The watchdog is sent at least every 75 s (Prometheus's ``rules.alert.resend-delay`` of a minute,
and an interval), so that what fails always fails within this."""
FAILING_FOR_SECONDS = 300
"""Longer than a restart of Alertmanager stands in the window."""
RECEIVER_WINDOW_SECONDS = 900
"""Alertmanager gives up at the end of a ``group_interval``, 5 minutes by its own default, and
tries again in the next one: twice within this is no chance."""

_INTEGRATION = "integration"


def notification_alerts() -> tuple[WatchAlert, ...]:
    """Return the alert about notifications."""
    window = format_duration(WINDOW_SECONDS)
    given_up = (
        f"increase(alertmanager_notifications_failed_total"
        f"[{format_duration(RECEIVER_WINDOW_SECONDS)}]) > 1.5"  # two, by extrapolation
    )
    reasons = {
        "no_alertmanager": "prometheus_notifications_alertmanagers_discovered < 1",
        "dropped": f"increase(prometheus_notifications_dropped_total[{window}]) > 0",
        "errors": f"increase(prometheus_notifications_errors_total[{window}]) > 0",
        "alertmanager_down": f'up{{job="{ALERTMANAGER_JOB}"}} == 0',
        "given_up": given_up,
    }
    return (
        WatchAlert(
            NOTIFICATIONS_FAILING,
            "\nor\n".join(
                f"label_replace(\ngroup by (job, instance, {_INTEGRATION}) ({expr}),\n"
                f'"{catalog.REASON}", "{reason}", "", "")'
                for reason, expr in reasons.items()
            ),
            summary=(
                "Notifications are lost at {{ $labels.instance }} ({{ $labels.reason }}"
                f"{{{{ with $labels.{_INTEGRATION} }}}}, {{{{ . }}}}{{{{ end }}}})"
            ),
            description=(
                "{{ $labels.job }} at {{ $labels.instance }} does not pass alerts on, reason: "
                "{{ $labels.reason }}. Pages may reach nobody; look at the boards until they do."
            ),
            for_seconds=FAILING_FOR_SECONDS,
        ),
    )
