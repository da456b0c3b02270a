"""How Prometheus's HTTP API is spoken to: requests, and what is wrong with answers. All I/O."""

from __future__ import annotations

import contextlib
import json
import os
from collections.abc import Iterator, Mapping
from http import HTTPStatus
from typing import Any
from urllib.parse import urlencode, urlsplit

import aiohttp

from exporters.access import HttpAccess
from exporters.addresses import is_loopback
from exporters.sessions import HttpClient, read_at_most

_OF_FORMS = {"Content-Type": "application/x-www-form-urlencoded"}
_LONGEST_SAID = 300
"""Characters of an error that a server tells, in a message of ours."""


class PrometheusError(Exception):
    """Prometheus did not do what it was asked for."""


class PrometheusUnreachableError(PrometheusError):
    """There was no answer: refused, timed out, or no HTTP."""


class PrometheusDeniedError(PrometheusError):
    """The server wants to know who asks, or does not let them: 401 and 403."""


class PrometheusMovedError(PrometheusError):
    """The server leads on to another page that is none of its API: mostly one to log in."""


class PrometheusRefusedError(PrometheusError):
    """The request was answered with an error: a query that cannot be, samples out of order."""


class PrometheusTooLargeError(PrometheusError):
    """The answer is larger than the client was told to take."""


class PrometheusApi(HttpClient):
    """Sends requests to one server, and reads its answers as far as all of them are alike."""

    def __init__(
        self,
        url: str,
        *,
        timeout_seconds: float = 30.0,
        access: HttpAccess | None = None,
        write_url: str | None = None,
        largest_bytes: int | None = None,
    ) -> None:
        """Make a client that is not yet open.

        Args:
            url: of the server, before ``/api/v1``: of Mimir ``http://mimir/prometheus``.
            timeout_seconds: for one answer.
            access: who asks, and whom they trust; nobody in particular, if None.
            write_url: where remote write goes, in full; ``/api/v1/write`` of the server, if None.
            largest_bytes: of one answer; a larger one is none. Any size will do, if None.
        """
        self._url = url.rstrip("/")
        self.write_url = write_url or f"{self._url}/api/v1/write"
        self._access = access or HttpAccess()
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._largest_bytes = largest_bytes

    def _make_session(self) -> aiohttp.ClientSession:
        # Where there is no way to go, to compress an answer takes longer than to send it.
        is_here = is_loopback(urlsplit(self._url).hostname or "")
        headers = {"Accept-Encoding": "identity"} if is_here else {}
        return aiohttp.ClientSession(timeout=self._timeout, headers=headers)

    async def ask(self, path: str, form: Mapping[str, str] | list[tuple[str, str]]) -> Any:
        """Return the data of what a path of the API answers to a form.

        Raises:
            PrometheusError: if there is no answer, or what is asked is refused.
        """
        body = urlencode(form).encode()  # aiohttp takes a form too, for a quarter more of the time
        return self.read_answer(*await self.send("POST", self.api(path), body, _OF_FORMS))

    def api(self, path: str) -> str:
        """Return the address of a path of the API."""
        return f"{self._url}/api/v1/{path}"

    def read_answer(self, status: int, text: str) -> Any:
        """Return the data of an answer.

        Raises:
            PrometheusError: if it is none of Prometheus's, or an error that the server tells.
        """
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            raise PrometheusError(f"{self._url} answered {status} with no JSON") from None
        known = answer.get("status") if isinstance(answer, dict) else None
        if known == "success" and "data" in answer:
            return answer["data"]
        if known != "error":
            raise self.foreign(status)
        raise PrometheusRefusedError(f"{self._url} refused: {in_a_line(answer.get('error', ''))}")

    def foreign(self, status: int) -> PrometheusError:
        """Return the error of an answer that is formed in another way than Prometheus's."""
        return PrometheusError(f"{self._url} answered {status}, and not as Prometheus does")

    @contextlib.contextmanager
    def reading(self) -> Iterator[None]:
        """Say of an answer that is formed in another way whose it is: anything may listen there."""
        try:
            yield
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
            raise self.foreign(200) from None

    async def send(
        self, method: str, url: str, body: Any, headers: Mapping[str, str]
    ) -> tuple[int, str]:
        """Return status and text of an answer.

        Raises:
            PrometheusError: if there is none in time, it is too large, the server does not let
                whoever asks, or leads on to a page, or in such a way that the question is lost.
        """
        options = self._access.options()
        options = {**options, "headers": {**headers, **options.get("headers", {})}}
        try:
            async with self._session.request(method, url, data=body, **options) as answer:
                status, text = answer.status, await self._read_text(answer)
                led_to = str(answer.url.with_query(None)) if answer.history else ""
                is_asked = answer.method == method and text.lstrip()[:1] in ("{", "")
        except (TimeoutError, aiohttp.ClientError) as error:
            said = f"{self._url} does not answer: {_why(error)}"
            raise PrometheusUnreachableError(said) from None
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            why = "" if text.lstrip().startswith(("<", "{")) else " ".join(text.split())
            who = self.write_url if url == self.write_url else self._url
            denied = f"{who} answered {status} {HTTPStatus(status).phrase}"
            raise PrometheusDeniedError(f"{denied}: {why[:_LONGEST_SAID]}" if why else denied)
        if led_to and not is_asked:
            raise PrometheusMovedError(f"{self._url} leads on to {led_to}, which is no API")
        return status, text

    async def _read_text(self, answer: aiohttp.ClientResponse) -> str:
        if self._largest_bytes is None:
            return await answer.text(errors="replace")
        body = await read_at_most(answer, self._largest_bytes)
        if body is None:
            found = f"{self._url} answers with more than {self._largest_bytes} bytes"
            raise PrometheusTooLargeError(found)
        return body.decode("utf-8", "replace")


def _why(error: Exception) -> str:
    """Return in the system's words why nobody answers; aiohttp's name the address once more."""
    cause = getattr(error, "os_error", None)
    if not isinstance(cause, OSError) or not cause.strerror:
        return str(error) or "no answer in time"
    if cause.errno and cause.strerror.startswith("Connect call failed"):
        return os.strerror(cause.errno)
    return cause.strerror


def in_a_line(said: Any) -> str:
    """Return what a server says as one short line; of a page of HTML, that it is one."""
    text = " ".join(str(said).split())
    if text.startswith("<"):
        return "with a page that is not Prometheus's"
    return f"{text[:_LONGEST_SAID]}..." if len(text) > _LONGEST_SAID else text or "without a word"
