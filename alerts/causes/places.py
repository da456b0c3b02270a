"""Where causes are, as PromQL and templates say it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from alerts.templates import lookup, matchers
from exporters import catalog
from slo import conventions

HOST_LABELS = (*catalog.GROUP_LABELS, catalog.HOST)
REGION_LABELS = (catalog.CLUSTER, catalog.REGION)
IN_CELL = "({{ $labels.region }}, {{ $labels.model }})"


def by(labels: Iterable[str]) -> str:
    """Return labels as ``by`` and ``on`` take them."""
    return ", ".join(labels)


def told(expr: str, reason: str) -> str:
    """Return the elements of an expression with a reason that is the same for all of them."""
    return f'label_replace(\n{expr},\n"{catalog.REASON}", "{reason}", "", "")'


def reason_here(cause: str, labels: Sequence[str]) -> str:
    """Return a template of the reason for which a cause is at work at the alert's place."""
    here = matchers({conventions.CAUSE: cause}, labels)
    found = lookup(f"{conventions.CAUSE_STATE}{{{here}}}", labels)
    return f'{{{{ with {found} }}}}{{{{ . | first | label "{catalog.REASON}" }}}}{{{{ end }}}}'
