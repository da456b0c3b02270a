"""Whom exporters may reach, and what they are given to do it with."""

import json
from pathlib import Path

import pytest

from exporters.config import read_config
from exporters.kubernetes.configuration import exporter_configuration
from exporters.kubernetes.policies import network_policy
from exporters.kubernetes.sizing import COSTS, Cost, resources, sources_of
from exporters.kubernetes.workloads import deployment, singletons
from tests.kubernetes.configuring import FULL, PLAIN, TOPOLOGY, write


def egress(exporter: str, folder: Path) -> list[int]:
    """Return the ports that an exporter may reach beside pods, without the name server's."""
    policy = network_policy(exporter, read_config(write(folder, PLAIN)))
    assert ["Ingress", "Egress"] == policy["spec"]["policyTypes"]
    pods, _, *reached = policy["spec"]["egress"]
    assert {"to": [{"namespaceSelector": {}}]} == pods
    return [port["port"] for each in reached for port in each["ports"]]


@pytest.mark.parametrize(
    ("exporter", "ports"),
    [
        ("groups", [8000, 9400, 19801]),
        ("gpu", [9400]),
        ("router", [443]),
        ("tools", [9464]),
        ("probe", [8000, 8080]),
    ],
)
def test_an_exporter_reaches_the_ports_that_the_topology_names(
    exporter: str, ports: list[int], tmp_path: Path
):
    """And no others."""
    assert ports == egress(exporter, tmp_path)


def test_where_a_service_tells_the_topology_ports_may_be_others_tomorrow(tmp_path: Path, http_sd):
    """So nothing that goes out is refused."""
    content = {**PLAIN, "topology": {"http_sd": http_sd, "cluster": "prod"}}
    spec = network_policy("groups", read_config(write(tmp_path, content)))["spec"]
    assert ["Ingress"] == spec["policyTypes"]
    assert "egress" not in spec


def test_a_port_of_the_node_is_open_to_all_and_others_to_their_readers(tmp_path: Path):
    """Who comes through a node's port may have the node's address."""
    config = read_config(write(tmp_path, PLAIN))
    (closed,) = network_policy("groups", config)["spec"]["ingress"]
    (opened,) = network_policy("gpu", config, is_on_node=True)["spec"]["ingress"]
    assert 2 == len(closed["from"])
    assert "from" not in opened


def test_exporters_run_that_are_wanted_and_have_something_to_read(tmp_path: Path):
    """Probes are traffic, which somebody has to want; addresses are of exporters elsewhere."""

    def running(content, **topology: list):
        return singletons(read_config(write(tmp_path, content, TOPOLOGY | topology),
                                      needs_routing_key=False))  # fmt: skip

    assert ["groups", "router", "tools"] == running(PLAIN)
    assert ["groups", "probe", "router", "tools"] == running(FULL)
    assert ["groups"] == running(PLAIN, routers=[], tools=[])
    assert ["router"] == running({**PLAIN, "kubernetes": {"exporters": ["gpu", "router"]}})
    nowhere = {name: [] for name in ("gpu", "groups", "router", "tools")}
    assert ["groups", "router", "tools"] == running({**PLAIN, "exporters": nowhere})


def test_exporters_that_ask_for_certificates_are_not_asked_by_kubelets(tmp_path: Path):
    """Who have none: that a port is open is all that they can see."""
    client = {"cert_file": "us.crt", "key_file": "us.key"}
    for exporters, probe in (
        ({}, {"path": "/healthz", "port": "metrics"}),
        ({"https": {}}, {"path": "/healthz", "port": "metrics", "scheme": "HTTPS"}),
        ({"https": client}, None),
    ):
        config = read_config(write(tmp_path, {**PLAIN, "exporters": exporters}))
        written = deployment("groups", config, exporter_configuration(config, "s"))
        (container,) = written["spec"]["template"]["spec"]["containers"]
        assert probe == container["livenessProbe"].get("httpGet")
        assert (probe is None) == ("tcpSocket" in container["livenessProbe"])


def test_two_of_an_exporter_never_run_at_once(tmp_path: Path):
    """What both served would count twice, also for the time of a roll-out."""
    config = read_config(write(tmp_path, PLAIN))
    spec = deployment("groups", config, exporter_configuration(config, "s"))["spec"]
    assert (1, {"type": "Recreate"}) == (spec["replicas"], spec["strategy"])


def test_what_is_asked_for_grows_with_what_is_read(tmp_path: Path):
    """Twice what was measured; no limit of processors."""
    assert {
        "requests": {"cpu": "60m", "memory": "140Mi"},
        "limits": {"memory": "280Mi"},
    } == resources(Cost(10, 60, cpu_millicores=2, memory_mib=1), 10)
    topology = read_config(write(tmp_path, PLAIN)).topology
    assert {"groups": 4, "gpu": 2, "router": 1, "tools": 1, "probe": 2} == {
        name: sources_of(name, topology) for name in COSTS
    }


@pytest.fixture
def http_sd(tmp_path: Path, monkeypatch) -> str:
    """A service that tells one target."""
    labels = {"group": "g", "region": "eu", "model": "chat"}
    found = json.loads(json.dumps([{"targets": ["h:1"], "labels": labels}]))
    from exporters import config
    from exporters.discovery.targets import read_files

    file = tmp_path / "told.json"
    file.write_text(json.dumps(found))
    monkeypatch.setattr(config, "ask_service", lambda _: read_files([file]))
    return "http://discovery/targets"
