"""DCGM's bindings: through a stand-in, and a contract with the real ones where they are."""

import asyncio
import importlib
import json
import os
import socket
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import pytest

from exporters.gpu import testing
from exporters.gpu.local import dcgm
from exporters.gpu.local.bindings import BINDINGS_VARIABLE, HOST_ENGINE, find_bindings
from exporters.gpu.local.keeper import LocalGpus
from exporters.gpu.local.reader import Settings

STAND_IN = Path(testing.__file__).parent / "dcgm_bindings"
MODULES = ("pydcgm", "dcgm_structs", "dcgm_fields")
A = {"1": "590.48.01", "50": "NVIDIA H200", "54": "GPU-a", "57": "00000000:1B:00.0"}
WELL = {**A, "150": 41, "155": 612.25, "156": 7001, "252": 3, "203": 97, "1523": 0, "112": 68}


@pytest.fixture
def engine(tmp_path):
    """Writes what the host engine says; somebody listens at its address."""

    def say(gpus, **others: object) -> None:
        unfinished = tmp_path / "unfinished"
        unfinished.write_text(json.dumps({"gpus": gpus, **others}))
        unfinished.replace(tmp_path / "engine.json")

    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        say.environment = {
            BINDINGS_VARIABLE: str(STAND_IN),
            "SHARDWATCH_FAKE_DCGM": str(tmp_path / "engine.json"),
            HOST_ENGINE[0]: f"127.0.0.1:{listening.getsockname()[1]}",
        }
        yield say


@pytest.fixture
def local(engine, shim):
    """Reads three GPUs: two that DCGM knows, one that NVML does."""

    def make(**environment: str) -> LocalGpus:
        variables = {**shim.environment, **engine.environment, **environment}
        return LocalGpus("h1", ["GPU-a", "GPU-b", shim.uuids[0]], kernel_log=None,
                         settings=Settings(read_seconds=0.1, environment=variables))  # fmt: skip

    engine({"0": WELL, "1": {**WELL, "54": "GPU-b"}})
    return make


@pytest.fixture
async def gpus(local, until):
    """They are being read."""
    async with local() as made:
        await until(lambda: all(not each.trouble for each in made.read(b"").values()))
        yield made


async def test_fields_are_read_by_number_into_base_units(gpus):
    """Blanks are left out."""
    seen = gpus.read(b"")["GPU-a"]
    assert (seen.temperature_celsius, seen.power_watts) == (41.0, 612.25)
    assert (seen.energy_joules, seen.memory_used_bytes) == (7.001, 3 * 1024.0**2)
    assert (seen.utilization_ratio, seen.recovery_action, seen.clock_events) == (0.97, 0, 68)
    assert (seen.pci_bus_id, seen.driver_version) == ("00000000:1B:00.0", "590.48.01")
    assert seen.memory_temperature_celsius is None


async def test_a_gpu_whose_fields_are_all_blank_is_missing(gpus, engine, until):
    """So does DCGM show a lost one."""
    engine({"0": {}, "1": {**WELL, "54": "GPU-b"}})
    await until(lambda: gpus.read(b"")["GPU-a"].trouble == "missing")
    assert gpus.read(b"")["GPU-b"].trouble == ""


async def test_samples_that_the_host_engine_does_not_renew_grow_old(gpus, engine, until):
    """And are none in the end."""
    engine({"0": WELL, "1": {**WELL, "54": "GPU-b"}}, age_seconds=4.0)
    await until(lambda: gpus.read(b"")["GPU-a"].age_seconds >= 4.0)
    assert gpus.read(b"")["GPU-a"].trouble == ""
    engine({"0": WELL, "1": {**WELL, "54": "GPU-b"}}, age_seconds=400.0)
    await until(lambda: gpus._dcgm.reading("GPU-a").trouble == "unread")
    assert gpus.read(b"")["GPU-a"].trouble == "missing"  # says NVML, which does not know it


async def test_every_xid_is_told_repeats_too(gpus, engine, until):
    """DCGM's gauge would show one."""
    at = time.time()
    xids = [[0, 31, at], [0, 31, at + 0.1], [1, 79, at + 0.2]]
    engine({"0": WELL, "1": {**WELL, "54": "GPU-b"}}, xids=xids)
    await until(lambda: gpus.read(b"")["GPU-b"].xids)
    (told,) = gpus.read(b"")["GPU-a"].xids
    assert (told.code, told.count) == (31, 2)
    assert told.last_at == pytest.approx(at + 0.1, abs=1e-3)


async def test_a_sample_that_is_given_again_is_told_once(gpus, engine, until):
    """Since a time is since and at it."""
    at = time.time()
    both = {"0": WELL, "1": {**WELL, "54": "GPU-b"}}
    engine(both, xids=[[0, 31, at]], repeats=True)
    await until(lambda: gpus.read(b"")["GPU-a"].xids)
    await asyncio.sleep(3 * dcgm.XID_SECONDS)
    engine(both, xids=[[0, 31, at], [0, 31, at + 0.1]], repeats=True)
    await until(lambda: gpus.read(b"")["GPU-a"].xids[0].count > 1)
    await asyncio.sleep(3 * dcgm.XID_SECONDS)
    assert gpus.read(b"")["GPU-a"].xids[0].count == 2


async def test_xids_of_before_the_child_are_not_told(local, engine, until):
    """The child before it has."""
    old = time.time() - 1.0
    engine({"0": WELL, "1": {**WELL, "54": "GPU-b"}}, xids=[[0, 31, old]])
    async with local() as gpus:
        await until(lambda: not gpus.read(b"")["GPU-a"].trouble)
        await asyncio.sleep(3 * dcgm.XID_SECONDS)
        assert gpus.read(b"")["GPU-a"].xids == ()


def test_bindings_that_fail_otherwise_than_they_say_do_not_end_the_telling(monkeypatch):
    """Whatever ctypes raises; and what was told is let go."""

    class Collection:
        def __init__(self) -> None:
            sample = SimpleNamespace(ts=(time.time() + 9) * 1e6, isBlank=False, value=79)
            self.values = {dcgm.ENTITY_GPU: {0: {dcgm.XID_FIELD: [sample]}}}

        def EmptyValues(self) -> None:  # noqa: N802 - so DCGM calls it
            self.values = {}
            raise SystemExit

    asked = []

    class Samples:
        def GetAllSinceLastCall_v2(self, found, fields) -> Collection:  # noqa: N802 - likewise
            asked.append(found)
            if len(asked) == 1:
                raise TypeError
            return Collection()

    told = []
    monkeypatch.setattr(dcgm, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(dcgm, "XID_SECONDS", 0.0)
    backend = dcgm.Dcgm()
    backend._group, backend._ids = SimpleNamespace(samples=Samples()), {"GPU-a": 0}
    with pytest.raises(SystemExit):
        backend._follow({"GPU-a"}, lambda uuid, code, _: told.append((uuid, code)))
    assert told == [("GPU-a", 79)]


async def test_where_dcgm_is_blind_nvml_goes_on(gpus, engine, shim, until, monkeypatch):
    """After XID 119 all fields are blank, or its host engine returns -57, until it is restarted."""
    monkeypatch.setattr("exporters.gpu.local.asked.FIRST_PAUSE_SECONDS", 0.1)
    for blindness in ({"gpus": {"0": {}, "1": {}}}, {"gpus": {}, "error": -57}):
        assert gpus.health.backends == {"nvml": True, "dcgm": True}
        engine(**blindness)
        await until(lambda: not gpus.health.backends["dcgm"])
        assert gpus.read(b"")[shim.uuids[0]].trouble == ""
        assert (await gpus(gpus.url)).status == 200
        engine({"0": WELL, "1": {**WELL, "54": "GPU-b"}})
        await until(lambda: gpus.health.backends["dcgm"])


async def test_a_driver_that_is_not_here_leaves_what_dcgm_says(local, tmp_path, until):
    """A container may reach the host engine alone."""
    async with local(SHARDWATCH_SHIM=str(tmp_path / "nothing")) as gpus:
        await until(lambda: gpus.read(b"")["GPU-a"].trouble == "")
        assert (await gpus(gpus.url)).status == 200
        assert gpus.health.backends == {"nvml": False, "dcgm": True}


async def test_dcgm_is_taken_once_it_comes(local, engine, until, monkeypatch):
    """And not asked for before."""
    monkeypatch.setattr("exporters.gpu.local.asked.LONGEST_PAUSE_SECONDS", 0.2)
    address = engine.environment[HOST_ENGINE[0]]
    with socket.socket() as silent:
        silent.bind(("127.0.0.1", 0))
        port = silent.getsockname()[1]
        async with local(**{HOST_ENGINE[0]: f"127.0.0.1:{port}"}) as gpus:
            await until(lambda: gpus.health.backends["nvml"])
            await asyncio.sleep(0.5)
            assert gpus.health.children_started == {"nvml": 1, "dcgm": 0}
            silent.listen()
            await until(lambda: gpus.health.backends["dcgm"])
    assert address != f"127.0.0.1:{port}"


async def test_profiling_fields_that_are_refused_cost_themselves_only(local, engine, until):
    """Of a GPU that has none, or whose profiler is somebody else's."""
    known = {"0": {**WELL, "1002": 0.5, "1004": 0.25}, "1": {**WELL, "54": "GPU-b"}}
    engine(known, refused=[1002, 1009])
    async with local() as gpus:
        await until(lambda: gpus.read(b"")["GPU-a"].trouble == "")
        seen = gpus.read(b"")["GPU-a"]
        assert (seen.sm_active_ratio, seen.tensor_active_ratio) == (None, 0.25)
        assert seen.temperature_celsius == 41.0


def test_one_answer_of_the_host_engine_serves_all_gpus_of_a_round(monkeypatch, engine):
    """Eight GPUs are not eight times the work."""
    engine({"0": WELL, "1": {**WELL, "54": "GPU-b"}})
    for name, value in engine.environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setattr(sys, "path", [*sys.path])
    for module in MODULES:
        monkeypatch.delitem(sys.modules, module, raising=False)
    backend = dcgm.Dcgm()
    assert backend.open() == "590.48.01"
    calls = []
    samples = backend._group.samples
    ask = samples.GetLatest_v2
    monkeypatch.setattr(samples, "GetLatest_v2", lambda fields: calls.append(1) or ask(fields))
    monkeypatch.setattr(backend, "_asked_at", float("-inf"))
    assert [backend.read(uuid, None)["driver_version"] for uuid in ("GPU-a", "GPU-b")] == (
        ["590.48.01"] * 2
    )
    assert len(calls) == len(backend._fields)
    monkeypatch.setattr(backend, "_asked_at", backend._asked_at - dcgm.ROUND_SECONDS)
    backend.read("GPU-a", None)
    assert len(calls) == 2 * len(backend._fields)
    for module in MODULES:
        monkeypatch.delitem(sys.modules, module, raising=False)


def test_the_stand_in_has_what_the_real_bindings_have(monkeypatch):
    """Names, numbers and arguments: a wrong one would pass all other tests."""
    folder = find_bindings(os.environ)
    if folder is None:
        pytest.skip("DCGM's Python bindings are not installed here")
    stand_in, real = (_load(monkeypatch, each) for each in (STAND_IN, folder))
    for module in ("dcgm_structs", "dcgm_fields"):
        for name, number in vars(stand_in[module]).items():
            if isinstance(number, int):
                assert number == getattr(real[module], name), name
    for name in ("DcgmHandle", "DcgmGroup", "DcgmFieldGroup", "DcgmSystem"):
        for method in vars(getattr(stand_in["pydcgm"], name)):
            assert hasattr(getattr(real["pydcgm"], name), method) or method in (
                "discovery", "__module__", "__weakref__", "__dict__",
            ), f"{name}.{method}"  # fmt: skip


def _load(monkeypatch, folder) -> dict:
    for module in MODULES:
        monkeypatch.delitem(sys.modules, module, raising=False)
    monkeypatch.syspath_prepend(folder)
    loaded = {module: importlib.import_module(module) for module in MODULES}
    for module in MODULES:
        monkeypatch.delitem(sys.modules, module)
    return loaded


def test_our_numbers_are_those_of_the_stand_in(monkeypatch):
    """Which has DCGM's."""
    loaded = _load(monkeypatch, STAND_IN)
    fields, structs = loaded["dcgm_fields"], loaded["dcgm_structs"]
    assert dcgm.ENTITY_GPU == fields.DCGM_FE_GPU
    assert dcgm.GROUP_EMPTY == structs.DCGM_GROUP_EMPTY
    assert dcgm.XID_FIELD == fields.DCGM_FI_DEV_XID_ERRORS
    assert dcgm.UUID_FIELD == fields.DCGM_FI_DEV_UUID
    assert dcgm.BUS_ID_FIELD == fields.DCGM_FI_DEV_PCI_BUSID
    assert dcgm.NAME_FIELD == fields.DCGM_FI_DEV_NAME
    assert dcgm.DRIVER_FIELD == fields.DCGM_FI_DRIVER_VERSION
