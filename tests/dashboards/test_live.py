"""Every query of every board, in a real Prometheus that scrapes a small healthy cluster."""

import asyncio
import json
import socket
import subprocess
import time
import urllib.parse
import urllib.request
from collections.abc import Iterator
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import count, product
from pathlib import Path
from string import Template
from threading import Thread
from typing import Any

import pytest
import yaml

from alerts.causes.cause import cause_levels
from alerts.causes.every import causes
from alerts.cells import cells_group
from dashboards.asking import EVERYTHING, panel_queries
from dashboards.lacking import Lacking, lacking
from dashboards.queries.itself import PROMETHEUS_JOB
from demo.setup.programs import find_program
from exporters import catalog
from exporters.catalog import Family
from exporters.scrape import JOBS
from slo import conventions
from slo.prometheus import PrometheusClient
from slo.render import render_groups
from slo.rules import RuleGroup
from slo.windows import read_tiers

PATIENCE_SECONDS = 60
VARIABLES = {**EVERYTHING, "cluster": "demo", "region": "(eu|us)", "model": "chat"}

BOUNDED: dict[str, tuple[str, ...]] = {
    "cluster": ("demo",),
    "region": ("eu", "us"),
    "model": ("chat",),
    "group": ("g0",),
    "tool": ("browser",),
    "outcome": tuple({*catalog.OUTCOMES, *catalog.TOOL_OUTCOMES}),
    "phase": catalog.PHASES,
    "tier": ("pro",),
    "reason": ("none",),
    "event": ("hw_thermal",),
    "le": ("1.0", "2.5", "+Inf"),
    "attempt": catalog.ATTEMPTS,
    "result": catalog.CACHE_RESULTS,
    "stage": catalog.SAFETY_STAGES,
    "verdict": catalog.SAFETY_VERDICTS,
    "home_region": ("eu", "us"),
}
"""The values of labels; of others, ``x``."""
NOT_NOW = (catalog.GROUP_DRAINING, catalog.GROUP_DRAINING_UNTIL)
"""Gauges of what is not so in a healthy cluster."""
CELL_OF_OBJECTIVE = {"slo": "s", "service": "i", "region": "eu", "model": "chat"}


def lines(name: str, labels: dict[str, str], value: float) -> str:
    """Return one sample of an exposition."""
    inside = ",".join(f'{key}="{text}"' for key, text in labels.items())
    return f"{name}{{{inside}}} {value}\n"


def family_lines(family: Family, moment: int) -> Iterator[str]:
    """Give a healthy cluster's samples of a family; counters go on with each scrape."""
    of_groups = family is catalog.GROUP_STATE
    states = {"state": catalog.GROUP_STATES if of_groups else catalog.MEMBER_STATES}
    names = (*family.labels, *(("le",) if family.kind == "histogram" else ()))
    for values in product(*({**BOUNDED, **states}.get(name, ("x",)) for name in names)):
        labels = dict(zip(names, values, strict=True))
        good = float(labels.get("state", "up") in ("up", "healthy"))
        # Of few tokens nothing is recorded.
        each_second = 10_000.0 if "tokens" in family.name else 10.0
        # Nor of bills, while much fails.
        each_second *= 1.0 if labels.get("outcome", "ok") == "ok" else 0.001
        value = good if family.kind == "gauge" else each_second * moment
        if family in NOT_NOW:
            value = 0.0
        yield lines(family.name + ("_bucket" if "le" in labels else ""), labels, value)
        if labels.get("le") == "+Inf":
            del labels["le"]
            yield lines(f"{family.name}_sum", labels, value / 2)
            yield lines(f"{family.name}_count", labels, value)


def objective_lines() -> Iterator[str]:
    """Give the samples of an objective, which rules of slo record, and of an Alertmanager."""
    cell = CELL_OF_OBJECTIVE
    once = (
        conventions.EVENTS_BAD_RATE,
        conventions.EVENTS_RATE,
        conventions.BUDGET_REMAINING,
        conventions.OBJECTIVE,
        conventions.PERIOD,
        conventions.VANISHED_STATE,
    )
    for name in once:
        yield lines(name, cell, 1)
    for tier in read_tiers():
        for window in (tier.long_window, tier.short_window):
            yield lines(conventions.BURN_RATE, {**cell, "window": window}, 0)
    yield lines("alertmanager_notifications_total", {"integration": "pagerduty"}, 1)
    yield lines("alertmanager_notifications_failed_total", {"integration": "pagerduty"}, 0)
    for name in (conventions.EVENTS_BAD_COUNT, conventions.EVENTS_COUNT, conventions.COVERAGE):
        yield lines(name, {**cell, "window": "28d"}, 1)


@pytest.fixture(scope="module")
def cluster() -> Iterator[str]:
    """The address of a page that serves every family, and an objective."""
    moments = count(1)

    class Page(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            moment = next(moments)
            text = "".join(
                (
                    *(
                        each
                        for one in catalog.FAMILIES.values()
                        for each in family_lines(one, moment)
                    ),
                    *objective_lines(),
                )
            )
            self.send_response(200)
            self.send_header("Content-Type", "text/plain; version=0.0.4")
            self.end_headers()
            self.wfile.write(text.encode())

        def log_message(self, format: str, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Page) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}"
        server.shutdown()


def a_free_port() -> int:
    """Return a port of loopback that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@pytest.fixture(scope="module")
def prometheus(cluster: str, tmp_path_factory) -> Iterator[str]:
    """The address of a Prometheus that scrapes the page and records the cells, at 2 s."""
    folder: Path = tmp_path_factory.mktemp("prometheus")
    address = f"127.0.0.1:{a_free_port()}"
    levels = RuleGroup("levels", 2, cause_levels(causes(2)))
    (folder / "rules.yaml").write_text(render_groups([cells_group(2), levels], ["shardwatch.yaml"]))
    configuration = {
        "global": {
            "scrape_interval": "2s",
            "scrape_timeout": "2s",
            "evaluation_interval": "2s",
        },
        "rule_files": ["rules.yaml"],
        "scrape_configs": [
            {"job_name": job, "static_configs": [{"targets": [target]}]}
            for job, target in ((JOBS["groups"], cluster), (PROMETHEUS_JOB, address))
        ],
    }
    (folder / "prometheus.yml").write_text(yaml.safe_dump(configuration))
    with (
        (folder / "log").open("w") as log,
        subprocess.Popen(
            [
                find_program("prometheus"),
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={address}",
            ],
            stdout=log,
            stderr=log,
        ) as process,
    ):
        yield f"http://{address}"
        process.terminate()


def fetch(url: str, **form: Any) -> Any:
    """Return the data of an answer of Prometheus's API; a form is posted."""
    body = urllib.parse.urlencode(form).encode() if form else None
    with urllib.request.urlopen(url, body, timeout=10) as answer:  # noqa: S310 - our own server
        return json.load(answer)["data"]


async def test_every_query_has_data_in_a_healthy_cluster_but_those_that_may_be_empty(
    boards, prometheus: str
):
    """Of a range and of an instant; Prometheus takes those that may be empty all the same."""
    queries = [each for board in boards for each in panel_queries(board, VARIABLES)]
    missing = [
        Lacking(replace(each, instant=is_instant))
        for each in queries
        for is_instant in (False, True)
    ]
    deadline = time.monotonic() + PATIENCE_SECONDS
    async with PrometheusClient(prometheus, timeout_seconds=10) as client:
        while missing and time.monotonic() < deadline:
            missing = await lacking([each.query for each in missing], client, time.time())
            await asyncio.sleep(1)
    assert [] == missing


def test_variables_offer_the_cells_of_the_cluster(boards, prometheus: str):
    """As Grafana asks for them: the values of a label, of series that match."""
    for variable in boards[0]["templating"]["list"][1:]:
        selector, _, label = (
            variable["definition"].removeprefix("label_values(").removesuffix(")").rpartition(", ")
        )
        selector = Template(selector).substitute(EVERYTHING)
        query = urllib.parse.urlencode({"match[]": selector})
        expected = {"slo": ["s"]}.get(label, list(BOUNDED.get(label, ())))
        assert expected == fetch(f"{prometheus}/api/v1/label/{label}/values?{query}")
