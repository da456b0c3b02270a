"""What a page of vLLM has that its dialect does not know, and the other way round."""

import re
from collections.abc import Iterable
from dataclasses import dataclass
from difflib import SequenceMatcher

from demo.sim.exposition import PageFamily, created_name, format_number

SAMPLE = re.compile(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? \S+$")
LABEL = re.compile(r'(\w+)="((?:[^"\\]|\\.)*)"')
ENDS = ("_bucket", "_count", "_sum")
LIKE = 0.6
"""How much two names must have in common for one to be the other's new name."""


@dataclass(frozen=True)
class Shape:
    """A family without its values."""

    type: str
    labels: tuple[str, ...]
    """Names, sorted, without a bucket's bound."""
    bounds: tuple[str, ...] = ()


def shapes_of_page(page: str) -> dict[str, Shape]:
    """Return the families of a page in the text format, by name."""
    types = dict(re.findall(r"^# TYPE (\S+) (\S+)$", page, re.MULTILINE))
    labels: dict[str, set[str]] = {name: set() for name in types}
    bounds: dict[str, list[str]] = {name: [] for name in types}
    for line in page.splitlines():
        if found := SAMPLE.match(line):
            name = _family(found[1], types)
            for label, value in LABEL.findall(found[2] or ""):
                if label != "le" or types[name] != "histogram":
                    labels[name].add(label)
                elif value not in bounds[name]:
                    bounds[name].append(value)
    return {
        name: Shape(kind, tuple(sorted(labels[name])), tuple(bounds[name]))
        for name, kind in types.items()
    }


def shapes_of_families(families: Iterable[PageFamily]) -> dict[str, Shape]:
    """Return the families that the simulator writes, by name."""
    shapes = {}
    for each in families:
        family, bounds = each.family, ()
        labels = tuple(sorted(family.labels))
        if family.type == "histogram":
            bounds = (*map(format_number, each.bounds), "+Inf")
        shapes[family.name] = Shape(family.type, labels, bounds)
        if family.created:
            shapes[created_name(family)] = Shape("gauge", labels)
    return shapes


def differences(found: dict[str, Shape], known: dict[str, Shape]) -> list[str]:
    """Return what is added, missing, renamed or changed, a line each, sorted."""
    added = {name: found[name] for name in found.keys() - known.keys()}
    missing = {name: known[name] for name in known.keys() - found.keys()}
    lines = []
    for old in sorted(missing):
        new = _new_name(old, missing[old], added)
        if new is None:
            lines.append(f"missing: {old}")
        else:
            lines.append(f"renamed: {old} is now {new}")
            del added[new]
    lines += [f"added: {name}, a {shape.type}" for name, shape in added.items()]
    for name in found.keys() & known.keys():
        for part in ("type", "labels", "bounds"):
            is_now, was = getattr(found[name], part), getattr(known[name], part)
            if is_now != was:
                lines.append(f"changed: {name} has the {part} {is_now}, not {was}")
    return sorted(lines)


def _family(sample: str, types: dict[str, str]) -> str:
    for end in ENDS:
        base = sample.removesuffix(end)
        if base != sample and types.get(base) in ("histogram", "summary"):
            return base
    return sample


def _new_name(old: str, shape: Shape, added: dict[str, Shape]) -> str | None:
    alike = [
        (SequenceMatcher(None, old, name).ratio(), name)
        for name, each in added.items()
        if each == shape
    ]
    best = max(alike, default=(0.0, ""))
    return best[1] if best[0] >= LIKE else None
