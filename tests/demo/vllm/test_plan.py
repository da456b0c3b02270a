"""The plan of a demo on real vLLM."""

import itertools
from pathlib import Path
from urllib.parse import urlsplit

import yaml

from demo.engine import EnginePlan
from demo.vllm.gpus import Gpu, Machine
from demo.vllm.plan import plan_vllm
from exporters import catalog
from exporters.topology import read_topology
from slo import conventions


def plan(directory: Path) -> EnginePlan:
    """Return a plan with ports from 30000 on."""
    machine = Machine("/v/bin/python")
    return plan_vllm(itertools.count(30000), directory=directory, machine=machine)


def test_the_topology_is_one_that_exporters_read(tmp_path: Path):
    """Two groups on this machine's CPUs, a router and a gateway, all of one region."""
    file = tmp_path / "topology.yaml"
    file.write_text(yaml.safe_dump(plan(tmp_path).topology))
    topology = read_topology(file)

    assert "demo" == topology.cluster
    assert [("eu-chat-0", "eu", "chat", "r1"), ("eu-chat-1", "eu", "chat", "r1")] == [
        (group.name, group.region, group.model, group.revision) for group in topology.groups
    ]
    assert [[], []] == [member.gpus for group in topology.groups for member in group.members]
    assert [("eu", "demo")] == [(router.name, router.dialect) for router in topology.routers]
    assert ["gateway-eu"] == [gateway.name for gateway in topology.tools]


def test_the_control_interface_has_the_first_port_and_no_port_is_used_twice(tmp_path: Path):
    """The demo tells where it is before anything runs."""
    made = plan(tmp_path)
    ready = [urlsplit(child.ready_url).port for child in made.children]

    assert "http://127.0.0.1:30000" == made.control_url
    assert 30000 == ready[-1]
    assert len(set(ready)) == len(ready)


def test_each_groups_page_is_that_of_its_own_server(tmp_path: Path):
    """And its server is told to listen there."""
    made = plan(tmp_path)
    pages = {group["name"]: group["metrics"] for group in made.topology["groups"]}
    servers = {child.name: child for child in made.children if child.name.startswith("vllm-")}

    assert {f"vllm-{name}" for name in pages} == servers.keys()
    for name, page in pages.items():
        command = servers[f"vllm-{name}"].command
        assert str(urlsplit(page).port) == command[command.index("--port") + 1]
        assert f"http://127.0.0.1:{urlsplit(page).port}/health" == servers[f"vllm-{name}"].ready_url


def test_servers_start_first_and_users_last(tmp_path: Path):
    """The users wait until every group is healthy."""
    assert ["vllm-eu-chat-0", "vllm-eu-chat-1", "router-eu", "gateway-eu", "traffic"] == [
        child.name for child in plan(tmp_path).children
    ]


def test_vllm_fetches_nothing_and_writes_only_into_the_demos_folder(tmp_path: Path):
    """No model, no statistics, no cache in a user's home."""
    variables = plan(tmp_path).children[0].environment

    for name in ("HF_HUB_OFFLINE", "TRANSFORMERS_OFFLINE", "VLLM_NO_USAGE_STATS", "DO_NOT_TRACK"):
        assert "1" == variables[name]
    for name in ("HF_HOME", "VLLM_CACHE_ROOT", "VLLM_CONFIG_ROOT", "TORCHINDUCTOR_CACHE_DIR"):
        assert Path(variables[name]).is_relative_to(tmp_path)


def test_on_cpus_a_rank_has_one_thread(tmp_path: Path):
    """Two servers of two ranks share what cores there are."""
    server = plan(tmp_path).children[0]

    assert "1" == server.environment["OMP_NUM_THREADS"]
    assert "2" == server.command[server.command.index("--tensor-parallel-size") + 1]
    assert "CUDA_VISIBLE_DEVICES" not in server.environment


def test_series_of_gpus_are_lacking_where_there_are_none(tmp_path: Path):
    """Each of these is how a name of the catalogue, or of a rule, begins: none is mistyped."""
    known = [*catalog.FAMILIES, *map(str, vars(conventions).values())]
    made = plan(tmp_path)
    with_gpus = plan_vllm(
        itertools.count(30000),
        directory=tmp_path,
        machine=Machine("/v/bin/python", tuple(Gpu(n, f"GPU-{n}") for n in range(4))),
    )

    assert "shardwatch_gpu_" in made.lacks
    assert not [each for each in with_gpus.lacks if "gpu" in each]
    for beginning in made.lacks:
        assert any(each.startswith(beginning) for each in known), beginning
