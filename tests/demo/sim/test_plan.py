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

from demo.sim.plan import cluster_topology, plan_simulator
from exporters.topology import Topology, expected_gpus


def test_the_topology_is_one_that_exporters_read():
    """16 groups, 64 hosts, 512 GPUs, two groups a cell."""
    topology = Topology.model_validate(cluster_topology("http://127.0.0.1:19820"))
    uuids = [gpu.uuid for gpu in expected_gpus(topology)]
    assert len(topology.groups) == 16
    assert len({member.host for group in topology.groups for member in group.members}) == 64
    assert len(set(uuids)) == len(uuids) == 512
    assert all(len(uuid) == len("GPU-") + 36 for uuid in uuids)
    cells = Counter((group.region, group.model) for group in topology.groups)
    assert set(cells.values()) == {2}
    assert len(cells) == 8


def test_gpus_keep_their_uuids_from_run_to_run():
    """Whatever the port."""
    one, two = cluster_topology("http://a:1"), cluster_topology("http://b:2")
    for members in zip(one["groups"], two["groups"], strict=True):
        first, second = (group["members"] for group in members)
        assert [m["gpus"] for m in first] == [m["gpus"] for m in second]


def test_the_plan_names_its_one_process(tmp_path):
    """And writes nothing itself."""
    plan = plan_simulator(12345, python="py", directory=tmp_path, seed=9)
    (child,) = plan.children
    assert plan.name == "sim"
    assert plan.control_url == "http://127.0.0.1:12345"
    assert child.ready_url == "http://127.0.0.1:12345/healthz"
    assert child.command == (
        *("py", "-m", "demo.sim", "--topology", str(tmp_path / "topology.yaml")),
        *("--port", "12345", "--seed", "9"),
    )
    assert list(tmp_path.iterdir()) == []


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
    for _ in range(300):
        assert process.poll() is None
        if _get(f"{url}/healthz") == 200:
            return
        time.sleep(0.1)
    raise AssertionError("not ready within 30 s")


def test_it_starts_serves_what_was_planned_and_ends_with_sigterm(start, free_port):
    """Every address of the topology answers, and nothing is said at the end."""
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
    process.send_signal(signal.SIGTERM)
    assert process.wait(timeout=10) == 0
    assert process.stderr.read() == ""


def test_a_taken_port_is_said_in_one_line(start, free_port):
    """No traceback."""
    first = start()
    _wait_until_ready(f"http://127.0.0.1:{free_port}", first)
    second = start()
    assert second.wait(timeout=20) == 2
    assert second.stderr.read() == (
        f"--port: 127.0.0.1:{free_port} cannot be used: "
        "address already in use; choose another port\n"
    )


def test_a_missing_topology_is_said_in_one_line(tmp_path):
    """No traceback."""
    command = [sys.executable, "-m", "demo.sim", "--topology", str(tmp_path / "x.yaml"), "--port"]
    done = subprocess.run([*command, "1"], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{tmp_path / 'x.yaml'}: no such file")
