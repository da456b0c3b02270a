"""Rule files of anybody: Prometheus's, or the Operator's ``PrometheusRule`` manifests.

Read as strictly as Prometheus reads them, for it would refuse the whole file; expressions and
templates apart.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from exporters.documents import Document, Place, parse_documents, read_text
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
    found: dict[Path, Groups] = {}
    problems: list[Problem] = []
    for path in paths:
        files = _inside(path) if path.is_dir() else [path]
        are_rules = False
        for file in files:
            try:
                groups = found[file] if file in found else _read_file(file)
            except InputError as error:
                problems += error.problems
                are_rules = True
                continue
            if groups is not None:
                are_rules = True
                found[file] = groups
        if not are_rules:
            problems.append(_nothing_in(path, files))
    if problems:
        raise InputError(problems)
    return [each for groups in found.values() for each in groups]


def groups_of(document: Document, text: str) -> Groups:
    """Return the groups of one document of a file.

    Args:
        document: as read.
        text: of the file.

    Raises:
        InputError: as :func:`read_groups`.
    """
    is_manifest = isinstance(document.data, dict) and document.data.get("kind") == OPERATOR_KIND
    file = document.parse(ManifestFields).spec if is_manifest else document.parse(FileFields)
    source = Source(document, split_lines(text))
    root: Place = ("spec", "groups") if is_manifest else ("groups",)
    groups: Groups = []
    problems: list[Problem] = []
    names: set[str] = set()
    for index, fields in enumerate(file.groups):
        group = _group(fields, source, (*root, index))
        if group.name in names:
            message = f"found a second group of the name {group.name!r}"
            problems.append(group.problem(("name",), message, "Prometheus refuses it: rename it"))
        names.add(group.name)
        rules = []
        for number, each in enumerate(fields.rules or ()):
            place = (*group.place, "rules", number)
            problems += _wrong_with(each, document, place)
            rules.append(_rule(each, group, place, fields))
        groups.append((group, tuple(rules)))
    if problems:
        raise InputError(problems)
    return groups


def _inside(folder: Path) -> list[Path]:
    return sorted(each for each in folder.rglob("*") if each.suffix in SUFFIXES and each.is_file())


def _nothing_in(path: Path, files: Sequence[Path]) -> Problem:
    if not path.is_dir():
        message = f"is no rule file: expected groups of rules, or a {OPERATOR_KIND}"
        return problem(path, message, fix="give files of rules only")
    if files:
        return problem(path, "found no rule file among its files", fix="name rule files")
    return problem(path, f"found no file of {', '.join(SUFFIXES)}", fix="name rule files")


def _read_file(path: Path) -> Groups | None:
    """Return the groups of a file; None if it is no rule file."""
    text = read_text(path, largest_bytes=LARGEST_BYTES)
    documents = parse_documents(text, str(path))
    if not any(_is_of_rules(each) for each in documents):
        return None
    groups: Groups = []
    problems: list[Problem] = []
    for document in documents:
        if document.data is None or _is_other_manifest(document):
            continue
        try:
            groups += groups_of(document, text)
        except InputError as error:
            problems += error.problems
    if problems:
        raise InputError(problems)
    return groups


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


def _wrong_with(rule: RuleFields, document: Document, place: Place) -> Iterator[Problem]:
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
