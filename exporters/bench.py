"""Figures of the exporters, as JSON on standard output: ``python -m exporters.bench``.

The fleet is the demo's in size: 16 groups of 4 hosts of 8 GPUs, scraped each 5 s over real HTTP.
"""

from __future__ import annotations

import json
import random
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from itertools import product
from pathlib import Path
from typing import Any

from prometheus_client.parser import text_string_to_metric_families

from exporters.benching import CAPTURE, ExporterProcess, Figure, figure
from exporters.exposition import PageReader
from exporters.fetching import LONGEST_ANSWER_SECONDS
from exporters.gpu.bench import driver_figures, gpu_figures
from exporters.groups.bench import groups_figures
from exporters.hostile import HostileServer
from exporters.sources import READING_SECONDS
from exporters.testing import PageServer, page_of, telemetry_page, write_config

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
        *hostile_figures(),
        *gpu_figures(),
        *driver_figures(),
        *groups_figures(),
    ]
    print(json.dumps({"figures": figures}))  # noqa: T201 - this is what it is for


def parsing_figures() -> Iterator[Figure]:
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
        yield figure(f"exposition.parse_ratio_{name}", ratio, "ratio", 1.0)


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


def fleet_figures() -> Iterator[Figure]:
    """Yield what the four exporters cost for 512 GPUs, as processes."""
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = write_config(folder, _fleet(stack.enter_context(PageServer())))
        running = {name: stack.enter_context(ExporterProcess(name, config)) for name in EXPORTERS}
        _scrape_all(running)
        before = {name: each.cpu_seconds() for name, each in running.items()}
        start = time.monotonic()
        for _ in range(SCRAPES):
            _scrape_all(running)
            time.sleep(INTERVAL_SECONDS)
        elapsed = time.monotonic() - start
        for name, each in running.items():
            share = (each.cpu_seconds() - before[name]) / elapsed
            yield figure(f"{name}.cpu_percent_of_core", 100 * share, "%")
            yield figure(f"{name}.rss_mb", each.rss_bytes() / 1e6, "MB")


def hostile_figures() -> Iterator[Figure]:
    """Yield how long a scrape takes at the most when nearly all engines do everything wrong."""
    with ExitStack() as stack:
        server = stack.enter_context(HostileServer(CAPTURE.read_bytes()))
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
        config = write_config(folder, server.topology(*server.engines))
        exporter = stack.enter_context(ExporterProcess("groups", config))
        taken = []
        for _ in range(SCRAPES):  # the first ones wait for deadlines, then circuits are open
            start = time.monotonic()
            exporter.scrape()
            taken.append(time.monotonic() - start)
        bar = LONGEST_ANSWER_SECONDS + READING_SECONDS
        yield figure("exposition.hostile_scrape_seconds", max(taken), "s", bar)


def _scrape_all(running: dict[str, ExporterProcess]) -> None:
    for each in running.values():
        each.scrape()


def _fleet(server: PageServer) -> dict[str, Any]:
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
    return {
        "version": 1,
        "cluster": "bench",
        "groups": groups,
        "routers": [
            {"name": region, "region": region, "dialect": "demo",
             "metrics": server.serve(f"/router/{region}", page)}
            for region in ("eu", "us")
        ],
    }  # fmt: skip


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


if __name__ == "__main__":
    main()
