"""How long ``shardwatch init`` takes on the series of 2,000 engines: the command as users run it.

A real Prometheus has all that 2,000 engines of vLLM 0.32 serve, under the labels of a
LeaderWorkerSet, and 8 GPUs of each; and the counters that objectives stand on of four weeks, a
sample a day, for that is what ``init`` reads of so many.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

import numpy as np

from exporters.benching import CAPTURE, ROOT
from exporters.exposition import PageReader
from slo.prometheus import PrometheusClient
from slo.series import Series

ENGINES = 2000
GPUS = 8
DAYS = 28
_DAY = 86400.0
_AT_ONCE = 20_000
"""Series in one write."""
_GPU_FAMILIES = (
    "DCGM_FI_DEV_SM_CLOCK",
    "DCGM_FI_DEV_GPU_TEMP",
    "DCGM_FI_DEV_POWER_USAGE",
    "DCGM_FI_DEV_GPU_UTIL",
    "DCGM_FI_DEV_FB_USED",
    "DCGM_FI_PROF_PIPE_TENSOR_ACTIVE",
)
_COUNTERS = (
    "vllm:request_success_total",
    "vllm:time_to_first_token_seconds_bucket",
    "vllm:time_to_first_token_seconds_count",
)


async def measure_init(client: PrometheusClient, url: str) -> float:
    """Return the seconds of ``shardwatch init``, after the series were written.

    Raises:
        ValueError: if it fails, or adopts other than all engines.
    """
    now = time.time()
    for day in range(DAYS + 1, 0, -1):
        # Around that moment of each day, as it would have been scraped.
        at = now - day * _DAY
        await _write(client, _engines(at, (DAYS + 1 - day) * 10_000.0, _COUNTERS))
    # The command reads what is there up to 5 minutes before it.
    await _write(client, _engines(now, (DAYS + 1) * 10_000.0))
    await _write(client, _gpus(now))
    return _run(url)


async def _write(client: PrometheusClient, series: Iterator[Series]) -> None:
    batch: list[Series] = []
    for each in series:
        batch.append(each)
        if len(batch) == _AT_ONCE:
            await client.remote_write(batch)
            batch = []
    if batch:
        await client.remote_write(batch)


def _engines(at: float, count: float, only: Iterable[str] = ()) -> Iterator[Series]:
    names = frozenset(only)
    page = PageReader(lambda name: not name.endswith("_created")).read(CAPTURE.read_bytes())
    samples = [
        (each.name, dict(each.labels), value)
        for each, value in page.items()
        if not names or each.name in names
    ]
    times = _times(at)
    for engine in range(ENGINES):
        target = _target(engine)
        for name, labels, value in samples:
            model = {"model_name": f"m{engine % 4}"} if "model_name" in labels else {}
            events = 0.0 if labels.get("finished_reason") == "error" else count
            yield _series({"__name__": name, **labels, **target, **model}, times, value + events)


def _gpus(at: float) -> Iterator[Series]:
    times = _times(at)
    for engine in range(ENGINES):
        host = f"n{engine}"
        for gpu in range(GPUS):
            labels = {
                "job": "dcgm",
                "instance": f"{_address(engine)}:9400",
                "gpu": str(gpu),
                "UUID": f"GPU-{engine}-{gpu}",
                "device": f"nvidia{gpu}",
                "modelName": "NVIDIA H200",
                "Hostname": host,
                "exported_namespace": "llm",
                "exported_pod": f"chat-{engine}",
                "pod": f"dcgm-exporter-{host}",
            }
            for name in _GPU_FAMILIES:
                yield _series({"__name__": name, **labels}, times, 1.0)


def _target(engine: int) -> dict[str, str]:
    return {
        "job": "llm/vllm",
        "instance": f"{_address(engine)}:8000",
        "namespace": "llm",
        "pod": f"chat-{engine}",
        "node": f"n{engine}",
        "leaderworkerset_sigs_k8s_io_name": "chat",
        "leaderworkerset_sigs_k8s_io_group_index": str(engine),
        "region": f"r{engine % 3}",
        "cluster": "bench",
    }


def _address(engine: int) -> str:
    return f"10.0.{engine // 250}.{engine % 250}"


def _times(at: float) -> np.ndarray:
    # The past is looked for up to 5 minutes back from moments that move on while all is written.
    return np.array([at * 1000, (at + 240) * 1000], np.int64)


def _series(labels: Mapping[str, str], times: np.ndarray, value: float) -> Series:
    return Series(labels, times, np.array([value, value]))


def _run(url: str) -> float:
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "out"
        command = [sys.executable, "-m", "shardwatch", "init", "--prometheus", url, "-o", str(out)]
        begun = time.monotonic()
        done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
        seconds = time.monotonic() - begun
        expected = f"{ENGINES:,} groups of {ENGINES:,} engines, {ENGINES * GPUS:,} of"
        if done.returncode != 0 or expected not in done.stdout:
            raise ValueError(f"init ended with {done.returncode}: {done.stderr}{done.stdout[:500]}")
        report = (out / "ADOPTION.md").read_text(encoding="utf-8")
        if f"{DAYS} of the last {DAYS} days" not in report:
            raise ValueError(f"init did not see all {DAYS} days")
    return seconds
