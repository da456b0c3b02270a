"""However a demo ends, nothing of it stays behind."""

import json
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from demo.stack.layout import DEFAULT_PORTS
from demo.stack.ports import HOST
from exporters.costs import descendants

START_WITHIN_SECONDS = 120


@pytest.mark.e2e
def test_ctrl_c_leaves_no_process_and_no_port(tmp_path: Path):
    """A taken port is given up for the next, which is said."""
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken = DEFAULT_PORTS["exporter-gpu"]
        try:
            listener.bind((HOST, taken))
            listener.listen()
        except OSError:
            pass  # somebody else's demo has it: as good
        with _demo(tmp_path) as (demo, said):
            assert f"port {taken} is taken: exporter-gpu gets " in said
            children = descendants([demo.pid]) - {demo.pid}
            ports = [int(each.rpartition(":")[2]) for each in _addresses(tmp_path).values()]
            assert len(children) >= len(DEFAULT_PORTS)
            demo.send_signal(signal.SIGINT)
            assert demo.wait(30) == 130
    assert [pid for pid in children if _lives(pid)] == []
    assert [port for port in ports if _answers(port)] == []


@pytest.mark.e2e
def test_children_die_with_a_demo_that_is_killed(tmp_path: Path):
    """SIGKILL leaves no time to clean up."""
    with _demo(tmp_path) as (demo, _):
        children = descendants([demo.pid]) - {demo.pid}
        demo.kill()
        demo.wait(30)
    deadline = time.monotonic() + 10
    while any(map(_lives, children)) and time.monotonic() < deadline:
        time.sleep(0.1)
    assert [pid for pid in children if _lives(pid)] == []


@pytest.mark.e2e
def test_a_folder_in_use_is_refused_and_its_holder_named(tmp_path: Path):
    """Two demos never share their state."""
    with _demo(tmp_path) as (demo, _):
        second = subprocess.run(_command(tmp_path), capture_output=True, text=True, check=False)
        assert second.returncode == 2
        assert second.stderr == (
            f"{tmp_path}: another demo runs here, process {demo.pid}; "
            "give another folder with --dir\n"
        )


def _command(folder: Path) -> list[str]:
    command = [sys.executable, "-m", "shardwatch", "demo", "up", "--scenario", "calm"]
    return [*command, "--dir", str(folder)]


@contextmanager
def _demo(folder: Path) -> Iterator[tuple[subprocess.Popen[bytes], str]]:
    """Start a demo and wait until everything runs; yield it with what it has said so far."""
    output = folder / "said.txt"
    with output.open("w") as out, subprocess.Popen(_command(folder), stdout=out) as demo:
        try:
            deadline = time.monotonic() + START_WITHIN_SECONDS
            while "Where to look" not in output.read_text():
                assert time.monotonic() < deadline, output.read_text()
                assert demo.poll() is None, output.read_text()
                time.sleep(0.2)
            yield demo, output.read_text()
        finally:
            demo.kill()


def _addresses(folder: Path) -> dict[str, str]:
    return json.loads((folder / "addresses.json").read_text())


def _lives(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0]
    except FileNotFoundError:
        return False
    return state != "Z"


def _answers(port: int) -> bool:
    with socket.socket() as attempt:
        attempt.settimeout(0.5)
        return attempt.connect_ex((HOST, port)) == 0
