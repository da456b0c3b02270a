"""The forwarder as a process: what the configuration says, until it is told to stop."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import signal
import sys
from functools import partial
from pathlib import Path

from alerts.changes.asking import ask_running
from alerts.changes.forwarding import Forwarder
from alerts.changes.sending import PagerDutyClient
from exporters.config import Config, read_config
from exporters.documents import Place
from exporters.notifying import PAGERDUTY_EVENTS_URL, PagerDuty
from exporters.problems import InputError
from slo.prometheus import PrometheusClient

_EVENTS_PATH = "/v2/enqueue"
_CHANGES_PATH = "/v2/change/enqueue"


def run(config_file: Path, state_file: Path, interval_seconds: float, *, once: bool) -> bool:
    """Forward changes until SIGTERM; return whether all that could be told was.

    Args:
        config_file: ``shardwatch.yaml``.
        state_file: made if it is not there.
        interval_seconds: between two looks.
        once: look once and tell what waits, instead.

    Raises:
        InputError: if a file cannot be used, or no PagerDuty is configured.
        KeyboardInterrupt: on SIGINT.
    """
    logging.basicConfig(
        stream=sys.stderr,
        level=logging.INFO,
        format="%(asctime)s %(levelname)s changes: %(message)s",
    )
    config = read_config(config_file, needs_service=False)
    place, pagerduty = _pagerduty(config)
    url = _change_url(config, place, pagerduty)
    return asyncio.run(_run(config, pagerduty, url, state_file, None if once else interval_seconds))


async def _run(
    config: Config,
    pagerduty: PagerDuty,
    url: str,
    state_file: Path,
    interval_seconds: float | None,
) -> bool:
    key_file = config.resolve(pagerduty.routing_key_file)
    server = config.file.prometheus.url
    async with (
        PrometheusClient(server, access=config.prometheus_access) as prometheus,
        PagerDutyClient(url, key_file) as client,
    ):
        forwarder = Forwarder(
            partial(ask_running, prometheus), client.send, config.file.links, state_file
        )
        if interval_seconds is None:
            return await _once(forwarder)
        work = asyncio.ensure_future(forwarder.run(interval_seconds))
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, work.cancel)
        with contextlib.suppress(asyncio.CancelledError):
            await _unwrapped(work)
        return True


async def _once(forwarder: Forwarder) -> bool:
    is_good = await forwarder.look()
    while (answer := await forwarder.tell()) is not None:
        if answer.outcome == "later":
            return False
        is_good = is_good and answer.outcome == "taken"
    return is_good


async def _unwrapped(work: asyncio.Future[None]) -> None:
    """Wait for tasks, and raise what is wrong with the input as it is.

    Raises:
        InputError: if a task did.
    """
    try:
        await work
    except* InputError as group:
        error = group.exceptions[0]
        while isinstance(error, BaseExceptionGroup):
            error = error.exceptions[0]
        raise error from None


def _pagerduty(config: Config) -> tuple[Place, PagerDuty]:
    """Return who is told, and where the configuration says so: as of all that is nobody else's.

    Raises:
        InputError: if nobody is.
    """
    ours = config.file.alertmanager
    fallback = ours.receivers.get(ours.fallback or "")
    if fallback is not None and fallback.pagerduty:
        place = "alertmanager", "receivers", ours.fallback or "", "pagerduty"
        return place, fallback.pagerduty
    if config.file.pagerduty:
        return ("pagerduty",), config.file.pagerduty
    fix = "add pagerduty, or give it to the receiver that alertmanager.fallback names"
    found = "found no pagerduty, expected one, for change events are PagerDuty's"
    raise InputError([config.document.problem((), found, fix)])


def _change_url(config: Config, place: Place, pagerduty: PagerDuty) -> str:
    """Return where change events go: beside where events do.

    Raises:
        InputError: if that is not known.
    """
    url = pagerduty.url or PAGERDUTY_EVENTS_URL
    if not url.endswith(_EVENTS_PATH):
        found = f"found {url!r}, expected an address that ends with {_EVENTS_PATH}"
        fix = f"correct it: change events go to {_CHANGES_PATH} beside it"
        raise InputError([config.document.problem((*place, "url"), found, fix)])
    return url.removesuffix(_EVENTS_PATH) + _CHANGES_PATH
