"""Rules that Prometheus evaluates late, or not at all.

Only groups of ours, one alert for each Prometheus: a server that is too small is late with all.
Names and meanings of its own metrics: Prometheus, rules/group.go; seen in 2.42.
"""

from __future__ import annotations

from dataclasses import replace

from alerts.templates import listing, matchers
from alerts.watch.alert import WatchAlert
from alerts.watch.notifications import SERVERS
from exporters.durations import format_duration
from slo import conventions

RULES_LATE = "RulesLate"
RULES_FAILING = "RulesFailing"

WINDOW_SECONDS = 300
LATE_FOR_SECONDS = 300
"""As the window: one evaluation that was missed, or that failed, has left it by then."""
INTERVALS_WAITED = 4
"""After so many without an evaluation a group hangs. Prometheus looks back 5 minutes for a sample,
and no interval of ours is above two."""

_ALERTS_OF = ("job", "instance")
_OURS = 'rule_group=~".*;(shardwatch|slo)-.+"'
"""Prometheus writes ``FILE;GROUP``."""
_HERE = f"{_OURS},{matchers({}, _ALERTS_OF)}"


def rule_alerts() -> tuple[WatchAlert, ...]:
    """Return the alerts about rules."""
    window = format_duration(WINDOW_SECONDS)

    def late(selector: str) -> str:
        interval = f"prometheus_rule_group_interval_seconds{{{selector}}}"
        return (
            f"prometheus_rule_group_last_duration_seconds{{{selector}}} > {interval}\n"
            f"or\nincrease(prometheus_rule_group_iterations_missed_total{{{selector}}}[{window}])"
            " > 0\n"
            "or\n"
            f"time() - prometheus_rule_group_last_evaluation_timestamp_seconds{{{selector}}}"
            f" > {INTERVALS_WAITED} * {interval}"
        )

    return (
        WatchAlert(
            RULES_LATE,
            _count(late(_OURS)),
            summary="{{ $value }} groups of rules are late at {{ $labels.instance }}",
            description=(
                "Prometheus takes longer for them than their interval, has missed evaluations, or "
                f"has stopped: {_groups(late(_HERE))}. What they record has gaps, and alerts made "
                "of it come late or end."
            ),
            first_step="stop what else burdens the server: boards that refresh, queries over weeks",
            for_seconds=LATE_FOR_SECONDS,
        ),
        *_rules_failing(),
    )


def _rules_failing() -> tuple[WatchAlert, WatchAlert]:
    """Return the alert of rules that fail: a page where they do at every Prometheus, else a ticket.

    One server of two still has what the other lacks. Where none has it, a page may be missing, and
    nobody would be woken.
    """

    def failing(selector: str) -> str:
        window = format_duration(WINDOW_SECONDS)
        return f"increase(prometheus_rule_evaluation_failures_total{{{selector}}}[{window}]) > 0"

    found = _count(failing(_OURS))
    everywhere = (
        f"{found}\nand on (job)\n"
        f"(count by (job) (\n{found}\n)\n>= on (job) count by (job) ({SERVERS} == 1))"
    )
    alert = WatchAlert(
        RULES_FAILING,
        f"{found}\nunless\n({everywhere})",
        summary="Rules of {{ $value }} groups fail at {{ $labels.instance }}",
        description=(
            f"Evaluations end in errors: {_groups(failing(_HERE))}. What these rules record is "
            "missing, and their alerts do not fire. Prometheus's page of rules shows each error."
        ),
        first_step="look at the boards of these objectives by hand; put back rules built today",
        for_seconds=LATE_FOR_SECONDS,
    )
    return replace(alert, expr=everywhere, severity=conventions.PAGE), alert


def _count(expr: str) -> str:
    return f"count by ({', '.join(_ALERTS_OF)}) (\n{expr}\n)"


def _groups(expr: str) -> str:
    short = '{{ .Labels.rule_group | reReplaceAll "^.*;" "" }}'
    return listing(expr.replace("\n", " "), _ALERTS_OF, short, "unknown", "rule_group")
