"""GPUs: found by NVML, shared out, and seen by each server as its own."""

import itertools
from pathlib import Path
from types import SimpleNamespace

import pytest
import yaml

from demo.engine import EnginePlan
from demo.vllm import gpus as gpus_module
from demo.vllm.gpus import Gpu, Machine, can_use_gpus, find_machine, read_gpus, share_out
from demo.vllm.plan import plan_vllm
from exporters.topology import read_topology

GROUPS = ("a", "b")


class NvmlTrouble(Exception):  # noqa: N818 -- as pynvml's NVMLError
    """NVML does not answer."""


def nvml(count: int, *, broken: str = "", as_bytes: bool = False) -> SimpleNamespace:
    """Return a stand-in for pynvml with so many GPUs, one of whose functions may be broken."""

    def uuid(handle: int) -> str | bytes:
        text = f"GPU-{handle:04d}"
        return text.encode() if as_bytes else text

    def fail(*_: object) -> None:
        raise NvmlTrouble

    functions = {
        "nvmlInit": lambda: None,
        "nvmlShutdown": lambda: None,
        "nvmlDeviceGetCount": lambda: count,
        "nvmlDeviceGetHandleByIndex": lambda index: index,
        "nvmlDeviceGetUUID": uuid,
    }
    return SimpleNamespace(NVMLError=NvmlTrouble, **functions | ({broken: fail} if broken else {}))


def numbered(count: int) -> tuple[Gpu, ...]:
    """Return so many GPUs."""
    return tuple(Gpu(index, f"GPU-{index:04d}") for index in range(count))


@pytest.mark.parametrize("as_bytes", [False, True])
def test_nvml_tells_indices_and_uuids(*, as_bytes: bool):
    """Older pynvml gives bytes."""
    assert numbered(3) == read_gpus(nvml(3, as_bytes=as_bytes))


@pytest.mark.parametrize("broken", ["nvmlInit", "nvmlDeviceGetCount", "nvmlDeviceGetUUID"])
def test_a_driver_that_does_not_answer_is_no_gpu(broken: str):
    """The demo runs on CPUs then."""
    assert () == read_gpus(nvml(2, broken=broken))


def test_without_nvml_there_is_no_gpu():
    """As on most machines."""
    assert () == read_gpus(None)


@pytest.mark.parametrize(
    ("version", "can"),
    [("0.32.0", True), ("0.33.1+cu130", True), ("0.32.0+cpu", False), (None, False)],
)
def test_a_cpu_build_of_vllm_cannot_use_gpus(version: str | None, *, can: bool):
    """Whatever NVML says."""
    assert can == can_use_gpus(version)


@pytest.mark.parametrize(
    ("count", "shared"),
    [
        (8, {"a": (0, 1), "b": (2, 3)}),
        (4, {"a": (0, 1), "b": (2, 3)}),
        (3, {"a": (0,), "b": (1,)}),
        (2, {"a": (0,), "b": (1,)}),
        (1, {"a": (0,)}),
        (0, {}),
    ],
)
def test_no_gpu_serves_two_groups(count: int, shared: dict[str, tuple[int, ...]]):
    """Two ranks a group where there are enough, else one; groups without a GPU are left out."""
    found = share_out(numbered(count), GROUPS, ranks=2)

    assert shared == {group: tuple(gpu.index for gpu in gpus) for group, gpus in found.items()}


def test_this_python_is_taken_where_its_vllm_can_use_gpus(monkeypatch: pytest.MonkeyPatch):
    """Else the environment for CPUs."""
    monkeypatch.setattr(gpus_module, "_nvml", lambda: nvml(2))
    monkeypatch.setattr(gpus_module, "find_vllm_python", lambda: Path("/cpu/python"))
    monkeypatch.setattr(gpus_module, "_vllm_version", lambda: "0.33.0")
    assert Machine(gpus_module.sys.executable, numbered(2)) == find_machine()

    monkeypatch.setattr(gpus_module, "_vllm_version", lambda: None)
    assert Machine("/cpu/python") == find_machine()


def plan(directory: Path, count: int) -> EnginePlan:
    """Return the plan of a machine with so many GPUs."""
    ports = itertools.count(30000)
    return plan_vllm(ports, directory=directory, machine=Machine("/v/python", numbered(count)))


def test_the_topology_names_the_gpus_of_each_group(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """With the page of dcgm-exporter if an address is given, else without telemetry."""
    monkeypatch.delenv("SHARDWATCH_DEMO_DCGM", raising=False)
    file = tmp_path / "topology.yaml"
    file.write_text(yaml.safe_dump(plan(tmp_path, 4).topology))
    members = [group.members[0] for group in read_topology(file).groups]
    assert [["GPU-0000", "GPU-0001"], ["GPU-0002", "GPU-0003"]] == [each.gpus for each in members]
    assert {None} == {each.telemetry for each in members}

    monkeypatch.setenv("SHARDWATCH_DEMO_DCGM", "http://127.0.0.1:9400/metrics")
    file.write_text(yaml.safe_dump(plan(tmp_path, 4).topology))
    pages = {group.members[0].telemetry for group in read_topology(file).groups}
    assert {"http://127.0.0.1:9400/metrics"} == pages


def test_a_server_sees_its_own_gpus_and_no_variable_for_cpus(tmp_path: Path):
    """Counted as NVML counts, with a rank for each."""
    first, second = plan(tmp_path, 3).children[:2]

    assert ["0", "1"] == [each.environment["CUDA_VISIBLE_DEVICES"] for each in (first, second)]
    assert "PCI_BUS_ID" == first.environment["CUDA_DEVICE_ORDER"]
    assert "1" == first.command[first.command.index("--tensor-parallel-size") + 1]
    assert not [name for name in first.environment if "CPU" in name or "OMP" in name]
    assert "/v/python" == first.command[first.command.index("--python") + 1]


def test_one_gpu_makes_one_group(tmp_path: Path):
    """In the topology, behind the router, and for the faults."""
    made = plan(tmp_path, 1)

    assert ["eu-chat-0"] == [group["name"] for group in made.topology["groups"]]
    assert ["vllm-eu-chat-0", "router-eu", "gateway-eu", "traffic"] == [
        child.name for child in made.children
    ]
