"""Latency bounds of indicators: a bucket that is asked for must be one that is served.

A bucket that nobody serves has no events, and a promise of good events that has none is broken
all the time: its page would never end, on a system that is well. Buckets of several bounds count an
event once for each bound that it is within: more good events than events, and no page ever.
"""

from __future__ import annotations

from collections.abc import Collection

import promql_parser

from exporters.catalog import FAMILIES, Family
from slo.promql import selectors_in
from slo.spec.queries import one_line, parse_query

BOUND_MISSING = "bound-missing"
"""The id of the check."""

_BUCKET, _LE = "_bucket", "le"
_ALL_EVENTS = "+Inf"
_NO_SINGLE_BOUND = f'found no single {_LE}="BOUND"'


def wrong_with_bounds(query: str, *, is_total: bool) -> str | None:
    """Return what is wrong with the first wrong bucket that a query counts, or None.

    Of every histogram, whether one bound is asked for; of those in
    :data:`exporters.catalog.FAMILIES` also whether it is there, for the bounds of others are not
    known.

    Args:
        query: one that :func:`slo.spec.queries.events_per_second` takes; every selector in it is
            looked at.
        is_total: whether its events are all events, so that the bucket of all is meant as well.
    """
    for selector in selectors_in(parse_query(one_line(query))):
        family = _histogram(selector)
        wrong = (
            _wrong_with_bound(selector, family, is_total=is_total)
            if family is not None
            else _several_bounds(selector)
        )
        if wrong:
            return wrong
    return None


def unknown_bound(query: str) -> str | None:
    """Return what is wrong with a bucket that a query of a value names, or None.

    Such a query may well read all buckets of a histogram, for a quantile.
    """
    for selector in selectors_in(parse_query(one_line(query))):
        family = _histogram(selector)
        is_named = any(
            each.name == _LE and each.op == promql_parser.MatchOp.Equal
            for each in selector.matchers.matchers
        )
        if family is not None and is_named:
            wrong = _wrong_with_bound(selector, family, is_total=True)
            if wrong:
                return wrong
    return None


def _histogram(selector: promql_parser.VectorSelector) -> Family | None:
    name, suffix, rest = (selector.name or "").rpartition(_BUCKET)
    family = FAMILIES.get(name) if suffix and not rest else None
    return family if family is not None and family.kind == "histogram" else None


def _wrong_with_bound(
    selector: promql_parser.VectorSelector, family: Family, *, is_total: bool
) -> str | None:
    bounds = [repr(float(bound)) for bound in family.bounds]
    there = [*bounds, _ALL_EVENTS] if is_total else bounds
    of_these = f"expected one of the bounds of {family.name}: {', '.join(there)}"
    bound = _single_bound(selector)
    if bound is None:
        return f"{_NO_SINGLE_BOUND}, {of_these}"
    if bound not in there:
        return f'found {_LE}="{bound}", {_spelt(bound, there) or of_these}'
    return None


def _several_bounds(selector: promql_parser.VectorSelector) -> str | None:
    name = selector.name or ""
    if not name.endswith(_BUCKET) or _single_bound(selector) is not None:
        return None
    return (
        f"{_NO_SINGLE_BOUND} of {name}, expected one: its buckets are cumulative, and several "
        "count an event several times"
    )


def _single_bound(selector: promql_parser.VectorSelector) -> str | None:
    matchers = [each for each in selector.matchers.matchers if each.name == _LE]
    is_one = len(matchers) == 1 and matchers[0].op == promql_parser.MatchOp.Equal
    return matchers[0].value if is_one else None


def _spelt(bound: str, there: Collection[str]) -> str | None:
    """Return what is expected where a bound is there and written otherwise: ``1`` for ``1.0``."""
    try:
        spelt = repr(float(bound))
    except ValueError:
        return None
    return f'expected {_LE}="{spelt}", as the bound is written' if spelt in there else None
