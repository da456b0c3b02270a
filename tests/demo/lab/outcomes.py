"""Outcomes for tests of what is made of them."""

from typing import Any

from demo.lab.outcome import AlertOutcome, CellPicture, Curve, Outcome, Shown

CELL = {"region": "eu", "model": "chat"}


def alert(name: str, role: str, fired: float, **more: Any) -> AlertOutcome:
    """Return an alert that fired once, and went on."""
    return AlertOutcome(name, more.pop("labels", CELL), role, [(fired, None)], **more)


def outcome(*alerts: AlertOutcome, **more: Any) -> Outcome:
    """Return a play with these alerts."""
    content: dict[str, Any] = {
        "scenario": "gpu-lost",
        "strength": None,
        "rules": "shardwatch",
        "is_judged": True,
        "expected": ["GpuLost"],
        "failures": [],
        "place": {"group": "eu-chat-0"},
        "recovered_seconds": 170.0,
        "ends_seconds": 1000.0,
        "begins_seconds": -10.0,
    }
    return Outcome(alerts=alerts, **{**content, **more})


def shown(seconds: float | None, said: str = "", **more: str) -> Shown:
    """Return what a panel showed, or None and what it did instead."""
    content = {"board": "gpu", "panel": "Lost or hung", "asked": "at least 1", "why": "one is gone"}
    return Shown(**{**content, **more}, seconds=seconds, said=said)


PICTURE = CellPicture(
    "chat-availability",
    CELL,
    Curve("truth", [-30.0, 0.0, 30.0], [0.0, 0.0, 0.4]),
    [Curve("1h", [0.0, 15.0, 30.0], [0.1, float("nan"), 20.0])],
    {"1h": 14.4},
    0.001,
)
