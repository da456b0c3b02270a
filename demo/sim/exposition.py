"""Pages in the form of prometheus-client: a text with holes, made once, and values to fill them.

Order, labels and numbers are written as the library writes them: labels sorted, counters as
floats, large numbers with an exponent as Go has it, a family of ``_created`` gauges after each
family that has them.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product

import numpy as np
from prometheus_client.utils import floatToGoString  # what the engines themselves use

from demo.sim.fleet import Counts, Floats
from exporters.dialects import ForeignFamily

CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8"


@dataclass(frozen=True)
class PageFamily:
    """A family as it stands on one page: with its children and, for a histogram, its bounds."""

    family: ForeignFamily
    children: tuple[tuple[str, ...], ...]
    """Values of the family's labels, a tuple for each child, in the page's order."""
    bounds: tuple[float, ...] = ()


@dataclass(frozen=True)
class Template:
    """A page without its values."""

    text: str
    """With ``%s`` for each value."""
    slots: dict[str, slice]
    """Where each family's values stand: child by child; a histogram's buckets (cumulative), count,
    sum; a summary's count, sum. ``_created`` gauges have their own name."""
    size: int

    def fill(self, values: Sequence[float]) -> bytes:
        """Return the page with these values, of which there are ``size``."""
        told = [value if -1e6 < value < 1e6 else _format_large(value) for value in values]
        return (self.text % tuple(told)).encode()  # in between, Python writes them as the library


def histograms(counts: Counts, sums: Floats) -> Floats:
    """Return what a page shows of histograms: cumulative buckets, count and sum.

    Args:
        counts: by bucket, the last above all bounds. [..., K].
        sums: of what was observed. [...].

    Returns:
        [..., K + 2].
    """
    upto = counts.cumsum(axis=-1)
    return np.concatenate([upto, upto[..., -1:], sums[..., None]], axis=-1)


def format_number(value: float) -> str:
    """Return a number as prometheus-client writes it."""
    return repr(value) if -1e6 < value < 1e6 else _format_large(value)


@lru_cache(maxsize=1024)  # times of starts stand on every page many times
def _format_large(value: float) -> str:
    return str(floatToGoString(value))  # type: ignore[no-untyped-call]


def children_of(family: ForeignFamily, known: dict[str, str]) -> tuple[tuple[str, ...], ...]:
    """Return a family's children: known labels have one value, bounded ones each of theirs."""
    return tuple(
        product(
            *(
                (known[label],) if label in known else family.values[label]
                for label in family.labels
            )
        )
    )


def make_template(families: Iterable[PageFamily]) -> Template:
    """Return the page of these families, in their order."""
    lines: list[str] = []
    slots: dict[str, slice] = {}
    size = 0
    for each in families:
        family = each.family
        lines += _header(family.name, family.help, family.type)
        samples = [line for child in each.children for line in _samples(each, child)]
        lines += samples
        slots[family.name] = slice(size, size + len(samples))
        size += len(samples)
        if family.created:
            name = created_name(family)
            lines += _header(name, family.help, "gauge")
            lines += [
                _line(name, zip(family.labels, child, strict=True)) for child in each.children
            ]
            slots[name] = slice(size, size + len(each.children))
            size += len(each.children)
    return Template("".join(lines), slots, size)


def created_name(family: ForeignFamily) -> str:
    """Return the name of the gauge that says when a family's children were made."""
    base = family.name.removesuffix("_total") if family.type == "counter" else family.name
    return f"{base}_created"


def _header(name: str, text: str, kind: str) -> list[str]:
    return [_escape(f"# HELP {name} {text}\n# TYPE {name} {kind}\n")]


def _samples(page_family: PageFamily, child: tuple[str, ...]) -> list[str]:
    family = page_family.family
    labels = list(zip(family.labels, child, strict=True))
    if family.type in ("gauge", "counter"):
        return [_line(family.name, labels)]
    ends = [_line(f"{family.name}_{end}", labels) for end in ("count", "sum")]
    if family.type == "summary":
        return ends
    bounds = [format_number(bound) for bound in page_family.bounds]
    return [
        _line(f"{family.name}_bucket", _with_bound(labels, bound)) for bound in [*bounds, "+Inf"]
    ] + ends


def _with_bound(labels: list[tuple[str, str]], bound: str) -> list[tuple[str, str]]:
    if labels == sorted(labels):
        return sorted([*labels, ("le", bound)])
    return [*labels, ("le", bound)]


def _line(name: str, labels: Iterable[tuple[str, str]]) -> str:
    inside = ",".join(f'{label}="{_quote(value)}"' for label, value in labels)
    return _escape(f"{name}{{{inside}}}" if inside else name) + " %s\n"


def _quote(value: str) -> str:
    return value.replace("\\", r"\\").replace("\n", r"\n").replace('"', r"\"")


def _escape(text: str) -> str:
    return text.replace("%", "%%")
