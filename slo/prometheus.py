"""Talking to Prometheus: instant and range queries, series, and remote write. All I/O is here."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any
from urllib.parse import quote, urlencode

import aiohttp
import numpy as np

from exporters.access import HttpAccess
from exporters.sessions import HttpClient, read_at_most
from slo.remote_write import HEADERS, encode_write_request
from slo.series import Series

_LONGEST_SAID = 300
"""Characters of an error that a server tells, in a message of ours."""


class PrometheusError(Exception):
    """Prometheus did not do what it was asked for."""


class PrometheusUnreachableError(PrometheusError):
    """There was no answer: refused, timed out, or no HTTP."""


class PrometheusDeniedError(PrometheusError):
    """The server wants to know who asks, or does not let them: 401 and 403."""


class PrometheusRefusedError(PrometheusError):
    """The request was answered with an error: a query that cannot be, samples out of order."""


class PrometheusTooLargeError(PrometheusError):
    """The answer is larger than the client was told to take."""


@dataclass(frozen=True)
class Sample:
    """One element of an instant query's result."""

    labels: Mapping[str, str]
    """With ``__name__`` where the expression keeps it."""
    value: float


@dataclass(frozen=True)
class Cost:
    """What a query took, as the server tells."""

    samples: int
    """Read: those of each step of a range, and of each step all within a window."""
    seconds: float
    """From when it was taken up to the end of its evaluation; not to write the answer."""


class PrometheusClient(HttpClient):
    """A client of one Prometheus, or of anything that speaks its HTTP API.

    Used as ``async with PrometheusClient(url) as prometheus``.
    """

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
        self._write_url = write_url or f"{self._url}/api/v1/write"
        self._access = access or HttpAccess()
        self._timeout = aiohttp.ClientTimeout(total=timeout_seconds)
        self._largest_bytes = largest_bytes

    def _make_session(self) -> aiohttp.ClientSession:
        return aiohttp.ClientSession(timeout=self._timeout)

    async def query(self, expr: str, time: float | None = None) -> list[Sample]:
        """Return the instant vector (or the scalar) that ``expr`` is at ``time`` (UNIX seconds).

        Raises:
            PrometheusError: if there is no answer, or the query is refused.
        """
        form = {"query": expr} if time is None else {"query": expr, "time": f"{time:.3f}"}
        data = await self._ask("query", form)
        with self._reading():
            if data["resultType"] == "scalar":
                return [Sample({}, float(data["result"][1]))]
            return [
                Sample(_labels(each), float(each["value"][1])) for each in _elements(data, "vector")
            ]

    async def query_range(
        self, expr: str, start: float, end: float, step_seconds: float
    ) -> list[Series]:
        """Return the series that ``expr`` is from ``start`` to ``end`` (UNIX seconds, included).

        Raises:
            PrometheusError: if there is no answer, or the query is refused.
        """
        data = await self._ask("query_range", _range_form(expr, start, end, step_seconds))
        with self._reading():
            return [_series(each) for each in _elements(data, "matrix")]

    async def series(
        self, selectors: Sequence[str], start: float | None = None, end: float | None = None
    ) -> list[dict[str, str]]:
        """Return the labels of every series that a selector finds between two times.

        Raises:
            PrometheusError: if there is no answer, or a selector is refused.
        """
        form: list[tuple[str, str]] = [("match[]", each) for each in selectors]
        form += [(k, f"{v:.3f}") for k, v in (("start", start), ("end", end)) if v is not None]
        data = await self._ask("series", form)
        with self._reading():
            return [_labels({"metric": each}) for each in data]

    async def points(self, ranged: str) -> list[Series]:
        """Return the samples as they were scraped that a range selector, ``x[10m]``, holds now.

        Raises:
            PrometheusError: if there is no answer, or the query is refused.
        """
        data = await self._ask("query", {"query": ranged})
        with self._reading():
            return [_series(each) for each in _elements(data, "matrix")]

    async def samples_read(self, expr: str, time: float | None = None) -> int | None:
        """Return how many samples it takes to evaluate ``expr``; None if it is not told.

        At ``time`` (UNIX seconds), or now. Prometheus tells it from 2.34 on, VictoriaMetrics not.

        Raises:
            PrometheusError: if there is no answer, or the query is refused.
        """
        form = {"query": expr}
        if time is not None:
            form["time"] = f"{time:.3f}"
        cost = await self._cost("query", form)
        return None if cost is None else cost.samples

    async def cost_of_range(
        self, expr: str, start: float, end: float, step_seconds: float
    ) -> Cost | None:
        """Return what :meth:`query_range` costs the server; None if it does not tell.

        Raises:
            PrometheusError: if there is no answer, or the query is refused.
        """
        return await self._cost("query_range", _range_form(expr, start, end, step_seconds))

    async def _cost(self, path: str, form: Mapping[str, str]) -> Cost | None:
        data = await self._ask(path, {**form, "stats": "all"})
        with self._reading():
            stats = data.get("stats") or {}
            read = (stats.get("samples") or {}).get("totalQueryableSamples")
            if read is None:
                return None
            return Cost(int(read), float(stats["timings"]["execTotalTime"]))

    async def status(self, name: str) -> Mapping[str, Any]:
        """Return what the server says of itself: ``runtimeinfo``, ``flags``, ``config``.

        Raises:
            PrometheusError: if there is no answer, or it is none of Prometheus's.
        """
        return await self.tells(f"status/{name}")

    async def tells(self, path: str) -> Mapping[str, Any]:
        """Return what the server says of ``rules``, ``targets`` or ``alertmanagers``.

        Raises:
            PrometheusError: if there is no answer, or it is none of Prometheus's.
        """
        answered, text = await self._send("GET", self._api(path), None, {})
        said = self._read_answer(answered, text)
        if not isinstance(said, dict):
            raise self._foreign(answered)
        return said

    async def snapshot(self) -> str:
        """Let the server keep all that it holds now, as blocks; return their folder's name.

        It lies in ``snapshots`` of the server's data. Needs ``--web.enable-admin-api``.

        Raises:
            PrometheusError: if there is no answer, or it is refused.
        """
        data = await self._ask("admin/tsdb/snapshot", {})
        with self._reading():
            return str(data["name"])

    async def labels(self, selectors: Sequence[str] = ()) -> list[str]:
        """Return the names of labels, of all series or of those that a selector finds.

        Raises:
            PrometheusError: if there is no answer, or a selector is refused.
        """
        data = await self._ask("labels", [("match[]", each) for each in selectors])
        with self._reading():
            return [str(each) for each in data]

    async def label_values(
        self,
        label: str,
        selectors: Sequence[str] = (),
        start: float | None = None,
        end: float | None = None,
    ) -> list[str]:
        """Return the values of a label, of all series or of those that a selector finds.

        Args:
            label: its name.
            selectors: of series; none for all.
            start: UNIX seconds, from which on series count.
            end: UNIX seconds.

        Raises:
            PrometheusError: if there is no answer, or a selector is refused.
        """
        form = [("match[]", each) for each in selectors]
        form += [(k, f"{v:.3f}") for k, v in (("start", start), ("end", end)) if v is not None]
        url = self._api(f"label/{quote(label, safe='')}/values")
        data = self._read_answer(*await self._send("GET", f"{url}?{urlencode(form)}", None, {}))
        with self._reading():
            return [str(each) for each in data]

    async def remote_write(self, series: Iterable[Series]) -> None:
        """Write samples, in one request. Earlier ones must be written before later ones.

        Prometheus needs ``--web.enable-remote-write-receiver``. It takes nothing that is older than
        the last sample of its series, nor older than an hour before the newest of all: so history
        goes, in time order, into a Prometheus that neither scrapes nor evaluates yet.

        Raises:
            PrometheusError: if there is no answer, or samples are refused.
        """
        body = io.BytesIO(encode_write_request(series))  # which aiohttp sends in pieces
        status, text = await self._send("POST", self._write_url, body, HEADERS)
        if status >= 300:
            raise PrometheusRefusedError(
                f"{self._write_url} answered {status}, refused samples: {_in_a_line(text)}"
            )

    async def _ask(self, path: str, form: Mapping[str, str] | list[tuple[str, str]]) -> Any:
        return self._read_answer(*await self._send("POST", self._api(path), form, {}))

    def _api(self, path: str) -> str:
        return f"{self._url}/api/v1/{path}"

    def _read_answer(self, status: int, text: str) -> Any:
        try:
            answer = json.loads(text)
        except (ValueError, RecursionError):
            raise PrometheusError(f"{self._url} answered {status} with no JSON") from None
        known = answer.get("status") if isinstance(answer, dict) else None
        if known == "success" and "data" in answer:
            return answer["data"]
        if known != "error":
            raise self._foreign(status)
        raise PrometheusRefusedError(f"{self._url} refused: {_in_a_line(answer.get('error', ''))}")

    def _foreign(self, status: int) -> PrometheusError:
        return PrometheusError(f"{self._url} answered {status}, and not as Prometheus does")

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """Say of an answer that is formed in another way whose it is: anything may listen there."""
        try:
            yield
        except (AttributeError, IndexError, KeyError, OverflowError, TypeError, ValueError):
            raise self._foreign(200) from None

    async def _send(
        self, method: str, url: str, body: Any, headers: Mapping[str, str]
    ) -> tuple[int, str]:
        options = self._access.options()
        options = {**options, "headers": {**headers, **options.get("headers", {})}}
        try:
            async with self._session.request(method, url, data=body, **options) as answer:
                status, text = answer.status, await self._read_text(answer)
        except (TimeoutError, aiohttp.ClientError) as error:
            said = str(error) or "no answer in time"
            raise PrometheusUnreachableError(f"{self._url} does not answer: {said}") from None
        if status in (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN):
            why = "" if text.lstrip().startswith(("<", "{")) else " ".join(text.split())
            who = self._write_url if url == self._write_url else self._url
            denied = f"{who} answered {status} {HTTPStatus(status).phrase}"
            raise PrometheusDeniedError(f"{denied}: {why[:_LONGEST_SAID]}" if why else denied)
        return status, text

    async def _read_text(self, answer: aiohttp.ClientResponse) -> str:
        if self._largest_bytes is None:
            return await answer.text(errors="replace")
        body = await read_at_most(answer, self._largest_bytes)
        if body is None:
            found = f"{self._url} answers with more than {self._largest_bytes} bytes"
            raise PrometheusTooLargeError(found)
        return body.decode("utf-8", "replace")


def _in_a_line(said: Any) -> str:
    """Return what a server says as one short line; of a page of HTML, that it is one."""
    text = " ".join(str(said).split())
    if text.startswith("<"):
        return "with a page that is not Prometheus's"
    return f"{text[:_LONGEST_SAID]}..." if len(text) > _LONGEST_SAID else text or "without a word"


def _range_form(expr: str, start: float, end: float, step_seconds: float) -> dict[str, str]:
    return {
        "query": expr,
        "start": f"{start:.3f}",
        "end": f"{end:.3f}",
        "step": f"{step_seconds:.3f}",
    }


def _labels(result: Any) -> dict[str, str]:
    return {str(name): str(value) for name, value in result["metric"].items()}


def _elements(data: Any, type_: str) -> Any:
    if data["resultType"] != type_:
        raise ValueError(f"found {data['resultType']}, expected {type_}")
    return data["result"]


def _series(result: Any) -> Series:
    times = np.array([time for time, _ in result["values"]], np.float64)
    values = np.array([float(value) for _, value in result["values"]], np.float64)
    return Series(_labels(result), np.rint(times * 1000).astype(np.int64), values)
