"""An incident's alerts as people read them: what two witnesses told of one is one line. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any


def timeline(alerts: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return alerts in the order of their beginnings, each told once with all its witnesses.

    Args:
        alerts: as the interface tells them, with labels, times, witness and evidence; those of
            equal labels whose times touch are one.
    """
    lines: list[dict[str, Any]] = []
    for alert in sorted(alerts, key=lambda each: str(each["starts_at"])):
        known = next((each for each in lines if _is_same(each, alert)), None)
        if known is None:
            lines.append({**alert, "witnesses": [alert["witness"]]})
            continue
        # One witness may not have seen the end, or not yet.
        ends = [each["ends_at"] for each in (known, alert) if each["ends_at"] is not None]
        known["ends_at"] = max(ends, default=None)
        known["witnesses"] = sorted({*known["witnesses"], alert["witness"]})
        known["evidence"] = [*known["evidence"], *alert["evidence"]]
    return lines


def _is_same(line: Mapping[str, Any], alert: Mapping[str, Any]) -> bool:
    is_over = line["ends_at"] is not None and line["ends_at"] < alert["starts_at"]
    return line["labels"] == alert["labels"] and not is_over
