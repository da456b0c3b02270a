"""What to look for in a server: the names of engines, GPUs, routers and tools, by the dialects."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping, Sequence

from exporters import catalog
from exporters.dialects import DialectName, read_dialect
from exporters.dialects.vllm_changes import read_changes
from exporters.groups.mapping import DISTRIBUTIONS, RUNNING
from exporters.router.dialect import Rule
from exporters.router.dialects import DIALECTS
from exporters.tools import otel

_CHANGES = read_changes()

RUNNING_NAMES = (
    RUNNING,
    *(prefix + RUNNING.removeprefix("vllm:") for prefix in _CHANGES.ray_prefixes),
)
"""One series for each engine, of every version and under Ray."""
GPU_NAMES = tuple(
    family.name for family in read_dialect("dcgm_4").families if "err_code" not in family.labels
)
"""One series for each GPU, of which the first that is there counts."""
TOOL_NAME = f"{otel.DURATION}_count"
OURS = "shardwatch_"
RECORDED = "slo:burn_rate:ratio"
"""What our rules record: nobody else's series is called so."""
PODS, POD_LABELS, NODE_LABELS = "kube_pod_info", "kube_pod_labels", "kube_node_labels"
"""Of kube-state-metrics."""

_PATTERNS = (
    r"(ray_)?vllm[:_].+",
    "DCGM_.+",
    "router_.+",
    "envoy_cluster_upstream_rq.*",
    "gen_ai_server_.+",
    "(llm_d_epp|llm_d_router_epp|inference_objective)_.+",
    f"{otel.DURATION}.*",
    f"{OURS}.+",
    RECORDED,
    f"{PODS}|{POD_LABELS}|{NODE_LABELS}",
)
ANY_OF_THESE = "|".join(_PATTERNS)
"""A pattern of all names that are looked for."""

_ROUTER_FILES: Mapping[str, DialectName] = {
    "demo": "router_demo",
    "production-stack": "router_production_stack",
    "envoy": "router_envoy",
    "envoy-ai-gateway": "router_envoy_ai_gateway",
    "llm-d": "router_llm_d",
}
"""Of each dialect of routers the file of its families."""


def old_names() -> dict[str, str]:
    """Return names of vLLM that are gone from its newest release, each with what to use instead.

    As they are on the wire; of a histogram its ``_count``.
    """
    histograms = {each.name for each in DISTRIBUTIONS}
    renamed = {
        f"{old}_count" if new in histograms else old: f"{new}"
        for new, old in _CHANGES.older.items()
    }
    return {**renamed, **_CHANGES.removed}


def marks() -> list[str]:
    """Return the names by which an engine's dialect is told, in vLLM's spelling."""
    return sorted({mark for _, names in _CHANGES.marks for mark in names})


def spellings(name: str) -> tuple[str, ...]:
    """Return what a name of vLLM is called on the wire: as itself, and under Ray."""
    bare = name.removeprefix("vllm:")
    return (name, *(f"{prefix}{bare}" for prefix in _CHANGES.ray_prefixes))


def series_of(rule: Rule) -> tuple[str, ...]:
    """Return names of series that a router's rule is there by; of a histogram its ``_count``."""
    suffix = "_count" if rule.is_histogram else ""
    return tuple(f"{name}{suffix}" for name in rule.names)


def router_series(dialect: str, names: Collection[str]) -> list[str]:
    """Return the names by which routers of a dialect are there: of requests, else of others.

    Args:
        dialect: of the topology.
        names: that the server has.
    """
    for family in (catalog.ROUTER_REQUESTS, catalog.ROUTER_ATTEMPTS, catalog.ROUTER_IN_FLIGHT):
        found = [
            name
            for rule in DIALECTS[dialect].rules
            if rule.family is family
            for name in series_of(rule)
            if name in names
        ]
        if found:
            return found
    return []


def router_file(dialect: str) -> DialectName:
    """Return the file of the families of a dialect of routers."""
    return _ROUTER_FILES[dialect]


def labels_of_family(dialect: str) -> list[str]:
    """Return all labels that routers of a dialect give their series themselves, sorted."""
    families = read_dialect(_ROUTER_FILES[dialect]).families
    return sorted({label for family in families for label in family.labels} | {"le"})


def first_token_histograms(there: Collection[str]) -> list[str]:
    """Return the histograms of times to first token, without suffix: of engines, then of routers.

    Args:
        there: names that the server has; of several generations of a name the newest that is there.
    """
    ttft = "vllm:time_to_first_token_seconds"
    rules = (
        rule.names
        for dialect in DIALECTS.values()
        for rule in dialect.rules
        if rule.family is catalog.ROUTER_TIME_TO_FIRST_TOKEN
    )
    found = []
    for candidates in (spellings(ttft), *rules):
        found += [each for each in candidates if f"{each}_bucket" in there][:1]
    return found


def name_selector(pattern: str, where: Mapping[str, str], more: Sequence[str] = ()) -> str:
    """Return the selector of all series whose name fits a pattern, and that are asked about.

    Args:
        pattern: a regular expression.
        where: labels with the value that they must have.
        more: matchers.
    """
    return "{" + ",".join((f'__name__=~"{pattern}"', *more, *_matchers(where))) + "}"


def selector(name: str, where: Mapping[str, str], more: Sequence[str] = ()) -> str:
    """Return the selector of the series of a name that are asked about.

    Args:
        name: of the series.
        where: labels with the value that they must have.
        more: matchers.
    """
    matchers = [*more, *_matchers(where)]
    return f"{name}{{{','.join(matchers)}}}" if matchers else name


def quoted(text: str) -> str:
    """Return a text as PromQL has it."""
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n") + '"'


def one_of(values: Collection[str]) -> str:
    """Return a pattern of any of some values, as PromQL has it, quotes included."""
    return quoted("|".join(re.escape(each).replace("\\-", "-") for each in sorted(values)))


def _matchers(where: Mapping[str, str]) -> list[str]:
    return [f"{label}={quoted(value)}" for label, value in sorted(where.items())]
