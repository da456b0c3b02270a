"""What a page says of the shard groups of its cell."""

from __future__ import annotations

from collections.abc import Sequence

from alerts.sources import shared_labels
from alerts.templates import choice, listing, matchers
from exporters import catalog

UNKNOWN_GROUPS = "unknown: nothing is heard of the cell's groups; does the groups exporter answer?"
"""No evidence of a fault is none of health where nobody looks."""


def groups_hit(grouping_labels: Sequence[str]) -> str:
    """Return a template of the cell's groups that are not up: ``eu-chat-0 dead (gpu_lost)``."""
    labels = shared_labels(catalog.GROUP_STATE, grouping_labels)
    by = ", ".join(catalog.GROUP_LABELS)
    not_up = matchers({}, labels, **{catalog.STATE: '!="up"'})
    known = matchers({}, labels, **{catalog.REASON: '!=""'})
    expr = (
        f"group by ({by}, {catalog.STATE}) ({catalog.GROUP_STATE.name}{{{not_up}}} == 1) "
        f"* on ({by}) group_left ({catalog.REASON}) "
        f"group by ({by}, {catalog.REASON}) ({catalog.GROUP_REASON.name}{{{known}}} == 1)"
    )
    return listing(
        expr,
        labels,
        "{{ .Labels.group }} {{ .Labels.state }} ({{ .Labels.reason }})",
        missing=choice(
            f"{catalog.GROUP_STATE.name}{{{matchers({}, labels)}}} == 1",
            labels,
            there="none, every group of the cell is up",
            missing=UNKNOWN_GROUPS,
        ),
        sort_by=catalog.GROUP,
    )
