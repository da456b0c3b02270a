"""Sloth's objectives written as OpenSLO documents, which read back to the same."""

from __future__ import annotations

import textwrap
from collections.abc import Iterable, Sequence
from typing import Any

import yaml
from pydantic import TypeAdapter, ValidationError

from exporters.durations import format_duration
from exporters.generated import WithoutAliases
from exporters.problems import Problem
from slo import conventions
from slo.burn import format_decimal
from slo.doubts import warnings_of
from slo.objective import Objective, Ratio, RawRatio
from slo.sloth.resolve import Imported
from slo.spec.annotations import annotation_key
from slo.spec.extras import Pairs, write_pairs
from slo.spec.objects import LabelKey
from slo.windows import NO_TIERS, read_tiers

_TIERS = "workbook"
_COMMENT_WIDTH = 98
_UNFOLDED_WIDTH = 10_000
"""A query and a line of JSON are read more easily in one line."""
_LONGEST_DESCRIPTION = 1050
"""Of OpenSLO, in characters."""
_LONGEST_COMMENT = 1000
_LABEL_KEY = TypeAdapter(LabelKey)


def write_openslo(imported: Iterable[Imported]) -> dict[str, str]:
    """Return OpenSLO documents as YAML: a text for each service, by its name, sorted.

    A text begins with its Service; an SLO follows for each objective, under comments that say what
    of Sloth's spec is lost and what its indicator leaves in doubt.
    """
    services: dict[str, list[Imported]] = {}
    for each in imported:
        services.setdefault(each.objective.service, []).append(each)
    return {name: _service(name, services[name]) for name in sorted(services)}


def _service(name: str, imported: Sequence[Imported]) -> str:
    files = sorted({each.objective.file for each in imported})
    service = {"apiVersion": "openslo/v1", "kind": "Service", "metadata": {"name": name}}
    slos = (
        _comments(each.objective) + _dump(_slo(each))
        for each in sorted(imported, key=lambda each: each.objective.name)
    )
    return "---\n".join((f"# Imported from {', '.join(files)}\n{_dump(service)}", *slos))


def _slo(imported: Imported) -> dict[str, Any]:
    objective = imported.objective
    period = {"duration": format_duration(objective.period_seconds), "isRolling": True}
    metadata: dict[str, Any] = {"name": objective.name, "displayName": objective.title}
    labels = {name: value for name, value in imported.labels if _is_label_key(name)}
    if labels:
        metadata["labels"] = labels
    annotations = _annotations(objective)
    if annotations:
        metadata["annotations"] = annotations
    spec: dict[str, Any] = {}
    if objective.description:
        spec["description"] = objective.description[:_LONGEST_DESCRIPTION]
    return {
        "apiVersion": "openslo/v1",
        "kind": "SLO",
        "metadata": metadata,
        "spec": {
            **spec,
            "service": objective.service,
            "budgetingMethod": "Occurrences",
            "timeWindow": [period],
            "objectives": [{"target": _Number(format_decimal(objective.target))}],
            "indicator": {
                "metadata": {"name": objective.name},
                "spec": {"ratioMetric": _ratio_metric(imported)},
            },
        },
    }


def _ratio_metric(imported: Imported) -> dict[str, Any]:
    indicator = imported.objective.indicator
    if isinstance(indicator, RawRatio):
        kind = "success" if indicator.is_good else "failure"
        return {"rawType": kind, "raw": _metric(indicator.share)}
    if not isinstance(indicator, Ratio):
        raise TypeError("Sloth knows ratios alone")
    sides = (("good", indicator.good), ("bad", indicator.bad), ("total", indicator.total))
    return {
        "counter": imported.is_counter,
        **{side: _metric(expression) for side, expression in sides if expression is not None},
    }


def _metric(query: str) -> dict[str, Any]:
    return {"metricSource": {"type": "Prometheus", "spec": {"query": query}}}


def _annotations(objective: Objective) -> dict[str, str]:
    page, ticket = objective.extras(conventions.PAGE), objective.extras(conventions.TICKET)
    pairs: dict[str, Pairs] = {
        "page_labels": page.labels,
        "page_annotations": page.annotations,
        "ticket_labels": ticket.labels,
        "ticket_annotations": ticket.annotations,
    }
    texts = {
        "grouping_labels": ",".join(objective.grouping_labels),
        "owner": objective.owner,
        "tiers": _tiers(objective),
        **{name: write_pairs(each) if each else "" for name, each in pairs.items()},
    }
    return {annotation_key(name): text for name, text in texts.items() if text}


def _tiers(objective: Objective) -> str:
    """Return the annotation that chooses an objective's tiers; nothing for all of the default's."""
    if objective.tiers == read_tiers(_TIERS):
        return ""
    names = ",".join(each.name for each in objective.tiers)
    return f"{_TIERS}:{names}" if names else NO_TIERS


def _is_label_key(name: str) -> bool:
    """Tell whether a label's name is one in OpenSLO, too; alerts carry it in any case."""
    try:
        _LABEL_KEY.validate_python(name)
    except ValidationError:
        return False
    return True


def _comments(objective: Objective) -> str:
    said = [_said(each) for each in (*objective.notes, *warnings_of(objective))]
    if len(objective.description) > _LONGEST_DESCRIPTION:
        said.append(f"description: cut after {_LONGEST_DESCRIPTION} characters")
    lines = (
        line
        for each in said
        for line in textwrap.wrap(each, _COMMENT_WIDTH, break_long_words=False)
    )
    return "".join(f"# {line}\n" for line in lines)


def _said(problem: Problem) -> str:
    """Return a problem as text that no line break ends early, and that YAML can hold."""
    check = f"{problem.check}: " if problem.check else ""
    where = f"{problem.file}:{problem.line}: {check}{problem.path}: " if problem.line else check
    fix = f"; {problem.fix}" if problem.fix else ""
    line = " ".join(f"{where}{problem.message}{fix}".split())
    printable = "".join(each if each.isprintable() else "?" for each in line)
    return textwrap.shorten(printable, _LONGEST_COMMENT, placeholder=" ...")


class _Number(str):
    """Written as a number, in the digits that it has."""

    __slots__ = ()


class _Dumper(WithoutAliases):
    """Writes numbers in the digits that they have, and odd breaks of lines as they are."""


def _represent_number(dumper: yaml.SafeDumper, number: _Number) -> yaml.Node:
    return dumper.represent_scalar("tag:yaml.org,2002:float", str(number))


def _represent_text(dumper: yaml.SafeDumper, text: str) -> yaml.Node:
    # Left to itself, PyYAML writes these breaks of lines as others.
    style = '"' if any(each in text for each in "\x85\u2028\u2029") else None
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


_Dumper.add_representer(_Number, _represent_number)
_Dumper.add_representer(str, _represent_text)


def _dump(document: dict[str, Any]) -> str:
    return yaml.dump(
        document, Dumper=_Dumper, sort_keys=False, width=_UNFOLDED_WIDTH, allow_unicode=True
    )
