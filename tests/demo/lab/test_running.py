"""Plays from one eve are those that would have been played alone, and end with their command."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo.lab.options import Options
from demo.lab.playing import play
from demo.lab.running import Job, run_jobs
from demo.stack.files import LIVE
from exporters.problems import InputError
from tests.demo.lab.conftest import GROUPS, story

OPTIONS = Options(timing=LIVE, groups=GROUPS, healthy_seconds=60.0, objectives=("library:chat",))
LOST = story(
    {"fault": "lost-gpu", "at": "10s", "length": "20s", "place": {"group": "eu-chat-0"}},
    expect=[{"alert": "GpuLost", "labels": {"group": "eu-chat-0"}, "within": "15s"}],
)
NOTHING = story(
    {"fault": "lost-gpu", "at": "10s", "length": "20s", "place": {"group": "us-code-0"}}
)
NOWHERE = story({"fault": "lost-gpu", "at": "10s", "length": "20s", "place": {"group": "none"}})
UNENDING = """
from demo.lab.options import Options
from demo.lab.running import Job, run_jobs
from demo.scenario import find_scenario, read_scenario

if __name__ == "__main__":
    scenario = read_scenario(find_scenario("calm"))
    run_jobs([Job(scenario, Options(groups=9, objectives=("library:chat",)))], 1, print)
"""


@pytest.mark.scenario
async def test_a_play_from_a_shared_eve_is_the_play_alone() -> None:
    """Whatever played before it from there."""
    jobs = [Job(NOTHING, OPTIONS), Job(LOST, OPTIONS)]
    told: list[str] = []

    (_, (other,)), (_, (shared,)) = run_jobs(jobs, 2, told.append)
    (alone,) = await play(LOST, OPTIONS)

    assert alone.to_data() == shared.to_data()
    assert other.place["group"] == "us-code-0"
    begun = [each for each in told if each.endswith(" begins")]
    assert ["one begins"] * 2 == begun
    assert ["preparing what is before one and 1 more"] == told[:1]
    assert {"1 of 2", "2 of 2"} == {each.partition(":")[0] for each in told[1:]} - {*begun}


def test_a_fault_without_a_place_is_refused_in_a_sentence() -> None:
    """Not with a traceback of the process that found out."""
    told: list[str] = []
    with pytest.raises(InputError) as refused:
        run_jobs([Job(NOWHERE, OPTIONS)], 1, told.append)

    assert ["preparing what is before one", "one begins"] == told, "no long silence"
    (found,) = refused.value.problems
    assert "one" == found.file
    assert "none" in found.message


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_nothing_outlives_a_command_that_is_ended(tmp_path: Path, number: signal.Signals) -> None:
    """Neither eves nor plays nor servers; nor files, if it can still delete them."""
    script = tmp_path / "unending.py"
    script.write_text(UNENDING, encoding="utf-8")
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": str(Path.cwd())}
    command = subprocess.Popen([sys.executable, script], env=environment)
    try:
        _await(lambda: list(tmp_path.glob("shardwatch-lab-*/*/usual/data/wal")))
        children = _all_children(command.pid)
        command.send_signal(number)
        command.wait(20)
    finally:
        command.kill()
        command.wait()

    assert len(children) >= 2, "an eve and its server"
    _await(lambda: not [each for each in children if _is_running(each)])
    assert number == signal.SIGKILL or not list(tmp_path.glob("shardwatch-lab-*"))


def _await(is_so: object, within_seconds: float = 120.0) -> None:
    deadline = time.monotonic() + within_seconds
    while not is_so():  # type: ignore[operator]
        assert time.monotonic() < deadline
        time.sleep(0.1)


def _all_children(pid: int) -> list[int]:
    found = []
    for each in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, each.read_text().split()):
            found += [child, *_all_children(child)]
    return found


def _is_running(pid: int) -> bool:
    try:
        return "\nState:\tZ" not in Path(f"/proc/{pid}/status").read_text()
    except FileNotFoundError:
        return False
