"""Latency bounds of indicators: a bucket that is asked for must be one that is served.

A bucket that nobody serves has no events, and a promise of good events that has none is broken
all the time: its page would never end, on a system that is well.
"""

from __future__ import annotations

import promql_parser

from exporters.catalog import FAMILIES

_BUCKET, _LE = "_bucket", "le"
_ALL_EVENTS = "+Inf"


def wrong_with_bound(query: str, *, is_total: bool) -> str | None:
    """Return what is wrong with the bucket that a selector asks for, or None.

    Only of histograms in :data:`exporters.catalog.FAMILIES`: the bounds of others are not known.

    Args:
        query: a selector that :func:`slo.spec.queries.wrong_with_selector` found nothing wrong
            with.
        is_total: whether its events are all events, so that the bucket of all is meant as well.
    """
    tree = promql_parser.parse(query)
    if not isinstance(tree, promql_parser.VectorSelector):
        raise TypeError(f"{query!r} is no selector")
    name, suffix, rest = (tree.name or "").rpartition(_BUCKET)
    family = FAMILIES.get(name) if suffix and not rest else None
    if family is None or family.kind != "histogram":
        return None
    bounds = [repr(float(bound)) for bound in family.bounds]
    there = [*bounds, _ALL_EVENTS] if is_total else bounds
    matchers = [each for each in tree.matchers.matchers if each.name == _LE]
    of_these = f"expected one of the bounds of {family.name}: {', '.join(there)}"
    if len(matchers) != 1 or matchers[0].op != promql_parser.MatchOp.Equal:
        return f'found no single {_LE}="BOUND", {of_these}'
    if matchers[0].value not in there:
        return f'found {_LE}="{matchers[0].value}", {of_these}'
    return None
