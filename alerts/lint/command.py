"""``shardwatch alerts lint``: reads rules, asks a server, checks, tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from alerts.lint import lint
from alerts.lint.live import ask_server, names_asked_for
from alerts.lint.printing import ReportFormat, print_report, print_unread
from alerts.lint.report import Report, number_of
from alerts.lint.rules import Setting
from alerts.lint.table import REFUSED, TABLE
from exporters.problems import InputError, Problem, problem
from slo.rule_reading.files import read_what_can_be
from slo.rule_reading.rules import Rule


@dataclass(frozen=True)
class Lint:
    """What to look at."""

    paths: tuple[Path, ...]
    """Rule files, or folders of them."""
    setting: Setting = field(default_factory=Setting)
    prometheus_url: str | None = None
    """A server to ask for what exists; if None, nobody is asked."""
    http_config: Path | None = None
    """How it is asked: a file of a ``http_client_config``."""


def lint_files(asked: Lint) -> tuple[list[Rule], list[Problem]]:
    """Return the rules of files, and what is wrong with them, sorted.

    Raises:
        InputError: if a file cannot be read, or no rule of any, or the server does not answer.
    """
    reading = read_what_can_be(asked.paths)
    rules = reading.rules
    if not rules and reading.refused:
        raise InputError(reading.refused)
    if not rules:
        message = "found no rule, expected one at least"
        raise InputError([problem(str(path), message) for path in asked.paths])
    setting = asked.setting
    if asked.prometheus_url is not None:
        served = ask_server(asked.prometheus_url, asked.http_config, names_asked_for(rules))
        setting = replace(setting, served=served)
    refused = [replace(each, check=REFUSED) for each in reading.refused]
    return rules, sorted([*refused, *lint(rules, setting)])


def print_lint(asked: Lint, format_: ReportFormat) -> int:
    """Check rules, print what was found and return the exit code.

    Raises:
        InputError: as :func:`lint_files`, unless the report is JSON and tells it.
    """
    try:
        rules, problems = lint_files(asked)
    except InputError as error:
        return print_unread(error, Report(TABLE, {"rules": 0}), format_)
    lines = {rule.file: rule.group.source.lines for rule in rules}
    report = Report(TABLE, {"rules": len(rules)}, problems, lines)
    return print_report(report, _looked_at(rules), format_)


def _looked_at(rules: Sequence[Rule]) -> str:
    alerts = sum(each.is_alert for each in rules)
    recording = number_of(len(rules) - alerts, "recording rule")
    return f"{number_of(alerts, 'alert')}, {recording}"
