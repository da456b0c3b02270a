"""Incidents that begin and end, what PagerDuty heard of them, and what it did not."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from alerts.burn import ERROR_BUDGET_BURN
from exporters import catalog
from slo import conventions

SLO = "chat-availability"
SERVICE = "inference"
ANNOTATIONS = {
    "summary": "It burns",
    "runbook_url": "http://runbooks/ErrorBudgetBurn.md",
    "dashboard_url": "http://grafana/d/shardwatch-slo?from=now-3h&to=now",
}


@dataclass(frozen=True)
class Incident:
    """A page of one cell, which fires once: two transitions. Times are UNIX seconds."""

    model: str
    """Its own: the cell that it is of."""
    begins: float
    ends: float

    def alert(self, now: float, holds_seconds: float) -> dict[str, Any]:
        """Return the alert as Prometheus sends it: again and again, also once it has ended.

        Args:
            now: at least ``begins``.
            holds_seconds: how long Alertmanager is to believe that it fires without being told.
        """
        ends = self.ends if now >= self.ends else now + holds_seconds
        return {
            "labels": {
                conventions.ALERTNAME: ERROR_BUDGET_BURN,
                conventions.SLO: SLO,
                conventions.SERVICE: SERVICE,
                conventions.SEVERITY: conventions.PAGE,
                conventions.BURN_TIER: "1h",
                catalog.REGION: "eu",
                catalog.MODEL: self.model,
            },
            "annotations": ANNOTATIONS,
            "startsAt": _written(self.begins),
            "endsAt": _written(ends),
        }


def incidents_over(
    count: int, begin: float, spread_seconds: float, lasts_seconds: float
) -> list[Incident]:
    """Return incidents that begin evenly over a time."""
    step = spread_seconds / count
    return [
        Incident(f"model-{index}", begin + index * step, begin + index * step + lasts_seconds)
        for index in range(count)
    ]


@dataclass(frozen=True)
class Heard:
    """What PagerDuty heard of incidents that are all over."""

    lost_triggers: int
    """Incidents of which it was never told."""
    lost_resolves: int
    """Incidents that are still open there."""
    other_keys: int
    """Dedup keys beyond one for each incident: each would wake somebody again."""
    again: int
    """Events that said again, under the same key, what the one before had said. They do no harm."""
    reopened: int = 0
    """Triggers after an end under the same key, of incidents that were over: PagerDuty wakes
    somebody anew. They come when an Alertmanager that was killed has settled, as if it sent what
    fired when it began to, though that ended meanwhile."""

    @property
    def lost(self) -> int:
        """Return what must not be: nothing lost, and nothing told as something new."""
        return self.lost_triggers + self.lost_resolves + self.other_keys


def judge(incidents: Sequence[Incident], events: Iterable[Mapping[str, Any]]) -> Heard:
    """Return what of incidents was heard.

    Args:
        incidents: all that were played, over by now.
        events: what PagerDuty took, in its order.
    """
    keys: dict[str, set[str]] = {each.model: set() for each in incidents}
    last: dict[str, str] = {}
    again = reopened = 0
    for event in events:
        key, action = event["dedup_key"], event["event_action"]
        again += last.get(key) == action
        reopened += (last.get(key), action) == ("resolve", "trigger")
        last[key] = action
        if action == "trigger":
            keys[event["payload"]["custom_details"][catalog.MODEL]].add(key)
    return Heard(
        lost_triggers=sum(1 for each in keys.values() if not each),
        lost_resolves=sum(
            1 for each in keys.values() if any(last[key] != "resolve" for key in each)
        ),
        other_keys=sum(max(0, len(each) - 1) for each in keys.values()),
        again=again,
        reopened=reopened,
    )


def _written(seconds: float) -> str:
    return datetime.fromtimestamp(seconds, UTC).isoformat()
