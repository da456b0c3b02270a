"""What a page says of an incident that several alerts are."""

import asyncio
from typing import Any

from demo.lab.notifying import Notification
from demo.lab.paging import pages_of
from demo.stack.report import Page
from slo.replay.firing import Firing

CELL = {"region": "eu", "model": "chat", "severity": "page", "incident": "cell"}


class _Asker:
    """Names the objective that it was asked about."""

    async def ask(self, firing: Firing, at: float) -> str | None:
        return firing.labels.get("slo")


def page_of(*alerts: dict[str, str]) -> Page:
    """Return PagerDuty's event of an incident."""
    firing = tuple(Firing(each["alertname"], {**CELL, **each}, 10, 10, None) for each in alerts)
    told = Notification(40.0, "pages", "pagerduty", CELL, "key", "firing", firing)
    asker: Any = _Asker()
    [page] = asyncio.run(pages_of([told], asker, 0.0))
    return page


def test_the_first_burn_speaks_for_an_incident_and_names_its_cause():
    """It is what users feel, whatever stands before it."""
    page = page_of(
        {"alertname": "RegionCapacityLow"},
        {"alertname": "ErrorBudgetBurn", "slo": "chat-availability"},
        {"alertname": "ErrorBudgetBurn", "slo": "chat-ttft"},
    )

    details = page.details
    assert ("ErrorBudgetBurn", "chat-availability") == (details["alertname"], details["slo"])
    assert "chat-availability" == details["probable_cause"]


def test_without_a_burn_the_first_alert_speaks():
    """As its list is sorted."""
    page = page_of({"alertname": "QueueMetastable"}, {"alertname": "RegionCapacityLow"})

    assert "QueueMetastable" == page.details["alertname"]
    assert page.has({"alertname": "RegionCapacityLow", "region": "eu"})
