"""Talking to Prometheus: instant and range queries, series, and remote write."""

from __future__ import annotations

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode

import numpy as np

from slo.prometheus_api import (
    PrometheusApi,
    PrometheusDeniedError,
    PrometheusError,
    PrometheusMovedError,
    PrometheusRefusedError,
    PrometheusTooLargeError,
    PrometheusUnreachableError,
    in_a_line,
)
from slo.remote_write import HEADERS, encode_write_request
from slo.series import Series

__all__ = [
    "Cost",
    "PrometheusClient",
    "PrometheusDeniedError",
    "PrometheusError",
    "PrometheusMovedError",
    "PrometheusRefusedError",
    "PrometheusTooLargeError",
    "PrometheusUnreachableError",
    "Sample",
]


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


class PrometheusClient(PrometheusApi):
    """A client of one Prometheus, or of anything that speaks its HTTP API.

    Used as ``async with PrometheusClient(url) as prometheus``.
    """

    async def query(self, expr: str, time: float | None = None) -> list[Sample]:
        """Return the instant vector (or the scalar) that ``expr`` is at ``time`` (UNIX seconds).

        Raises:
            PrometheusError: if there is no answer, or the query is refused.
        """
        form = {"query": expr} if time is None else {"query": expr, "time": f"{time:.3f}"}
        data = await self.ask("query", form)
        with self.reading():
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
        data = await self.ask("query_range", _range_form(expr, start, end, step_seconds))
        with self.reading():
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
        data = await self.ask("series", form)
        with self.reading():
            return [_labels({"metric": each}) for each in data]

    async def points(self, ranged: str) -> list[Series]:
        """Return the samples as they were scraped that a range selector, ``x[10m]``, holds now.

        Raises:
            PrometheusError: if there is no answer, or the query is refused.
        """
        data = await self.ask("query", {"query": ranged})
        with self.reading():
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
        data = await self.ask(path, {**form, "stats": "all"})
        with self.reading():
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
        answered, text = await self.send("GET", self.api(path), None, {})
        said = self.read_answer(answered, text)
        if not isinstance(said, dict):
            raise self.foreign(answered)
        return said

    async def snapshot(self) -> str:
        """Let the server keep all that it holds now, as blocks; return their folder's name.

        It lies in ``snapshots`` of the server's data. Needs ``--web.enable-admin-api``.

        Raises:
            PrometheusError: if there is no answer, or it is refused.
        """
        data = await self.ask("admin/tsdb/snapshot", {})
        with self.reading():
            return str(data["name"])

    async def labels(self, selectors: Sequence[str] = ()) -> list[str]:
        """Return the names of labels, of all series or of those that a selector finds.

        Raises:
            PrometheusError: if there is no answer, or a selector is refused.
        """
        data = await self.ask("labels", [("match[]", each) for each in selectors])
        with self.reading():
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
        url = self.api(f"label/{quote(label, safe='')}/values")
        data = self.read_answer(*await self.send("GET", f"{url}?{urlencode(form)}", None, {}))
        with self.reading():
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
        status, text = await self.send("POST", self.write_url, body, HEADERS)
        if status >= 300:
            raise PrometheusRefusedError(
                f"{self.write_url} answered {status}, refused samples: {in_a_line(text)}"
            )


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
