"""Real vLLM: two groups serve users, a worker freezes and thaws, and nothing is left behind."""

import asyncio
import itertools
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.engine import EnginePlan
from demo.stack.ports import Ports
from demo.stack.processes import Supervisor
from demo.vllm import serve
from demo.vllm.environment import provide_vllm_environment
from demo.vllm.faults import find_worker
from demo.vllm.plan import note_file, plan_vllm
from demo.vllm.processes import Process, descendants, read_note, read_processes
from tests.demo.vllm.waiting import lives, wait_until

pytestmark = pytest.mark.vllm

PATIENCE_SECONDS = 90.0
FROZEN_SECONDS = 14.0
"""Longer than the deadline of a first token."""


@pytest.fixture(scope="module")
def python() -> Path:
    """The Python that has vLLM; the first time it is installed."""
    return provide_vllm_environment()


@dataclass
class Cluster:
    """The demo's processes on real vLLM."""

    plan: EnginePlan
    supervisor: Supervisor
    folder: Path

    def page(self, group: str) -> dict[str, float]:
        """Return the samples of an engine's page, summed over labels."""
        return _sums(next(g["metrics"] for g in self.plan.topology["groups"] if g["name"] == group))

    def steps(self, group: str) -> float:
        """Return the steps that an engine has made."""
        return self.page(group)["vllm:iteration_tokens_total_count"]

    def health(self, group: str) -> int:
        """Return the status of an engine's /health."""
        child = next(each for each in self.plan.children if each.name == f"vllm-{group}")
        with urllib.request.urlopen(child.ready_url, timeout=5) as answer:  # noqa: S310
            return answer.status

    def truth(self, slo: str) -> dict[str, Any]:
        """Return a class of the truth."""
        classes = json.loads(_get(f"{self.plan.control_url}/control/truth"))["classes"]
        return next(each for each in classes if each["slo"] == slo)

    def order(self, method: str, path: str, content: object = None) -> tuple[int, Any]:
        """Give an order to the control interface; return status and content."""
        data = None if content is None else json.dumps(content).encode()
        request = urllib.request.Request(  # noqa: S310
            self.plan.control_url + path,
            data,
            {"Content-Type": "application/json"},
            method=method,
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            text = answer.read()
            return answer.status, json.loads(text) if text else None

    def tree(self, group: str) -> list[Process]:
        """Return all processes of a group."""
        server = read_note(note_file(self.folder / "vllm", group))
        assert server is not None
        return [server, *descendants(server.pid, read_processes())]


def _get(url: str) -> str:
    with urllib.request.urlopen(url, timeout=10) as answer:  # noqa: S310
        return answer.read().decode()


def _sums(url: str) -> dict[str, float]:
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(_get(url)):
        for sample in family.samples:
            sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums


@pytest.fixture(scope="module")
def cluster(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two groups with their users."""
    folder = tmp_path_factory.mktemp("demo")
    ports = Ports()
    free = (ports.claim({"any": 29830})["any"] for _ in itertools.count())
    plan = plan_vllm(free, directory=folder)
    supervisor = Supervisor(folder / "log")
    try:
        asyncio.run(supervisor.start(*plan.children))
        yield Cluster(plan, supervisor, folder)
    finally:
        asyncio.run(supervisor.stop())
        ports.release()


def wait_for(condition: Callable[[], object]) -> None:
    """Return once something holds."""
    wait_until(condition, PATIENCE_SECONDS)


def test_a_model_is_made_from_its_seed(python: Path, tmp_path: Path):
    """Whole, the same from the same seed, and left alone when it is there."""
    made = {}
    for name, seed in (("a", "1"), ("b", "1"), ("c", "2"), ("a", "2")):
        command = [str(python), "-P", str(serve.WEIGHTS), str(tmp_path / name), seed]
        subprocess.run(command, check=True)
        made[name, seed] = (tmp_path / name / "model.safetensors").read_bytes()
    tokenizer = json.loads((tmp_path / "a/tokenizer.json").read_text())

    assert made["a", "1"] == made["b", "1"] != made["c", "2"]
    assert made["a", "1"] == made["a", "2"]
    assert 512 == json.loads((tmp_path / "a/config.json").read_text())["vocab_size"]
    assert 480 <= len(tokenizer["model"]["vocab"]) <= 512
    assert 800_000 < len(made["a", "1"]) < 1_000_000


def test_both_groups_step_prefixes_hit_and_tools_run(cluster: Cluster):
    """What the boards show of real vLLM."""
    for group in ("eu-chat-0", "eu-chat-1"):
        wait_for(lambda group=group: cluster.page(group)["vllm:prefix_cache_hits_total"] > 1000)
    wait_for(lambda: cluster.truth("tool-success")["total"] >= 5)
    workers = [process.title for process in cluster.tree("eu-chat-0")]

    assert {"VLLM::EngineCore", "VLLM::Worker_TP0", "VLLM::Worker_TP1"} <= {*workers}


def test_users_count_what_the_router_counts(cluster: Cluster):
    """But for the requests that end between two looks."""
    router = cluster.plan.topology["routers"][0]["metrics"]
    wait_for(lambda: _sums(router)["router_requests_total"] >= 50)
    ended = _sums(router)["router_requests_total"]

    assert abs(cluster.truth("chat-availability")["total"] - ended) <= 3


def test_a_frozen_worker_stops_the_steps_and_not_the_health(cluster: Cluster):
    """Requests run on the page, none is served, users time out; thawed, it goes on."""
    wanted = {"name": "frozen-worker", "place": {"group": "eu-chat-0"}}
    status, fault = cluster.order("POST", "/control/faults", wanted)
    assert (201, "VLLM::Worker_TP1") == (status, fault["place"]["process"])
    try:
        before = cluster.steps("eu-chat-0")
        elsewhere = cluster.steps("eu-chat-1")
        time.sleep(FROZEN_SECONDS)

        assert before == cluster.steps("eu-chat-0")
        assert elsewhere < cluster.steps("eu-chat-1")
        assert cluster.page("eu-chat-0")["vllm:num_requests_running"] > 0
        assert 200 == cluster.health("eu-chat-0")
        wait_for(lambda: cluster.truth("chat-availability")["reasons"].get("timeout"))
        with pytest.raises(urllib.error.HTTPError, match="422"):
            cluster.order("POST", "/control/faults", wanted)
    finally:
        assert (204, None) == cluster.order("DELETE", f"/control/faults/{fault['id']}")

    wait_for(lambda: cluster.steps("eu-chat-0") > before)


@pytest.mark.parametrize(
    ("group", "killed", "number"),
    [("eu-chat-0", 1, signal.SIGKILL), ("eu-chat-1", 0, signal.SIGTERM)],
    ids=["the server is killed", "its keeper is told to end"],
)
def test_with_a_frozen_worker_all_of_a_group_ends(
    cluster: Cluster, group: str, killed: int, number: signal.Signals
):
    """No process is left, and nothing in shared memory. It comes last: no group is left either."""
    tree = cluster.tree(group)
    worker = find_worker(note_file(cluster.folder / "vllm", group), "1")
    files = serve.shared_memory_files(worker.pid)
    assert files
    os.kill(worker.pid, signal.SIGSTOP)
    os.kill(tree[killed].pid, number)

    wait_for(lambda: not any(lives(each.pid) for each in tree))
    wait_for(lambda: not any(file.exists() for file in files))
