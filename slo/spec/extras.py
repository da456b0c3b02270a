"""What users want burn alerts to carry: labels and annotations, as JSON in an annotation's text."""

from __future__ import annotations

import json
import re
from collections.abc import Collection, Mapping
from typing import Any

from exporters.problems import CheckedValueError
from slo import conventions
from slo.objective import AlertExtras
from slo.spec.templates import CORRECT_TEMPLATE, TEMPLATE_BROKEN, wrong_with_template

Pairs = tuple[tuple[str, str], ...]
"""Names and values, sorted."""

ADDED_LABELS = frozenset(
    {
        conventions.ALERTNAME,
        conventions.SLO,
        conventions.SERVICE,
        conventions.WINDOW,
        conventions.SEVERITY,
        conventions.BURN_TIER,
        conventions.INCIDENT,
        conventions.CAUSE,
    }
)
"""Labels that rules and alerts add themselves, by which alerts are told apart and routed."""

_NAME = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_EXAMPLE = '\'{"team": "serving"}\''


def read_pairs(text: Any) -> Pairs:
    """Return what ``write_pairs`` wrote: ``{"team": "serving"}``.

    Raises:
        ValueError: if it is no text of a JSON object of texts, or a name is none of Prometheus's,
            or a text is no template.
    """
    if not isinstance(text, str):
        raise ValueError(  # noqa: TRY004 - pydantic takes no TypeError
            f"found {text!r}, expected JSON as text; write {_EXAMPLE}"
        )
    try:
        data = json.loads(text)
    except (ValueError, RecursionError):
        raise ValueError(f"found {text!r}, expected JSON; write {_EXAMPLE}") from None
    if not isinstance(data, dict) or not all(isinstance(each, str) for each in data.values()):
        raise ValueError(f"found {text!r}, expected names and texts; write {_EXAMPLE}")
    for name, value in data.items():
        wrong = wrong_with_name(name)
        if wrong:
            raise ValueError(f"{wrong}; rename it")
        wrong = wrong_with_template(value)
        if wrong:
            raise CheckedValueError(f"{name}: {wrong}; {CORRECT_TEMPLATE}", TEMPLATE_BROKEN)
    return sort_pairs(data)


def write_pairs(pairs: Pairs) -> str:
    """Return pairs as JSON in one line."""
    return json.dumps(dict(pairs), ensure_ascii=False)


def sort_pairs(texts: Mapping[str, str]) -> Pairs:
    """Return names and values, sorted, so that equal ones are equal."""
    return tuple(sorted(texts.items()))


def wrong_with_name(name: str) -> str | None:
    """Return what is wrong with the name of a label or an annotation, or None."""
    if _NAME.fullmatch(name) and not name.startswith("__"):
        return None
    return f"found the name {name!r}, expected letters, digits and _, as in team"


def wrong_with_label(name: str, grouping_labels: Collection[str]) -> str | None:
    """Return what is wrong with a label that burn alerts shall carry, or None.

    Two cells whose alerts have one set of labels lose the alerts of both: Prometheus refuses the
    whole rule.
    """
    if name in grouping_labels:
        return (
            f"found the alert label {name!r}, which the objective is grouped by: it would "
            "overwrite the cells' own values, and Prometheus would refuse the alerts of all"
        )
    if name in ADDED_LABELS:
        return f"found the alert label {name!r}, which rules and alerts set themselves"
    return None


def alert_extras(page: tuple[Pairs, Pairs], ticket: tuple[Pairs, Pairs]) -> tuple[AlertExtras, ...]:
    """Return what an objective holds of the labels and annotations of each severity."""
    both = (AlertExtras(conventions.PAGE, *page), AlertExtras(conventions.TICKET, *ticket))
    return tuple(each for each in both if each.labels or each.annotations)
