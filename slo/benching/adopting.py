"""How long ``shardwatch init`` takes on the series of 2,000 engines: the command as users run it.

A real Prometheus scrapes 2,000 pages of vLLM 0.32, under the labels of a LeaderWorkerSet, and those
of a dcgm-exporter on the host of each, with 8 GPUs. Before that it was given four weeks of the
counters that objectives stand on, a sample for each day and the minutes after it: of so many series
``init`` reads no more.
"""

from __future__ import annotations

import asyncio
import re
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator, Mapping
from pathlib import Path

import numpy as np
import yaml

from exporters.benching import CAPTURE, ROOT
from exporters.programs import locate_program
from exporters.testing import PageServer, telemetry_page
from slo.prometheus import PrometheusClient
from slo.series import Series
from slo.testing import running_prometheus

ENGINES = 2000
GPUS = 8
DAYS = 28
MODELS = 4
REGIONS = 3
MOST_SECONDS = 20.0
_DAY = 86400.0
_DAYS_AT_ONCE = 3
"""Of history in one pass: a server takes samples that are some days out of order, not weeks."""
_PATIENCE_SECONDS = 900.0
_HOST = "h00007"
"""Stands for a host's name on a page."""
_EVENTS_A_DAY = 10_000.0
_COUNTERS = (
    *(
        ("vllm:request_success_total", {"finished_reason": each}, each != "error")
        for each in ("stop", "length", "abort", "error", "repetition")
    ),
    ("vllm:time_to_first_token_seconds_bucket", {"le": "2.5"}, True),
    ("vllm:time_to_first_token_seconds_count", {}, True),
)
"""Name, labels of its own, and whether it counts anything."""


def init_seconds() -> float:
    """Return the seconds of ``shardwatch init``, with a server that does nothing else.

    Raises:
        ValueError: if it fails, or adopts other than all engines.
    """
    with tempfile.TemporaryDirectory() as name, PageServer() as pages:
        folder = Path(name)
        flags = ["--log.level=error", "--web.enable-lifecycle"]
        program = locate_program("prometheus")
        with running_prometheus(program, folder, flags=flags) as url:
            asyncio.run(_write_past(url, time.time()))
            (folder / "prometheus.yml").write_text(_scrapes(pages), encoding="utf-8")
            reload = urllib.request.Request(f"{url}/-/reload", method="POST")  # noqa: S310 - ours
            with urllib.request.urlopen(reload, timeout=_PATIENCE_SECONDS):  # noqa: S310
                pass
            asyncio.run(_wait_for_scrapes(url))
            return _run(url)


async def _write_past(url: str, now: float) -> None:
    async with PrometheusClient(url, timeout_seconds=_PATIENCE_SECONDS) as client:
        for first in range(DAYS + 1, 0, -_DAYS_AT_ONCE):
            days = range(first, max(first - _DAYS_AT_ONCE, 0), -1)
            await client.remote_write(_past(now, days))


def _past(now: float, days: range) -> Iterator[Series]:
    # What init asks of the past is looked for up to 5 minutes back, and it asks later than now.
    at = [now - day * _DAY + late for day in days for late in range(0, 1200, 240)]
    times = np.array([each * 1000 for each in at], np.int64)
    counts = np.array([(DAYS + 1 - day) * _EVENTS_A_DAY for day in days for _ in range(5)])
    for engine in range(ENGINES):
        labels = {**_target(engine), "engine": "0", "model_name": _model(engine), "job": "vllm"}
        for name, own, counts_any in _COUNTERS:
            yield Series({"__name__": name, **labels, **own}, times, counts * counts_any)


def _scrapes(pages: PageServer) -> str:
    """Let engines and hosts be served, and return the configuration that has them scraped."""
    capture = CAPTURE.read_text(encoding="utf-8")
    for model in range(MODELS):
        page = re.sub(r'model_name="[^"]*"', f'model_name="{_model(model)}"', capture)
        pages.serve(f"/engine/{model}", page)
    gpus = telemetry_page({f"GPU-{_HOST}-{index}": {} for index in range(GPUS)}, _HOST)
    for engine in range(ENGINES):
        pages.serve(f"/host/{engine}", gpus.replace(_HOST, f"h{engine}"))
    every = range(ENGINES)
    return yaml.safe_dump({
        "global": {"scrape_interval": "1m", "external_labels": {"cluster": "bench"}},
        "scrape_configs": [
            {
                "job_name": "vllm",
                "static_configs": [
                    _static(pages, _target(each), f"/engine/{each % MODELS}") for each in every
                ],
                # As its documentation advises.
                "metric_relabel_configs": [
                    {"source_labels": ["__name__"], "regex": ".+_created", "action": "drop"}
                ],
            },
            {
                "job_name": "dcgm",
                "static_configs": [
                    _static(pages, {"instance": f"{_address(each)}:9400"}, f"/host/{each}")
                    for each in every
                ],
            },
        ],
    })  # fmt: skip


def _static(pages: PageServer, labels: Mapping[str, str], path: str) -> dict[str, object]:
    return {"targets": [pages.address], "labels": {**labels, "__metrics_path__": path}}


def _target(engine: int) -> dict[str, str]:
    return {
        "instance": f"{_address(engine)}:8000",
        "namespace": "llm",
        "pod": f"chat-{engine}",
        "node": f"h{engine}",
        "leaderworkerset_sigs_k8s_io_name": "chat",
        "leaderworkerset_sigs_k8s_io_group_index": str(engine),
        "region": f"r{engine % REGIONS}",
    }


def _address(engine: int) -> str:
    return f"10.0.{engine // 250}.{engine % 250}"


def _model(engine: int) -> str:
    return f"m{engine % MODELS}"


async def _wait_for_scrapes(url: str) -> None:
    until = time.monotonic() + _PATIENCE_SECONDS
    async with PrometheusClient(url, timeout_seconds=_PATIENCE_SECONDS) as client:
        while time.monotonic() < until:
            up = await client.query("sum(up)")
            if up and up[0].value == 2 * ENGINES:
                return
            await asyncio.sleep(5)
    raise ValueError("not all targets were scraped")


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
