"""Webhooks: Alertmanager's own JSON, whole."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from exporters.notifying import Webhook


def webhook_config(webhook: Webhook, credentials_file: Path | None) -> dict[str, Any]:
    """Return a ``webhook_config`` of Alertmanager.

    Args:
        webhook: where it is sent.
        credentials_file: of a bearer's token, read for each request; None where nobody asks.
    """
    http = {"http_config": {"authorization": {"credentials_file": str(credentials_file)}}}
    return {"url": webhook.url, "send_resolved": True, **(http if credentials_file else {})}
