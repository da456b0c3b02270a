"""``shardwatch doctor``: reads the configuration, asks the servers, tells what to mend."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import typer

from alerts.doctor.diagnosis import Diagnosis, diagnose
from alerts.doctor.reading.alertmanager import AlertmanagerError
from alerts.doctor.reading.everything import Asked, look
from alerts.doctor.report import text_lines, write_bad_input, write_json
from alerts.doctor.seen import Alertmanager, Seen
from alerts.doctor.trying import try_pages
from exporters.access import HttpAccess, read_access
from exporters.alertmanagers import read_place
from exporters.config import Config, read_config
from exporters.problems import (
    EXIT_BAD_INPUT,
    EXIT_PROBLEMS_FOUND,
    InputError,
    Problem,
    problem,
)
from slo.prometheus import PrometheusDeniedError, PrometheusError
from slo.servers import NAME_WHO_ASKS_IN_A_FILE, refuse_user

NO_TEST_PAGE = "--test-page was not asked for"


@dataclass(frozen=True)
class Examination:
    """What a user asks for."""

    config: Path
    alertmanagers: tuple[str, ...] = ()
    """URLs instead of the configuration's addresses; each must answer then."""
    http_config: Path | None = None
    """How Alertmanagers are asked: a file of a ``http_client_config``."""
    sends_test_page: bool = False


def print_examination(asked: Examination, *, as_json: bool) -> int:
    """Examine, print what was found and return the exit code.

    Raises:
        InputError: if something cannot be read or asked, unless the report is JSON and tells it.
    """
    try:
        seen, diagnosis = asyncio.run(examine(asked))
    except InputError as error:
        if not as_json:
            raise
        typer.echo(write_bad_input(error.problems), nl=False)
        return EXIT_BAD_INPUT
    if as_json:
        typer.echo(write_json(seen, diagnosis), nl=False)
    else:
        for line in text_lines(seen, diagnosis):
            typer.echo(line)
    return EXIT_PROBLEMS_FOUND if diagnosis.findings else 0


async def examine(asked: Examination) -> tuple[Seen, Diagnosis]:
    """Return what was seen and what is wrong with it.

    Raises:
        InputError: if the configuration cannot be used, Prometheus does not answer, or an
            Alertmanager that was named does not.
    """
    config = read_config(asked.config, needs_routing_key=False)
    access = None if asked.http_config is None else read_access(asked.http_config)
    for each in asked.alertmanagers:
        refuse_user(each)
    wrong = [each for each in asked.alertmanagers if not each.startswith(("http://", "https://"))]
    if wrong:
        expected = "expected an http:// or https:// address"
        raise InputError(
            [problem("--alertmanager", f"found {each!r}, {expected}") for each in wrong]
        )
    urls = asked.alertmanagers or tuple(
        each.url for each in sorted(map(read_place, config.file.alertmanager.addresses))
    )
    seen = await _look(config, urls, access)
    unanswered = [each for each in seen.alertmanagers if each.error and asked.alertmanagers]
    if unanswered:
        raise InputError(_unanswered(each) for each in unanswered)
    if asked.sends_test_page:
        seen = await _try(seen, access)
    else:
        seen = replace(seen, unknown={**seen.unknown, "trials": NO_TEST_PAGE})
    return seen, diagnose(seen)


async def _look(config: Config, urls: Sequence[str], access: HttpAccess | None) -> Seen:
    url = config.file.prometheus.url
    try:
        return await look(Asked(config, tuple(urls), access))
    except PrometheusError as error:
        said = str(error).removeprefix(f"{url.rstrip('/')} ")
        fix = (
            f"start it, or correct prometheus.url in {config.path.name}: it is asked at "
            f"{url.rstrip('/')}/api/v1/query"
        )
        if isinstance(error, PrometheusDeniedError):
            fix = f"say who asks as prometheus.http_client_config in {config.path.name}"
        raise InputError([problem(url, said, fix=fix)]) from None


async def _try(seen: Seen, access: HttpAccess | None) -> Seen:
    try:
        trials = await try_pages(seen, access, lambda text: typer.echo(text, err=True))
    except AlertmanagerError as error:
        raise InputError([problem("--test-page", str(error))]) from None
    except ValueError as error:
        fix = "name one by --alertmanager URL"
        raise InputError([problem("--test-page", str(error), fix=fix)]) from None
    return replace(seen, trials=trials)


def _unanswered(alertmanager: Alertmanager) -> Problem:
    url, fix = alertmanager.url, "name an Alertmanager that can be reached from here"
    if alertmanager.is_denied:
        fix = NAME_WHO_ASKS_IN_A_FILE
    return problem(url, alertmanager.error.removeprefix(f"{url} "), fix=fix)
