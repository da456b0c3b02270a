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

from demo.vllm.launching import Launch, read_running, read_state, write_launch
from demo.vllm.processes import read_note
from tests.demo.vllm.conftest import Kept
from tests.demo.vllm.waiting import lives, wait_until

NOWHERE = "http://127.0.0.1:9/health"
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
        *("--model", str(tmp_path / "model"), "--note", str(note)),
        *("--ready", NOWHERE, "--", "--port", "0"),
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
    assert ["--model", str(tmp_path / "model"), "--port", "0"] == tree.arguments


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


def failing(tmp_path: Path, fake_python: Path, script: str) -> tuple[int, str]:
    """Run a server that is this script; return the exit code and the log."""
    (tmp_path / "model").mkdir()
    (tmp_path / "site/vllm/entrypoints/openai/api_server.py").write_text(script)
    command = [
        *(sys.executable, "-m", "demo.vllm.serve", "--python", str(fake_python)),
        *("--model", str(tmp_path / "model"), "--note", str(tmp_path / "note")),
        *("--ready", NOWHERE, "--"),
    ]
    log = tmp_path / "log"
    with log.open("wb") as file:
        file.write(b"ValueError: of another time\n")
        file.flush()
        code = subprocess.run(command, check=False, stdout=file, stderr=file).returncode
    return code, log.read_text()


def test_a_server_that_cannot_start_ends_with_its_reason(tmp_path: Path, fake_python: Path):
    """The last line of the log, for the supervisor shows the last lines; and its exit code."""
    script = (
        "import sys\n"
        "print('(EngineCore pid=7) ERROR 11-26 02:07:52 [core.py:1510] ValueError: no room')\n"
        "print('RuntimeError: Engine core initialization failed. See root cause above.')\n"
        "sys.exit(7)\n"
    )
    code, log = failing(tmp_path, fake_python, script)

    assert (7, "vLLM cannot start: ValueError: no room") == (code, log.splitlines()[-1])


def test_without_an_exception_the_reason_is_the_exit(tmp_path: Path, fake_python: Path):
    """What stood in the log before is of somebody else."""
    code, log = failing(tmp_path, fake_python, "raise SystemExit(7)\n")

    assert (7, "vLLM cannot start: with exit code 7") == (code, log.splitlines()[-1])


@pytest.mark.parametrize("victim", ["server", "core", "worker"])
def test_a_server_that_had_been_ready_is_started_again(kept: Kept, victim: str):
    """All of it is new, the keeper is the same; the log tells how it ended."""
    before = kept.tree()
    pid = before["workers"][1]["pid"] if victim == "worker" else before[victim]
    os.kill(pid, signal.SIGKILL)
    wait_until(lambda: kept.is_up(2))
    after = kept.tree()

    assert {before["server"], before["core"]}.isdisjoint({after["server"], after["core"]})
    assert not any(map(lives, [before["server"], before["core"], pid]))
    assert None is kept.keeper.poll()
    how = "by signal SIGKILL" if victim == "server" else "with exit code 1"
    assert f"vLLM ended {how}; it is started again\n" in kept.log.read_text()


def test_on_sighup_a_server_is_started_as_the_launch_file_says(kept: Kept, tmp_path: Path):
    """Other arguments, another model, variables; without the file again as at first."""
    usual = kept.tree()["arguments"]
    (tmp_path / "other").mkdir()
    other = Launch(str(tmp_path / "other"), 1, (*usual[2:], "--more"), {"FAKE_VARIABLE": "0.5"})
    write_launch(kept.engine.note, other)
    assert other == read_running(kept.engine.note)
    kept.keeper.send_signal(signal.SIGHUP)
    wait_until(lambda: kept.is_up(2))
    assert ["--model", other.model, *usual[2:], "--more"] == kept.tree()["arguments"]
    assert "0.5" == kept.tree()["variable"]

    write_launch(kept.engine.note, None)
    kept.keeper.send_signal(signal.SIGHUP)
    wait_until(lambda: kept.is_up(3))
    assert (usual, None) == (kept.tree()["arguments"], kept.tree()["variable"])


def test_a_server_that_does_not_come_back_is_given_up(kept: Kept, tmp_path: Path):
    """After three starts in vain, with the reason."""
    (tmp_path / "site/vllm/entrypoints/openai/api_server.py").write_text("raise ValueError('no')")
    os.kill(kept.tree()["server"], signal.SIGKILL)
    code = kept.keeper.wait(20)
    last = kept.log.read_text().splitlines()[-1]

    assert (1, 4) == (code, read_state(kept.engine.note).launch)
    assert "vLLM cannot start: ValueError: no" == last
