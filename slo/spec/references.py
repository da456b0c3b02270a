"""References between objects: each leads to an object of its kind, and none in a circle."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from exporters.documents import Document, Place, shown
from exporters.problems import Problem
from slo.spec.objects import NAME
from slo.spec.openslo import kind_of
from slo.spec.pool import Pool

KIND_OF_REFERENCE = {
    "metricSourceRef": "DataSource",
    "indicatorRef": "SLI",
    "alertPolicyRef": "AlertPolicy",
    "conditionRef": "AlertCondition",
    "targetRef": "AlertNotificationTarget",
}
"""By field, in whatever object it stands."""

_NOT_OURS = frozenset({"metadata", "connectionDetails"})
"""What anything may stand in; so it may in a metric source's ``spec``."""

SHOWN_NAMES = 10
COMPARED_NAMES = 1000
"""Comparing takes time, and a file may have ten thousand references that lead nowhere."""

Node = tuple[str, str]
"""A kind and a name."""


@dataclass(frozen=True)
class _Reference:
    place: Place
    to: Node


def wrong_references(pool: Pool) -> list[Problem]:
    """Return the references that lead nowhere, and those that close a circle.

    No field of OpenSLO's can close one, for its kinds refer to each other in one direction alone;
    a field that stands where it does not belong can, and is told for what it was meant.
    """
    found = [(document, _references(document)) for document in pool.documents]
    return [*_dangling(found, pool), *_cycles(found)]


_Found = Sequence[tuple[Document, Sequence[_Reference]]]


def _dangling(found: _Found, pool: Pool) -> Iterator[Problem]:
    for document, references in found:
        for each in references:
            kind, name = each.to
            if name not in pool.names[kind] and not _is_alone(kind, name, pool):
                yield document.problem(
                    each.place,
                    f"no {kind} {shown(name)}{_other_kinds(pool, name)}; there is: "
                    f"{_nearest(name, pool.names[kind])}",
                    "correct the name, or add the file that holds it to objectives",
                )


def _is_alone(kind: str, name: str, pool: Pool) -> bool:
    """Tell a service that needs no object: there are none of others, and its name is a label's."""
    return kind == "Service" and not pool.names[kind] and NAME.fullmatch(name) is not None


def _other_kinds(pool: Pool, name: str) -> str:
    kinds = [kind for kind, names in pool.names.items() if name in names]
    return f" (of that name there is: {', '.join(kinds)})" if kinds else ""


def _nearest(name: str, names: set[str]) -> str:
    """Return the names that there are, or the most alike of many."""
    if len(names) <= SHOWN_NAMES:
        return ", ".join(sorted(names)) or "none"
    known = sorted(names)
    shown = difflib.get_close_matches(name, known[:COMPARED_NAMES]) or known[:SHOWN_NAMES]
    return f"{', '.join(shown)} and {len(names) - len(shown)} more"


def _cycles(found: _Found) -> Iterator[Problem]:
    """Yield each reference that leads back to an object on the way to it."""
    graph: dict[Node, tuple[Document, Sequence[_Reference]]] = {}
    for document, references in found:
        graph.setdefault((str(kind_of(document.data)), _name(document)), (document, references))
    entered: set[Node] = set()
    way: dict[Node, None] = {}
    todo = [(node, False) for node in reversed(graph)]
    while todo:
        node, is_left = todo.pop()
        if is_left:
            way.popitem()
        elif node not in entered:
            entered.add(node)
            way[node] = None
            todo.append((node, True))
            document, references = graph[node]
            for each in references:
                if each.to in way:
                    yield _cycle(document, each, list(way))
                elif each.to in graph:
                    todo.append((each.to, False))


def _cycle(document: Document, reference: _Reference, way: Sequence[Node]) -> Problem:
    circle = [*way[way.index(reference.to) :], reference.to]
    shown = " -> ".join(f"{kind} {name}" for kind, name in circle[-SHOWN_NAMES:])
    return document.problem(
        reference.place,
        f"found a cycle of references: {shown}, expected an end",
        "remove one of them",
    )


def _references(document: Document) -> list[_Reference]:
    spec = document.data.get("spec")
    found = list(_within(spec, ("spec",)))
    is_slo = kind_of(document.data) == "SLO" and isinstance(spec, dict)
    service = spec.get("service") if is_slo else None
    if isinstance(service, str):
        found.append(_Reference(("spec", "service"), ("Service", service)))
    return found


def _within(data: Any, place: Place) -> Iterator[_Reference]:
    if isinstance(data, list):
        for index, each in enumerate(data):
            yield from _within(each, (*place, index))
    if not isinstance(data, dict) or place[-2:] == ("metricSource", "spec"):
        return
    for key, value in data.items():
        kind = KIND_OF_REFERENCE.get(key)
        if kind is not None and isinstance(value, str):
            yield _Reference((*place, key), (kind, value))
        elif key not in _NOT_OURS:
            yield from _within(value, (*place, key))


def _name(document: Document) -> str:
    metadata = document.data.get("metadata")
    return str(metadata.get("name")) if isinstance(metadata, dict) else ""
