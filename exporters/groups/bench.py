"""Figures of the groups exporter: ``python -m exporters.groups.bench``.

500 engines with the page of a real one, whose numbers all change from scrape to scrape, over real
HTTP on loopback. The exporter is a process of its own, and its processor time is what counts: all
that a scrape costs, from asking the engines for pages and health to the compressed answer.
"""

from __future__ import annotations

import asyncio
import gzip
import json
import os
import random
import re
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path
from typing import Any, Self

ROOT = Path(__file__).resolve().parents[2]
CAPTURE = ROOT / "tests/fixtures/vllm/vllm-0.32.0-cpu-tp2.metrics.txt"
ENGINES = 500
ENGINES_AT_ONE_ADDRESS = 10
SCRAPES = 6
ROUNDS = 3
"""The best counts: what else the machine does only disturbs."""
PATIENCE_SECONDS = 60.0

_UP = re.compile(rb"^shardwatch_group_up\{.*\} 1\.0$", re.MULTILINE)


def main() -> None:
    """Measure and print."""
    print(json.dumps({"figures": list(groups_figures())}))  # noqa: T201 - this is what it is for


def groups_figures() -> Iterator[dict[str, Any]]:
    """Yield the figures.

    Raises:
        ValueError: if an engine was not read: the figure would be of less than it says.
    """
    with ExitStack() as stack:
        engines = stack.enter_context(_Engines(CAPTURE.read_text(encoding="utf-8")))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        process = _start(_write_config(folder, engines), folder / "address")
        stack.callback(process.wait)
        stack.callback(process.terminate)
        url = f"http://{_address(folder / 'address')}/metrics"
        _scrape(url)  # reads all pages for the first time
        seconds = min(_round_seconds(process.pid, url, engines) for _ in range(ROUNDS))
        yield _figure("cpu_ms_per_engine", 1e3 * seconds / SCRAPES / ENGINES, "ms")
        served, read = _series(_scrape(url)), _series(engines.pages[0])
        yield _figure("series_out_per_series_in", served / ENGINES / read, "ratio")


def _round_seconds(pid: int, url: str, engines: _Engines) -> float:
    before = _cpu_seconds(pid)
    for _ in range(SCRAPES):
        engines.move_on()
        up = len(_UP.findall(_scrape(url)))
        if up != ENGINES:
            raise ValueError(f"{up} groups are up, expected {ENGINES}")
    return _cpu_seconds(pid) - before


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


def _write_config(folder: Path, engines: _Engines) -> Path:
    groups = [
        {"name": f"eu-chat-{number}", "region": "eu", "model": "chat", "revision": "r1",
         "metrics": f"{engines.addresses[number // ENGINES_AT_ONE_ADDRESS]}/{number}/metrics",
         "members": [{"host": f"h{number}"}]}
        for number in range(ENGINES)
    ]  # fmt: skip
    topology = {"version": 1, "cluster": "bench", "groups": groups}
    (folder / "topology.yaml").write_text(json.dumps(topology), encoding="utf-8")
    config = folder / "shardwatch.yaml"
    content = {"topology": "topology.yaml", "objectives": ["library:chat"],
               "prometheus": {"url": "http://127.0.0.1:9090"}}  # fmt: skip
    config.write_text(json.dumps(content), encoding="utf-8")
    return config


def _start(config: Path, address_file: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "shardwatch", "exporter", "groups", "--config", str(config),
               "--listen", "127.0.0.1:0", "--address-file", str(address_file)]  # fmt: skip
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)


def _address(file: Path) -> str:
    until = time.monotonic() + PATIENCE_SECONDS
    while not file.exists():
        if time.monotonic() > until:
            raise TimeoutError("the exporter took no address")
        time.sleep(0.05)
    return file.read_text(encoding="utf-8").strip()


def _scrape(url: str) -> bytes:
    request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})  # noqa: S310
    with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:  # noqa: S310 - ours
        return gzip.decompress(response.read())


def _series(page: bytes) -> int:
    return sum(not line.startswith(b"#") for line in page.splitlines())


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _figure(name: str, value: float, unit: str) -> dict[str, Any]:
    return {"name": f"groups.{name}", "value": round(value, 3), "unit": unit, "baseline": None}


if __name__ == "__main__":
    main()
