"""A frozen worker: found among the demo's own processes, stopped, and set going again."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from demo.traffic.control import FaultError
from demo.vllm.faults import Engine, Faults, find_worker
from demo.vllm.processes import read_process
from demo.vllm.testing import FakeEngine, served
from tests.demo.vllm.waiting import wait_until

FROZEN = "frozen-worker"


@pytest.fixture
def note(tmp_path: Path, fake_python: Path) -> Iterator[Path]:
    """The note of a server that runs with two workers."""
    (tmp_path / "model").mkdir()
    file = tmp_path / "g.process"
    command = [
        *(sys.executable, "-m", "demo.vllm.serve", "--python", str(fake_python)),
        *("--model", str(tmp_path / "model"), "--note", str(file), "--"),
    ]
    serve = subprocess.Popen(command)
    wait_until((tmp_path / "tree.json").exists)
    yield file
    serve.terminate()
    serve.wait()


def state_of(pid: int) -> str:
    """Return the letter of a process's state."""
    return read_process(pid).state


async def test_a_worker_is_stopped_at_work_and_goes_on_when_repaired(note: Path, tmp_path: Path):
    """The place tells which process was really hit."""
    workers = json.loads((tmp_path / "tree.json").read_text())["workers"]
    async with served(FakeEngine(running=2).application()) as url:
        faults = Faults({"g": Engine(note, url)})
        fault, place = await faults.start(FROZEN, {"group": "g"})
    pid = workers[1]["pid"]

    assert {"group": "g", "rank": "1", "pid": str(pid), "process": "VLLM::Worker_TP1"} == place
    wait_until(lambda: state_of(pid) == "T")
    assert "T" != state_of(workers[0]["pid"])
    assert faults.repair(fault)
    wait_until(lambda: state_of(pid) != "T")
    assert not faults.repair(fault)


async def test_the_rank_may_be_chosen_and_all_faults_end_together(note: Path, tmp_path: Path):
    """As when the demo ends."""
    pid = json.loads((tmp_path / "tree.json").read_text())["workers"][0]["pid"]
    async with served(FakeEngine(running=1).application()) as url:
        faults = Faults({"g": Engine(note, url)})
        await faults.start(FROZEN, {"group": "g", "rank": "0"})
        wait_until(lambda: state_of(pid) == "T")
        with pytest.raises(FaultError, match="VLLM::Worker_TP0 of g is stopped already"):
            await faults.start(FROZEN, {"group": "g", "rank": "0"})
    faults.repair_all()

    wait_until(lambda: state_of(pid) != "T")


@pytest.mark.parametrize(
    ("name", "place", "message"),
    [
        ("lost-gpu", {"group": "g"}, "found fault 'lost-gpu', expected frozen-worker"),
        (FROZEN, {"group": "h"}, "found group 'h', expected one of g"),
        (FROZEN, {}, "found group '', expected one of g"),
        (FROZEN, {"group": "g", "rank": "2"}, "found no process VLLM::Worker_TP2 of g"),
        (FROZEN, {"group": "g", "pid": "1"}, "found pid in the place, expected group and rank"),
    ],
)
async def test_what_cannot_be_is_refused(
    tmp_path: Path, name: str, place: dict[str, str], message: str
):
    """Nobody is signalled; here not even a server runs."""
    with pytest.raises(FaultError) as refused:
        await Faults({"g": Engine(tmp_path / "note", "http://127.0.0.1:9")}).start(name, place)

    assert message == str(refused.value)


def test_a_worker_of_somebody_else_is_not_found(note: Path, tmp_path: Path):
    """Whatever its title: it does not descend from the server that was noted."""
    stranger = subprocess.Popen(["VLLM::Worker_TP7", "60"], executable="/bin/sleep")
    try:
        assert None is find_worker(note, "7")
        assert None is find_worker(tmp_path / "no note", "1")
    finally:
        os.kill(stranger.pid, signal.SIGKILL)
        stranger.wait()
