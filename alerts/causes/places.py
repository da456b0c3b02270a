"""Where causes are, as PromQL and templates say it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence

from alerts.templates import MORE_THAN_SHOWN, listing, lookup, matchers
from exporters import catalog
from slo import conventions

HOST_LABELS = (*catalog.GROUP_LABELS, catalog.HOST)
REGION_LABELS = (catalog.CLUSTER, catalog.REGION)
TOOL_PLACE = (catalog.CLUSTER, catalog.REGION, catalog.TOOL)
"""A tool of a region, whichever models call it."""
IN_CELL = "({{ $labels.region }}, {{ $labels.model }})"
USER_LABELS = (catalog.REGION, catalog.MODEL, catalog.TIER, catalog.TOOL)
"""Labels that tell users from each other, and agents by what they call."""
_NAMED_LABEL = re.compile(r"\.Labels\.(\w+)")


def by(labels: Iterable[str]) -> str:
    """Return labels as ``by`` and ``on`` take them."""
    return ", ".join(labels)


def at_work(cause: str, **others: str) -> str:
    """Return the selector of a cause's recorded state, as it was when it was last looked at.

    Args:
        cause: its name.
        **others: further matchers by label, with their operator: ``reason='!="recovering"'``.
    """
    chosen = "".join(f",{label}{matcher}" for label, matcher in others.items())
    return f'{conventions.CAUSE_STATE}{{{conventions.CAUSE}="{cause}"{chosen}}}'


def with_reason(expr: str, reason: str) -> str:
    """Return the elements of an expression with a reason that is the same for all of them."""
    return f'label_replace(\n{expr},\n"{catalog.REASON}", "{reason}", "", "")'


def reason_here(cause: str, labels: Sequence[str]) -> str:
    """Return a template of the reason for which a cause is at work at the alert's place."""
    found = lookup(_state_here(cause, labels), labels)
    return f'{{{{ with {found} }}}}{{{{ . | first | label "{catalog.REASON}" }}}}{{{{ end }}}}'


def evidence_here(cause: str, labels: Sequence[str], evidence: str) -> str:
    """Return a template of all evidence of a cause at the alert's place, the same said once.

    Args:
        cause: its name.
        labels: of its alert.
        evidence: template of one piece, ``.Labels`` those of the cause's state.
    """
    named = _named(evidence)
    found = f"group by ({by(named)}) ({_state_here(cause, labels)})"
    return listing(found, labels, evidence, missing="", sort_by=named[0])


def first_step_here(cause: str, labels: Sequence[str], first_step: str) -> str:
    """Return a template of what to do first about the first of a cause's places in the alert.

    Args:
        cause: its name.
        labels: of its alert.
        first_step: template, ``.Labels`` those of the cause's state.
    """
    if not (named := _named(first_step)):
        return first_step
    places = f"group by ({by(named)}) ({_state_here(cause, labels)})"
    found = lookup(f"topk({MORE_THAN_SHOWN}, {places})", labels)
    # Prometheus gives them in no order, and the alert would change with every evaluation.
    ordered = "."
    for label in reversed([each for each in named if each not in labels]):
        ordered = f'(sortByLabel "{label}" {ordered})'
    said = f"{{{{ with first {ordered} }}}}{first_step}{{{{ end }}}}"
    return f"{{{{ with {found} }}}}{said}{{{{ end }}}}"


def users_hit(labels: Sequence[str]) -> str:
    """Return a template of whose requests an alert is about, and how many there are a second.

    Args:
        labels: of the alert; without a region, nobody can tell.
    """
    told = [label for label in USER_LABELS if label in labels]
    if catalog.REGION not in told:
        return ""
    cell = [label for label in catalog.CELL_LABELS if label in labels]
    requests = lookup(f"sum({conventions.CELL_REQUESTS_RATE}{{{matchers({}, cell)}}})", cell)
    whose = ", ".join(f"{label} {{{{ $labels.{label} }}}}" for label in told)
    share = " in all" if set(told) - set(catalog.CELL_LABELS) else ""
    return (
        f"{whose}{{{{ with {requests} }}}}: "
        f'{{{{ . | first | value | printf "%.1f" }}}} requests a second{share}{{{{ end }}}}'
    )


def _named(template: str) -> list[str]:
    """Return the labels of a state that a template names, each once, as they first come."""
    return list(dict.fromkeys(_NAMED_LABEL.findall(template)))


def _state_here(cause: str, labels: Sequence[str]) -> str:
    return f"{conventions.CAUSE_STATE}{{{matchers({conventions.CAUSE: cause}, labels)}}}"
