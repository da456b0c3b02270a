"""Anyone's rule files as groups of rules: Prometheus's own, and manifests of its Operator.

What Thanos, Mimir and vmalert add to a group says nothing of how rules are evaluated, and is
passed over; so are limits. What none of them knows is refused, as Prometheus does.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import promql_parser
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from exporters.documents import Document, Place, read_documents
from exporters.durations import parse_duration
from exporters.problems import InputError, Problem
from slo.promql import is_instant, nodes
from slo.render import OPERATOR_KIND
from slo.replay.label_templates import check_template
from slo.rule import AlertingRule, RecordingRule, Rule, RuleGroup

USUAL_INTERVAL_SECONDS = 60.0
"""Prometheus's ``evaluation_interval``, where nobody says another."""


def read_rule_files(
    paths: Sequence[Path], usual_interval_seconds: float = USUAL_INTERVAL_SECONDS
) -> list[RuleGroup]:
    """Return the groups of rule files, in order.

    Args:
        paths: of files; each may hold several documents.
        usual_interval_seconds: of groups that name none.

    Raises:
        InputError: with all problems of all files: what cannot be read, is no rule, no PromQL, or
            cannot be replayed.
    """
    groups: list[RuleGroup] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            for document in read_documents(path):
                groups += _groups(document, usual_interval_seconds)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return groups


def _seconds(value: Any) -> float:
    """Read a duration; other than everywhere else, 0 is one: it is what ``for`` is by itself."""
    text = str(value)
    return 0.0 if text in ("0", "0s") else parse_duration(text)


def _text(value: Any) -> Any:
    """Read a number where text stands as a rule as its text, as Prometheus does."""
    is_number = isinstance(value, int | float) and not isinstance(value, bool)
    return getattr(value, "text", str(value)) if is_number else value


def _longer_than_none(seconds: float) -> float:
    if not seconds:
        raise ValueError("found 0, expected a duration above it")
    return seconds


_Seconds = Annotated[float, BeforeValidator(_seconds)]
_Text = Annotated[str, BeforeValidator(_text)]
_PASSED_OVER_IN_GROUPS = frozenset(
    {"limit", "labels", "source_tenants", "partial_response_strategy", "query_offset",
     "evaluation_delay", "concurrency", "params", "headers", "type", "tenant", "notifier_headers",
     "debug", "eval_alignment", "eval_delay", "align_evaluation_time_on_interval"}
)  # fmt: skip
_PASSED_OVER_IN_RULES = frozenset({"debug", "update_entries_limit"})


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Rule(_Strict):
    record: _Text | None = None
    alert: _Text | None = None
    expr: _Text
    for_: Annotated[_Seconds, Field(alias="for")] = 0.0
    keep_firing_for: _Seconds = 0.0
    labels: dict[str, _Text] | None = None
    annotations: dict[str, _Text] | None = None

    @model_validator(mode="before")
    @classmethod
    def _pass_over(cls, data: Any) -> Any:
        return _without(data, _PASSED_OVER_IN_RULES)


class _Group(_Strict):
    name: Annotated[_Text, Field(min_length=1)]
    interval: Annotated[_Seconds, AfterValidator(_longer_than_none)] | None = None
    rules: list[_Rule] | None = None

    @model_validator(mode="before")
    @classmethod
    def _pass_over(cls, data: Any) -> Any:
        return _without(data, _PASSED_OVER_IN_GROUPS)


class _File(_Strict):
    groups: list[_Group]


def _without(data: Any, names: Iterable[str]) -> Any:
    if not isinstance(data, dict):
        return data
    return {key: value for key, value in data.items() if key not in names}


def _groups(document: Document, usual_interval_seconds: float) -> list[RuleGroup]:
    document = _of_manifest(document)
    if document.data in (None, {}):
        return []
    file = document.parse(_File)
    groups, problems = [], []
    for number, group in enumerate(file.groups):
        rules: list[Rule] = []
        for index, each in enumerate(group.rules or []):
            place: Place = ("groups", number, "rules", index)
            found = list(_problems(document, place, each))
            problems += found
            if not found:
                rules.append(_rule(each))
        interval_seconds = group.interval or usual_interval_seconds
        groups.append(RuleGroup(group.name, interval_seconds, tuple(rules)))
    if problems:
        raise InputError(problems)
    return groups


def _of_manifest(document: Document) -> Document:
    """Return the document without what the Operator has around the groups."""
    data = document.data
    if not isinstance(data, dict) or data.get("kind") != OPERATOR_KIND:
        return document
    inner = {place[1:]: at for place, at in document.positions.items() if place[:1] == ("spec",)}
    return replace(document, data=data.get("spec"), positions=inner)


def _problems(document: Document, place: Place, rule: _Rule) -> Iterable[Problem]:
    if bool(rule.record) == bool(rule.alert):
        said = "found both record and alert" if rule.record else "found neither record nor alert"
        yield document.problem(place, f"{said}, expected one of them")
    if rule.record and (rule.for_ or rule.keep_firing_for or rule.annotations):
        message = "a recording rule has no for, no keep_firing_for and no annotations"
        yield document.problem(place, message, "remove it")
    at = (*place, "expr")
    try:
        if not is_instant(rule.expr):
            yield document.problem(
                at, "found a range or a text, expected an expression with one value a series"
            )
    except ValueError as error:
        yield document.problem(at, f"not PromQL: {' '.join(str(error).split())}")
    else:
        yield from (document.problem(at, each) for each in looks_ahead(rule.expr))
    for name, value in (rule.labels or {}).items():
        if rule.alert and (wrong := check_template(value)):
            yield document.problem((*place, "labels", name), *wrong)


def looks_ahead(expr: str) -> Iterable[str]:
    """Yield what of an expression could see, in a past that is all there, what is yet to come."""
    for node in nodes(promql_parser.parse(expr)):
        offset = getattr(node, "offset", None)
        if offset is not None and offset.total_seconds() < 0:
            yield "found a negative offset, which would see what is yet to come; replay cannot"
        at = getattr(node, "at", None)
        if at is not None and str(at) not in ("@ end()", "@ start()"):
            yield f"found {at}, a fixed time; replay cannot tell what was known of it before"


def _rule(rule: _Rule) -> Rule:
    if rule.record:
        return RecordingRule(rule.record, rule.expr, rule.labels or {})
    return AlertingRule(
        rule.alert or "", rule.expr, rule.labels or {}, rule.annotations or {}, rule.for_,
        rule.keep_firing_for,
    )  # fmt: skip
