"""Where causes are, as PromQL and templates say it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alerts.templates import lookup, matchers
from exporters import catalog
from slo import conventions

HOST_LABELS = (*catalog.GROUP_LABELS, catalog.HOST)
REGION_LABELS = (catalog.CLUSTER, catalog.REGION)
TOOL_PLACE = (catalog.CLUSTER, catalog.REGION, catalog.TOOL)
"""A tool of a region, whichever models call it."""
IN_CELL = "({{ $labels.region }}, {{ $labels.model }})"


def by(labels: Iterable[str]) -> str:
    """Return labels as ``by`` and ``on`` take them."""
    return ", ".join(labels)


def at_work(cause: str) -> str:
    """Return the selector of a cause's recorded state, as it was when it was last looked at."""
    return f'{conventions.CAUSE_STATE}{{{conventions.CAUSE}="{cause}"}}'


def with_reason(expr: str, reason: str) -> str:
    """Return the elements of an expression with a reason that is the same for all of them."""
    return f'label_replace(\n{expr},\n"{catalog.REASON}", "{reason}", "", "")'


def reason_here(cause: str, labels: Sequence[str]) -> str:
    """Return a template of the reason for which a cause is at work at the alert's place."""
    here = matchers({conventions.CAUSE: cause}, labels)
    found = lookup(f"{conventions.CAUSE_STATE}{{{here}}}", labels)
    return f'{{{{ with {found} }}}}{{{{ . | first | label "{catalog.REASON}" }}}}{{{{ end }}}}'
