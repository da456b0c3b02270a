"""PrometheusRule manifests, none of which is larger than anybody on its way takes.

The operator puts the rules of several objects into one ConfigMap and refuses an object of more than
half of what a ConfigMap may hold (``pkg/prometheus/server/rules.go``, 512 KiB). ``kubectl apply``
without ``--server-side`` writes an object as JSON into an annotation of at most 256 KiB besides: an
object is kept below that as far as its groups can be told apart, for a group is never cut here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

from alerts.build import RuleSet
from exporters.problems import InputError, problem
from slo.render import group_content, render_manifests
from slo.rule import RuleGroup
from slo.rule_files import RulesForm

MOST_BYTES = 512 * 1024
WANTED_BYTES = 240 * 1024
"""Leaves room in an annotation for what stands around the rules."""
PREFIX = "shardwatch-"


def rule_manifests(sets: Iterable[RuleSet], form: RulesForm) -> dict[str, str]:
    """Return manifests by file name, ``rules-cells.yaml``, and ``rules-cells-2.yaml`` of a second.

    Raises:
        InputError: if a group by itself is larger than the operator takes.
    """
    files: dict[str, str] = {}
    for each in sets:
        for number, groups in enumerate(_parts(form.limit(each.groups)), start=1):
            name = each.name if number == 1 else f"{each.name}-{number}"
            text = render_manifests(
                {f"{PREFIX}{name}": groups}, each.sources, each.notes, form.labels
            )
            files[f"rules-{name}.yaml"] = text
    return files


def size_bytes(manifest: Any) -> int:
    """Return how large an object is as the JSON that it is sent as."""
    return len(json.dumps(manifest, ensure_ascii=False, separators=(",", ":")).encode())


def _parts(groups: Sequence[RuleGroup]) -> Iterator[list[RuleGroup]]:
    """Yield groups by the object that they stand in, in their order."""
    part: list[RuleGroup] = []
    size = 0
    for group in groups:
        own = size_bytes(group_content(group))
        if own > MOST_BYTES:
            message = f"found {own} bytes, expected at most {MOST_BYTES}, which the operator takes"
            fix = "split groups by --max-rules-per-group"
            raise InputError([problem(f"rule group {group.name}", message, fix=fix)])
        if part and size + own > WANTED_BYTES:
            yield part
            part, size = [], 0
        part.append(group)
        size += own
    if part:
        yield part
