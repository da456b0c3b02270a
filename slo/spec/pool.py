"""All OpenSLO objects of all files, by kind and name."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from exporters.documents import Document, Place, shown
from exporters.problems import InputError, Problem
from slo.spec.objects import API_VERSION
from slo.spec.openslo import KINDS, Object, kind_of

Kind = TypeVar("Kind", bound=Object, covariant=True)  # noqa: PLC0105 - it is the object's kind


@dataclass(frozen=True)
class Source:
    """One document and the file that it came from, as its user calls it (``library:chat``)."""

    document: Document
    file: str


@dataclass(frozen=True)
class Written(Generic[Kind]):
    """An object and where it was written."""

    object: Kind
    document: Document
    file: str


@dataclass
class Pool:
    """What files hold, and what is wrong with it."""

    objects: dict[str, dict[str, Written[Object]]] = field(
        default_factory=lambda: {kind: {} for kind in KINDS}
    )
    """By kind, then by name: what could be read."""
    names: dict[str, set[str]] = field(default_factory=lambda: {kind: set() for kind in KINDS})
    """By kind: also of what could not."""
    documents: list[Document] = field(default_factory=list)
    """One for each object of a known kind."""
    problems: list[Problem] = field(default_factory=list)

    def all(self, kind: type[Kind]) -> dict[str, Written[Kind]]:
        """Return the objects of a kind by name."""
        name = next(name for name, model in KINDS.items() if model is kind)
        return self.objects[name]  # type: ignore[return-value]


def read_pool(sources: Iterable[Source]) -> Pool:
    """Return all objects of documents; a document may be a list of them."""
    pool = Pool()
    for source in sources:
        for document in _each_object(source.document):
            _add(pool, document, source.file)
    return pool


def _each_object(document: Document) -> Iterator[Document]:
    """Yield a document, or those that it lists, each with its own places."""
    if not isinstance(document.data, list):
        yield document
        return
    positions: dict[Any, dict[Place, tuple[int, int]]] = {}
    for place, position in document.positions.items():
        if place:
            positions.setdefault(place[0], {})[place[1:]] = position
    for index, data in enumerate(document.data):
        yield Document(document.file, data, positions.get(index, {}))


def _add(pool: Pool, document: Document, file: str) -> None:
    kind = kind_of(document.data)
    if kind is None:
        found = document.data.get("kind") if isinstance(document.data, dict) else None
        message = f"found {shown(found)}, expected {', '.join(KINDS)}"
        pool.problems.append(document.problem(("kind",), message, "correct it"))
        return
    pool.documents.append(document)
    metadata = document.data.get("metadata")
    name = metadata.get("name") if isinstance(metadata, dict) else None
    if isinstance(name, str):
        pool.names[kind].add(name)
    version = document.data.get("apiVersion", API_VERSION)
    if version != API_VERSION:
        pool.problems.append(
            document.problem(
                ("apiVersion",),
                f"found {shown(version)}, expected {shown(API_VERSION)}",
                "write the object as version 1 of OpenSLO has it",
            )
        )
        return
    try:
        read = document.parse(KINDS[kind])
    except InputError as error:
        pool.problems += error.problems
        return
    _keep(pool, kind, Written(read, document, file))


def _keep(pool: Pool, kind: str, written: Written[Object]) -> None:
    name, known = written.object.metadata.name, pool.objects[kind]
    if name not in known:
        known[name] = written
        return
    if kind == "Service" and written.object == known[name].object:
        return  # Two files of one service, each of which says so.
    pool.problems.append(
        written.document.problem(
            ("metadata", "name"),
            f"found a second {kind} {shown(name)}, expected each once; the first is in "
            f"{known[name].file}",
            "rename or remove one of them",
        )
    )
