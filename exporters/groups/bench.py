"""Figures of the groups exporter: ``python -m exporters.groups.bench``.

500 engines with the page of a real one, whose numbers all change from scrape to scrape, over real
HTTP on loopback. The exporter is a process of its own, and its processor time is what counts: all
that a scrape costs, from asking the engines for pages and health to the compressed answer.
"""

from __future__ import annotations

import asyncio
import json
import random
import re
import tempfile
import threading
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

from exporters.benching import CAPTURE, ExporterProcess, Figure, figure
from exporters.testing import write_config

ENGINES = 500
ENGINES_AT_ONE_ADDRESS = 10
SCRAPES = 6
ROUNDS = 3
"""The best counts: what else the machine does only disturbs."""

_UP = re.compile(rb"^shardwatch_group_up\{.*\} 1\.0$", re.MULTILINE)


def main() -> None:
    """Measure and print."""
    print(json.dumps({"figures": list(groups_figures())}))  # noqa: T201 - this is what it is for


def groups_figures() -> Iterator[Figure]:
    """Yield the figures.

    Raises:
        ValueError: if an engine was not read: the figure would be of less than it says.
    """
    with ExitStack() as stack:
        engines = stack.enter_context(_Engines(CAPTURE.read_text(encoding="utf-8")))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = write_config(folder, _topology(engines))
        exporter = stack.enter_context(ExporterProcess("groups", config))
        exporter.scrape()  # reads all pages for the first time
        seconds = min(_round_seconds(exporter, engines) for _ in range(ROUNDS))
        yield figure("groups.cpu_ms_per_engine", 1e3 * seconds / SCRAPES / ENGINES, "ms")
        served, read = _series(exporter.scrape()), _series(engines.pages[0])
        yield figure("groups.series_out_per_series_in", served / ENGINES / read, "ratio")


def _round_seconds(exporter: ExporterProcess, engines: _Engines) -> float:
    before = exporter.cpu_seconds()
    for _ in range(SCRAPES):
        engines.move_on()
        up = len(_UP.findall(exporter.scrape()))
        if up != ENGINES:
            raise ValueError(f"{up} groups are up, expected {ENGINES}")
    return exporter.cpu_seconds() - before


class _Engines:
    """Serves the pages of all engines, in a thread, within ``with``."""

    def __init__(self, page: str) -> None:
        self.pages = [_with_new_values(page, seed) for seed in range(4)]
        self._at = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.addresses: list[str] = []
        self.move_on()

    def move_on(self) -> None:
        """Let every engine serve other numbers from now on."""
        self._at = (self._at + 1) % len(self.pages)
        body = self.pages[self._at]
        self.answer = b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)

    def __enter__(self) -> Self:
        self._thread.start()
        asyncio.run_coroutine_threadsafe(self._listen(), self._loop).result()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    async def _listen(self) -> None:
        for _ in range(ENGINES // ENGINES_AT_ONE_ADDRESS):
            server = await self._loop.create_server(lambda: _Connection(self), "127.0.0.1", 0)
            host, port = server.sockets[0].getsockname()
            self.addresses.append(f"http://{host}:{port}")


class _Connection(asyncio.Protocol):
    """Answers requests without a body, one after another."""

    def __init__(self, engines: _Engines) -> None:
        self._engines = engines
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)  # noqa: S101 - of TCP
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        while b"\r\n\r\n" in self._received:
            request, _, self._received = self._received.partition(b"\r\n\r\n")
            is_page = b"/metrics " in request.partition(b"\r\n")[0]
            healthy = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
            self._transport.write(self._engines.answer if is_page else healthy)


def _with_new_values(page: str, seed: int) -> bytes:
    chance = random.Random(seed)  # noqa: S311 - no secret
    lines = []
    for line in page.splitlines():
        series, _, value = line.rpartition(" ")
        is_sample = line and not line.startswith("#")
        lines.append(f"{series} {float(value) + seed + chance.random()!r}" if is_sample else line)
    return ("\n".join(lines) + "\n").encode()


def _topology(engines: _Engines) -> dict[str, Any]:
    groups = [
        {"name": f"eu-chat-{number}", "region": "eu", "model": "chat", "revision": "r1",
         "metrics": f"{engines.addresses[number // ENGINES_AT_ONE_ADDRESS]}/{number}/metrics",
         "members": [{"host": f"h{number}"}]}
        for number in range(ENGINES)
    ]  # fmt: skip
    return {"version": 1, "cluster": "bench", "groups": groups}


def _series(page: bytes) -> int:
    return sum(not line.startswith(b"#") for line in page.splitlines())


if __name__ == "__main__":
    main()
