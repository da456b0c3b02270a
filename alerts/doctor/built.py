"""The rules that ``build`` writes, read from its own text."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import yaml

from alerts.doctor.seen import Group, Rule
from exporters.documents import SAFE_LOADER
from exporters.durations import parse_duration

RULES = "rules/"


def read_built(files: Mapping[str, str]) -> tuple[Group, ...]:
    """Return the groups of the rule files among those that are built.

    Args:
        files: text by path.
    """
    return tuple(
        _group(path, group)
        for path, text in sorted(files.items())
        if path.startswith(RULES)
        for group in yaml.load(text, Loader=SAFE_LOADER)["groups"]  # noqa: S506 - a SafeLoader
    )


def _group(path: str, group: Mapping[str, Any]) -> Group:
    rules = tuple(map(_rule, group["rules"]))
    return Group(path, str(group["name"]), parse_duration(group["interval"]), rules)


def _rule(rule: Mapping[str, Any]) -> Rule:
    is_alert = "alert" in rule
    return Rule(
        str(rule["alert" if is_alert else "record"]),
        is_alert,
        str(rule["expr"]),
        _texts(rule.get("labels")),
        _texts(rule.get("annotations")),
        parse_duration(rule["for"]) if "for" in rule else 0.0,
    )


def _texts(found: Mapping[str, Any] | None) -> dict[str, str]:
    return {str(name): str(value) for name, value in (found or {}).items()}
