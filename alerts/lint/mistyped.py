"""Labels that look like one of a series' own, mistyped.

A scrape may attach labels of any name to what it reads, so that of a scraped series no label can be
said to be missing: only that it is hardly another than one which is there.
"""

from __future__ import annotations

from difflib import get_close_matches
from functools import cache

import promql_parser

from alerts.lint.families import all_labels, find_series, renamed_label
from alerts.lint.labels import name_of
from alerts.lint.rules import Rules
from slo.promql import selectors_in

NEARLY_EQUAL = 0.85
"""Two labels are, of which one may be the other mistyped: difflib's ratio. ``cluster_id`` is a
label of its own beside ``cluster`` (0.82), ``clster`` is not (0.92)."""


def meant(label: str, tree: promql_parser.Expr, rules: Rules) -> str | None:
    """Return the label that one is, mistyped; None if it may well be one of its own.

    Args:
        label: that an expression's elements may have, as far as is known.
        tree: the expression. Nothing is said unless all its series are known and scraped.
        rules: with what is known of labels.
    """
    names = {name_of(each) for each in selectors_in(tree)}
    if not names or label in all_labels() or label in (rules.setting.target_labels or ()):
        return None
    known = [None if each is None or each in rules.by_name else find_series(each) for each in names]
    if any(renamed_label(each, label) for each in names if each is not None):
        return None
    found = rules.labels_of(tree)
    if None in known or found is None or label in found.sure or label not in found.may:
        return None
    return _nearest(label, found.sure & all_labels())


@cache
def _nearest(label: str, own: frozenset[str]) -> str | None:
    close = get_close_matches(label, sorted(own), n=1, cutoff=NEARLY_EQUAL)
    return close[0] if close else None
