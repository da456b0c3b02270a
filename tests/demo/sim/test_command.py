"""The command ``python -m demo.sim``: what it refuses, and how it ends before it serves."""

import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from demo.sim.command import main
from exporters.problems import EXIT_INTERRUPTED

COMMAND = [sys.executable, "-m", "demo.sim", "--port", "1", "--topology"]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["--step", "0"], "--step: found 0, expected 0.1 to 60 seconds"),
        (["--step", "nan"], "--step: found nan, expected 0.1 to 60 seconds"),
        (["--speed", "nan"], "--speed: found nan, expected a number above 0"),
        (["--speed", "inf"], "--speed: found inf, expected a number above 0"),
        (["--failure-rate", "-1"], "--failure-rate: found -1, expected 0 to 1000"),
        (["--failure-rate", "inf"], "--failure-rate: found inf, expected 0 to 1000"),
        (["--dcgm-interval", "0"], "--dcgm-interval: found 0, expected seconds above 0"),
        (["--seed", "-1"], "--seed: found -1, expected 0 or more"),
        (["--port", "0"], "--port: found 0, expected 1 to 65535"),
        (["--port", "99999"], "--port: found 99999, expected 1 to 65535"),
        (
            ["--step", "-1", "--speed", "0"],
            "--speed: found 0, expected a number above 0\n"
            "--step: found -1, expected 0.1 to 60 seconds",
        ),
    ],
)
def test_what_a_simulator_cannot_be_is_refused(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    options: list[str],
    message: str,
):
    """Before the topology is read, all of it at once, and without a traceback."""
    given = ["demo.sim", "--port", "1", "--topology", "none.yaml", *options]
    monkeypatch.setattr(sys, "argv", given)
    with pytest.raises(SystemExit) as ended:
        main()
    assert ended.value.code == 2
    assert capsys.readouterr().err == f"{message}\n"


def test_a_missing_topology_is_said_in_one_line(tmp_path: Path):
    """No traceback."""
    file = str(tmp_path / "x.yaml")
    done = subprocess.run([*COMMAND, file], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert done.stderr.startswith(f"{file}: no such file")


def test_an_interrupted_start_ends_silently(tmp_path: Path):
    """While it reads its topology, here one that does not come."""
    pipe = tmp_path / "topology.yaml"
    os.mkfifo(pipe)
    with subprocess.Popen([*COMMAND, str(pipe)], stderr=subprocess.PIPE, text=True) as process:
        with pipe.open("wb"):  # returns when the simulator begins to read
            process.send_signal(signal.SIGINT)
            assert process.wait(timeout=30) == EXIT_INTERRUPTED
        assert process.stderr is not None
        assert process.stderr.read() == ""
