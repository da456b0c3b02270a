"""Where a computed past goes: a server that takes old samples, or a file that makes blocks."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator, Sequence
from pathlib import Path
from types import TracebackType
from typing import Protocol, Self, TextIO

from exporters.problems import InputError, problem
from slo.prometheus import PrometheusClient, PrometheusRefusedError, PrometheusUnreachableError
from slo.series import Series

MOST_SAMPLES_A_REQUEST = 100_000
WAITS_SECONDS = (1.0, 3.0, 10.0, 30.0)

TAKES_NO_OLD_SAMPLES = (
    "it takes old samples only with `storage: {tsdb: {out_of_order_time_window: 30d}}` in its "
    "configuration (Prometheus 2.39 or later), or while it is empty; or write blocks with -o"
)
NO_RECEIVER = (
    "start it with --web.enable-remote-write-receiver, or name where it takes remote write with "
    "--write-url, or write blocks with -o"
)
_OLD = ("out of order", "too old", "out of bounds", "duplicate sample")


class Sink(Protocol):
    """Takes series, batch by batch, each batch later than the one before."""

    async def write(self, batch: Sequence[Series]) -> None:
        """Take a batch."""
        ...


class RemoteWriteSink:
    """Writes to a server, in requests of bounded size."""

    def __init__(
        self,
        client: PrometheusClient,
        url: str,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
    ) -> None:
        self._client, self._url, self._sleep = client, url, sleep

    async def write(self, batch: Sequence[Series]) -> None:
        """Write a batch; ask again where there was no answer.

        Raises:
            InputError: if the server refuses samples, with what it needs to take them.
            PrometheusError: if it does not answer.
        """
        for request in _requests(batch):
            try:
                await self._send(request)
            except PrometheusRefusedError as error:
                raise InputError([problem(self._url, str(error), fix=_fix(str(error)))]) from None

    async def _send(self, request: Sequence[Series]) -> None:
        for wait_seconds in WAITS_SECONDS:
            try:
                return await self._client.remote_write(request)
            except PrometheusUnreachableError:
                await self._sleep(wait_seconds)
        return await self._client.remote_write(request)


class OpenMetricsFile:
    """Writes a file for ``promtool tsdb create-blocks-from openmetrics``.

    It is there when it is whole: until then it has another name.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._unfinished = path.with_name(f".{path.name}.unfinished")
        self._file: TextIO | None = None

    def __enter__(self) -> Self:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        self._file = self._unfinished.open("w", encoding="utf-8")
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is None:
            return
        if kind is None:
            self._file.write("# EOF\n")
        self._file.close()
        if kind is None:
            self._unfinished.replace(self._path)
        else:
            self._unfinished.unlink()

    async def write(self, batch: Sequence[Series]) -> None:
        """Append a batch."""
        if self._file is None:
            raise RuntimeError("use the file as a context: with OpenMetricsFile(path)")
        for each in batch:
            series = _series_text(each)
            self._file.writelines(
                f"{series} {value!r} {time // 1000}.{time % 1000:03}\n"
                for time, value in zip(each.times_ms.tolist(), each.values.tolist(), strict=True)
            )


def _requests(batch: Sequence[Series]) -> Iterator[list[Series]]:
    request: list[Series] = []
    samples = 0
    for each in batch:
        if request and samples + each.times_ms.size > MOST_SAMPLES_A_REQUEST:
            yield request
            request, samples = [], 0
        request.append(each)
        samples += each.times_ms.size
    if request:
        yield request


def _series_text(series: Series) -> str:
    labels = ",".join(
        f'{name}="{_escaped(value)}"'
        for name, value in sorted(series.labels.items())
        if name != "__name__"
    )
    return f"{series.labels['__name__']}{{{labels}}}"


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", "\\n")


def _fix(said: str) -> str:
    if any(each in said.lower() for each in _OLD):
        return TAKES_NO_OLD_SAMPLES
    return NO_RECEIVER if "receiver" in said or " answered 404" in said else ""
