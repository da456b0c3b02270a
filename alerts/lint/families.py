"""Series that are known without asking anybody: what exporters, engines and Prometheus serve."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import get_args

from alerts.lint.label_sets import ANYTHING, LabelSet, made
from alerts.lint.names import Names
from exporters.catalog import SERVED_FAMILIES
from exporters.dialects import DialectName, read_dialect
from exporters.dialects.vllm_changes import read_changes
from slo.checks.labels import OF_TARGETS
from slo.promql import OF_PROMETHEUS, known_series

OF_SERVERS = (
    "alertmanager_", "go_", "net_conntrack_", "process_", "prometheus_", "promhttp_", "scrape_",
)  # fmt: skip
"""Beginnings of names that Prometheus, Alertmanager and Go programs serve of themselves."""

OLDER_LABELS = {"Hostname": "hostname"}
"""Labels of dcgm-exporter as they are called today, by their names before (NVIDIA/dcgm-exporter
#655, 2026-05-12)."""
_OF_DCGM = "DCGM_"

OURS = ("shardwatch_", "shardwatch:", "slo:")
"""Beginnings of names of which every one is known: another one is a mistake. Of vLLM's and DCGM's
some are served only where a feature is on, or a counter was asked for."""

WITH_COLONS = (
    "vllm:", "ray_vllm:", "aphrodite:", "llamacpp:", "lmcache:", "sglang:",
)  # fmt: skip
"""Beginnings of names that engines and caches serve themselves, though Prometheus keeps colons for
what rules record."""

_OF_EACH_SCRAPE = (
    "up", "scrape_duration_seconds", "scrape_samples_scraped", "scrape_series_added",
    "scrape_samples_post_metric_relabeling", "scrape_timeout_seconds", "scrape_sample_limit",
    "scrape_body_size_bytes",
)  # fmt: skip
"""Gauges that Prometheus makes of each scrape:
https://prometheus.io/docs/concepts/jobs_instances/#automatically-generated-labels-and-time-series."""
_OF_ALERTS = {"ALERTS": ("alertname", "alertstate"), "ALERTS_FOR_STATE": ("alertname",)}
"""Gauges that Prometheus makes of each alert, with the labels that each has."""
_RANGES = {
    "up": (0.0, 1.0),
    "ALERTS": (1.0, 1.0),
    "slo:coverage:ratio": (0.0, 1.0),
    "slo:objective:ratio": (0.0, 1.0),
    "slo:burn_alert:state": (0.0, 1.0),
    "slo:burn_suppressed:state": (0.0, 1.0),
    "slo:traffic_vanished:state": (0.0, 1.0),
    "vllm:kv_cache_usage_perc": (0.0, 1.0),
    "vllm:gpu_cache_usage_perc": (0.0, 1.0),
    "DCGM_FI_DEV_GPU_UTIL": (0.0, 100.0),
    "DCGM_FI_DEV_MEM_COPY_UTIL": (0.0, 100.0),
}
_NO_SHARES = frozenset({"shardwatch_group_speed_to_peers_ratio"})
"""Ratios of ours that go beyond 1."""
_OF_VLLM = "vllm:"
_ENUMERATED = ("finished_reason", "sleep_state")
"""Labels of vLLM's whose values its source enumerates (``FinishReason``; facts: vLLM's families).
Of others its page has those that it had."""
_OF_YES_AND_NO = ("1 if", "1 for", "Always 1")
"""Beginnings of the help of families whose values are 0 and 1."""
_IF, _ELSE = "1 if", ", 0 for every other"
"""What the help of those says that are there at 0, too."""


@dataclass(frozen=True)
class KnownSeries:
    """What is known of a name."""

    kind: str
    """``gauge``, ``counter``, ``summary``; ``histogram`` is the kind of no series, but of
    three."""
    labels: LabelSet
    lowest: float = float("-inf")
    highest: float = float("inf")
    bounds: tuple[float, ...] = ()
    """Of all buckets but that of +Inf, where they are the same in each process."""
    is_flag: bool = False
    """Whether each series is there at both of its values, 0 and 1. Not those that are there at 1
    alone, as where each reason is a series."""
    is_ours: bool = False
    """Whether our exporters serve it, with the same labels in each version."""


@cache
def find_series(name: str) -> KnownSeries | None:
    """Return what is known of a name; None if nobody is known to serve it.

    A name of vLLM's as Ray spells it is of the same kind, with labels of Ray's too.
    """
    found = _all_series().get(name)
    spelled, is_rays = read_changes().spell(name)
    if found is None and is_rays and spelled in _all_series():
        return replace(_all_series()[spelled], labels=ANYTHING)
    return found


def labels_of(name: str, target_labels: frozenset[str] | None = None) -> Sequence[LabelSet]:
    """Return the labels of the series of a name; any, if nobody is known to serve it.

    Args:
        name: of the series.
        target_labels: that scrapes attach besides ``job`` and ``instance``; None where nobody said
            which, and it may be any.
    """
    found = find_series(name)
    if found is None:
        return [ANYTHING]
    if found.is_ours and target_labels is not None:
        may = Names.of(found.labels.sure | target_labels)
        # A label that the scrape attaches takes the place of the exporter's.
        closed = (each for each in found.labels.closed if each[0] not in target_labels)
        return [made(found.labels.sure, may, closed=closed)]
    return [found.labels]


@cache
def known_names() -> frozenset[str]:
    """Return every name that is known to be served, recorded by shardwatch, or Prometheus's."""
    return frozenset({*_all_series(), *known_series(), *OF_PROMETHEUS})


def is_called_as_recorded(name: str) -> bool:
    """Tell whether a name is one of what a rule records: with a colon that is no engine's own."""
    own = next((each for each in WITH_COLONS if name.startswith(each)), "")
    return ":" in name.removeprefix(own)


def renamed_label(name: str, label: str) -> str | None:
    """Return what a label of a series is called today; None if it was never called otherwise."""
    return OLDER_LABELS.get(label) if name.startswith(_OF_DCGM) else None


@cache
def all_labels() -> frozenset[str]:
    """Return every label that a known series has of its own, or of its target."""
    return frozenset(label for each in _all_series().values() for label in each.labels.sure)


def instead_of(name: str) -> str | None:
    """Return what says today what a former name of vLLM's said, in words; None if it is none.

    Words that begin with ``nothing`` say why there is nothing. A name as Ray spells it is answered
    with one that Ray spells alike.
    """
    changes = read_changes()
    spelled, is_rays = changes.spell(name)
    former = {**{old: new for new, old in changes.older.items()}, **changes.removed}
    for suffix in ("", "_bucket", "_count", "_sum"):
        base = spelled.removesuffix(suffix)
        if not spelled.endswith(suffix) or base not in former:
            continue
        said = former[base]
        is_name = " " not in said and said.startswith(_OF_VLLM)
        said = said + suffix if is_name else said
        prefix = name.removesuffix(spelled.removeprefix(_OF_VLLM))
        return said.replace(_OF_VLLM, prefix) if is_rays else said
    return None


@cache
def _all_series() -> dict[str, KnownSeries]:
    found: dict[str, KnownSeries] = {}
    # Targets may be given labels of any name (namespace, pod, ...).
    may = Names.but([])
    for name in _OF_EACH_SCRAPE:
        known = _known(name, "gauge", "", made(OF_TARGETS, may))
        found[name] = replace(known, is_flag=name == "up")
    for name, labels in _OF_ALERTS.items():
        found[name] = _known(name, "gauge", "", made(labels, may))
    for dialect in get_args(DialectName):
        for foreign in read_dialect(dialect).families:
            for name, kind, more in _series(foreign.name, foreign.type):
                sure = {*foreign.labels, *more, *OF_TARGETS}
                closed = [
                    (label, frozenset(values))
                    for label, values in foreign.values.items()
                    if label in _ENUMERATED
                ]
                own = made(sure, may, closed=closed)
                known = _known(name, kind, foreign.help, own)
                is_fixed = foreign.name.startswith(_OF_VLLM) and foreign.name.endswith("_seconds")
                found[name] = _with_bounds(name, known, foreign.bounds if is_fixed else ())
            if foreign.created:
                found[f"{foreign.name.removesuffix('_total')}_created"] = KnownSeries(
                    "gauge", ANYTHING
                )
    for family in SERVED_FAMILIES.values():
        is_ours = family.name.startswith("shardwatch_")
        closed = [(label, frozenset(values)) for label, values in family.values.items()]
        for name, kind, more in _series(family.name, family.kind):
            own = made({*family.labels, *more, *OF_TARGETS}, may, closed=closed)
            known = _known(name, kind, family.help, own)
            known = _with_bounds(name, known, family.bounds)
            is_flag = is_ours and (family.help.startswith(_IF) or _ELSE in family.help)
            found[name] = replace(known, is_ours=is_ours, is_flag=is_flag)
    return found


def _series(name: str, kind: str) -> Iterable[tuple[str, str, tuple[str, ...]]]:
    """Yield the series of a family: name, kind, and labels that the family does not tell."""
    if kind == "histogram":
        yield f"{name}_bucket", "counter", ("le",)
    if kind == "summary":
        yield name, "gauge", ("quantile",)
    if kind in ("histogram", "summary"):
        yield f"{name}_count", "counter", ()
        yield f"{name}_sum", "counter", ()
    else:
        yield name, kind, ()


def _with_bounds(name: str, known: KnownSeries, bounds: tuple[float, ...]) -> KnownSeries:
    return replace(known, bounds=bounds if name.endswith("_bucket") else ())


def _known(name: str, kind: str, help: str, labels: LabelSet) -> KnownSeries:
    low, high = value_range(name)
    if kind == "counter":
        low = max(low, 0.0)
    elif help.startswith(_OF_YES_AND_NO) or (
        name.startswith("shardwatch_") and name.endswith("_ratio") and name not in _NO_SHARES
    ):
        low, high = 0.0, 1.0
    return KnownSeries(kind, labels, low, high)


def value_range(name: str) -> tuple[float, float]:
    """Return the lowest and the highest value that a name is known to have."""
    return _RANGES.get(name, (float("-inf"), float("inf")))
