"""Whole demos with real parts, started as a user starts them."""

import json
import subprocess
import sys
from pathlib import Path
from typing import Any, Protocol

import pytest

LONGEST_SECONDS = 25 * 60


class Play(Protocol):
    """Runs a scenario once by the public command; returns its report."""

    def __call__(self, scenario: str, strength: float | None = None) -> dict[str, Any]:
        """Run it, at another strength of its first fault where one is given."""
        ...


@pytest.fixture
def play(tmp_path: Path) -> Play:
    """Run a scenario once by the public command; return its report.

    The command's own verdict is asserted: exit code 0, nothing on standard error.
    """

    def run(scenario: str, strength: float | None = None) -> dict[str, Any]:
        command = [sys.executable, "-m", "shardwatch", "demo", "up", "--once",
                   "--scenario", scenario, "--dir", str(tmp_path / "demo"),
                   "--out", str(tmp_path)]  # fmt: skip
        if strength is not None:
            command += ["--strength", f"{strength:g}"]
        done = subprocess.run(
            command, capture_output=True, text=True, timeout=LONGEST_SECONDS, check=False
        )
        assert (done.returncode, done.stderr) == (0, ""), done.stdout[-6000:] + done.stderr[-4000:]
        return json.loads((tmp_path / "report.json").read_text())

    return run
