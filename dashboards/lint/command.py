"""``shardwatch dashboards lint``: reads dashboards and rules, asks a server, checks, tells."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from alerts.lint.live import ask_server, names_asked_for
from alerts.lint.printing import ReportFormat, print_report, print_unread
from alerts.lint.report import Report, number_of
from alerts.lint.rules import Setting
from dashboards.lint import TABLE, lint
from dashboards.lint.board import Board
from dashboards.lint.reading import read_boards
from exporters.problems import InputError, Problem
from slo.rule_reading.files import read_rule_files
from slo.rule_reading.rules import Rule


@dataclass(frozen=True)
class Lint:
    """What to look at."""

    paths: tuple[Path, ...]
    """Files of dashboards, or folders of them."""
    rules: tuple[Path, ...] = ()
    """Of rules that record what the dashboards ask for, besides shardwatch's."""
    setting: Setting = field(default_factory=Setting)
    prometheus_url: str | None = None
    """A server to ask for what exists; if None, nobody is asked."""
    http_config: Path | None = None
    """How it is asked: a file of a ``http_client_config``."""


@dataclass(frozen=True)
class Found:
    """What was looked at, and what is wrong."""

    boards: Sequence[Board]
    """That could be read."""
    problems: Sequence[Problem]
    """Of these, sorted."""
    unread: Sequence[Problem]
    """What kept others from being read."""


def lint_files(asked: Lint) -> Found:
    """Return what is wrong with the dashboards of files.

    Raises:
        InputError: if rules or no dashboard can be read, or the server does not answer.
    """
    boards, rules, unread = _read(asked)
    setting = asked.setting
    if asked.prometheus_url is not None:
        queries = [query for each in boards for query in each.all_queries]
        served = ask_server(asked.prometheus_url, asked.http_config, names_asked_for(queries))
        setting = replace(setting, served=served)
    return Found(boards, lint(boards, rules, setting, are_all=not unread), unread)


def print_lint(asked: Lint, format_: ReportFormat) -> int:
    """Check dashboards, print what was found and return the exit code.

    Raises:
        InputError: as :func:`lint_files`, and if some dashboards cannot be read, after what was
            found in the others is printed; a report of JSON tells it.
    """
    try:
        found = lint_files(asked)
    except InputError as error:
        return print_unread(error, Report(TABLE, {"boards": 0, "panels": 0}), format_)
    counts = {
        "boards": len(found.boards),
        "panels": sum(len(each.panels) for each in found.boards),
    }
    lines = {each.source.file: each.source.lines for each in found.boards}
    report = Report(TABLE, counts, found.problems, lines)
    if found.unread:
        return print_unread(InputError(found.unread), report, format_)
    looked_at = ", ".join(number_of(count, what[:-1]) for what, count in counts.items())
    return print_report(report, looked_at, format_)


def _read(asked: Lint) -> tuple[Sequence[Board], Sequence[Rule], Sequence[Problem]]:
    """Return dashboards, rules, and which dashboards cannot be read."""
    boards, unread = read_boards(asked.paths)
    try:
        rules = read_rule_files(asked.rules)
    except InputError as error:
        raise InputError([*unread, *error.problems]) from None
    if not boards and unread:
        raise InputError(unread)
    return boards, rules, unread
