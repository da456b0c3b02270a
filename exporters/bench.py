"""Figures of the exporters, as JSON on standard output: ``python -m exporters.bench``.

The fleet is the demo's in size: 16 groups of 4 hosts of 8 GPUs, scraped each 5 s over real HTTP.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from exporters.exposition import PageReader
from exporters.gpu.bench import driver_figures, gpu_figures
from exporters.groups.bench import groups_figures
from exporters.testing import PageServer, page_of, telemetry_page

ROOT = Path(__file__).resolve().parents[1]
CAPTURE = ROOT / "tests/fixtures/vllm/vllm-0.32.0-cpu-tp2.metrics.txt"
PAGES = 100
ROUNDS = 3
"""The best counts: what else the machine does only disturbs."""
SCRAPES = 6
INTERVAL_SECONDS = 5.0
EXPORTERS = ("gpu", "groups", "router", "tools")


def main() -> None:
    """Measure and print."""
    figures = [
        *parsing_figures(),
        *fleet_figures(),
        *gpu_figures(),
        *driver_figures(),
        *groups_figures(),
    ]
    print(json.dumps({"figures": figures}))  # noqa: T201 - this is what it is for


def parsing_figures() -> Iterator[dict[str, Any]]:
    """Yield how much faster a page is read than by prometheus_client.

    Raises:
        ValueError: if both do not read the same.
    """
    page = CAPTURE.read_text(encoding="utf-8")
    changed = [_with_new_values(page) for _ in range(PAGES)]
    unseen = [each.replace('"tiny"', f'"model-{n}"') for n, each in enumerate(changed)]
    if _read_ours(PageReader(), changed[0]) != _read_theirs(changed[0]):
        raise ValueError("the two readers do not read the same")
    for name, pages in (("vs_prometheus_client", changed), ("first_seen", unseen)):
        rounds = [_reading_seconds(page, pages) for _ in range(ROUNDS)]
        ratio = min(theirs for theirs, _ in rounds) / min(ours for _, ours in rounds)
        yield _figure(f"exposition.parse_ratio_{name}", ratio, "ratio", 1.0)


def _reading_seconds(page: str, pages: list[str]) -> tuple[float, float]:
    """Return the CPU seconds that prometheus_client takes for pages, and we after a first one."""
    bodies = [each.encode() for each in pages]
    reader = PageReader()
    reader.read(page.encode())
    start = time.process_time()
    for each in pages:
        sum(len(family.samples) for family in text_string_to_metric_families(each))
    middle = time.process_time()
    for body in bodies:
        reader.read(body)
    return middle - start, time.process_time() - middle


def fleet_figures() -> Iterator[dict[str, Any]]:
    """Yield what the four exporters cost for 512 GPUs, as processes."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = _write_fleet(folder, stack.enter_context(PageServer()))
        children = {name: _start(name, config, folder) for name in EXPORTERS}
        for child in children.values():
            stack.callback(child.wait)
            stack.callback(child.terminate)
        urls = [f"http://{_address(folder / name)}/metrics" for name in EXPORTERS]
        _scrape(urls)
        before = {name: _cpu_seconds(child.pid) for name, child in children.items()}
        start = time.monotonic()
        for _ in range(SCRAPES):
            _scrape(urls)
            time.sleep(INTERVAL_SECONDS)
        elapsed = time.monotonic() - start
        for name, child in children.items():
            share = (_cpu_seconds(child.pid) - before[name]) / elapsed
            yield _figure(f"{name}.cpu_percent_of_core", 100 * share, "%", None)
            yield _figure(f"{name}.rss_mb", _rss_bytes(child.pid) / 1e6, "MB", None)


def _write_fleet(folder: Path, server: PageServer) -> Path:
    groups = []
    engine = CAPTURE.read_bytes()
    for region, model, copy in product(("eu", "us"), ("chat", "code", "agent", "reason"), "01"):
        name = f"{region}-{model}-{copy}"
        members = []
        for host in (f"{name}-h{index}" for index in range(4)):
            gpus: dict[str, dict[str, float]] = {
                f"GPU-{host}-{index:024d}": {} for index in range(8)
            }
            url = server.serve(f"/host/{host}", telemetry_page(gpus, host))
            members.append({"host": host, "gpus": list(gpus), "telemetry": url})
        server.serve(f"/engine/{name}/health", "")
        groups.append({
            "name": name, "region": region, "model": model, "revision": "r1", "members": members,
            "metrics": server.serve(f"/engine/{name}/metrics", engine),
        })  # fmt: skip
    labels = [{"model": str(g["model"]), "revision": "r1", "tier": "pro"} for g in groups[:8:2]]
    page = page_of("router_demo", [("router_requests_in_flight", each, 1.0) for each in labels])
    topology = {
        "version": 1,
        "cluster": "bench",
        "groups": groups,
        "routers": [
            {"name": region, "region": region, "dialect": "demo",
             "metrics": server.serve(f"/router/{region}", page)}
            for region in ("eu", "us")
        ],
    }  # fmt: skip
    (folder / "topology.yaml").write_text(json.dumps(topology), encoding="utf-8")
    config = folder / "shardwatch.yaml"
    content = {"topology": "topology.yaml", "objectives": ["library:chat"],
               "prometheus": {"url": "http://127.0.0.1:9090"}}  # fmt: skip
    config.write_text(json.dumps(content), encoding="utf-8")
    return config


def _start(name: str, config: Path, folder: Path) -> subprocess.Popen[bytes]:
    command = [sys.executable, "-m", "shardwatch", "exporter", name, "--config", str(config),
               "--listen", "127.0.0.1:0", "--address-file", str(folder / name)]  # fmt: skip
    return subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)


def _address(file: Path, patience_seconds: float = 30.0) -> str:
    until = time.monotonic() + patience_seconds
    while not file.exists():
        if time.monotonic() > until:
            raise TimeoutError(f"{file.name} took no address")
        time.sleep(0.05)
    return file.read_text(encoding="utf-8").strip()


def _scrape(urls: list[str]) -> None:
    for url in urls:
        request = urllib.request.Request(url, headers={"Accept-Encoding": "gzip"})  # noqa: S310
        with urllib.request.urlopen(request, timeout=10.0) as response:  # noqa: S310 - ours
            response.read()


def _cpu_seconds(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="utf-8").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


def _rss_bytes(pid: int) -> int:
    pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")


def _with_new_values(page: str) -> str:
    """Return a page with other values, written as vLLM writes them: what is counted stays whole."""
    lines = []
    for line in page.splitlines():
        series, _, value = line.rpartition(" ")
        if line and not line.startswith("#"):
            number = float(value)
            more = random.randrange(1000) if number.is_integer() else random.random()  # noqa: S311
            line = f"{series} {number + more!r}"  # noqa: PLW2901
        lines.append(line)
    return "\n".join(lines) + "\n"


def _read_ours(reader: PageReader, page: str) -> dict[Any, float]:
    samples = reader.read(page.encode()).items()
    return {(series.name, frozenset(series.labels.items())): value for series, value in samples}


def _read_theirs(page: str) -> dict[Any, float]:
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def _figure(name: str, value: float, unit: str, baseline: float | None) -> dict[str, Any]:
    return {"name": name, "value": round(value, 3), "unit": unit, "baseline": baseline}


if __name__ == "__main__":
    main()
