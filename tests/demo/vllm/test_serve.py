"""Nothing of a server outlives the demo, whoever is killed and whoever is frozen."""

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

from demo.vllm.processes import read_note
from tests.demo.vllm.waiting import lives, wait_until

PARENT = "import subprocess, sys; subprocess.Popen(sys.argv[1:]).wait()"
"""A supervisor that takes care of nothing."""


@dataclass
class Tree:
    """The processes of one server, by what they are."""

    parent: subprocess.Popen[bytes]
    serve: int
    server: int
    core: int
    workers: list[int]
    shared: list[Path]
    arguments: list[str]

    def pids(self) -> list[int]:
        """Return all but the parent."""
        return [self.serve, self.server, self.core, *self.workers]

    def is_gone(self) -> bool:
        """Tell whether no process of it lives."""
        return not any(map(lives, self.pids()))


@pytest.fixture
def tree(tmp_path: Path, fake_python: Path) -> Iterator[Tree]:
    """A server that runs, started by a parent of its own."""
    (tmp_path / "model").mkdir()
    note = tmp_path / "notes" / "g.process"
    command = [
        *(sys.executable, "-m", "demo.vllm.serve", "--python", str(fake_python)),
        *("--model", str(tmp_path / "model"), "--note", str(note), "--", "--port", "1"),
    ]
    parent = subprocess.Popen([sys.executable, "-c", PARENT, *command])
    written = tmp_path / "tree.json"
    wait_until(written.exists)
    told = json.loads(written.read_text())
    made = Tree(
        parent,
        read_note(note).pid,
        told["server"],
        told["core"],
        [each["pid"] for each in told["workers"]],
        [Path(each["shared"]) for each in told["workers"]],
        told["arguments"],
    )
    yield made
    for pid in [*made.pids(), parent.pid]:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    parent.wait()
    for file in made.shared:
        file.unlink(missing_ok=True)


def test_a_server_gets_the_model_and_its_own_arguments(tree: Tree, tmp_path: Path):
    """The model comes first."""
    assert ["--model", str(tmp_path / "model"), "--port", "1"] == tree.arguments


@pytest.mark.parametrize(
    ("victim", "number"),
    [
        ("serve", signal.SIGTERM),  # as the supervisor does; at SIGKILL it kills the session too
        ("server", signal.SIGTERM),
        ("server", signal.SIGKILL),
        ("parent", signal.SIGKILL),
    ],
)
def test_all_end_when_one_above_them_ends(tree: Tree, victim: str, number: signal.Signals):
    """Workers do not heed SIGTERM, and one is frozen; they end as well."""
    os.kill(tree.workers[1], signal.SIGSTOP)
    os.kill(tree.parent.pid if victim == "parent" else getattr(tree, victim), number)

    wait_until(tree.is_gone)


def test_shared_memory_is_removed(tree: Tree):
    """That of this server, which vLLM's CPU backend would leave behind."""
    assert [True, True] == [file.exists() for file in tree.shared]
    os.kill(tree.serve, signal.SIGTERM)
    wait_until(tree.is_gone)

    assert [False, False] == [file.exists() for file in tree.shared]


def test_a_server_that_fails_gives_its_exit_code(tmp_path: Path, fake_python: Path):
    """The supervisor tells it, with the last lines of the log."""
    (tmp_path / "model").mkdir()
    (tmp_path / "site/vllm/entrypoints/openai/api_server.py").write_text("raise SystemExit(7)\n")
    command = [
        *(sys.executable, "-m", "demo.vllm.serve", "--python", str(fake_python)),
        *("--model", str(tmp_path / "model"), "--note", str(tmp_path / "note"), "--"),
    ]

    assert 7 == subprocess.run(command, check=False).returncode
