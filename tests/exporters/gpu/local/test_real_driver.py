"""A contract with a real driver, where there is one: what the stand-in shows must be true of it."""

import json
import subprocess
import sys

import pytest

from exporters.gpu.local.keeper import LocalGpus
from exporters.gpu.local.reader import Settings

LIST = (
    "import json, pynvml as n; n.nvmlInit(); "
    "print(json.dumps([n.nvmlDeviceGetUUID(n.nvmlDeviceGetHandleByIndex(i)) "
    "for i in range(n.nvmlDeviceGetCount())]))"
)
ALWAYS = ("temperature_celsius", "power_watts", "memory_used_bytes", "memory_free_bytes",
          "sm_clock_hertz", "utilization_ratio", "energy_joules")  # fmt: skip
"""What any GPU of a data centre says."""
SLOW = Settings(deadline_seconds=20.0)


@pytest.fixture(scope="module")
def uuids() -> list[str]:
    """The GPUs of this machine."""
    done = subprocess.run(
        [sys.executable, "-c", LIST], capture_output=True, text=True, check=False, timeout=60
    )
    found = json.loads(done.stdout) if done.returncode == 0 else []
    if not found:
        pytest.skip("there is no GPU here")
    return found


async def test_every_gpu_of_this_machine_is_read_in_sensible_units(uuids, until):
    """Watts, bytes, hertz, ratios; each GPU at its own place."""
    async with LocalGpus("h1", uuids, kernel_log=None, settings=SLOW) as gpus:
        await until(lambda: all(not each.trouble for each in gpus.read(b"").values()), 120.0)
        readings = gpus.read(b"")
        await until(lambda: gpus.read(b"")[uuids[0]].age_seconds < 1.0)
    for reading in readings.values():
        assert set(ALWAYS) <= reading.measured.keys()
        assert 0 < (reading.temperature_celsius or 0) < 110
        assert 5 < (reading.power_watts or 0) < 3000
        assert 1e8 < (reading.sm_clock_hertz or 0) < 5e9
        assert 1e9 < (reading.memory_free_bytes or 0) + (reading.memory_used_bytes or 0) < 1e12
        assert all(
            0 <= value <= 1.01 for name, value in reading.measured.items() if name.endswith("ratio")
        )
    assert len({reading.pci_bus_id for reading in readings.values()}) == len(uuids)
