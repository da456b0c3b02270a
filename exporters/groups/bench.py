"""Figures of the groups exporter: ``python -m exporters.groups.bench``.

500 engines with the page of a real one, whose numbers all change from scrape to scrape, over real
HTTP on loopback. The exporter is a process of its own, and its processor time is what counts: all
that a scrape costs, from asking the engines for pages and health to the compressed answer. Once
without telemetry, and once with a host of 8 GPUs for each engine, whose pages change as well: what
a gpu exporter of ours serves, and what a dcgm-exporter does.
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
from statistics import median
from typing import Any, Self

from exporters.benching import CAPTURE, ExporterProcess, Figure, figure
from exporters.gpu.core import GpuCore
from exporters.rendering import Renderer
from exporters.sources import Answer, Answers
from exporters.testing import telemetry_page, write_config
from exporters.topology import Topology

ENGINES = 500
ENGINES_AT_ONE_ADDRESS = 10
SCRAPES = 6
ROUNDS = 5
"""The median counts."""
GPUS = 8
"""Of the host of an engine, where it is watched;"""
ENGINES_WITH_GPUS = 200
"""... then there are so many."""

_MOST_CPU_MS = 1.0
_MOST_SERIES_RATIO = 0.3
_UP = re.compile(rb"^shardwatch_group_up\{.*\} 1\.0$", re.MULTILINE)


def main() -> None:
    """Measure and print."""
    print(json.dumps({"figures": list(groups_figures())}))  # noqa: T201 - this is what it is for


def groups_figures() -> Iterator[Figure]:
    """Yield the figures.

    Raises:
        ValueError: if an engine was not read: the figure would be of less than it says.
    """
    for telemetry, name in (
        ("", "groups.cpu_ms_per_engine"),
        ("ours", "groups.cpu_ms_per_engine_8_gpus"),
        ("dcgm", "groups.cpu_ms_per_engine_8_gpus_dcgm"),
    ):
        with ExitStack() as stack:
            engines = stack.enter_context(_Engines(CAPTURE.read_text(encoding="utf-8")))
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            count = ENGINES_WITH_GPUS if telemetry else ENGINES
            config = write_config(folder, _topology(engines, telemetry, count))
            exporter = stack.enter_context(ExporterProcess("groups", config))
            exporter.scrape()  # reads all pages for the first time
            seconds = median(_round_seconds(exporter, engines, count) for _ in range(ROUNDS))
            bar = None if telemetry else _MOST_CPU_MS
            yield figure(name, 1e3 * seconds / SCRAPES / count, "ms", bar)
            if not telemetry:
                served, read = _series(exporter.scrape()), _series(engines.pages[0])
                ratio = served / count / read
                yield figure("groups.series_out_per_series_in", ratio, "ratio", _MOST_SERIES_RATIO)
                megabytes = exporter.rss_bytes() / 1e6
                yield figure(f"groups.rss_mb_of_{ENGINES}_engines", megabytes, "MB")


def _round_seconds(exporter: ExporterProcess, engines: _Engines, count: int) -> float:
    before = exporter.cpu_seconds()
    for _ in range(SCRAPES):
        engines.move_on()
        up = len(_UP.findall(exporter.scrape()))
        if up != count:
            raise ValueError(f"{up} groups are up, expected {count}")
    return exporter.cpu_seconds() - before


_EMPTY = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
_NUMBER = b"00007"
"""Stands for a host's number on a page."""


class _Engines:
    """Serves the pages of all engines and of their hosts, in a thread, within ``with``."""

    def __init__(self, page: str) -> None:
        self.pages = [_with_new_values(page, seed) for seed in range(4)]
        self._hosts = {
            "dcgm": [_dcgm_page(seed) for seed in range(4)],
            "ours": [_page_of_ours(seed) for seed in range(4)],
        }
        self._at = 0
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever)
        self.addresses: list[str] = []
        self.move_on()

    def move_on(self) -> None:
        """Let every engine serve other numbers from now on."""
        self._at = (self._at + 1) % len(self.pages)
        self._engine = _ok(self.pages[self._at])

    def answer(self, path: bytes) -> bytes:
        """Return what is at a path: ``/NUMBER/metrics``, ``/NUMBER/health``, ``/NUMBER/dcgm``."""
        _, number, page, *_ = path.decode().split("/")
        if page == "metrics":
            return self._engine
        if page not in self._hosts:
            return _EMPTY  # of /health, and of a probe
        return _ok(self._hosts[page][self._at].replace(_NUMBER, number.encode()))

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
            self._transport.write(self._engines.answer(request.split(b" ", 2)[1]))


def _with_new_values(page: str, seed: int) -> bytes:
    chance = random.Random(seed)  # noqa: S311 - no secret
    lines = []
    for line in page.splitlines():
        series, _, value = line.rpartition(" ")
        is_sample = line and not line.startswith("#")
        lines.append(f"{series} {float(value) + seed + chance.random()!r}" if is_sample else line)
    return ("\n".join(lines) + "\n").encode()


def _topology(engines: _Engines, telemetry: str, count: int) -> dict[str, Any]:
    groups = []
    for number in range(count):
        base = f"{engines.addresses[number // ENGINES_AT_ONE_ADDRESS]}/{number}"
        groups.append(_group(number, base, telemetry))
    return {"version": 1, "cluster": "bench", "groups": groups}


def _group(number: int | str, base: str, telemetry: str) -> dict[str, Any]:
    member: dict[str, Any] = {"host": f"h{number}"}
    if telemetry:
        member |= {"gpus": _uuids(number), "telemetry": f"{base}/{telemetry}"}
    return {"name": f"eu-chat-{number}", "region": "eu", "model": "chat", "revision": "r1",
            "metrics": f"{base}/metrics", "members": [member]}  # fmt: skip


def _uuids(number: int | str) -> list[str]:
    return [f"GPU-{number}-{index}" for index in range(GPUS)]


def _dcgm_page(seed: int) -> bytes:
    """Return the page of a dcgm-exporter, with a mark in place of the host's number."""
    moving = {"DCGM_FI_DEV_POWER_USAGE": 300.0 + seed, "DCGM_FI_DEV_GPU_TEMP": 50.0 + seed}
    return telemetry_page(dict.fromkeys(_uuids(_NUMBER.decode()), moving)).encode()


def _page_of_ours(seed: int) -> bytes:
    """Return the page of a gpu exporter of ours, of the same GPUs."""
    group = _group(_NUMBER.decode(), "http://h", "dcgm")
    core = GpuCore(Topology.model_validate({"version": 1, "cluster": "bench", "groups": [group]}))
    (target,) = core.targets
    answers = Answers({target: Answer("none", target.read(_dcgm_page(seed)))})
    return Renderer().render(core.observe(answers, 0.0)).encode()


def _ok(body: bytes) -> bytes:
    return b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


def _series(page: bytes) -> int:
    return sum(not line.startswith(b"#") for line in page.splitlines())


if __name__ == "__main__":
    main()
