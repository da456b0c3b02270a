"""``shardwatch alerts lint``: reads rules, asks a server, checks, tells."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from pathlib import Path

import typer

from alerts.lint import lint
from alerts.lint.live import names_asked_for, served_names
from alerts.lint.report import counted, text_lines, write_json
from alerts.lint.rules import Setting
from alerts.lint.table import must_be_mended
from exporters.access import HttpAccess
from exporters.problems import (
    EXIT_BAD_INPUT,
    EXIT_PROBLEMS_FOUND,
    InputError,
    Problem,
    problem,
)
from slo.prometheus import PrometheusClient, PrometheusDeniedError, PrometheusError
from slo.rule_reading.files import read_rule_files
from slo.rule_reading.rules import Rule
from slo.servers import access_to


class ReportFormat(StrEnum):
    """For whom the report is."""

    TEXT = "text"
    JSON = "json"


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
        InputError: if a file cannot be read, or the server does not answer.
    """
    rules = read_rule_files(asked.paths)
    if not rules:
        message = "found no rule, expected one at least"
        raise InputError([problem(str(path), message) for path in asked.paths])
    setting = asked.setting
    if asked.prometheus_url is not None:
        access = access_to(asked.prometheus_url, asked.http_config, None)
        setting = replace(setting, served=asyncio.run(_ask(asked.prometheus_url, access, rules)))
    return rules, lint(rules, setting)


def print_lint(asked: Lint, format_: ReportFormat) -> int:
    """Check rules, print what was found and return the exit code.

    Raises:
        InputError: as :func:`lint_files`, unless the report is JSON and tells it.
    """
    try:
        rules, problems = lint_files(asked)
    except InputError as error:
        if format_ is not ReportFormat.JSON:
            raise
        typer.echo(write_json(error.problems, 0), nl=False)
        return EXIT_BAD_INPUT
    if format_ is ReportFormat.JSON:
        typer.echo(write_json(problems, len(rules)), nl=False)
    else:
        _print_text(rules, problems)
    return EXIT_PROBLEMS_FOUND if must_be_mended(problems) else 0


async def _ask(url: str, access: HttpAccess | None, rules: Sequence[Rule]) -> frozenset[str]:
    try:
        async with PrometheusClient(url, access=access) as prometheus:
            return await served_names(prometheus, names_asked_for(rules))
    except PrometheusError as error:
        said = str(error).removeprefix(f"{url.rstrip('/')} ")
        fix = "name a Prometheus, or what speaks its HTTP API"
        if isinstance(error, PrometheusDeniedError):
            fix = "say who asks in a file that --http-config names"
        raise InputError([problem(url, said, fix=fix)]) from None


def _print_text(rules: Sequence[Rule], problems: Sequence[Problem]) -> None:
    lines = {rule.file: rule.group.source.lines for rule in rules}
    for line in text_lines(problems, lines):
        typer.echo(line, err=True)
    alerts = sum(each.is_alert for each in rules)
    counts = ", ".join(
        f"{number} {what}{'' if number == 1 else 's'}"
        for number, what in ((alerts, "alert"), (len(rules) - alerts, "recording rule"))
    )
    if not must_be_mended(problems):
        typer.echo(f"ok: {counts}")
    if problems:
        typer.echo(f"{counted(problems)}; alerts/lint/README.md tells more", err=True)
