"""``shardwatch slo validate``: reads objectives, checks them, asks a server, tells."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import typer

from exporters.access import HttpAccess
from exporters.problems import (
    EXIT_BAD_INPUT,
    EXIT_PROBLEMS_FOUND,
    InputError,
    Problem,
    print_problems,
    problem,
)
from slo.checks import check_objectives, has_errors
from slo.checks.live import LiveReport, check_live
from slo.checks.report import count_severities, write_json
from slo.choosing import choose_objectives
from slo.objective import Objective
from slo.prometheus import PrometheusClient, PrometheusDeniedError, PrometheusError
from slo.servers import NAME_WHO_ASKS, access_to


class ReportFormat(StrEnum):
    """For whom the report is."""

    TEXT = "text"
    JSON = "json"


@dataclass(frozen=True)
class Validation:
    """What to look at."""

    paths: tuple[Path, ...] = ()
    """Files of objectives, or folders of them. If none, the configuration names them."""
    config: Path = Path("shardwatch.yaml")
    """With files it may be missing."""
    prometheus_url: str | None = None
    """A server to ask; if None, nobody is asked."""
    http_config: Path | None = None
    """How it is asked: a file of a ``http_client_config``. If None, as the configuration says of
    its own server."""
    retention_seconds: float | None = None
    """How long the server keeps samples; if None, the server is asked, if there is one."""
    scrape_interval_seconds: float | None = None
    """Of the rules; if None, the configuration's, or the usual."""


@dataclass(frozen=True)
class Validated:
    """What was read and found."""

    objectives: tuple[Objective, ...]
    problems: tuple[Problem, ...]
    """Errors and warnings, sorted: :func:`slo.checks.severity_of`."""
    live: LiveReport | None = None


def validate_objectives(asked: Validation) -> Validated:
    """Return what is wrong or doubtful with objectives, by themselves and on a server.

    Raises:
        InputError: if something cannot be read, or the server does not answer.
    """
    chosen = choose_objectives(asked.paths, asked.config, asked.scrape_interval_seconds)
    objectives, interval = chosen.objectives, chosen.scrape_interval_seconds
    problems = check_objectives(objectives, retention_seconds=asked.retention_seconds)
    if asked.prometheus_url is None:
        return Validated(objectives, tuple(problems))
    access = access_to(asked.prometheus_url, asked.http_config, chosen.config)
    live = asyncio.run(_ask(asked.prometheus_url, access, objectives, interval))
    return Validated(objectives, tuple(sorted({*problems, *live.problems})), live)


def print_validation(asked: Validation, format_: ReportFormat, *, strict: bool = False) -> int:
    """Validate, print what was found and return the exit code; warnings count where ``strict``.

    Raises:
        InputError: as :func:`validate_objectives`, unless the report is JSON and tells it.
    """
    try:
        done = validate_objectives(asked)
    except InputError as error:
        if format_ is not ReportFormat.JSON:
            raise
        typer.echo(write_json((), error.problems), nl=False)
        return EXIT_BAD_INPUT
    failed = has_errors(done.problems, strict=strict)
    if format_ is ReportFormat.JSON:
        more = {} if done.live is None else {"server": done.live.to_json()}
        typer.echo(write_json(done.objectives, done.problems, more), nl=False)
    else:
        _print_text(done, failed=failed)
    return EXIT_PROBLEMS_FOUND if failed else 0


async def _ask(
    url: str, access: HttpAccess | None, objectives: Sequence[Objective], interval: float
) -> LiveReport:
    try:
        async with PrometheusClient(url, access=access) as prometheus:
            return await check_live(objectives, prometheus, interval)
    except PrometheusError as error:
        address = url.rstrip("/")
        asked_at = f"it was asked at {address}/api/v1/query"
        fix = f"name a Prometheus, or what speaks its HTTP API: {asked_at}"
        if isinstance(error, PrometheusDeniedError):
            fix = NAME_WHO_ASKS
        said = str(error).removeprefix(f"{address} ")
        raise InputError([problem(url, said, fix=fix)]) from None


def _print_text(done: Validated, *, failed: bool) -> None:
    print_problems(done.problems)
    if done.live is not None:
        typer.echo(done.live.to_text(), nl=False)
    names = ", ".join(each.name for each in done.objectives)
    if not failed:
        typer.echo(f"ok: {names}")
    if done.problems:
        typer.echo(f"{count_severities(done.problems)}; slo/checks/README.md tells more", err=True)
