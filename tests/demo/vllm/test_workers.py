"""Workers: found among the demo's own processes alone, and struck while their engine is at work."""

import os
import signal
import subprocess
from pathlib import Path

import aiohttp
import pytest

from demo.vllm.processes import read_process
from demo.vllm.testing import FakeEngine, served
from demo.vllm.workers import find_engine, find_worker, kill_at_work, send, stop_at_work
from tests.demo.vllm.conftest import Kept
from tests.demo.vllm.waiting import lives, wait_until


def test_workers_and_the_core_of_a_server_are_found_by_title(kept: Kept):
    """Each is that of the server that was noted."""
    note = kept.engine.note

    assert [kept.worker(0), kept.worker(1)] == [find_worker(note, rank).pid for rank in ("0", "1")]
    assert kept.tree()["core"] == find_engine(note).pid
    assert None is find_worker(note, "2")


def test_a_worker_of_somebody_else_is_not_found(kept: Kept, tmp_path: Path):
    """Whatever its title: it does not descend from the server that was noted."""
    stranger = subprocess.Popen(["VLLM::Worker_TP7", "60"], executable="/bin/sleep")
    try:
        assert None is find_worker(kept.engine.note, "7")
        assert None is find_worker(tmp_path / "no note", "1")
    finally:
        os.kill(stranger.pid, signal.SIGKILL)
        stranger.wait()


async def test_a_busy_engines_worker_is_stopped_and_an_idle_ones_too_after_a_while(
    kept: Kept, monkeypatch: pytest.MonkeyPatch
):
    """Stopped at once under load; else when no load has come."""
    monkeypatch.setattr("demo.vllm.workers.SETTLE_SECONDS", 0.05)
    monkeypatch.setattr("demo.vllm.workers.BUSY_WITHIN_SECONDS", 0.3)
    worker = find_worker(kept.engine.note, "1")
    for running in (2, 0):
        async with served(FakeEngine(running=running).application()) as url:
            await stop_at_work(worker, url)
        wait_until(lambda: read_process(worker.pid).state == "T")
        send(worker, signal.SIGCONT)
        wait_until(lambda: read_process(worker.pid).state != "T")


async def test_a_process_is_killed_while_there_is_work(kept: Kept):
    """Not a moment before."""
    worker = find_worker(kept.engine.note, "0")
    engine = FakeEngine(running=0)
    app = engine.application()
    looks: list[bool] = []

    async def begin(request: aiohttp.web.Request, response: object) -> None:
        looks.append(lives(worker.pid))
        engine.running = int(len(looks) >= 3)

    app.on_response_prepare.append(begin)
    async with served(app) as url:
        await kill_at_work(worker, url)

    assert [True] * 4 == looks[:4]
    wait_until(lambda: not lives(worker.pid))


def test_a_process_id_that_is_used_again_is_not_signalled():
    """Its start is not the one that was found."""
    other = subprocess.Popen(["/bin/sleep", "60"])
    try:
        process = read_process(other.pid)
        send(type(process)(**{**vars(process), "started": process.started - 1}), signal.SIGKILL)
        assert None is other.poll()
    finally:
        other.kill()
        other.wait()
