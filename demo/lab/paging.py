"""What PagerDuty would have got: notifications as its events, with the cause that a page names.

Annotations are not rendered here, but for the one that counts: the probable cause is asked of the
server by the annotation's own query, at the moment at which the page goes out.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from alerts.burn import ERROR_BUDGET_BURN, NO_CAUSE
from alerts.causes.cause import Cause
from alerts.causes.every import causes, explaining
from alerts.messages.pagerduty import ALERTS_DETAIL, SPEAKING_LABELS
from alerts.probable_cause import ENDED, probable_cause
from alerts.sources import names_causes
from alerts.zero_tolerance import ZERO_TOLERANCE_BROKEN
from demo.lab.evidence import filled_in
from demo.lab.notifying import Notification
from demo.stack.report import Page
from slo import conventions
from slo.objective import Objective
from slo.prometheus import PrometheusClient
from slo.replay.firing import Firing

PAGERDUTY = "pagerduty"
CAUSE_DETAIL = "probable_cause"


@dataclass(frozen=True)
class CauseAsker:
    """Asks a server which cause a page would name.

    Args:
        client: holds what the rules recorded.
        objectives: of our rules.
        interval_seconds: between two scrapes.
    """

    client: PrometheusClient
    objectives: Mapping[str, Objective]
    interval_seconds: float

    async def ask(self, firing: Firing, at: float) -> str | None:
        """Return the probable cause as an alert's annotation has it; None if it has none.

        Args:
            firing: the alert.
            at: UNIX seconds.
        """
        objective = self.objectives.get(firing.labels.get(conventions.SLO, ""))
        explains = firing.alert in (ERROR_BUDGET_BURN, ZERO_TOLERANCE_BROKEN)
        if objective is None or not explains or not names_causes(objective):
            return None
        every = explaining(causes(self.interval_seconds), objective)
        if not every:
            return NO_CAUSE
        cause = probable_cause(objective, every)
        query = cause.looked_for
        for label in cause.looked_for_labels:
            query = query.replace("%q", json.dumps(firing.labels.get(label, "")), 1)
        found = await self.client.query(query, at)
        if not found:
            return NO_CAUSE
        # Of equal ranks topk takes any; here the first by its labels.
        first = min(found, key=lambda each: (-each.value, sorted(each.labels.items())))
        name = first.labels[conventions.CAUSE]
        told = f"{name}: {_evidence(every, name, first.labels)}"
        if first.value < 1:
            return told + ENDED
        at_work = (each.labels for each in found if each.value >= 1)
        others = len({_sign(labels) for labels in at_work if labels[conventions.CAUSE] == name}) - 1
        return told + (f" and {others} more" if others else "")


async def pages_of(
    notifications: Sequence[Notification], asker: CauseAsker, fault_at: float
) -> list[Page]:
    """Return PagerDuty's events, by time, as its stand-in in a demo would have got them."""
    return [
        Page(each.at - fault_at, await _event(each, asker))
        for each in notifications
        if each.integration == PAGERDUTY
    ]


async def _event(told: Notification, asker: CauseAsker) -> dict[str, object]:
    event: dict[str, object] = {"event_action": told.action, "dedup_key": told.dedup_key}
    common = _common(told.alerts)
    speaking = speaks_for(told.firing or told.alerts)
    details = {**_speaking_labels(speaking), **common}
    details[ALERTS_DETAIL] = "\n".join(
        " ".join(f"{name}={value}" for name, value in sorted(each.labels.items()))
        for each in told.firing
    )
    if (cause := await asker.ask(speaking, told.at)) is not None:
        details[CAUSE_DETAIL] = cause
    about = (value for key, value in sorted(common.items()) if key != conventions.ALERTNAME)
    summary = " ".join((details[conventions.ALERTNAME], *about))
    severity = "critical" if common.get(conventions.SEVERITY) == conventions.PAGE else "warning"
    event["payload"] = {"summary": summary, "severity": severity, "custom_details": details}
    return event


def speaks_for(alerts: Sequence[Firing]) -> Firing:
    """Return the alert that speaks for its group, as messages choose it: the first burn, if any."""
    burns = (each for each in alerts if each.alert == ERROR_BUDGET_BURN)
    return next(burns, alerts[0])


def _speaking_labels(firing: Firing) -> dict[str, str]:
    return {name: firing.labels[name] for name in SPEAKING_LABELS if name in firing.labels}


def _common(alerts: Sequence[Firing]) -> dict[str, str]:
    """Return the labels that all alerts have, with one value."""
    first, *others = (each.labels.items() for each in alerts)
    return {k: v for k, v in sorted(first) if all((k, v) in each for each in others)}


def _evidence(every: Sequence[Cause], name: str, labels: Mapping[str, str]) -> str:
    (text,) = (each.evidence for each in every if each.name == name)
    return filled_in(text, labels)


def _sign(labels: Mapping[str, str]) -> tuple[tuple[str, str], ...]:
    return tuple(sorted(labels.items()))
