"""Rule groups as text: a Prometheus rule file, or manifests of the Prometheus Operator."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from exporters.durations import format_duration
from exporters.generated import header
from slo.rule import AlertingRule, Rule, RuleGroup
from slo.yaml_text import write_yaml

OPERATOR_API = "monitoring.coreos.com/v1"
OPERATOR_KIND = "PrometheusRule"


def render_groups(
    groups: Iterable[RuleGroup], sources: Sequence[str], notes: Sequence[str] = ()
) -> str:
    """Return a rule file; the same groups give the same bytes.

    Args:
        groups: in the order in which the file shall hold them.
        sources: names of the files that they were made from, for the header.
        notes: more lines for the header.

    Raises:
        ValueError: if there is no group or one without rules: an empty rule file hides a mistake.
    """
    return _header(sources, notes) + write_yaml({"groups": _groups(groups)})


def render_manifests(
    groups: Mapping[str, Iterable[RuleGroup]],
    sources: Sequence[str],
    notes: Sequence[str] = (),
    labels: Mapping[str, str] | None = None,
) -> str:
    """Return ``PrometheusRule`` manifests of the Prometheus Operator, one a name.

    Args:
        groups: by the manifest's name, which Kubernetes wants as a DNS name.
        sources: as in :func:`render_groups`.
        notes: as in :func:`render_groups`.
        labels: of each manifest: those by which a Prometheus of the operator selects rules
            (``ruleSelector``).

    Raises:
        ValueError: as in :func:`render_groups`.
    """
    if not groups:
        raise ValueError("found no manifest to write, expected one at least")
    metadata = {"labels": dict(sorted(labels.items()))} if labels else {}
    manifests = [
        write_yaml({
            "apiVersion": OPERATOR_API,
            "kind": OPERATOR_KIND,
            "metadata": {"name": name, **metadata},
            "spec": {"groups": _groups(each)},
        })
        for name, each in groups.items()
    ]  # fmt: skip
    return _header(sources, notes) + "---\n".join(manifests)


def _header(sources: Sequence[str], notes: Sequence[str]) -> str:
    return header(map(Path, sources)) + "".join(f"# {each}\n" for each in notes)


def _groups(groups: Iterable[RuleGroup]) -> list[dict[str, Any]]:
    content = [group_content(each) for each in groups]
    if not content or not all(each["rules"] for each in content):
        raise ValueError("a rule file needs at least one group, and each group a rule")
    return content


def group_content(group: RuleGroup) -> dict[str, Any]:
    """Return a group as a rule file and a manifest have it."""
    return {
        "name": group.name,
        "interval": format_duration(group.interval_seconds),
        "rules": [_rule(each) for each in group.rules],
    }


def _rule(rule: Rule) -> dict[str, Any]:
    content: dict[str, Any] = {}
    if isinstance(rule, AlertingRule):
        content["alert"] = rule.alert
        content["expr"] = rule.expr
        if rule.for_seconds:
            content["for"] = format_duration(rule.for_seconds)
        if rule.keep_firing_for_seconds:
            content["keep_firing_for"] = format_duration(rule.keep_firing_for_seconds)
    else:
        content["record"] = rule.record
        content["expr"] = rule.expr
    if rule.labels:
        content["labels"] = dict(sorted(rule.labels.items()))
    if isinstance(rule, AlertingRule) and rule.annotations:
        content["annotations"] = dict(sorted(rule.annotations.items()))
    return content
