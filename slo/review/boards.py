"""From the record to the boards: what is chosen there, and the time around it."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlencode

_SLO_DETAIL, _GROUP = "shardwatch-slo-detail", "shardwatch-group"
"""Uids of boards, which are built after us; a test holds the two together."""
_VARIABLES = ("cluster", "region", "model", "slo", "group")
BEFORE_SECONDS, AFTER_SECONDS = 3600, 1800
"""Shown around an incident: the rise to it, and whether it is over."""


def objective_board(base: str | None, slo: str, days: int) -> str | None:
    """Return the address of an objective's board over its last days; None without boards."""
    if base is None:
        return None
    return _address(base, _SLO_DETAIL, {"slo": slo}, f"now-{days}d", "now")


def incident_boards(
    base: str | None, labels: Mapping[str, Any], started_at: str, ended_at: str | None
) -> list[tuple[str, str]]:
    """Return the boards that show an incident, each with its address.

    Args:
        base: of the boards, without a slash at its end; none are there, if None.
        labels: of the incident.
        started_at: as the interface tells it.
        ended_at: likewise; None while it lasts.
    """
    if base is None:
        return []
    begin = f"{_milliseconds(started_at) - BEFORE_SECONDS * 1000}"
    end = "now" if ended_at is None else f"{_milliseconds(ended_at) + AFTER_SECONDS * 1000}"
    return [
        ("SLO detail", _address(base, _SLO_DETAIL, labels, begin, end)),
        ("Shard group", _address(base, _GROUP, labels, begin, end)),
    ]


def group_of(alerts: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    """Return the label of the shard group that an incident's alerts name; none if several."""
    groups = {each["labels"]["group"] for each in alerts if each["labels"].get("group")}
    return {"group": groups.pop()} if len(groups) == 1 else {}


def _address(base: str, uid: str, labels: Mapping[str, Any], begin: str, end: str) -> str:
    chosen = {f"var-{name}": str(labels[name]) for name in _VARIABLES if labels.get(name)}
    return f"{base.rstrip('/')}/d/{uid}?{urlencode({**chosen, 'from': begin, 'to': end})}"


def _milliseconds(moment: str) -> int:
    return int(datetime.fromisoformat(moment).astimezone(UTC).timestamp() * 1000)
