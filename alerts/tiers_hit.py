"""Whom a burn hits: which classes of customer see bad events in its cell, and how many."""

from __future__ import annotations

import promql_parser

from alerts.sources import SOURCES
from alerts.templates import MORE_THAN_SHOWN, cell_text, lookup
from exporters import catalog
from exporters.histograms import SUFFIXES
from slo.objective import BASE_WINDOW, Objective, Ratio
from slo.promql import selectors
from slo.promql_text import write_promql

WINDOW = "5m"
"""Over which bad events are counted by tier: as the short window of the fastest page."""

_WITH_TIER = frozenset(
    family.name for source in SOURCES for family in source.families if catalog.TIER in family.labels
)
_VALUE = "\0"
"""Stands for the value of an alert's label until ``%`` is no sign of PromQL's any more."""


def tiers_hit(objective: Objective) -> str:
    """Return a template of who is hit: ``region eu, model chat; bad a second: free 9.0, pro 3.1``.

    By tier, in the order of their names; tiers without bad events are left out. Where nothing is
    seen just now, as in a blackout, the cell alone is named.

    Args:
        objective: whose burn it is.

    Returns:
        Nothing where events have no tier, or the cell is one tier's.
    """
    indicator, cell = objective.indicator, objective.grouping_labels
    if not isinstance(indicator, Ratio) or catalog.TIER in cell or not _have_tiers(indicator):
        return ""
    if indicator.bad is not None:
        bad = _by_tier(indicator.bad, cell)
    else:
        total, good = (_by_tier(each or "", cell) for each in (indicator.total, indicator.good))
        bad = f"(({total} - {good}) or {total})"
    if "`" in bad:  # which ends a query in a template
        return ""
    found = lookup(f"topk({MORE_THAN_SHOWN}, {bad} > 0)", cell)
    return (
        f"{cell_text(cell)}{{{{ with {found} }}}}; bad a second: "
        f'{{{{ range $i, $each := sortByLabel "{catalog.TIER}" . }}}}{{{{ if $i }}}}, {{{{ end }}}}'
        f'{{{{ .Labels.{catalog.TIER} }}}} {{{{ . | value | printf "%.1f" }}}}'
        "{{ end }}{{ end }}"
    )


def _have_tiers(indicator: Ratio) -> bool:
    """Tell whether all that events are counted by tells tiers."""
    names = [each.name or "" for expr in indicator.expressions for each in selectors(expr)]
    return bool(names) and all(_family(name) in _WITH_TIER for name in names)


def _family(name: str) -> str:
    """Return the name of the family that a series is of."""
    found = (name.removesuffix(suffix) for suffix in ("", *SUFFIXES))
    return next((each for each in found if each in _WITH_TIER), name)


def _by_tier(expr: str, cell: tuple[str, ...]) -> str:
    """Return events a second of the alert's cell by tier; ``%q`` stands for its label values."""
    chosen = ",".join(f"{label}={_VALUE}" for label in cell)

    def within(node: promql_parser.Expr) -> str | None:
        if not isinstance(node, promql_parser.VectorSelector | promql_parser.MatrixSelector):
            return None
        of = node.vector_selector if isinstance(node, promql_parser.MatrixSelector) else node
        rest = write_promql(node).removeprefix(of.name or "")
        own = f",{rest[1:]}" if rest.startswith("{") else f"}}{rest}"
        return f"{of.name}{{{chosen}{own}"

    tree = promql_parser.parse(expr.replace(BASE_WINDOW, WINDOW))
    text = write_promql(tree, within) if cell else write_promql(tree)
    if cell:
        text = text.replace("%", "%%").replace(_VALUE, "%q")
    return f"sum by ({catalog.TIER}) ({text})"
