"""Servers with series of the last twenty minutes, asked by the checks as users' servers are."""

import asyncio
import time
import urllib.request

import numpy as np
import pytest

from slo.prometheus import PrometheusClient
from slo.series import Series
from slo.testing import running_prometheus, running_victoria_metrics

SCRAPE_SECONDS = 15
LONG_SECONDS = 1200
AHEAD_SECONDS = 600
"""The servers are asked at some time after they were written: samples go on until then."""


def counter(name: str, seconds: float = SCRAPE_SECONDS, **labels: str) -> Series:
    """Return a counter of the last twenty minutes, and of the next ten, one event a second."""
    now = time.time()
    times = np.arange(now - LONG_SECONDS, now + AHEAD_SECONDS, seconds)
    return Series(
        {"__name__": name, **labels},
        (times * 1000).astype(np.int64),
        (times - times[0]).astype(np.float64),
    )


def ended(series: Series, seconds: float) -> Series:
    """Return a series without its last seconds."""
    kept = series.times_ms < (time.time() - seconds) * 1000
    return Series(series.labels, series.times_ms[kept], series.values[kept])


def buckets(name: str, instance: str, *bounds: str, **labels: str) -> list[Series]:
    """Return a histogram's buckets of one engine."""
    return [
        counter(f"{name}_bucket", job="engine", instance=instance, cell="x", le=bound, **labels)
        for bound in (*bounds, "+Inf")
    ]


def written() -> list[Series]:
    """Return all series that the servers have."""
    return [
        *(
            counter("requests_total", job="router", instance=instance, cell=cell, outcome=outcome)
            for instance in "ab"
            for cell in "xy"
            for outcome in ("ok", "error")
        ),
        ended(counter("ended_total", job="router", cell="x"), 600),
        counter("rough_total", 25, job="rough", cell="x"),
        counter("slow_total", 60, job="slow", cell="x"),
        counter("half_total", job="router", instance="a", cell="x"),
        counter("half_total", job="router", instance="b"),
        *buckets("lat", "a", "1.0", "2.5"),
        *buckets("tiered", "a", "1.0", "2.5", tier="free"),
        *buckets("tiered", "a", "1.0", "5.0", tier="pro"),
        *buckets("lat", "b", "1.0", "5.0"),
        *buckets("int", "a", "1", "2"),
        *buckets("vllm:time_to_first_token_seconds", "a", "1.0", "2.5"),
        *buckets("vllm:time_to_first_token_seconds", "b", "1.0"),
        *(counter("lat_count", job="engine", instance=each, cell="x") for each in "ab"),
    ]


async def _write(url: str) -> None:
    async with PrometheusClient(url) as client:
        await client.remote_write(written())


@pytest.fixture(scope="session")
def server(prometheus, tmp_path_factory):
    """Give the address of a Prometheus that keeps 100 days."""
    with running_prometheus(prometheus, tmp_path_factory.mktemp("prometheus")) as url:
        asyncio.run(_write(url))
        yield url


@pytest.fixture(scope="session")
def other_server(victoria_metrics, tmp_path_factory):
    """Give the address of a VictoriaMetrics."""
    with running_victoria_metrics(victoria_metrics, tmp_path_factory.mktemp("victoria")) as url:
        asyncio.run(_write(url))
        # Else nothing could be read of it for some seconds.
        with urllib.request.urlopen(f"{url}/internal/force_flush", timeout=10):  # noqa: S310
            pass
        yield url
