"""The simulated cluster as the demo plans and starts it."""

import os
import signal
import subprocess
import sys
import time
from collections import Counter
from http.client import HTTPConnection
from urllib.parse import urlsplit

import pytest
import yaml

from demo.sim.fleet import fleet_of
from demo.sim.pages import Pages
from demo.sim.plan import (
    CELLS,
    DEFAULT_GROUPS,
    LARGE_GROUPS,
    cluster_topology,
    groups_of_cells,
    memory_bytes,
    plan_simulator,
    planned_fleet,
)
from demo.sim.simulation import Simulation
from exporters.topology import Topology, expected_gpus

MEASURE = """
import sys
from pathlib import Path
from demo.sim.fleet import fleet_of
from demo.sim.pages import Pages
from demo.sim.server import make_app
from demo.sim.simulation import Simulation
from exporters.topology import read_topology
fleet = fleet_of(read_topology(Path(sys.argv[1])), step_seconds=15.0)
make_app(Simulation(fleet, seed=1, now=1e9, warm_up_seconds=45.0), lambda: 1e9)
print(Path("/proc/self/status").read_text().partition("VmHWM:")[2].split()[0])
"""
"""Prints its peak in KiB; ``ru_maxrss`` would be the parent's where that was larger."""


def test_the_topology_is_one_that_exporters_read():
    """18 groups, 72 hosts, 576 GPUs, two groups a cell."""
    topology = Topology.model_validate(cluster_topology("http://127.0.0.1:19820"))
    uuids = [gpu.uuid for gpu in expected_gpus(topology)]
    assert len(topology.groups) == DEFAULT_GROUPS == 18
    assert len({member.host for group in topology.groups for member in group.members}) == 72
    assert len(set(uuids)) == len(uuids) == 576
    assert all(len(uuid) == len("GPU-") + 36 for uuid in uuids)
    cells = Counter((group.region, group.model) for group in topology.groups)
    assert cells == dict.fromkeys(CELLS, 2)


@pytest.mark.parametrize("groups", [1, 9, 18, 125_000])
def test_groups_are_spread_evenly_over_the_cells(groups):
    """But for the rest."""
    counts = groups_of_cells(groups)
    assert sum(counts) == groups
    assert max(counts) - min(counts) <= 1


def test_gpus_keep_their_uuids_from_run_to_run():
    """Whatever the port."""
    one, two = cluster_topology("http://a:1"), cluster_topology("http://b:2")
    for members in zip(one["groups"], two["groups"], strict=True):
        first, second = (group["members"] for group in members)
        assert [m["gpus"] for m in first] == [m["gpus"] for m in second]


@pytest.mark.parametrize("groups", [2, 5, 9, 18, 40])
def test_a_planned_fleet_is_that_of_its_topology(groups):
    """Names, places and cells: a page does not tell how the fleet was made."""
    topology = Topology.model_validate(cluster_topology("http://a:1", groups))
    read = fleet_of(topology, step_seconds=15.0, more_revisions=["r2"])
    made = planned_fleet(groups)
    assert (made.cells, made.regions, made.revisions) == (read.cells, read.regions, read.revisions)
    assert (made.routers, made.gateways) == (read.routers, read.gateways)
    for name in ("cell_of_group", "revision_of_group", "first_host_of_group", "first_gpu_of_host"):
        assert getattr(made, name).tolist() == getattr(read, name).tolist()
    for kind, count in (("group", groups), ("host", made.hosts), ("uuid", made.gpus)):
        assert [getattr(made.names, kind)(at) for at in range(count)] == [
            getattr(read.names, kind)(at) for at in range(count)
        ]


@pytest.mark.parametrize(
    ("groups", "routers", "gateways"),
    [
        (2, ["eu"], ["gateway-eu"]),
        (3, ["eu"], ["gateway-eu"]),
        (5, ["eu", "us"], ["gateway-eu", "gateway-us"]),
        (8, ["eu", "us"], ["gateway-eu", "gateway-us"]),
        (9, ["eu", "us", "us-gov"], ["gateway-eu", "gateway-us"]),
    ],
)
def test_few_groups_have_routers_gateways_and_a_past_only_where_they_are(
    tmp_path, groups, routers, gateways
):
    """And every kind of page is served."""
    plan = plan_simulator(1, directory=tmp_path, groups=groups)
    topology = Topology.model_validate(plan.topology)
    assert [each.name for each in topology.routers] == routers
    assert [each.name for each in topology.tools] == gateways
    assert {(each.labels["region"], each.labels["model"]) for each in plan.habits} == {
        (each.region, each.model) for each in topology.groups
    }
    fleet = fleet_of(topology, step_seconds=15.0, more_revisions=["r2"])
    state = Simulation(fleet, seed=1, now=1.79e9, warm_up_seconds=300.0).state
    pages = Pages(fleet, state.tools.cells)
    for page in (
        *(pages.router(state, at) for at in range(len(routers))),
        *(pages.gateway(state, at) for at in range(len(gateways))),
        pages.engine(state, groups - 1),
        pages.host(state, [fleet.hosts - 1]),
    ):
        assert page.count(b"# TYPE ") > 1


@pytest.mark.parametrize("make", ["read", "planned"])
def test_what_has_a_name_is_found_by_it(make):
    """Groups and hosts, and nothing that is not there."""
    fleet = planned_fleet(20)
    if make == "read":
        fleet = fleet_of(Topology.model_validate(cluster_topology("http://a:1", 20)))
    names = fleet.names
    assert [names.find_group(names.group(at)) for at in range(fleet.groups)] == list(range(20))
    assert [list(names.find_hosts(names.host(at))) for at in range(fleet.hosts)] == [
        [at] for at in range(fleet.hosts)
    ]
    for name in ("eu-chat-99", "eu-chat", "eu-chat-", "eu-chat-x", "eu-chat--1", "us-gov-agent-0"):
        assert names.find_group(name) is None
        assert list(names.find_hosts(f"{name}-h0")) == []
    for name in ("eu-chat-0-h4", "eu-chat-0-h", "eu-chat-0", "eu-chat-0-hx"):
        assert list(names.find_hosts(name)) == []


def test_the_plan_names_its_one_process(tmp_path):
    """And writes nothing itself."""
    plan = plan_simulator(12345, python="py", directory=tmp_path, seed=9)
    (child,) = plan.children
    assert plan.name == "sim"
    assert plan.control_url == "http://127.0.0.1:12345"
    assert child.ready_url == "http://127.0.0.1:12345/healthz"
    assert child.command == (
        *("py", "-m", "demo.sim", "--topology", str(tmp_path / "topology.yaml")),
        *("--port", "12345", "--seed", "9", "--starts-at", "tue 10:00"),
        *("--speed", "1.0", "--step", "1.0"),
    )
    assert list(tmp_path.iterdir()) == []


def test_large_fleets_take_long_steps(tmp_path):
    """Fifteen seconds."""
    plan = plan_simulator(1, directory=tmp_path, groups=LARGE_GROUPS)
    assert plan.children[0].command[-2:] == ("--step", "15.0")


def test_memory_is_foreseen_within_a_factor_of_two(tmp_path):
    """Of a start with two thousand groups, measured; rather too much than too little.

    Of YAML in blocks, as the demo writes it: JSON takes little more than half.
    """
    file = tmp_path / "topology.yaml"
    file.write_text(yaml.safe_dump(cluster_topology("http://127.0.0.1:1", LARGE_GROUPS)))
    done = subprocess.run(
        [sys.executable, "-c", MEASURE, str(file)],
        env={**os.environ, "OPENBLAS_NUM_THREADS": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    assert 1 <= memory_bytes(LARGE_GROUPS) / (int(done.stdout) * 1024) < 2


@pytest.fixture
def start(tmp_path, free_port):
    """Starts the planned process; ends it after the test."""
    plan = plan_simulator(free_port, directory=tmp_path)
    started = []

    def begin():
        text = yaml.safe_dump(plan.topology, sort_keys=False)
        (tmp_path / "topology.yaml").write_text(text)
        (child,) = plan.children
        process = subprocess.Popen(
            child.command,
            env={**os.environ, **child.environment},
            stderr=subprocess.PIPE,
            text=True,
        )
        started.append(process)
        return process

    yield begin
    for process in started:
        process.kill()
        process.communicate()


def _get(url: str) -> int | None:
    """Return the status of an address; None if nobody listens."""
    parts = urlsplit(url)
    connection = HTTPConnection(parts.netloc, timeout=5)
    try:
        connection.request("GET", parts.path)
        return connection.getresponse().status
    except ConnectionError:
        return None
    finally:
        connection.close()


def _wait_until_ready(url, process):
    for _ in range(600):
        assert process.poll() is None
        if _get(f"{url}/healthz") == 200:
            return
        time.sleep(0.1)
    raise AssertionError("not ready within 60 s")


def test_it_starts_serves_what_was_planned_and_ends_with_sigterm(start, free_port):
    """Addresses of the topology answer; a second on its port is refused; nothing is said."""
    process, url = start(), f"http://127.0.0.1:{free_port}"
    _wait_until_ready(url, process)
    topology = cluster_topology(url)
    group = topology["groups"][0]
    for address in (
        group["metrics"],
        group["metrics"].replace("/metrics", "/health"),
        group["members"][0]["telemetry"],
        topology["routers"][0]["metrics"],
        topology["tools"][0]["metrics"],
    ):
        assert _get(address) == 200
    second = start()
    assert second.wait(timeout=60) == 2
    assert second.stderr.read() == (
        f"--port: 127.0.0.1:{free_port} cannot be used: "
        "address already in use; choose another port\n"
    )
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=20) == 0
    assert process.stderr.read() == ""
