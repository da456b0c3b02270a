"""Figures of the gpu exporter that reads its own host: ``python -m exporters.gpu.bench``.

A real exporter process, its child and real nvidia-ml-py, over the driver's stand-in with 8 GPUs;
and over the driver itself (``gpu.driver_...``), on a machine that has one.
"""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack
from pathlib import Path

from exporters.benching import Figure, figure, unmeasured
from exporters.gpu.local.process import Child
from exporters.gpu.testing.shim import NvmlShim, find_compiler
from exporters.testing import write_config

ROOT = Path(__file__).resolve().parents[2]
GPUS = 8
HOST = "h1"
SCRAPES = 400
READINGS = 400
COLLECTION_SECONDS = 5.0
LOSSES = 3
PATIENCE_SECONDS = 60.0
HOSTS = 1000
"""Of a fleet; each has an exporter, and all have one topology."""

DRIVER_FIGURES = {
    "driver_collect_ms_per_gpu": "ms", "driver_scrape_p99_ms": "ms", "driver_pss_mb": "MB",
}  # fmt: skip
"""Names and units, for a machine that cannot measure them."""
SHIM_FIGURES = {
    "collect_ms_per_gpu": "ms", "bytes_per_gpu_dcgm_names": "bytes",
    f"scrape_p99_ms_of_{HOSTS}_hosts": "ms", f"pss_mb_of_{HOSTS}_hosts": "MB",
    "bytes_per_gpu": "bytes", "scrape_p99_ms": "ms", "pss_mb": "MB", "xid_seconds": "s",
    "lost_seconds": "s", "scrape_p99_ms_one_wedged": "ms",
}  # fmt: skip
"""Likewise."""


def main() -> None:
    """Measure and print."""
    figures = [*gpu_figures(), *driver_figures()]
    print(json.dumps({"figures": figures}))  # noqa: T201 - this is what it is for


def driver_figures() -> Iterator[Figure]:
    """Yield what a real driver takes."""
    uuids = _uuids_here()
    if not uuids:
        for name, unit in DRIVER_FIGURES.items():
            yield unmeasured(f"gpu.{name}", unit, "there is no GPU here")
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        yield _figure("driver_collect_ms_per_gpu", asyncio.run(_reading_ms(uuids, {})), "ms")
        exporter = stack.enter_context(_Exporter(folder, uuids, {}))
        yield _figure("driver_scrape_p99_ms", exporter.scrape_p99_ms(), "ms")
        yield _figure("driver_pss_mb", exporter.pss_bytes() / 1e6, "MB")


def gpu_figures() -> Iterator[Figure]:
    """Yield the figures of the driver's stand-in."""
    if find_compiler() is None:
        for name, unit in SHIM_FIGURES.items():
            yield unmeasured(f"gpu.{name}", unit, "no C compiler for the driver's stand-in")
        return
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        shim = stack.enter_context(NvmlShim(folder, GPUS))
        yield _figure("collect_ms_per_gpu", asyncio.run(_reading_ms(shim.uuids, shim.environment)),
                      "ms")  # fmt: skip
        yield from _fleet_figures(folder, shim)
        exporter = stack.enter_context(_Exporter(folder, shim.uuids, shim.environment))
        page = exporter.scrape()
        yield _figure("bytes_per_gpu", len(page) / GPUS, "bytes")
        yield _figure("scrape_p99_ms", exporter.scrape_p99_ms(), "ms")
        yield _figure("pss_mb", exporter.pss_bytes() / 1e6, "MB")
        yield _figure("xid_seconds", exporter.xid_seconds(shim), "s")
        yield _figure("lost_seconds", exporter.lost_seconds(shim), "s")
        shim.block(0)
        exporter.wait_for(f'uuid="{shim.uuids[0]}",state="hung"}} 1.0')
        yield _figure("scrape_p99_ms_one_wedged", exporter.scrape_p99_ms(), "ms")


def _fleet_figures(folder: Path, shim: NvmlShim) -> Iterator[Figure]:
    """Yield what a host's exporter takes in a fleet, with dcgm-exporter's names beside ours."""
    with _Exporter(folder, shim.uuids, shim.environment, "--dcgm-names", hosts=HOSTS) as exporter:
        time.sleep(COLLECTION_SECONDS)  # rates need two looks
        page = exporter.scrape()
        yield _figure("bytes_per_gpu_dcgm_names", len(page) / GPUS, "bytes")
        yield _figure(f"scrape_p99_ms_of_{HOSTS}_hosts", exporter.scrape_p99_ms(), "ms")
        yield _figure(f"pss_mb_of_{HOSTS}_hosts", exporter.pss_bytes() / 1e6, "MB")


class _Exporter:
    """The process, within ``with``."""

    def __init__(
        self,
        folder: Path,
        uuids: Sequence[str],
        environment: Mapping[str, str],
        *options: str,
        hosts: int = 1,
    ) -> None:
        self._uuids = uuids
        self._file = folder / "address"
        self._file.unlink(missing_ok=True)
        _write_config(folder, uuids, hosts)
        self._process = subprocess.Popen(
            [sys.executable, "-m", "shardwatch", "exporter", "gpu", "--local", HOST,
             "--config", str(folder / "shardwatch.yaml"), "--listen", "127.0.0.1:0",
             "--address-file", str(self._file), *options],
            cwd=ROOT, stderr=subprocess.DEVNULL, env={**os.environ, **environment},
        )  # fmt: skip

    def __enter__(self) -> _Exporter:
        until = time.monotonic() + PATIENCE_SECONDS
        while not self._file.exists():
            if time.monotonic() > until:
                raise TimeoutError("the exporter took no address")
            time.sleep(0.05)
        self._url = f"http://{self._file.read_text(encoding='utf-8').strip()}/metrics"
        self.wait_for(f'uuid="{self._uuids[-1]}"}} 1.0')
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def scrape(self) -> str:
        """Return the page."""
        with urllib.request.urlopen(self._url, timeout=10.0) as response:  # noqa: S310 - ours
            return str(response.read(), "utf-8")

    def wait_for(self, text: str, every_seconds: float = 0.05) -> float:
        """Scrape until a text is on the page; return how long that took, in seconds."""
        start = time.monotonic()
        while text not in self.scrape():
            if time.monotonic() - start > PATIENCE_SECONDS:
                raise TimeoutError(f"{text} did not come")
            time.sleep(every_seconds)
        return time.monotonic() - start

    def scrape_p99_ms(self) -> float:
        """Return how long 99 of 100 scrapes take at most; each of a collection of its own."""
        taken = []
        for _ in range(SCRAPES):
            start = time.perf_counter()
            self.scrape()
            taken.append(time.perf_counter() - start)
            time.sleep(0.01)
        return 1000 * sorted(taken)[int(0.99 * len(taken))]

    def pss_bytes(self) -> int:
        """Return the memory of the exporter and its child, shared pages in their share."""
        pids = [self._process.pid, *_children(self._process.pid)]
        if len(pids) != 2:
            raise RuntimeError(f"found {len(pids) - 1} children, expected 1")
        return sum(map(_pss_bytes, pids))

    def xid_seconds(self, shim: NvmlShim) -> float:
        """Return how long an XID takes from the driver's event to a scrape."""
        shim.raise_xid(2, 31)
        return self.wait_for(f'uuid="{shim.uuids[2]}",code="31"}}')

    def lost_seconds(self, shim: NvmlShim) -> float:
        """Return how long a lost GPU takes to be seen lost by scrapes each 5 s, at the worst."""
        worst = 0.0
        for loss in range(LOSSES):
            self.scrape()
            time.sleep(COLLECTION_SECONDS * (loss + 0.1) / LOSSES)
            lost_at = time.monotonic()
            shim.lose(1)
            time.sleep(COLLECTION_SECONDS * (1 - (loss + 0.1) / LOSSES))
            self.wait_for(f'uuid="{shim.uuids[1]}",state="lost"}} 1.0', COLLECTION_SECONDS)
            worst = max(worst, time.monotonic() - lost_at)
            shim.answer(1)
            self.wait_for(f'uuid="{shim.uuids[1]}",state="healthy"}} 1.0')
        return worst


async def _reading_ms(uuids: Sequence[str], environment: Mapping[str, str]) -> float:
    """Return how long a reading of one GPU takes, over the child's pipes, in the mean."""
    child = Child("nvml", uuids, lambda _: None, environment)
    await child.ready(PATIENCE_SECONDS)
    for uuid in uuids:
        await child.ask(uuid, None, PATIENCE_SECONDS)
    start = time.perf_counter()
    for number in range(READINGS):
        await child.ask(uuids[number % len(uuids)], None, PATIENCE_SECONDS)
    taken = time.perf_counter() - start
    child.kill()
    return 1000 * taken / READINGS


def _write_config(folder: Path, uuids: Sequence[str], hosts: int) -> None:
    """Write a topology of a host with the GPUs that are here, and of others with others."""
    members = [{"host": HOST, "gpus": [*uuids]}]
    members += [
        {"host": f"other-{host}", "gpus": [f"GPU-{host:08x}-{gpu}" for gpu in range(len(uuids))],
         "telemetry": "http://127.0.0.1:9/metrics"}
        for host in range(hosts - 1)
    ]  # fmt: skip
    groups = [
        {"name": f"eu-chat-{number}", "region": "eu", "model": "chat", "revision": "r1",
         "metrics": f"http://127.0.0.1:9/{number}/metrics", "members": [member]}
        for number, member in enumerate(members)
    ]  # fmt: skip
    write_config(folder, {"version": 1, "cluster": "bench", "groups": groups})


def _uuids_here() -> list[str]:
    """Return the GPUs of this machine, asked for in a process that may be let hang."""
    ask = (
        "import json, pynvml as n; n.nvmlInit(); print(json.dumps([n.nvmlDeviceGetUUID("
        "n.nvmlDeviceGetHandleByIndex(i)) for i in range(n.nvmlDeviceGetCount())]))"
    )
    try:
        done = subprocess.run([sys.executable, "-c", ask], capture_output=True, text=True,
                              check=False, timeout=PATIENCE_SECONDS)  # fmt: skip
    except subprocess.TimeoutExpired:
        return []
    return list(json.loads(done.stdout)) if done.returncode == 0 else []


def _children(pid: int) -> list[int]:
    text = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8")
    return [int(child) for child in text.split()]


def _pss_bytes(pid: int) -> int:
    for line in Path(f"/proc/{pid}/smaps_rollup").read_text(encoding="utf-8").splitlines():
        if line.startswith("Pss:"):
            return int(line.split()[1]) * 1024
    raise RuntimeError(f"/proc/{pid}/smaps_rollup has no Pss")


def _figure(name: str, value: float, unit: str) -> Figure:
    return figure(f"gpu.{name}", value, unit)


if __name__ == "__main__":
    main()
