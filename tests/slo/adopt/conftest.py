"""A stranger's cluster: real pages of vLLM and dcgm-exporter under labels of its own."""

import asyncio
import contextlib
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest
import yaml

from exporters.testing import PageServer, telemetry_page
from slo.prometheus import PrometheusClient
from slo.series import Series
from slo.testing import running_prometheus

FIXTURES = Path(__file__).parents[2] / "fixtures/vllm"
NEW_PAGE = (FIXTURES / "vllm-0.32.0-cpu-tp2.metrics.txt").read_text()
OLD_PAGE = (FIXTURES / "vllm-0.8.made.txt").read_text()
ROUTER_PAGE = (FIXTURES / "production-stack-router.made.txt").read_text()
REGION = "topology_kubernetes_io_region"
SET = "leaderworkerset_sigs_k8s_io"


def given_to(page: str, namespace: str, pod: str) -> str:
    """Return dcgm-exporter's page of GPUs that a pod has."""
    of_pod = f'namespace="{namespace}",pod="{pod}",container="vllm"}} '
    return "\n".join(
        line.replace("} ", f",{of_pod}") if "{" in line else line for line in page.splitlines()
    )


def gpu_page(host: str, *uuids: str, pod: str = "") -> str:
    """Return dcgm-exporter's page of a host."""
    page = telemetry_page({uuid: {} for uuid in uuids}, host)
    return given_to(page, "llm", pod) + "\n" if pod else page


@dataclass
class Stranger:
    """Somebody's pages, and the scrape configuration that they have for them."""

    pages: PageServer
    jobs: dict[str, list[dict[str, object]]] = field(default_factory=dict)

    def add(self, job: str, instance: str, page: str, **labels: str) -> None:
        """Add a target; its page is elsewhere than its label ``instance`` says."""
        path = f"/{job}/{instance}/metrics"
        self.pages.serve(path, page)
        target = {
            "targets": [self.pages.address],
            "labels": {"instance": instance, "__metrics_path__": path, **labels},
        }
        self.jobs.setdefault(job, []).append(target)

    def config(self) -> str:
        """Return the configuration of their Prometheus."""
        return yaml.safe_dump({
            "global": {"scrape_interval": "1s", "external_labels": {"cluster": "prod"}},
            "alerting": {"alertmanagers": [{"static_configs": [{"targets": ["127.0.0.1:9"]}]}]},
            "scrape_configs": [
                {"job_name": job, "static_configs": targets} for job, targets in self.jobs.items()
            ],
        })  # fmt: skip


def kubernetes(stranger: Stranger) -> None:
    """Add two groups of a LeaderWorkerSet on two hosts each, an old engine, and a router."""
    for group in range(2):
        index = {f"{SET}_name": "chat", f"{SET}_group_index": str(group)}
        stranger.add(
            "llm/vllm",
            f"10.0.{group}.1:8000",
            NEW_PAGE,
            namespace="llm",
            pod=f"chat-{group}",
            node=f"n{group}0",
            **index,
            **{f"{SET}_worker_index": "0", REGION: "eu-west-1"},
        )
        for worker in range(2):
            host = f"n{group}{worker}"
            pod = f"chat-{group}" if worker == 0 else f"chat-{group}-{worker}"
            page = gpu_page(host, f"GPU-{host}-a", f"GPU-{host}-b", pod=pod)
            exporter = {"namespace": "gpu-operator", "pod": f"nvidia-dcgm-exporter-{host}"}
            stranger.add("dcgm", f"10.1.{group}.{worker}:9400", page, node=host, **exporter)
    stranger.add(
        "llm/draft",
        "10.0.9.1:8000",
        OLD_PAGE,
        namespace="llm",
        pod="draft-6d5f7c9b8d-x2x7z",
        node="n90",
        **{REGION: "eu-west-1"},
    )
    stranger.add("dcgm", "10.1.9.1:9400", gpu_page("n90", "GPU-n90-a"), node="n90")
    stranger.add("dcgm", "10.1.9.2:9400", gpu_page("n91", "GPU-n91-a"), node="n91")
    stranger.add(
        "llm/router",
        "10.0.8.1:8001",
        ROUTER_PAGE,
        namespace="llm",
        pod="router-0",
        **{REGION: "eu-west-1"},
    )


def wait_for_samples(url: str, query: str, count: int) -> None:
    """Wait until a server has as many series of a query.

    Raises:
        AssertionError: if it has not within 20 s.
    """

    async def wait() -> None:
        async with PrometheusClient(url) as client:
            until = time.monotonic() + 20
            while time.monotonic() < until:
                if len(await client.query(query)) >= count:
                    return
                await asyncio.sleep(0.2)
        raise AssertionError(f"{query} has not {count} series")

    asyncio.run(wait())


@contextlib.contextmanager
def scraping(prometheus: Path, folder: Path, stranger: Stranger) -> Iterator[str]:
    """Run a stranger's Prometheus until all targets were scraped; give its address."""
    with running_prometheus(prometheus, folder, stranger.config()) as url:
        wait_for_samples(url, "up == 1", sum(map(len, stranger.jobs.values())))
        yield url


@pytest.fixture(scope="package")
def strangers_server(prometheus, tmp_path_factory):
    """Give the address of a Prometheus that scrapes the stranger's cluster."""
    with PageServer() as pages:
        stranger = Stranger(pages)
        kubernetes(stranger)
        with scraping(prometheus, tmp_path_factory.mktemp("stranger"), stranger) as url:
            yield url


def counter(name: str, labels: Mapping[str, str], times: np.ndarray, values: np.ndarray) -> Series:
    """Return a counter's samples."""
    return Series(
        {"__name__": name, **labels},
        np.rint(times * 1000).astype(np.int64),
        values.astype(np.float64),
    )
