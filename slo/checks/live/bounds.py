"""Whether every engine has the bucket that a latency threshold asks for, and what to add."""

from __future__ import annotations

import promql_parser

from exporters.problems import Problem
from slo.checks.finding import finding
from slo.checks.live.asking import Asked, list_some
from slo.checks.series import equal_bound
from slo.objective import Objective
from slo.promql_text import write_selector

WHOSE = ("job", "instance", "group", "engine")
"""Labels that tell one source of a histogram from another; those it lacks do not matter."""

_OURS, _VLLM = "shardwatch_", ("vllm:", "vllm_")


async def check_bound(
    asked: Asked, objective: Objective, side: str, selector: promql_parser.VectorSelector
) -> list[Problem]:
    """Return which engines lack the bucket that a selector asks for.

    Raises:
        PrometheusError: if there is no answer, or a query is refused.
    """
    bound, name = equal_bound(selector), selector.name or ""
    if bound is None:
        return []
    others = [each for each in selector.matchers.matchers if each.name != "le"]
    every, with_bound = (
        write_selector(name, others),
        write_selector(name, selector.matchers.matchers),
    )
    whose = ", ".join(WHOSE)
    # Of one source some histograms may have it and others not: one that was never observed is whole
    # where an exporter of ours serves it from 0 on.
    lacking = await asked.vector(
        f"group by ({whose}) "
        f"(group without (le) ({every}) unless group without (le) ({with_bound}))"
    )
    if not lacking:
        return []
    sources = len(await asked.vector(f"group by ({whose}) ({every})"))
    histograms = await asked.count(f"group without (le) ({every})")
    by_bound = await asked.vector(f"count by (le) ({every})")
    shared = sorted(
        (
            each.labels["le"]
            for each in by_bound
            if each.value == histograms and "le" in each.labels
        ),
        key=_number,
    )
    named = sorted(_name(each.labels) for each in lacking)
    return [
        finding(
            objective,
            "bound-missing",
            f'{side} asks for le="{bound}" of {name}, which {len(lacking)} of {sources} that serve '
            f"it do not have: {list_some(named, 3)}",
            _fix(name, bound, [each.labels.get("le", "") for each in by_bound], shared),
        )
    ]


def _fix(name: str, bound: str, bounds: list[str], shared: list[str]) -> str:
    equal = [each for each in bounds if each != bound and _number(each) == _number(bound)]
    if equal:
        return f'write le="{equal[0]}", as they do'
    choice = f"choose a bound that all have: {', '.join(shared) or 'there is none'}"
    if name.startswith(_VLLM):
        return f"vLLM's bounds are fixed; {choice}"
    if name.startswith(_OURS):
        return (
            f"our exporters pass on the bounds of what they read: add {bound} to the histogram of "
            f"the router, engine or gateway behind them where its bounds can be set (vLLM's are "
            f"fixed), or {choice}"
        )
    return (
        f"add {bound} to the bounds of the histogram where it is made (prometheus-client: buckets; "
        f"OpenTelemetry: a view's boundaries; Envoy: histogram_bucket_settings), or {choice}"
    )


def _name(labels: object) -> str:
    if not isinstance(labels, dict):
        raise TypeError("labels are a mapping")
    there = [f'{each}="{labels[each]}"' for each in WHOSE if each in labels]
    return f"{{{','.join(there)}}}"


def _number(bound: str) -> float:
    try:
        return float(bound)
    except ValueError:
        return float("nan")
