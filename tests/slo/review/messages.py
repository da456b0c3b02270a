"""Webhooks as Alertmanager sends them."""

import json
from typing import Any

NOW = 1_790_000_000
NOW_MS = NOW * 1000


def alert(**changed: Any) -> dict[str, Any]:
    """Return a firing page of the objective `chat`, as a webhook has it."""
    return {
        "status": "firing",
        "labels": {"alertname": "ErrorBudgetBurn", "severity": "page", "slo": "chat"},
        "annotations": {"summary": "chat burns"},
        "startsAt": "2026-09-21T13:00:00.123456789Z",
        "endsAt": "0001-01-01T00:00:00Z",
        "generatorURL": "",
        "fingerprint": "0123456789abcdef",
        **changed,
    }


def webhook(*alerts: dict[str, Any], **changed: Any) -> bytes:
    """Return the body of a webhook."""
    content = {"version": "4", "status": "firing", "alerts": list(alerts), "truncatedAlerts": 0}
    return json.dumps({**content, **changed}).encode()
