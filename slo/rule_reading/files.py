"""Rule files of anybody: Prometheus's, or the Operator's ``PrometheusRule`` manifests.

Read as strictly as Prometheus reads them, for it would refuse the whole file; expressions and
templates apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from exporters.documents import Document, Place, parse_documents, part_of, read_text
from exporters.problems import InputError, Problem, problem
from slo.render import OPERATOR_KIND
from slo.rule_reading.model import FileFields, GroupFields, ManifestFields, RuleFields
from slo.rule_reading.rules import Group, Rule
from slo.rule_reading.source import Source, split_lines

LARGEST_BYTES = 8 * 1024 * 1024
"""Of a rule file: some 20,000 rules; Prometheus itself would take minutes for them."""
SUFFIXES = (".yaml", ".yml", ".rules", ".json")
"""Of the files that are read of a folder."""
_SHIFTS = ("query_offset", "evaluation_delay", "eval_delay", "eval_offset")

Groups = list[tuple[Group, tuple[Rule, ...]]]
"""Each group with its rules, in the order of files."""


@dataclass(frozen=True)
class Reading:
    """What could be read, and what Prometheus would refuse the files for."""

    groups: Groups
    """Without the rules and groups that are refused."""
    refused: list[Problem]

    @property
    def rules(self) -> list[Rule]:
        """Return all rules, in their order."""
        return [rule for _, rules in self.groups for rule in rules]

    def whole(self) -> Groups:
        """Return the groups.

        Raises:
            InputError: if anything is refused.
        """
        if self.refused:
            raise InputError(self.refused)
        return self.groups


def read_rule_files(paths: Sequence[Path]) -> list[Rule]:
    """Return the rules of files and folders, in their order.

    Raises:
        InputError: as :func:`read_groups`.
    """
    return [rule for _, rules in read_groups(paths) for rule in rules]


def read_groups(paths: Sequence[Path]) -> Groups:
    """Return the groups of files and folders, in their order.

    Of a folder those files are read that have rules' suffixes, and what is no rule file among them
    (Prometheus's configuration, promtool's tests, other manifests) is passed over.

    Raises:
        InputError: with everything that Prometheus would refuse a file for, expressions and
            templates apart; if a file that is named has no rules' groups, or a folder has no rule
            file.
    """
    readings, problems = _read_all(paths)
    problems += [problem for each in readings for problem in each.refused]
    if problems:
        raise InputError(problems)
    return [group for each in readings for group in each.groups]


def read_what_can_be(paths: Sequence[Path]) -> Reading:
    """Return what can be read of files and folders, though Prometheus would refuse some of it.

    Raises:
        InputError: as :func:`read_groups`, but for single groups and rules that are refused.
    """
    readings, problems = _read_all(paths)
    if problems:
        raise InputError(problems)
    return Reading(
        [group for each in readings for group in each.groups],
        [problem for each in readings for problem in each.refused],
    )


def groups_of(document: Document, text: str) -> Groups:
    """Return the groups of one document of a file.

    Args:
        document: as read.
        text: of the file.

    Raises:
        InputError: as :func:`read_groups`.
    """
    return _reading_of(document, text).whole()


def _read_all(paths: Sequence[Path]) -> tuple[list[Reading], list[Problem]]:
    """Return what each file says, and why some cannot be read at all."""
    found: dict[Path, Reading] = {}
    problems: list[Problem] = []
    for path in paths:
        files = _inside(path) if path.is_dir() else [path]
        are_rules = False
        for file in files:
            try:
                reading = found[file] if file in found else _read_file(file)
            except InputError as error:
                problems += error.problems
                are_rules = True
                continue
            if reading is not None:
                are_rules = True
                found[file] = reading
        if not are_rules:
            problems.append(_nothing_in(path, files))
    return list(found.values()), problems


def _reading_of(document: Document, text: str) -> Reading:
    is_manifest = isinstance(document.data, dict) and document.data.get("kind") == OPERATOR_KIND
    file = document.parse(ManifestFields).spec if is_manifest else document.parse(FileFields)
    source = Source(document, split_lines(text))
    root: Place = ("spec", "groups") if is_manifest else ("groups",)
    groups: Groups = []
    refused: list[Problem] = []
    names: set[str] = set()
    for index, data in enumerate(file.groups):
        part = part_of(document, (*root, index), data)
        read, problems = _rules_of(part)
        refused += problems
        try:
            fields = part.parse(GroupFields)
        except InputError as error:
            refused += error.problems
            continue
        group = _group(fields, source, (*root, index))
        if group.name in names:
            message = f"found a second group of the name {group.name!r}"
            refused.append(group.problem(("name",), message, "Prometheus refuses it: rename it"))
        names.add(group.name)
        rules = tuple(_rule(each, group, (*group.place, *place), fields) for place, each in read)
        groups.append((group, rules))
    return Reading(groups, refused)


def _rules_of(group: Document) -> tuple[list[tuple[Place, RuleFields]], list[Problem]]:
    """Return the rules of a group, each with its place in it, and what is wrong with others."""
    rules: list[tuple[Place, RuleFields]] = []
    refused: list[Problem] = []
    found = group.data.get("rules") if isinstance(group.data, dict) else None
    for index, data in enumerate(found if isinstance(found, list) else ()):
        rule = part_of(group, ("rules", index), data)
        try:
            fields = rule.parse(RuleFields)
            problems = list(_wrong_with(fields, rule))
        except InputError as error:
            problems = list(error.problems)
        refused += problems
        if not problems:
            rules.append((("rules", index), fields))
    return rules, refused


def _inside(folder: Path) -> list[Path]:
    return sorted(each for each in folder.rglob("*") if each.suffix in SUFFIXES and each.is_file())


def _nothing_in(path: Path, files: Sequence[Path]) -> Problem:
    if not path.is_dir():
        message = f"is no rule file: expected groups of rules, or a {OPERATOR_KIND}"
        return problem(path, message, fix="give files of rules only")
    if files:
        return problem(path, "found no rule file among its files", fix="name rule files")
    return problem(path, f"found no file of {', '.join(SUFFIXES)}", fix="name rule files")


def _read_file(path: Path) -> Reading | None:
    """Return what a file says; None if it is no rule file."""
    text = read_text(path, largest_bytes=LARGEST_BYTES)
    documents = parse_documents(text, str(path))
    if not any(_is_of_rules(each) for each in documents):
        return None
    groups: Groups = []
    refused: list[Problem] = []
    for document in documents:
        if document.data is None or _is_other_manifest(document):
            continue
        try:
            reading = _reading_of(document, text)
        except InputError as error:
            refused += error.problems
            continue
        groups += reading.groups
        refused += reading.refused
    return Reading(groups, refused)


def _is_of_rules(document: Document) -> bool:
    """Tell whether a document is one of rules, be they right or wrong."""
    data = document.data
    if not isinstance(data, dict):
        return False
    if "kind" in data:
        return bool(data["kind"] == OPERATOR_KIND)
    # Grafana's files of alerts have groups, too, and a number of their format.
    return "groups" in data and "apiVersion" not in data


def _is_other_manifest(document: Document) -> bool:
    data = document.data
    return isinstance(data, dict) and "kind" in data and data["kind"] != OPERATOR_KIND


def _wrong_with(rule: RuleFields, document: Document) -> Iterator[Problem]:
    if (rule.alert is None) == (rule.record is None):
        found = "neither alert nor record" if rule.alert is None else "alert and record"
        yield document.problem((), f"found {found}, expected one of them", "name the rule")
    if rule.alert == "":
        yield document.problem(("alert",), "found '', expected a name", "name the alert")
    if rule.record is not None:
        for field, value in (
            ("for", rule.for_),
            ("keep_firing_for", rule.keep_firing_for),
            ("annotations", rule.annotations),
        ):
            if value:
                yield document.problem(
                    (field,), "found it on a rule that records", "only alerts have it"
                )


def _group(fields: GroupFields, source: Source, place: Place) -> Group:
    shifts = {name: getattr(fields, name) for name in _SHIFTS}
    return Group(
        name=fields.name,
        interval_seconds=fields.interval or None,  # 0 is the server's, too
        shifts_seconds={name: seconds for name, seconds in shifts.items() if seconds},
        language=fields.type or "prometheus",
        source=source,
        place=place,
    )


def _rule(rule: RuleFields, group: Group, place: Place, of_group: GroupFields) -> Rule:
    return Rule(
        group=group,
        place=place,
        name=(rule.record if rule.alert is None else rule.alert) or "",
        is_alert=rule.alert is not None,
        expr=rule.expr,
        for_seconds=rule.for_,
        keep_firing_seconds=rule.keep_firing_for,
        labels={**(of_group.labels or {}), **(rule.labels or {})},
        annotations=rule.annotations or {},
    )
