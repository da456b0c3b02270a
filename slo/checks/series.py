"""Names of series, and bounds of histograms, that are known without asking anybody."""

from __future__ import annotations

from collections.abc import Iterator
from difflib import get_close_matches
from functools import cache

import promql_parser

from exporters.dialects import read_dialect
from exporters.problems import Problem
from slo.checks.finding import finding, sides
from slo.objective import Objective
from slo.promql import known_series, selectors

OURS = ("shardwatch_", "shardwatch:", "slo:")
VLLM = "vllm_0_32"
_VLLM_PREFIX, _BUCKET = "vllm:", "_bucket"


def check_series(objective: Objective) -> Iterator[Problem]:
    """Yield names of ours that nobody serves, and thresholds that are no bounds of vLLM's."""
    known = _known_series()
    for side, expression in sides(objective).items():
        for selector in selectors(expression):
            name = selector.name or ""
            if name.startswith(OURS) and name not in known:
                close = get_close_matches(name, sorted(known), n=3)
                yield finding(
                    objective,
                    "series-unknown",
                    f"{side} asks for {name}, which no exporter serves and no rule records",
                    f"take one of {', '.join(close)}" if close else "see exporters/README.md",
                )
            yield from _check_bound_of_vllm(objective, side, selector)


@cache
def _known_series() -> frozenset[str]:
    return frozenset(known_series())


def equal_bound(selector: promql_parser.VectorSelector) -> str | None:
    """Return the bound of the bucket that a selector asks for, as written; None if of none."""
    if not (selector.name or "").endswith(_BUCKET):
        return None
    bounds = [
        each.value
        for each in selector.matchers.matchers
        if each.name == "le" and each.op == promql_parser.MatchOp.Equal
    ]
    return bounds[0] if len(bounds) == 1 else None


def bounds_of_vllm(name: str) -> list[str]:
    """Return the bounds of one of vLLM's histograms as it writes them; none of what it has not.

    Args:
        name: with ``_bucket``.
    """
    base = name.removesuffix(_BUCKET)
    for family in read_dialect(VLLM).families:
        if family.name == base and family.type == "histogram":
            return [*(repr(float(each)) for each in family.bounds), "+Inf"]
    return []


def _check_bound_of_vllm(
    objective: Objective, side: str, selector: promql_parser.VectorSelector
) -> Iterator[Problem]:
    name, bound = selector.name or "", equal_bound(selector)
    if bound is None or not name.startswith(_VLLM_PREFIX):
        return
    bounds = bounds_of_vllm(name)
    if bounds and bound not in bounds:
        yield finding(
            objective,
            "bound-not-of-vllm",
            f'{side} asks for le="{bound}" of {name}, expected one of {", ".join(bounds)}',
            "vLLM's bounds are fixed: choose one of them",
        )
