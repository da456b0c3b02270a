"""Anyone's rule files as groups of rules that can be replayed.

They are read as the lint reads them (:mod:`slo.rule_reading`). What of Thanos, Mimir and vmalert
says nothing of how rules are evaluated is passed over; so are limits. What would be evaluated
otherwise than it is replayed is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from pathlib import Path

import promql_parser

from exporters.durations import format_duration
from exporters.problems import InputError, Problem
from slo.promql import nodes
from slo.replay.label_templates import check_template
from slo.rule import AlertingRule, RecordingRule, Rule, RuleGroup
from slo.rule_reading.files import read_groups
from slo.rule_reading.rules import EXPR, Group
from slo.rule_reading.rules import Rule as WrittenRule

USUAL_INTERVAL_SECONDS = 60.0
"""Prometheus's ``evaluation_interval``, where nobody says another."""
_LANGUAGE = "prometheus"


def read_rule_files(
    paths: Sequence[Path], usual_interval_seconds: float = USUAL_INTERVAL_SECONDS
) -> list[RuleGroup]:
    """Return the groups of rule files, in order.

    Args:
        paths: of files, or of folders of them; each file may hold several documents.
        usual_interval_seconds: of groups that name none.

    Raises:
        InputError: with all problems of all files: what cannot be read, is no rule, no PromQL, or
            cannot be replayed.
    """
    groups = read_groups(paths)
    problems = [problem for group, rules in groups for problem in _problems(group, rules)]
    if problems:
        raise InputError(problems)
    return [
        RuleGroup(
            group.name,
            group.interval_seconds or usual_interval_seconds,
            tuple(map(_rule, rules)),
        )
        for group, rules in groups
    ]


def looks_ahead(expr: str) -> Iterable[str]:
    """Yield what of an expression could see, in a past that is all there, what is yet to come."""
    for node in nodes(promql_parser.parse(expr)):
        offset = getattr(node, "offset", None)
        if offset is not None and offset.total_seconds() < 0:
            yield "found a negative offset, which would see what is yet to come; replay cannot"
        at = getattr(node, "at", None)
        if at is not None and str(at) not in ("@ end()", "@ start()"):
            yield f"found {at}, a fixed time; replay cannot tell what was known of it before"


def _problems(group: Group, rules: Iterable[WrittenRule]) -> Iterable[Problem]:
    for field, seconds in group.shifts_seconds.items():
        message = f"found {format_duration(seconds)}; replay evaluates all groups as of now"
        yield group.problem((field,), message, "remove it")
    if group.language != _LANGUAGE:
        message = f"found {group.language!r}; replay evaluates PromQL only"
        yield group.problem(("type",), message, "leave the group out")
        return
    for rule in rules:
        yield from _problems_of_rule(rule)


def _problems_of_rule(rule: WrittenRule) -> Iterable[Problem]:
    parsed = rule.parsed
    if parsed.tree is None:
        message = f"not PromQL: {parsed.error}"
        yield rule.problem(EXPR, message, offset=parsed.offset)
    else:
        yield from (rule.problem(EXPR, each) for each in looks_ahead(rule.expr))
    for name, value in rule.labels.items() if rule.is_alert else ():
        if wrong := check_template(value):
            yield rule.problem(("labels", name), *wrong)


def _rule(rule: WrittenRule) -> Rule:
    if not rule.is_alert:
        return RecordingRule(rule.name, rule.expr, rule.labels)
    return AlertingRule(
        rule.name, rule.expr, rule.labels, rule.annotations, rule.for_seconds,
        rule.keep_firing_seconds,
    )  # fmt: skip
