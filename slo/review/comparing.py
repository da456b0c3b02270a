"""Two reviews side by side: what became better, and what did not. Pure.

A difference is that of the later from the one that it is held beside, and None where either is
unknown: what nobody knows became neither better nor worse.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

_OF_OBJECTIVE = ("target", "verdict", "attainment", "spent", "left", "unknown", "target_is")
_OF_ALERTS = (
    "pages", "precision", "recall", "detect_seconds", "acknowledge_seconds", "resolve_seconds",
)  # fmt: skip
_NUMBERS = ("attainment", "spent", "left", "unknown", *_OF_ALERTS)


def compare(other: Mapping[str, Any], own: Mapping[str, Any]) -> dict[str, Any]:
    """Return two reviews of one service side by side, from the figures of both.

    Args:
        other: the one that is compared with, as a rule the earlier.
        own: the one that is looked at.
    """
    theirs = {each["slo"]: each for each in other["objectives"]}
    ours = {each["slo"]: each for each in own["objectives"]}
    return {
        "service": own["service"],
        "period": own["period"],
        "other_period": other["period"],
        "digest": own["digest"],
        "other_digest": other["digest"],
        "state": own["state"],
        "other_state": other["state"],
        "objectives": [
            {
                "slo": name,
                **_pairs(theirs.get(name), ours.get(name), _OF_OBJECTIVE),
                "causes": _causes(theirs.get(name), ours.get(name)),
            }
            for name in sorted({*theirs, *ours})
        ],
        "alerts": _pairs(other["alerts"], own["alerts"], _OF_ALERTS),
        "incidents": _pair(len(other["incidents"]), len(own["incidents"])),
        "actions": _actions(other["actions"], own["actions"]),
    }


def _pairs(
    before: Mapping[str, Any] | None, now: Mapping[str, Any] | None, names: Sequence[str]
) -> dict[str, Any]:
    found = {}
    for name in names:
        one, two = ((each or {}).get(name) for each in (before, now))
        found[name] = _pair(one, two) if name in _NUMBERS else {"before": one, "now": two}
    return found


def _pair(before: float | None, now: float | None) -> dict[str, Any]:
    is_known = before is not None and now is not None
    difference = float(f"{now - before:.9g}") if is_known else None  # type: ignore[operator]
    return {"before": before, "now": now, "difference": difference}


def _causes(
    before: Mapping[str, Any] | None, now: Mapping[str, Any] | None
) -> list[dict[str, Any]]:
    """Return what each cause spent of the budget, the largest of both reviews first."""
    one, two = (
        {cause["name"]: cause["of_budget"] for cause in (each or _NOTHING)["spent_by"]["cause"]}
        for each in (before, now)
    )
    found = [
        {"name": name, **_pair(one.get(name, 0.0), two.get(name, 0.0))}
        for name in sorted({*one, *two})
    ]
    return sorted(found, key=lambda each: -max(each["before"] or 0.0, each["now"] or 0.0))


_NOTHING: Mapping[str, Any] = {"spent_by": {"cause": []}}


def _actions(
    before: Sequence[Mapping[str, Any]], now: Sequence[Mapping[str, Any]]
) -> dict[str, list[dict[str, Any]]]:
    """Return which actions were done since, which are open still, and which are new."""
    known = {_key(each) for each in before if not each["closed"]}
    is_open = [dict(each) for each in now if not each["closed"]]
    return {
        "done": [dict(each) for each in now if each["closed"]],
        "still_open": [each for each in is_open if _key(each) in known],
        "new": [each for each in is_open if _key(each) not in known],
    }


def _key(action: Mapping[str, Any]) -> tuple[Any, Any]:
    return action["text"], action["owner"]
