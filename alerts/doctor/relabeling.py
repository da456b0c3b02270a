"""What Prometheus makes of an alert's labels before it sends it (model/relabel/relabel.go)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from alerts.doctor.seen import Labels, Seen
from exporters.alertmanagers import read_place

Step = Mapping[str, Any]
"""One of ``alert_relabel_configs``."""
_STEPS = "alert_relabel_configs"
_USUAL_REGEX = "(.*)"
_DOLLAR = re.compile(r"\$\{(\w+)\}|\$(\w+)")


def steps_to_ours(seen: Seen) -> list[tuple[Step, ...]]:
    """Return the steps on each way to our Alertmanagers, those that differ; at least one way.

    First those for all, then those of one of ``alerting.alertmanagers`` (Prometheus,
    notifier/notifier.go). Where some name ours as targets, the others are taken for other people's.

    Args:
        seen: with the server's configuration, if it tells it.
    """
    alerting: Mapping[str, Any] = (seen.server_config or {}).get("alerting") or {}
    entries: Sequence[Mapping[str, Any]] = alerting.get("alertmanagers") or ()
    ours = {read_place(each).target for each in seen.config.file.alertmanager.addresses}
    named = [each for each in entries if not ours.isdisjoint(_targets(each))]
    common = tuple(alerting.get(_STEPS) or ())
    ways: list[tuple[Step, ...]] = []
    for each in named or entries or ({},):
        way = (*common, *(each.get(_STEPS) or ()))
        if way not in ways:
            ways.append(way)
    return ways


def _targets(entry: Mapping[str, Any]) -> Iterator[str]:
    for each in entry.get("static_configs") or ():
        yield from map(str, each.get("targets") or ())


def relabel(labels: Labels, steps: Iterable[Step]) -> dict[str, str] | None:
    """Return the labels of an alert as it is sent; None if it is dropped.

    Steps that hash, or whose expression Python does not read, leave the labels as they are.

    Args:
        labels: of the alert, external ones included.
        steps: ``alert_relabel_configs``.
    """
    found = dict(labels)
    for step in steps:
        if not _take(found, step):
            return None
    return {name: value for name, value in found.items() if value}


def _take(found: dict[str, str], step: Step) -> bool:
    """Change labels by one step; return whether the alert goes on."""
    action = str(step.get("action", "replace")).lower()
    try:
        regex = re.compile(str(step.get("regex", _USUAL_REGEX)))
    except re.error:
        return True
    separator = str(step.get("separator", ";"))
    value = separator.join(found.get(str(name), "") for name in step.get("source_labels") or ())
    matched = regex.fullmatch(value)
    target, replacement = str(step.get("target_label", "")), str(step.get("replacement", "$1"))
    if action in ("drop", "keep"):
        return (matched is None) is (action == "drop")
    if action in ("dropequal", "keepequal"):
        return (found.get(target, "") == value) is (action == "keepequal")
    if action in ("labeldrop", "labelkeep"):
        drops = action == "labeldrop"
        for name in [each for each in found if (regex.fullmatch(each) is not None) is drops]:
            del found[name]
    elif action == "labelmap":
        for name, text in list(found.items()):
            if named := regex.fullmatch(name):
                found[_fill(replacement, named)] = text
    elif action in ("lowercase", "uppercase") and target:
        found[target] = value.lower() if action == "lowercase" else value.upper()
    elif action == "replace" and matched is not None and target:
        found[_fill(target, matched)] = _fill(replacement, matched)
    return True


def _fill(template: str, matched: re.Match[str]) -> str:
    def group(reference: re.Match[str]) -> str:
        name = reference[1] or reference[2]
        try:
            return matched[int(name) if name.isdigit() else name] or ""
        except IndexError:
            return ""

    return _DOLLAR.sub(group, template)
