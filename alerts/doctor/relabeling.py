"""What Prometheus makes of an alert's labels before it sends it (model/relabel/relabel.go)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from alerts.doctor.seen import Labels

_USUAL_REGEX = "(.*)"
_DOLLAR = re.compile(r"\$\{(\w+)\}|\$(\w+)")


def relabel(labels: Labels, steps: Iterable[Mapping[str, Any]]) -> dict[str, str] | None:
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


def _take(found: dict[str, str], step: Mapping[str, Any]) -> bool:
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
