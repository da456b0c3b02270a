"""XIDs of a real card: as the driver told of them, and as the kernel wrote them down.

Four programs did something wrong, one after another: a write to where nothing is (31), one thread's
write to an odd address (13), a trap (43), the same odd address from four multiprocessors (13).
"""

import json
from pathlib import Path
from time import monotonic

import pynvml
import pytest

from exporters.gpu.kernel_log import LogParser
from exporters.gpu.local import nvml_events
from exporters.gpu.local.keeper import LocalGpus
from exporters.gpu.readings import Reading
from exporters.gpu.testing.recording import replaying
from exporters.gpu.verdict import judge

CARD = json.loads((Path(__file__).parents[1] / "fixtures/h200-580.159.04.json").read_text())
UUID, PLACE = CARD["uuid"], "00000000:00:06.0"
COUNTS = {31: 1, 13: 2, 43: 1}


@pytest.fixture
def gpus():
    """The card, found at its place."""
    gpus = LocalGpus("h1", [UUID], kernel_log=None)
    gpus._nvml._gpus[UUID].take({"pci_bus_id": PLACE, "energy_joules": 1.0}, monotonic())
    gpus._started_at = CARD["booted_at"]
    return gpus


def told_by_the_driver(monkeypatch):
    """Return what its events say, from the thread that waits for them, with the time of each."""
    monkeypatch.setattr(nvml_events, "PAUSE_SECONDS", 0.0)
    recorded = CARD["moments"]["xids"]
    answered = {call["call"]: call for call in recorded}
    # After what was recorded, waiting fails, and so does another attempt.
    end = [
        {**answered[name], "returns": pynvml.NVML_ERROR_UNKNOWN}
        for name in ("nvmlEventSetWait_v2", "nvmlEventSetCreate")
    ]
    told = []
    with replaying([*recorded, *end]):
        nvml_events._watch([UUID], lambda *event: told.append(event))
    return [
        (at, ("nvml", uuid, code, at))
        for at, (uuid, code, _) in zip(CARD["told_at"], told, strict=True)
    ]


def written_by_the_kernel():
    """Return its events, in the time of day."""
    parser = LogParser(CARD["booted_at"])
    return [(e.at, e) for record in CARD["kernel_log"] if (e := parser.parse(record))]


def counts(gpus):
    """Return XIDs by code."""
    return {xid.code: xid.count for xid in gpus.read(b"")[UUID].xids}


@pytest.mark.parametrize("sources", ["driver", "kernel", "both", "both, the driver late"])
def test_each_is_counted_once_whoever_tells_of_it(gpus, monkeypatch, sources):
    """Ten lines of one exception among them; and they are one burst."""
    driver = told_by_the_driver(monkeypatch) if "kernel" not in sources else []
    kernel = written_by_the_kernel() if sources != "driver" else []
    if "late" in sources:
        driver = [(at + 0.7, (*event[:3], at + 0.7)) for at, event in driver]
    for _, event in sorted([*driver, *kernel], key=lambda each: each[0]):
        if isinstance(event, tuple):
            gpus._take_event(*event)
        else:
            gpus._take_line(event)
    assert counts(gpus) == COUNTS
    assert gpus.read(b"")[UUID].xid_bursts == 1


def test_they_are_the_faults_of_applications(gpus, monkeypatch):
    """The GPU is well, nobody is woken, and after ten minutes it is forgotten."""
    for _, event in told_by_the_driver(monkeypatch):
        gpus._take_event(*event)
    xids = gpus.read(b"")[UUID].xids
    before = judge(Reading(energy_joules=1.0), None, 0.0)
    after = judge(Reading(energy_joules=2.0, xids=xids), before, 5.0)
    assert (after.state, after.reason, after.severity) == ("healthy", "application_fault", "info")
    later = judge(Reading(energy_joules=3.0, xids=xids), after, 606.0)
    assert (later.state, later.reason) == ("healthy", "none")
