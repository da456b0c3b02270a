"""Real vLLM: two groups serve users, faults strike one after the other, nothing is left behind."""

import asyncio
import dataclasses
import itertools
import json
import os
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from demo.engine import EnginePlan
from demo.sim.engines.vllm_page import vllm_families
from demo.stack.files import COMMAND
from demo.stack.ports import Ports
from demo.stack.processes import Supervisor
from demo.vllm import serve
from demo.vllm.environment import provide_vllm_environment
from demo.vllm.gpus import Machine
from demo.vllm.plan import note_file, plan_vllm
from demo.vllm.processes import Process, descendants, read_note, read_processes
from demo.vllm.workers import find_engine, find_worker
from exporters.problems import InputError
from tests.demo.vllm.page_differences import differences, shapes_of_families, shapes_of_page
from tests.demo.vllm.waiting import lives, wait_until

pytestmark = pytest.mark.vllm

PATIENCE_SECONDS = 120.0
START_SECONDS = 400.0
"""A server starts in half a minute where cores are idle; here they may be anything but."""
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

    def all_truth(self) -> dict[str, Any]:
        """Return the whole truth."""
        return json.loads(_get(f"{self.plan.control_url}/control/truth"))

    def truth(self, slo: str) -> dict[str, Any]:
        """Return a class of the truth."""
        return next(each for each in self.all_truth()["classes"] if each["slo"] == slo)

    def state(self, group: str) -> str:
        """Return the true state of a group."""
        return self.all_truth()["groups"].get(group, "up")

    def strike(self, name: str, strength: float | None = None, **place: str) -> Any:
        """Start a fault; return what the control interface says of it."""
        content = {"name": name, "place": place}
        content |= {} if strength is None else {"strength": strength}
        status, fault = self.order("POST", "/control/faults", content)
        assert status == 201
        return fault

    def repair(self, fault: Any) -> None:
        """End a fault."""
        assert (204, None) == self.order("DELETE", f"/control/faults/{fault['id']}")

    def url(self, group: str) -> str:
        """Return the base address of a group's server."""
        child = next(each for each in self.plan.children if each.name == f"vllm-{group}")
        return child.ready_url.removesuffix("/health")

    def greedy_answer(self, group: str) -> str:
        """Return what a group answers to one question when it takes no chances."""
        content = {
            "model": "chat",
            "messages": [{"role": "user", "content": "Which number comes after 41?"}],
            "max_tokens": 12,
            "temperature": 0,
        }
        request = urllib.request.Request(  # noqa: S310
            f"{self.url(group)}/v1/chat/completions",
            json.dumps(content).encode(),
            {"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310
            return json.loads(answer.read())["choices"][0]["message"]["content"]

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


def _note(cluster: Cluster, group: str) -> Path:
    return note_file(cluster.folder / "vllm", group)


def _sums(url: str, **labels: str) -> dict[str, float]:
    """Return the samples of a page that have these labels, summed over all others."""
    sums: dict[str, float] = {}
    for family in text_string_to_metric_families(_get(url)):
        for sample in family.samples:
            if labels.items() <= sample.labels.items():
                sums[sample.name] = sums.get(sample.name, 0.0) + sample.value
    return sums


@pytest.fixture(scope="module")
def cluster(python: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Cluster]:
    """Two groups with their users."""
    folder = tmp_path_factory.mktemp("demo")
    ports = Ports()
    free = (ports.claim({"any": 29830})["any"] for _ in itertools.count())
    plan = plan_vllm(free, directory=folder, machine=Machine(str(python)))
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


@contextmanager
def probing(cluster: Cluster, folder: Path) -> Iterator[Callable[[], dict[str, float]]]:
    """Run the probe exporter; what is yielded tells of each group whether it disagrees."""
    (folder / "topology.yaml").write_text(json.dumps(cluster.plan.topology))
    config, address = folder / "shardwatch.yaml", folder / "address"
    config.write_text(
        "topology: topology.yaml\nprometheus: {url: 'http://127.0.0.1:1'}\n"
        "objectives: [library:chat]\n"
    )
    command = [*COMMAND, "exporter", "probe", "--config", str(config), "--interval", "1s"]
    process = subprocess.Popen(
        [*command, "--listen", "127.0.0.1:0", "--address-file", str(address)]
    )

    def compared() -> dict[str, float]:
        families = text_string_to_metric_families(
            _get(f"http://{address.read_text().strip()}/metrics")
        )
        return {
            sample.labels["group"]: sample.value
            for family in families
            for sample in family.samples
            if sample.name == "shardwatch_probe_disagrees"
        }

    try:
        wait_for(lambda: address.exists() and address.read_text())
        yield compared
    finally:
        process.terminate()
        process.wait()


def wait_for_start(cluster: Cluster, *groups: str) -> None:
    """Return once groups are up again."""
    wait_until(lambda: all(cluster.state(group) == "up" for group in groups), START_SECONDS)


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


def test_a_server_that_cannot_start_tells_why(python: Path, tmp_path: Path):
    """The exception of the process that failed, not that of those who waited for it."""
    plan = plan_vllm(itertools.count(29930), directory=tmp_path, machine=Machine(str(python)))
    server = plan.children[0]
    command = (*server.command, "--kv-cache-memory-bytes", "1024")
    supervisor = Supervisor(tmp_path / "log")
    with pytest.raises(InputError) as refused:
        asyncio.run(supervisor.start(dataclasses.replace(server, command=command)))
    asyncio.run(supervisor.stop())

    last = str(refused.value).splitlines()[-1]
    assert "vLLM cannot start: ValueError: No available memory for the cache blocks" in last


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


def test_the_live_page_is_the_one_that_the_simulator_writes(cluster: Cluster):
    """Families, types, labels, buckets: what a new vLLM adds, drops or renames is listed here."""
    page = _get(f"{cluster.url('eu-chat-0')}/metrics")
    known = shapes_of_families(vllm_families("0", "chat", max_model_len=2048))

    assert [] == differences(shapes_of_page(page), known)


def test_tokens_are_counted_by_what_the_engines_say(cluster: Cluster):
    """Prompt and answer, of each tier; what came whole is billed whole."""
    wait_for(lambda: sum(each["good"] for each in cluster.all_truth()["services"]) >= 20)
    truth = cluster.all_truth()
    for service in truth["services"]:
        tokens = service["tokens"]
        assert service["offered"] >= service["admitted"] >= service["good"]
        assert tokens["prompt"] + tokens["generated"] == tokens["billed"]
    free = truth["services"][0]
    seconds = free["first_token_seconds"]

    assert {"region": "eu", "model": "chat", "tier": "free"} == free["labels"]
    assert 100 * free["good"] < free["tokens"]["prompt"] < 1500 * free["good"]
    assert 0 < free["tokens"]["cached"] < free["tokens"]["prompt"]
    assert 0 < free["tokens"]["generated"] <= 60 * free["good"]
    assert 0 < seconds["p50"] <= seconds["p90"] <= seconds["p99"]
    assert {"faults": [], "groups": {}, "gpus": {}} == {
        name: truth[name] for name in ("faults", "groups", "gpus")
    }


def test_a_flush_empties_the_prefix_caches_of_all_groups(cluster: Cluster):
    """As the log of each says."""
    fault = cluster.strike("cache-flush", region="eu")

    assert "eu-chat-0, eu-chat-1" == fault["place"]["group"]
    for group in ("eu-chat-0", "eu-chat-1"):
        log = cluster.supervisor.log_file(f"vllm-{group}").read_text(errors="replace")
        assert "Successfully reset prefix cache" in log


def test_a_corrupt_group_answers_fast_well_formed_and_wrong(cluster: Cluster):
    """Its health is good, nobody counts an error, and its neighbour is right."""
    right = cluster.greedy_answer("eu-chat-0")
    assert right == cluster.greedy_answer("eu-chat-1")
    bad = cluster.truth("chat-availability")["bad"]
    fault = cluster.strike("silent-corruption", 1.0, group="eu-chat-0")
    wait_for(lambda: cluster.greedy_answer("eu-chat-0") != right)

    assert right == cluster.greedy_answer("eu-chat-1")
    assert (200, "up") == (cluster.health("eu-chat-0"), cluster.state("eu-chat-0"))
    assert bad == cluster.truth("chat-availability")["bad"]
    cluster.repair(fault)
    assert right == cluster.greedy_answer("eu-chat-0")


def test_probes_find_the_group_with_other_weights(cluster: Cluster, tmp_path: Path):
    """Two groups agreed; then one answers otherwise, while nothing else tells them apart."""
    with probing(cluster, tmp_path) as compared:
        wait_for(lambda: compared() == {"eu-chat-0": 0.0, "eu-chat-1": 0.0})
        fault = cluster.strike("silent-corruption", 1.0, group="eu-chat-0")
        try:
            wait_for(lambda: compared() == {"eu-chat-0": 1.0, "eu-chat-1": 0.0})
        finally:
            cluster.repair(fault)
        wait_for(lambda: compared() == {"eu-chat-0": 0.0, "eu-chat-1": 0.0})


def test_programs_that_are_stopped_time_out(cluster: Cluster):
    """A tool that is out, as its callers see it."""
    before = cluster.truth("tool-success")["reasons"].get("timeout", 0)
    fault = cluster.strike("tool-outage", region="eu", tool="code_execution")
    wait_for(lambda: cluster.truth("tool-success")["reasons"].get("timeout", 0) >= before + 3)
    cluster.repair(fault)


def test_in_a_spike_full_servers_turn_requests_away(cluster: Cluster):
    """With 503, which they count; the router tries the other group."""
    router = cluster.plan.topology["routers"][0]["metrics"]
    groups = ("eu-chat-0", "eu-chat-1")

    def turned_away() -> float:
        pages = [cluster.page(group) for group in groups]
        return sum(page["vllm:admission_rejections_total"] for page in pages)

    assert 0 == turned_away()
    fault = cluster.strike("traffic-spike", 60.0, region="eu")
    try:
        wait_for(lambda: turned_away() > 3)
    finally:
        cluster.repair(fault)

    # An attempt is counted when it has ended: the first one of a group that was not full.
    wait_for(lambda: _sums(router, attempt="retry")["router_request_attempts_total"] > 0)
    wait_for(lambda: cluster.page("eu-chat-0")["vllm:num_requests_waiting"] == 0)


def test_a_frozen_worker_stops_the_steps_and_not_the_health(cluster: Cluster):
    """Requests run on the page, none is served, users time out; thawed, it goes on."""
    fault = cluster.strike("frozen-worker", group="eu-chat-0")
    assert "VLLM::Worker_TP1" == fault["place"]["process"]
    try:
        before = cluster.steps("eu-chat-0")
        elsewhere = cluster.steps("eu-chat-1")
        time.sleep(FROZEN_SECONDS)

        assert before == cluster.steps("eu-chat-0")
        assert elsewhere < cluster.steps("eu-chat-1")
        assert cluster.page("eu-chat-0")["vllm:num_requests_running"] > 0
        assert 200 == cluster.health("eu-chat-0")
        wait_for(lambda: cluster.truth("chat-availability")["reasons"].get("timeout"))
        assert {"eu-chat-0": "stalled"} == cluster.all_truth()["groups"]
        with pytest.raises(urllib.error.HTTPError, match="422"):
            cluster.strike("killed-worker", group="eu-chat-0")
    finally:
        cluster.repair(fault)

    wait_for(lambda: cluster.steps("eu-chat-0") > before)
    assert "up" == cluster.state("eu-chat-0")


def test_killed_processes_end_their_engines_which_are_started_again(cluster: Cluster):
    """A worker of one group, the core of the other: for a while there is no group at all."""
    cores = {name: find_engine(_note(cluster, name)).pid for name in ("eu-chat-0", "eu-chat-1")}
    worker = cluster.strike("killed-worker", group="eu-chat-0", rank="0")["place"]
    assert ("VLLM::Worker_TP0", "dead") == (worker["process"], cluster.state("eu-chat-0"))
    core = cluster.strike("killed-engine", group="eu-chat-1")["place"]
    assert str(cores["eu-chat-1"]) == core["pid"]
    wait_for(lambda: cluster.state("eu-chat-0") == cluster.state("eu-chat-1") == "starting")
    wait_for(lambda: cluster.truth("chat-availability")["reasons"].get("rejected"))
    wait_for_start(cluster, *cores)
    for group, before in cores.items():
        assert before != find_engine(_note(cluster, group)).pid
        wait_for(lambda group=group: cluster.steps(group) > 0)

    wait_for(lambda: [] == cluster.all_truth()["faults"])


def test_a_bad_canary_fails_under_its_own_revision_and_is_rolled_back(cluster: Cluster):
    """Other weights, a broken middleware, a tenth of the traffic."""
    right = cluster.greedy_answer("eu-chat-1")
    router = cluster.plan.topology["routers"][0]["metrics"]
    fault = cluster.strike("bad-canary", 0.6, region="eu", model="chat")
    assert "eu-chat-1" == fault["place"]["group"]
    wait_for(lambda: cluster.state("eu-chat-1") == "starting")
    wait_for_start(cluster, "eu-chat-1")

    def of_canary(outcome: str) -> float:
        return _sums(router, revision="r2", outcome=outcome).get("router_requests_total", 0.0)

    wait_for(lambda: of_canary("error") >= 2 and of_canary("ok") >= 1)
    cluster.repair(fault)
    wait_for(lambda: cluster.state("eu-chat-1") == "starting")
    wait_for_start(cluster, "eu-chat-1")
    assert right == cluster.greedy_answer("eu-chat-1")


@pytest.mark.parametrize(
    ("group", "killed", "number"),
    [("eu-chat-0", 1, signal.SIGKILL), ("eu-chat-1", 0, signal.SIGTERM)],
    ids=["the server is killed", "its keeper is told to end"],
)
def test_with_a_frozen_worker_all_of_a_group_ends(
    cluster: Cluster, group: str, killed: int, number: signal.Signals
):
    """No process of it is left, and nothing in shared memory. It comes last: it leaves no group."""
    tree = cluster.tree(group)
    worker = find_worker(note_file(cluster.folder / "vllm", group), "1")
    files = serve.shared_memory_files(worker.pid)
    assert files
    os.kill(worker.pid, signal.SIGSTOP)
    os.kill(tree[killed].pid, number)

    # A keeper that lives starts a new one.
    wait_for(lambda: not any(lives(each.pid) for each in tree[killed:]))
    wait_for(lambda: not any(file.exists() for file in files))
