"""DCGM's bindings: through a stand-in, and a contract with the real ones where they are."""

import importlib
import json
import os
import sys
import time
from pathlib import Path

import pytest

from exporters.gpu import testing
from exporters.gpu.local import dcgm
from exporters.gpu.local.bindings import BINDINGS_VARIABLE, HOST_ENGINE, find_bindings
from exporters.gpu.local.keeper import LocalGpus

STAND_IN = Path(testing.__file__).parent / "dcgm_bindings"
MODULES = ("pydcgm", "dcgm_structs", "dcgm_fields")
A = {"1": "590.48.01", "50": "NVIDIA H200", "54": "GPU-a", "57": "00000000:1B:00.0"}
WELL = {**A, "150": 41, "155": 612.25, "156": 7001, "252": 3, "203": 97, "1523": 0, "112": 68}


@pytest.fixture
def engine(tmp_path):
    """Writes what the host engine says."""

    def say(gpus, **others: object) -> None:
        unfinished = tmp_path / "unfinished"
        unfinished.write_text(json.dumps({"gpus": gpus, **others}))
        unfinished.replace(tmp_path / "engine.json")

    say.environment = {
        BINDINGS_VARIABLE: str(STAND_IN),
        "SHARDWATCH_FAKE_DCGM": str(tmp_path / "engine.json"),
        HOST_ENGINE[0]: "127.0.0.1:5555",
    }
    return say


@pytest.fixture
async def gpus(engine, shim):
    """Two GPUs that DCGM knows; behind it, NVML knows those of the shim."""
    engine({"0": WELL, "1": {**WELL, "54": "GPU-b"}})
    made = LocalGpus(
        "h1", ["GPU-a", "GPU-b", shim.uuids[0]], "dcgm", kernel_log=None, read_seconds=0.1,
        environment={**shim.environment, **engine.environment},
    )  # fmt: skip
    async with made:
        await made(made.url)
        yield made


async def test_fields_are_read_by_number_into_base_units(gpus):
    """Blanks are left out."""
    seen = gpus.read(b"")["GPU-a"]
    assert (seen.temperature_celsius, seen.power_watts) == (41.0, 612.25)
    assert (seen.energy_joules, seen.memory_used_bytes) == (7.001, 3 * 1024.0**2)
    assert (seen.utilization_ratio, seen.recovery_action, seen.clock_events) == (0.97, 0, 68)
    assert (seen.pci_bus_id, seen.driver_version) == ("00000000:1B:00.0", "590.48.01")
    assert seen.memory_temperature_celsius is None


async def test_a_gpu_whose_fields_are_all_blank_is_missing_and_so_is_one_unknown(
    gpus, engine, shim, until
):
    """So does DCGM show a lost one."""
    assert gpus.read(b"")[shim.uuids[0]].trouble == "missing"
    engine({"0": {}, "1": {**WELL, "54": "GPU-b"}})
    await until(lambda: gpus.read(b"")["GPU-a"].trouble == "missing")
    assert gpus.read(b"")["GPU-b"].trouble == ""


async def test_samples_that_the_host_engine_does_not_renew_grow_old(gpus, engine, until):
    """And are none in the end."""
    engine({"0": WELL, "1": {**WELL, "54": "GPU-b"}}, age_seconds=4.0)
    await until(lambda: gpus.read(b"")["GPU-a"].age_seconds >= 4.0)
    assert gpus.read(b"")["GPU-a"].trouble == ""
    engine({"0": WELL, "1": {**WELL, "54": "GPU-b"}}, age_seconds=400.0)
    await until(lambda: gpus.read(b"")["GPU-a"].trouble == "unread")


async def test_every_xid_is_told_repeats_too(gpus, engine, until):
    """DCGM's gauge would show one."""
    at = time.time()
    xids = [[0, 31, at], [0, 31, at + 0.1], [1, 79, at + 0.2]]
    engine({"0": WELL, "1": {**WELL, "54": "GPU-b"}}, xids=xids)
    await until(lambda: gpus.read(b"")["GPU-b"].xids)
    (told,) = gpus.read(b"")["GPU-a"].xids
    assert (told.code, told.count) == (31, 2)
    assert told.last_at == pytest.approx(at + 0.1, abs=1e-3)


async def test_where_dcgm_is_blind_nvml_is_read(gpus, engine, shim, until):
    """After XID 119 its host engine returns -57 for all GPUs until it is restarted."""
    engine({}, error=-57)
    await until(lambda: gpus.read(b"")[shim.uuids[0]].trouble == "")
    assert (await gpus(gpus.url)).status == 200


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
