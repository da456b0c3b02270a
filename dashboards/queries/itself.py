"""shardwatch itself: exporters, what they read, scrapes, rules, and the way of the alerts.

Names of Prometheus's and Alertmanager's own series are those that 2.42 and 0.25 serve and that
later ones kept (Prometheus: scrape/target.go, rules/group.go, notifier/notifier.go; Alertmanager:
notify/notify.go).
"""

from __future__ import annotations

from alerts.watch.every import watch_alerts
from alerts.watch.notifications import ALERTMANAGER_JOB
from alerts.watch.storage import STORAGE_SHORT
from alerts.watchdog import WATCHDOG
from dashboards.queries.query import RATE_INTERVAL, SHOWN_LINES, Query
from dashboards.queries.selecting import (
    by,
    in_clusters,
    in_regions,
    is_one_of,
    or_zero,
    ranked,
    rows,
)
from exporters import catalog
from exporters.scrape import JOBS

JOB, INSTANCE = "job", "instance"
RULE_GROUP, INTEGRATION = "rule_group", "integration"
NAME = "name"
"""Of a group of rules, without its file."""
PROMETHEUS_JOB = "prometheus"
"""As Prometheus's own example configuration calls it, and ours."""

WATCH_ALERTS = tuple(sorted({STORAGE_SHORT, *(each.name for each in watch_alerts((), 15.0))}))
"""The alerts about shardwatch itself."""

_OURS = is_one_of(JOB, (*JOBS.values(), PROMETHEUS_JOB, ALERTMANAGER_JOB))
_EXPORTERS = is_one_of(JOB, JOBS.values())
_WITH_REASON = 'reason!="none"'


def _by(operator: str, expr: str, *labels: str) -> Query:
    return Query(
        f"{operator} by ({by(labels)}) ({expr})", " ".join(f"{{{{{each}}}}}" for each in labels)
    )


def _increase(series: str) -> str:
    return f"increase({series}[{RATE_INTERVAL}])"


_EVALUATED = "prometheus_rule_group_last_evaluation_timestamp_seconds"
"""UNIX seconds; in the year 1 before a group's first evaluation, which is no time to count from."""

# --- in short -------------------------------------------------------------------------------------

WATCHDOG_FIRES = Query(
    # Here nothing is bad news: an alert that always fires does not.
    f'count(ALERTS{{alertname="{WATCHDOG}", alertstate="firing"}}) or vector(0)',
    "watchdog",
)
TARGETS_DOWN = Query(f"sum(up{{{_OURS}}} == bool 0)", "down")
SOURCES_SILENT = Query(f"sum({in_regions(catalog.SOURCE_UP.name)} == bool 0)", "silent")
RULES_LATE = Query(
    # A group that is not due yet is not late, and not early either.
    f"clamp_min(max(time() - ({_EVALUATED} > 0) - prometheus_rule_group_interval_seconds), 0)",
    "late",
)
NOTIFICATIONS_LOST = Query(
    "sum(increase(alertmanager_notifications_failed_total[1h]))"
    " + sum(increase(prometheus_notifications_dropped_total[1h]))",
    "lost",
)
HISTORY = Query("max(time() - prometheus_tsdb_lowest_timestamp_seconds)", "history")

# --- exporters and their sources ------------------------------------------------------------------

TARGETS = Query(f"min by ({JOB}) (up{{{_OURS}}})", "{{job}}")
SCRAPE_DURATIONS = _by("max", f"scrape_duration_seconds{{{_EXPORTERS}}}", JOB)
SAMPLES = _by("sum", f"scrape_samples_scraped{{{_EXPORTERS}}}", JOB)
SCRAPE_INTERVALS = Query(
    'max by (interval) (prometheus_target_interval_length_seconds{quantile="0.99"})',
    "asked for every {{interval}}",
)
COLLECTION_DURATIONS = _by("max", catalog.EXPORTER_COLLECTION_DURATION.name, catalog.EXPORTER)
COLLECTION_AGES = _by(
    "max", f"time() - {catalog.EXPORTER_COLLECTION_LAST_SUCCESS.name}", catalog.EXPORTER
)
FOLDED_VALUES = Query(
    f"topk({SHOWN_LINES}, sum by ({catalog.EXPORTER}, {catalog.LABEL})"
    f" ({catalog.EXPORTER_FOLDED_VALUES.name}) > 0)",
    "{{exporter}}: {{label}}",
    may_be_empty=True,
)
ANSWERS = _by(
    "sum",
    f"rate({catalog.EXPORTER_HTTP_REQUESTS.name}[{RATE_INTERVAL}])",
    catalog.EXPORTER,
    catalog.CODE,
)
MEMORY = _by("max", f"{catalog.PROCESS_RESIDENT_MEMORY.name}{{{_OURS}}}", JOB)
PROCESSOR = _by("sum", f"rate({catalog.PROCESS_CPU_SECONDS.name}{{{_OURS}}}[{RATE_INTERVAL}])", JOB)
SLOW_SOURCES = Query(
    f"topk({SHOWN_LINES}, max by ({catalog.EXPORTER}, {catalog.SOURCE})"
    f" ({in_regions(catalog.SOURCE_DURATION.name)}))",
    "{{exporter}} {{source}}",
)
SOURCES_BY_REASON = Query(
    f"count by ({catalog.EXPORTER}, {catalog.REASON})"
    f" ({in_regions(catalog.SOURCE_REASON.name, _WITH_REASON)} == 1)",
    "{{exporter}}: {{reason}}",
    may_be_empty=True,
)
SILENT_SOURCE_ROWS = rows(
    f"{in_regions(catalog.SOURCE_REASON.name, _WITH_REASON)} == 1",
    may_be_empty=True,
)
EXPORTER_FAULT_ROWS = rows(
    f"{catalog.EXPORTER_RELOAD_SUCCESS.name} == 0"
    f" or {catalog.EXPORTER_COLLECTION_SUCCESS.name} == 0",
    may_be_empty=True,
)
"""Those with a file go by an earlier content of it; those without could make no page."""
UNPLACED = Query(
    f"topk({SHOWN_LINES}, max by ({catalog.EXPORTER}, {catalog.REASON})"
    f" ({catalog.EXPORTER_UNPLACED_TARGETS.name}))",
    "{{exporter}}: {{reason}}",
    may_be_empty=True,
)
DIALECTS = Query(
    f"count by ({catalog.DIALECT}) ({in_clusters(catalog.GROUP_DIALECT_INFO.name)})",
    "{{dialect}}",
)

# --- rules ----------------------------------------------------------------------------------------


def _worst_rules(expr: str) -> Query:
    # Prometheus calls a group by its file as well, whose path nobody can read in a legend. Beside
    # that name, for two files may have groups of one name.
    named = f'"{NAME}", "$1", "{RULE_GROUP}", "(?:.*;)?(.*)"'
    return Query(f"label_replace({ranked('topk', expr).expr}, {named})", f"{{{{{NAME}}}}}")


RULE_SHARES = _worst_rules(
    "prometheus_rule_group_last_duration_seconds / prometheus_rule_group_interval_seconds"
)
RULE_LATENESS = _worst_rules(f"time() - ({_EVALUATED} > 0)")
RULES_MISSED = Query(f"sum({_increase('prometheus_rule_group_iterations_missed_total')})", "missed")
RULES_FAILED = Query(f"sum({_increase('prometheus_rule_evaluation_failures_total')})", "failed")
HEAD_SERIES = Query("max(prometheus_tsdb_head_series)", "series")

# --- the way of the alerts ------------------------------------------------------------------------


def _by_integration(series: str) -> Query:
    return ranked("topk", f"sum by ({INTEGRATION}) ({_increase(series)})", "{{integration}}")


NOTIFICATIONS = _by_integration("alertmanager_notifications_total")
NOTIFICATIONS_FAILED = _by_integration("alertmanager_notifications_failed_total")
NOTIFICATION_TIMES = Query(
    "histogram_quantile(0.99, sum by (le)"
    f" (rate(alertmanager_notification_latency_seconds_bucket[{RATE_INTERVAL}]))) >= 0",
    "p99",
    may_be_empty=True,
)
"""Nothing while nothing is sent."""
QUEUE = Query("max(prometheus_notifications_queue_length)", "waiting")
DROPPED = Query(f"sum({_increase('prometheus_notifications_dropped_total')})", "dropped")
ERRORS = Query(
    or_zero(
        f"sum({_increase('prometheus_notifications_errors_total')})",
        "prometheus_notifications_queue_length",
    ),
    "errors",
)
"""By Alertmanager, once there was one."""
ALERTMANAGERS = Query("min(prometheus_notifications_alertmanagers_discovered)", "known")
