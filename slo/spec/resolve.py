"""From OpenSLO documents to objectives: references followed, annotations read, queries checked."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TypeVar

from exporters.documents import Document, Place
from exporters.durations import parse_duration
from exporters.problems import InputError, Problem
from slo import conventions as names
from slo.objective import Objective, Ratio
from slo.spec.buckets import wrong_with_bound
from slo.spec.openslo import (
    GROUPING_LABELS,
    KINDS,
    OWNER,
    Metadata,
    RatioMetric,
    Service,
    Sli,
    Slo,
    kind_of,
)
from slo.spec.queries import events_per_second, wrong_with_selector

_LABEL = re.compile(r"[a-zA-Z_][a-zA-Z0-9_]*")
_ADDED_LABELS = frozenset(
    {names.SLO, names.SERVICE, names.WINDOW, names.SEVERITY, names.BURN_TIER, names.CAUSE}
)
"""Labels that rules and alerts add: one that is grouped by as well would be overwritten."""

Kind = TypeVar("Kind", Service, Sli, Slo)


@dataclass(frozen=True)
class Source:
    """One document and the file that it came from, as its user calls it (``library:chat``)."""

    document: Document
    file: str


@dataclass
class _Pool:
    services: dict[str, tuple[Source, Service]] = field(default_factory=dict)
    indicators: dict[str, tuple[Source, Sli]] = field(default_factory=dict)
    slos: dict[str, tuple[Source, Slo]] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)


def resolve_objectives(sources: Iterable[Source]) -> tuple[Objective, ...]:
    """Return the objectives that documents hold, sorted by name. There may be none.

    References reach across all of the documents; their order does not matter.

    Raises:
        InputError: with everything that is wrong in any of them.
    """
    pool = _read(sources)
    objectives = [_objective(source, slo, pool) for _, (source, slo) in sorted(pool.slos.items())]
    if pool.problems:
        raise InputError(pool.problems)
    return tuple(each for each in objectives if each is not None)


def _read(sources: Iterable[Source]) -> _Pool:
    pool = _Pool()
    for source in sources:
        document = source.document
        kind = kind_of(document.data)
        if kind is None:
            found = document.data.get("kind") if isinstance(document.data, dict) else None
            message = f"found {found!r}, expected {', '.join(KINDS)}"
            pool.problems.append(document.problem(("kind",), message))
            continue
        try:
            read = document.parse(KINDS[kind])
        except InputError as error:
            pool.problems += error.problems
            continue
        if isinstance(read, Service):
            _add(pool.services, source, read, pool.problems)
        elif isinstance(read, Sli):
            _add(pool.indicators, source, read, pool.problems)
        else:
            _add(pool.slos, source, read, pool.problems)
    return pool


def _add(
    known: dict[str, tuple[Source, Kind]], source: Source, read: Kind, problems: list[Problem]
) -> None:
    name = read.metadata.name
    if name in known:
        first = known[name][0].file
        problems.append(
            source.document.problem(
                ("metadata", "name"),
                f"found a second {read.kind} {name!r}, expected each once; the first is in {first}",
                "rename or remove one of them",
            )
        )
    else:
        known[name] = (source, read)


def _objective(source: Source, slo: Slo, pool: _Pool) -> Objective | None:
    document, problems = source.document, pool.problems
    spec, target = slo.spec, slo.spec.objectives[0]
    before = len(problems)
    if spec.service not in pool.services:
        problems.append(_unknown(document, "service", spec.service, "Service", pool.services))
    metric = _indicator(source, slo, pool)
    place = ("metadata", "annotations", GROUPING_LABELS)
    grouping_labels = _grouping_labels(document, place, slo.metadata)
    problems += grouping_labels.problems
    if metric is None or len(problems) > before:
        return None
    return Objective(
        name=slo.metadata.name,
        service=spec.service,
        target=target.target,
        period_seconds=round(parse_duration(spec.time_window[0].duration)),
        grouping_labels=grouping_labels.labels,
        indicator=Ratio(
            total=events_per_second(metric.total.metric_source.spec.query),
            bad=events_per_second(metric.bad.metric_source.spec.query) if metric.bad else None,
            good=events_per_second(metric.good.metric_source.spec.query) if metric.good else None,
        ),
        title=slo.metadata.display_name or slo.metadata.name,
        description=" ".join(spec.description.split()),
        owner=slo.metadata.annotations.get(OWNER, ""),
        file=source.file,
        line=document.positions.get(("metadata", "name"), (0, 0))[0],
    )


def _indicator(source: Source, slo: Slo, pool: _Pool) -> RatioMetric | None:
    if slo.spec.indicator is not None:
        metric = slo.spec.indicator.spec.ratio_metric
        place: Place = ("spec", "indicator", "spec", "ratioMetric")
        document = source.document
    else:
        name = str(slo.spec.indicator_ref)
        if name not in pool.indicators:
            pool.problems.append(
                _unknown(source.document, "indicatorRef", name, "SLI", pool.indicators)
            )
            return None
        owner, sli = pool.indicators[name]
        metric, place, document = sli.spec.ratio_metric, ("spec", "ratioMetric"), owner.document
    for side in ("good", "bad", "total"):
        part = getattr(metric, side)
        if part is None:
            continue
        query = part.metric_source.spec.query
        wrong = wrong_with_selector(query) or wrong_with_bound(query, is_total=side == "total")
        if wrong:
            where = (*place, side, "metricSource", "spec", "query")
            pool.problems.append(document.problem(where, wrong))
    return metric


def _unknown(
    document: Document, field_name: str, name: str, kind: str, known: Mapping[str, object]
) -> Problem:
    there = ", ".join(sorted(known)) or "none"
    return document.problem(
        ("spec", field_name),
        f"no {kind} {name!r}; there is: {there}",
        "correct the name, or add the file that holds it to objectives",
    )


@dataclass(frozen=True)
class _GroupingLabels:
    labels: tuple[str, ...]
    problems: Sequence[Problem]


def _grouping_labels(document: Document, place: Place, metadata: Metadata) -> _GroupingLabels:
    text = metadata.annotations.get(GROUPING_LABELS)
    if text is None:
        return _GroupingLabels((), ())
    labels = tuple(part.strip() for part in text.split(","))
    wrong = tuple(document.problem(place, message) for message in _wrong_labels(labels))
    return _GroupingLabels(labels, wrong)


def _wrong_labels(labels: Sequence[str]) -> Iterator[str]:
    for index, label in enumerate(labels):
        if not _LABEL.fullmatch(label) or label.startswith("__"):
            yield f"found {label!r}, expected names of labels by comma, such as region,model"
        elif label in _ADDED_LABELS:
            yield f"found {label!r}, which the rules add themselves and would overwrite"
        elif label in labels[:index]:
            yield f"found {label!r} twice, expected each label once"
