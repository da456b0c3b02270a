"""Talking to Alertmanager: its API v2, and the metrics that it serves of itself."""

from __future__ import annotations

import contextlib
import json
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from http import HTTPStatus
from typing import Any

import aiohttp
import yaml

from alerts.doctor.reading.clocks import parse_moment, seconds_ahead
from alerts.doctor.seen import Alertmanager, Silence
from exporters.access import HttpAccess
from exporters.exposition import PageError, PageReader, Samples
from exporters.sessions import HttpClient, read_at_most

TIMEOUT_SECONDS = 10.0
LARGEST_BYTES = 64 * 1024 * 1024
"""Of an answer: ten thousand alerts take about 10 MB."""

_REQUESTS = "alertmanager_notification_requests_total"
_FAILED = "alertmanager_notification_requests_failed_total"
_RELOADED = "alertmanager_config_last_reload_successful"
_GIVEN_UP = "alertmanager_notifications_failed_total"
_INTEGRATION = "integration"


class AlertmanagerError(Exception):
    """There was no answer, or none of Alertmanager's. Says who and what."""


class AlertmanagerDeniedError(AlertmanagerError):
    """The server wants to know who asks, or does not let them: 401 and 403."""


class AlertmanagerClient(HttpClient):
    """A client of one Alertmanager, used as ``async with AlertmanagerClient(url) as client``."""

    def __init__(self, url: str, access: HttpAccess | None = None) -> None:
        """Make a client that is not yet open.

        Args:
            url: before ``/api/v2``.
            access: who asks, and whom they trust; nobody in particular, if None.
        """
        self.url = url.rstrip("/")
        self._access = access or HttpAccess()

    def _make_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=TIMEOUT_SECONDS))

    async def read(self) -> Alertmanager:
        """Return all that is looked at.

        Raises:
            AlertmanagerError: if there is no answer, or none of Alertmanager's.
        """
        asked_at = time.time()
        headers, status = await self._get("status")
        ahead = seconds_ahead(headers, asked_at, time.time())
        samples = await self._metrics()
        with self._reading():
            cluster = status["cluster"]
            in_mesh = cluster["status"] != "disabled"
            alerts = await self.alerts()
            return Alertmanager(
                self.url,
                version=str(status["versionInfo"]["version"]),
                ahead_seconds=ahead,
                up_seconds=_seconds_since(str(status.get("uptime", "")), asked_at + (ahead or 0.0)),
                peers=len(cluster.get("peers") or ()) if in_mesh else None,
                config=yaml.safe_load(status["config"]["original"]),
                alerts=tuple(each["labels"] for each in alerts),
                silenced=tuple(
                    (each["labels"], tuple(ids))
                    for each in alerts
                    if (ids := each.get("status", {}).get("silencedBy"))
                ),
                silences=await self._silences(),
                has_reloaded=_has_reloaded(samples),
                never_told=_never_told(samples),
            )

    async def alerts(self, *matchers: str) -> list[dict[str, Any]]:
        """Return the alerts that fire, as the API has them.

        Args:
            matchers: of their labels: ``slo="chat"``.

        Raises:
            AlertmanagerError: as :meth:`read`.
        """
        query: Sequence[tuple[str, str]] = [("filter", each) for each in matchers]
        _, found = await self._get("alerts", query)
        if not isinstance(found, list):
            raise self._foreign()
        return found

    async def send(self, alerts: Sequence[Mapping[str, Any]]) -> None:
        """Tell it of alerts, as Prometheus does.

        Raises:
            AlertmanagerError: if it does not take them.
        """
        await self._ask("POST", f"{self.url}/api/v2/alerts", json=list(alerts))

    async def told(self) -> tuple[dict[str, float], dict[str, float]]:
        """Return what each integration did since it started: requests that succeeded, and given up.

        Not ``alertmanager_notifications_total``: that rises when Alertmanager begins to try.

        Raises:
            AlertmanagerError: as :meth:`read`.
        """
        samples = await self._metrics()
        failed = _by_integration(samples, _FAILED)
        every = _by_integration(samples, _REQUESTS)
        succeeded = {name: n - failed.get(name, 0.0) for name, n in every.items()}
        return succeeded, _by_integration(samples, _GIVEN_UP)

    async def _silences(self) -> tuple[Silence, ...]:
        _, found = await self._get("silences")
        with self._reading():
            return tuple(
                Silence(
                    str(each["id"]),
                    tuple(map(_matcher, each["matchers"])),
                    str(each.get("createdBy", "")),
                    str(each.get("comment", "")),
                    str(each["endsAt"]),
                )
                for each in found
                if each["status"]["state"] == "active"
            )

    async def _metrics(self) -> Samples:
        _, body = await self._ask("GET", f"{self.url}/metrics")
        try:
            return PageReader(lambda name: name.startswith("alertmanager_")).read(body)
        except PageError:
            return {}

    async def _get(
        self, path: str, query: Sequence[tuple[str, str]] = ()
    ) -> tuple[Mapping[str, str], Any]:
        headers, body = await self._ask("GET", f"{self.url}/api/v2/{path}", params=list(query))
        try:
            return headers, json.loads(body)
        except (ValueError, RecursionError):
            is_page = body.lstrip().startswith(b"<")
            what = "a page of HTML" if is_page else "no JSON"
            raise AlertmanagerError(f"{self.url} answers with {what}") from None

    async def _ask(self, method: str, url: str, **more: Any) -> tuple[Mapping[str, str], bytes]:
        options = self._access.options()
        try:
            async with self._session.request(method, url, **more, **options) as answer:
                body = await _body(answer)
                status, headers = answer.status, dict(answer.headers)
        except (TimeoutError, aiohttp.ClientError) as error:
            said = str(error) or "no answer in time"
            raise AlertmanagerError(f"{self.url} does not answer: {said}") from None
        said = f"{self.url} answered {status} {_phrase(status)}"
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            raise AlertmanagerDeniedError(said)
        if status >= 300:
            raise AlertmanagerError(f"{said}, and not as Alertmanager does")
        return headers, body

    def _foreign(self) -> AlertmanagerError:
        return AlertmanagerError(f"{self.url} answers, and not as Alertmanager does")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Say of an answer of another form whose it is: anything may listen there."""
        try:
            yield
        except (AttributeError, KeyError, TypeError, ValueError, yaml.YAMLError):
            raise self._foreign() from None


async def _body(answer: aiohttp.ClientResponse) -> bytes:
    body = await read_at_most(answer, LARGEST_BYTES)
    if body is None:
        raise aiohttp.ClientPayloadError(f"more than {LARGEST_BYTES} bytes")
    return body


def _phrase(status: int) -> str:
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "of no known kind"


def _seconds_since(moment: str, now: float) -> float | None:
    found = parse_moment(moment)
    return None if found is None else now - found


def _matcher(found: Mapping[str, Any]) -> str:
    equal = found.get("isEqual", True)
    op = ("=~" if equal else "!~") if found["isRegex"] else ("=" if equal else "!=")
    return f"{found['name']}{op}{json.dumps(found['value'], ensure_ascii=False)}"


def _has_reloaded(samples: Samples) -> bool | None:
    found = [value for (name, _), value in samples.items() if name == _RELOADED]
    return bool(found[0]) if found else None


def _never_told(samples: Samples) -> dict[str, float]:
    failed = _by_integration(samples, _FAILED)
    every = _by_integration(samples, _REQUESTS)
    return {name: n for name, n in every.items() if n and failed.get(name, 0.0) >= n}


def _by_integration(samples: Samples, name: str) -> dict[str, float]:
    found: dict[str, float] = defaultdict(float)
    for (each, labels), value in samples.items():
        if each == name:
            found[labels.get(_INTEGRATION, "")] += value
    return dict(found)
