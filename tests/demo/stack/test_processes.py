"""Processes: ready before use, explained when they fail, gone with their supervisor."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from demo.engine import Child
from demo.stack.processes import Supervisor
from exporters.problems import InputError

SERVER = (sys.executable, "-m", "http.server", "--bind", "127.0.0.1")


async def test_a_started_child_is_ready_and_a_stopped_one_is_gone(tmp_path: Path, free_port: int):
    """Start returns when the address answers; stop leaves no process."""
    supervisor = Supervisor(tmp_path / "log")
    await supervisor.start(_server(tmp_path, free_port))
    pid = supervisor.pids["server"]
    assert _lives(pid)
    await supervisor.stop()
    assert not _lives(pid)


async def test_a_child_that_ends_at_its_start_is_named_with_its_reason(tmp_path: Path):
    """The reason is in the message, not only in a log file."""
    failed = await _failure(tmp_path, "raise SystemExit('no such luck')")
    assert failed == (
        f"{tmp_path}/log/thing.log: thing ended at its start with exit code 1, and says why:\n"
        "    no such luck\n  the last lines of its log:\n    no such luck"
    )


async def test_the_reason_is_told_though_much_was_said_after_it(tmp_path: Path):
    """The last lines are not the telling ones."""
    program = "print('ValueError: too little memory'); print('bye\\n' * 40); raise SystemExit(3)"
    failed = await _failure(tmp_path, program)
    reason, _, last_lines = failed.partition("the last lines of its log:")
    assert "with exit code 3, and says why:\n    ValueError: too little memory\n" in reason
    assert "ValueError" not in last_lines


async def test_a_child_that_says_nothing_is_said_to(tmp_path: Path):
    """No empty quotation."""
    failed = await _failure(tmp_path, "raise SystemExit(4)")
    assert failed.endswith("thing ended at its start with exit code 4 and says nothing")


async def test_only_the_run_that_failed_is_asked_for_its_reason(tmp_path: Path):
    """A log is kept when its process is started again."""
    (tmp_path / "log").mkdir()
    (tmp_path / "log" / "thing.log").write_text("OSError: long ago\n")
    assert "long ago" not in await _failure(tmp_path, "raise SystemExit('now')")


async def _failure(folder: Path, program: str) -> str:
    child = Child("thing", (sys.executable, "-c", program), "http://127.0.0.1:9/")
    supervisor = Supervisor(folder / "log")
    with pytest.raises(InputError) as failed:
        await supervisor.start(child)
    await supervisor.stop()
    return str(failed.value)


async def test_a_child_that_dies_later_is_noticed(tmp_path: Path, free_port: int):
    """Check raises once a child has ended by itself."""
    supervisor = Supervisor(tmp_path / "log")
    await supervisor.start(_server(tmp_path, free_port))
    supervisor.check()
    os.kill(supervisor.pids["server"], signal.SIGKILL)
    time.sleep(0.2)
    with pytest.raises(InputError, match="server ended by signal SIGKILL"):
        supervisor.check()
    await supervisor.stop()


async def test_a_child_that_is_taken_away_is_not_missed_and_comes_back(
    tmp_path: Path, free_port: int
):
    """It has ended, and not by itself."""
    supervisor = Supervisor(tmp_path / "log")
    await supervisor.start(_server(tmp_path, free_port))
    before = supervisor.pids["server"]

    await supervisor.take_away("server")

    supervisor.check()
    assert not _lives(before)
    await supervisor.bring_back("server")
    assert _lives(supervisor.pids["server"])
    await supervisor.stop()


async def test_a_restarted_child_has_another_process(tmp_path: Path, free_port: int):
    """As after a crash: killed, started again, ready."""
    supervisor = Supervisor(tmp_path / "log")
    await supervisor.start(_server(tmp_path, free_port))
    before = supervisor.pids["server"]
    await supervisor.restart("server")
    assert supervisor.pids["server"] != before
    assert not _lives(before)
    await supervisor.stop()


def test_children_die_with_a_supervisor_that_is_killed(tmp_path: Path, free_port: int):
    """SIGKILL gives the supervisor no chance to clean up: the kernel does."""
    program = f"""
import asyncio, pathlib
from demo.engine import Child
from demo.stack.processes import Supervisor

async def main():
    supervisor = Supervisor(pathlib.Path({str(tmp_path / "log")!r}))
    child = Child("server", {(*SERVER, str(free_port))!r}, "http://127.0.0.1:{free_port}/")
    await supervisor.start(child)
    print(supervisor.pids["server"], flush=True)
    await asyncio.sleep(60)

asyncio.run(main())
"""
    with subprocess.Popen([sys.executable, "-c", program], stdout=subprocess.PIPE) as supervisor:
        assert supervisor.stdout is not None
        pid = int(supervisor.stdout.readline())
        assert _lives(pid)
        supervisor.kill()
    deadline = time.monotonic() + 5
    while _lives(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not _lives(pid)


def _server(folder: Path, port: int) -> Child:
    return Child("server", (*SERVER, "--directory", str(folder), str(port)),
                 f"http://127.0.0.1:{port}/")  # fmt: skip


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"
