"""Writing Prometheus's text format 0.0.4.

Ours, for measured need: prometheus_client 0.26 takes 60 ms for the 9,200 series of 512 GPUs, this
takes 3 ms, for it remembers each series' text from one page to the next.
"""

from __future__ import annotations

from math import inf, isfinite

from exporters.catalog import FAMILIES, Family
from exporters.page import Distribution, Labels, Page

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"

_SPARE = 256
"""Texts of vanished series that are remembered before all of them are forgotten."""


class Renderer:
    """Writes the pages of one exporter: families in the catalogue's order, series in the page's."""

    def __init__(self) -> None:
        self._heads: dict[str, dict[Labels, str]] = {}
        """For each family: a series' name, its labels and the space after them."""
        self._bucket_heads: dict[str, dict[Labels, tuple[str, ...]]] = {}
        """For each histogram: the same for its buckets, its sum and its count."""

    def render(self, page: Page) -> str:
        """Return the page as text; a family without series is left out."""
        parts: list[str] = []
        for name, family in FAMILIES.items():
            values, distributions = page.values.get(name), page.distributions.get(name)
            if values:
                parts.append(_announcement(family))
                self._add_values(family, values, parts)
            elif distributions:
                parts.append(_announcement(family))
                self._add_distributions(family, distributions, parts)
        return "".join(parts)

    def _add_values(self, family: Family, series: dict[Labels, float], parts: list[str]) -> None:
        heads = self._heads.setdefault(family.name, {})
        if len(heads) > len(series) + _SPARE:
            heads.clear()
        for labels, value in series.items():
            head = heads.get(labels)
            if head is None:
                head = heads[labels] = _head(family.name, family.labels, labels)
            parts.append(f"{head}{format_value(value)}\n")

    def _add_distributions(
        self, family: Family, series: dict[Labels, Distribution], parts: list[str]
    ) -> None:
        known = self._bucket_heads.setdefault(family.name, {})
        if len(known) > len(series) + _SPARE:
            known.clear()
        for labels, value in series.items():
            heads = known.get(labels)
            if heads is None:
                heads = known[labels] = _bucket_heads(family, labels)
            numbers = (*value.counts, value.count, value.sum, value.count)
            for head, number in zip(heads, numbers, strict=True):
                if number is not None:
                    parts.append(f"{head}{format_value(number)}\n")


def format_value(value: float) -> str:
    """Return a value as the format writes it: ``1.0``, ``NaN``, ``+Inf``."""
    if isfinite(value):
        return repr(float(value))
    return {inf: "+Inf", -inf: "-Inf"}.get(value, "NaN")


def _announcement(family: Family) -> str:
    text = family.help.replace("\\", "\\\\").replace("\n", "\\n")
    return f"# HELP {family.name} {text}\n# TYPE {family.name} {family.kind}\n"


def _head(name: str, names: Labels, values: Labels) -> str:
    pairs = ",".join(
        f'{label}="{_escape(value)}"' for label, value in zip(names, values, strict=True)
    )
    return f"{name}{{{pairs}}} " if pairs else f"{name} "


def _bucket_heads(family: Family, labels: Labels) -> tuple[str, ...]:
    names = (*family.labels, "le")
    bucket = f"{family.name}_bucket"
    return (
        *(_head(bucket, names, (*labels, repr(float(bound)))) for bound in family.bounds),
        _head(bucket, names, (*labels, "+Inf")),
        _head(f"{family.name}_sum", family.labels, labels),
        _head(f"{family.name}_count", family.labels, labels),
    )


def _escape(value: str) -> str:
    return value.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")
