"""Rule files of anybody: Prometheus's, or the Operator's ``PrometheusRule`` manifests.

Read as strictly as Prometheus reads them, for it would refuse the whole file; expressions and
templates apart, which are checks. Fields of Thanos, Mimir and vmalert are taken and not looked at.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints

from alerts.lint.expressions import Parsed, parse_expression
from alerts.lint.source import Position, Source, split_lines
from exporters.documents import Document, Place, parse_documents, read_text, shown
from exporters.durations import parse_duration
from exporters.generated import is_generated
from exporters.problems import InputError, Problem, problem
from slo.render import OPERATOR_KIND

LARGEST_BYTES = 8 * 1024 * 1024
"""Of a rule file: some 20,000 rules; Prometheus itself would take minutes for them."""
SUFFIXES = (".yaml", ".yml", ".rules", ".json")
"""Of the files that are read of a folder."""


def _seconds(value: Any) -> Any:
    """Read a duration; Prometheus takes 0 for one, with a unit or without."""
    text = str(value) if isinstance(value, int) and not isinstance(value, bool) else value
    if not isinstance(text, str):
        raise ValueError(f"found {value!r}, expected a duration such as 5m")  # noqa: TRY004 - pydantic takes no TypeError
    if text in ("0", "0s", "0m", "0h", "0ms"):
        return 0.0
    return parse_duration(text)


def _text(value: Any) -> Any:
    """Read a label's value: Prometheus takes any scalar for text."""
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int | float) else value


_Seconds = Annotated[float, BeforeValidator(_seconds)]
_Text = Annotated[str, BeforeValidator(_text)]
_LabelName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_][a-zA-Z0-9_]*$")]
_MetricName = Annotated[str, StringConstraints(pattern=r"^[a-zA-Z_:][a-zA-Z0-9_:]*$")]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Rule(_Strict):
    alert: _Text | None = None
    record: _MetricName | None = None
    expr: _Text
    for_: _Seconds = Field(0.0, alias="for")
    keep_firing_for: _Seconds = 0.0
    labels: dict[_LabelName, _Text] | None = None
    annotations: dict[_LabelName, _Text] | None = None
    debug: Any = None  # vmalert
    update_entries_limit: Any = None  # vmalert


class _Group(_Strict):
    name: Annotated[_Text, Field(min_length=1)]
    interval: _Seconds | None = None
    labels: dict[_LabelName, _Text] | None = None
    rules: list[_Rule] | None = None
    limit: Any = None
    query_offset: Any = None
    partial_response_strategy: Any = None  # Thanos
    source_tenants: Any = None  # Mimir
    evaluation_delay: Any = None  # Mimir
    align_evaluation_time_on_interval: Any = None  # Mimir
    concurrency: Any = None  # vmalert
    eval_offset: Any = None  # vmalert
    eval_delay: Any = None  # vmalert
    eval_alignment: Any = None  # vmalert
    params: Any = None  # vmalert
    headers: Any = None  # vmalert
    notifier_headers: Any = None  # vmalert
    tenant: Any = None  # vmalert
    type: Any = None  # vmalert


class _File(_Strict):
    groups: list[_Group]
    namespace: Any = None  # mimirtool


class _Manifest(BaseModel):
    """The rest of it is Kubernetes's."""

    spec: _File


@dataclass(frozen=True)
class Group:
    """A group of rules."""

    name: str
    interval_seconds: float | None
    """None where it is that of the server."""
    source: Source
    place: Place


@dataclass(frozen=True)
class Rule:
    """A rule, and where it stands."""

    group: Group
    place: Place
    name: str
    """Of the alert, or of the series."""
    is_alert: bool
    expr: str
    for_seconds: float
    keep_firing_seconds: float
    labels: Mapping[str, str]
    """Those of its group included."""
    annotations: Mapping[str, str]

    @property
    def file(self) -> str:
        """The file's path, as given."""
        return self.group.source.document.file

    @property
    def lines(self) -> tuple[int, int]:
        """The first line and the last, up to where the next rule or group begins."""
        source = self.group.source
        first, _ = source.position(self.place)
        after, _ = source.end_of_item(self.place)
        return first, max(first, min(after - 1, len(source.lines)))

    @cached_property
    def parsed(self) -> Parsed:
        """The expression's tree, or why there is none."""
        return parse_expression(self.expr)

    @property
    def is_generated(self) -> bool:
        """Whether shardwatch wrote the file."""
        return is_generated(self.group.source.lines[0])

    @property
    def templates(self) -> Iterator[tuple[Place, str]]:
        """Yield the texts that Prometheus fills in, each with its place below the rule's."""
        if self.is_alert:
            yield from ((("labels", name), text) for name, text in self.labels.items())
            yield from ((("annotations", name), text) for name, text in self.annotations.items())

    def position(self, field: Place, word: str = "", offset: int = 0) -> Position:
        """Return line and column of a field, or of a word in it.

        Args:
            field: below the rule: ``("labels", "severity")``.
            word: within its value.
            offset: of the word in the value.
        """
        value = self.expr if field == ("expr",) else dict(self.templates).get(field, "")
        return self.group.source.find((*self.place, *field), value, word, offset)


def find_rule_files(paths: Sequence[Path]) -> list[Path]:
    """Return files, and of folders those with rules' suffixes, sorted.

    Raises:
        InputError: if a folder has none.
    """
    found: list[Path] = []
    problems: list[Problem] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        inside = sorted(each for each in path.rglob("*") if each.suffix in SUFFIXES)
        inside = [each for each in inside if each.is_file()]
        if not inside:
            suffixes = ", ".join(SUFFIXES)
            problems.append(problem(path, f"found no file of {suffixes}", fix="name rule files"))
        found += inside
    if problems:
        raise InputError(problems)
    return list(dict.fromkeys(found))


def read_rule_files(paths: Sequence[Path]) -> list[Rule]:
    """Return the rules of files, in their order.

    Raises:
        InputError: with everything that Prometheus would refuse a file for, expressions and
            templates apart.
    """
    rules: list[Rule] = []
    problems: list[Problem] = []
    for path in paths:
        try:
            text = read_text(path, largest_bytes=LARGEST_BYTES)
            documents = parse_documents(text, str(path))
            if not documents:
                problems.append(problem(path, "found an empty file, expected groups of rules"))
            for document in documents:
                rules += read_rules(document, text)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return rules


def read_rules(document: Document, text: str) -> list[Rule]:
    """Return the rules of one document of a file.

    Args:
        document: as read.
        text: of the file.

    Raises:
        InputError: as :func:`read_rule_files`.
    """
    kind = document.data.get("kind") if isinstance(document.data, dict) else None
    is_manifest = kind == OPERATOR_KIND
    if kind is not None and not is_manifest:
        message = f"found {shown(kind)}, expected {OPERATOR_KIND}, or groups of rules"
        raise InputError([document.problem(("kind",), message, "give files of rules only")])
    file = document.parse(_Manifest).spec if is_manifest else document.parse(_File)
    source = Source(document, split_lines(text))
    root: Place = ("spec", "groups") if is_manifest else ("groups",)
    rules: list[Rule] = []
    problems: list[Problem] = []
    names: set[str] = set()
    for index, group in enumerate(file.groups):
        place = (*root, index)
        if group.name in names:
            message = f"found a second group of the name {group.name!r}"
            problems.append(
                document.problem((*place, "name"), message, "Prometheus refuses it: rename it")
            )
        names.add(group.name)
        held = Group(group.name, group.interval, source, place)
        for number, rule in enumerate(group.rules or ()):
            at = (*place, "rules", number)
            problems += _wrong_with(rule, document, at)
            rules.append(_rule(rule, held, at, group.labels or {}))
    if problems:
        raise InputError(problems)
    return rules


def _wrong_with(rule: _Rule, document: Document, place: Place) -> Iterator[Problem]:
    if (rule.alert is None) == (rule.record is None):
        found = "neither alert nor record" if rule.alert is None else "alert and record"
        yield document.problem(place, f"found {found}, expected one of them", "name the rule")
    if rule.alert == "":
        yield document.problem((*place, "alert"), "found '', expected a name", "name the alert")
    if rule.record is not None:
        for field, value in (
            ("for", rule.for_),
            ("keep_firing_for", rule.keep_firing_for),
            ("annotations", rule.annotations),
        ):
            if value:
                yield document.problem(
                    (*place, field), "found it on a rule that records", "only alerts have it"
                )


def _rule(rule: _Rule, group: Group, place: Place, group_labels: Mapping[str, str]) -> Rule:
    return Rule(
        group=group,
        place=place,
        name=(rule.record if rule.alert is None else rule.alert) or "",
        is_alert=rule.alert is not None,
        expr=rule.expr,
        for_seconds=rule.for_,
        keep_firing_seconds=rule.keep_firing_for,
        labels={**group_labels, **(rule.labels or {})},
        annotations=rule.annotations or {},
    )
