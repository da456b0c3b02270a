"""Asks Prometheus and every Alertmanager, and puts together what they say."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, replace

import aiohttp

from alerts.build import build
from alerts.doctor.built import read_built
from alerts.doctor.diagnosis import questions
from alerts.doctor.leading import why_unreadable
from alerts.doctor.reading.alertmanager import (
    AlertmanagerClient,
    AlertmanagerDeniedError,
    AlertmanagerError,
)
from alerts.doctor.reading.clocks import seconds_ahead
from alerts.doctor.reading.prometheus import Asking
from alerts.doctor.seen import Alertmanager, Seen
from exporters.access import HttpAccess
from exporters.config import Config
from slo.checks.live import find_problems
from slo.objectives import read_objectives
from slo.prometheus import PrometheusClient, PrometheusError, PrometheusUnreachableError

TIMEOUT_SECONDS = 30.0
"""Of an answer: the question for gaps reads an hour of every cell."""

NOBODY_ANSWERS = "no Alertmanager answers"


@dataclass(frozen=True)
class Asked:
    """Whom to ask."""

    config: Config
    alertmanagers: tuple[str, ...]
    """URLs."""
    alertmanager_access: HttpAccess | None = None


async def look(asked: Asked) -> Seen:
    """Return all that is looked at. Only Prometheus must answer.

    Raises:
        PrometheusError: if it does not, or lets nobody ask.
        InputError: if an objective cannot be read.
    """
    config = asked.config
    file = config.file.prometheus
    bare = Seen(config, read_objectives(config), read_built(build(config)), time.time())
    client = PrometheusClient(
        file.url, timeout_seconds=TIMEOUT_SECONDS, access=config.prometheus_access
    )
    async with client as prometheus:
        await prometheus.query("vector(1)")
        (seen, alertmanagers) = await asyncio.gather(
            _ask_prometheus(bare, prometheus),
            asyncio.gather(
                *(ask_alertmanager(url, asked.alertmanager_access) for url in asked.alertmanagers)
            ),
        )
    answering = [each for each in alertmanagers if not each.error]
    why = why_unreadable(answering) if answering else NOBODY_ANSWERS
    return replace(
        seen,
        alertmanagers=tuple(alertmanagers),
        are_readable=None if why else True,
        unknown={**seen.unknown, "are_readable": why, "answers": NOBODY_ANSWERS},
    )


async def ask_alertmanager(url: str, access: HttpAccess | None) -> Alertmanager:
    """Return what an Alertmanager says, or why it does not."""
    async with AlertmanagerClient(url, access) as client:
        try:
            return await client.read()
        except AlertmanagerError as error:
            is_denied = isinstance(error, AlertmanagerDeniedError)
            return Alertmanager(client.url, error=str(error), is_denied=is_denied)


async def _ask_prometheus(bare: Seen, prometheus: PrometheusClient) -> Seen:
    """Ask one question at a time, so that the server is not burdened."""
    asking = Asking(prometheus)
    seen = replace(
        bare,
        version=await asking.version(),
        ahead_seconds=await _ask_clock(bare),
        has_reloaded=await asking.has_reloaded(),
        targets=await asking.targets(),
        groups=await asking.groups(),
        sends_to=await asking.sends_to(),
        server_config=await asking.server_config(),
        values=await asking.values(questions(bare)),
    )
    unknown = dict(asking.unknown)
    problems = None
    try:
        problems = await find_problems(bare.objectives, prometheus, bare.interval_seconds)
    except PrometheusUnreachableError:
        raise
    except PrometheusError as error:
        unknown["problems"] = str(error)
    return replace(seen, now=time.time(), problems=problems, unknown=unknown)


async def _ask_clock(bare: Seen) -> float | None:
    """Return how far Prometheus's clock is ahead, by an answer of it, whatever it is."""
    options = bare.config.prometheus_access.options()
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_SECONDS)
    try:
        async with aiohttp.ClientSession(timeout=timeout) as session:
            asked_at = time.time()
            async with session.get(f"{bare.url}/-/ready", **options) as answer:
                return seconds_ahead(answer.headers, asked_at, time.time())
    except (TimeoutError, aiohttp.ClientError):
        return None
