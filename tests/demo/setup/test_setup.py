"""The set-up runs before anything is installed, and ends with a message, never a traceback."""

import subprocess
import sys
from pathlib import Path

import pytest

from demo.setup import refuse_old_python
from demo.setup.places import only_one
from demo.setup.telling import end_after
from exporters.problems import InputError, problem

ROOT = Path(__file__).resolve().parents[3]

HOLDS_THE_LOCK = """
import pathlib, sys, time
from demo.setup.places import only_one
with only_one(pathlib.Path(sys.argv[1]), "it", print):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_the_set_up_needs_nothing_but_the_standard_library():
    """Python without site-packages imports all of it."""
    modules = sorted(f"demo.setup.{path.stem}" for path in (ROOT / "demo/setup").glob("[!_]*.py"))
    command = [sys.executable, "-S", "-c", f"import {', '.join(modules)}"]

    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)

    assert "demo.setup.environment" in modules
    assert "" == done.stderr


def test_an_old_python_is_refused_with_one_message(capsys: pytest.CaptureFixture[str]):
    """It names what was found, what is needed and what to do."""
    with pytest.raises(SystemExit) as ended:
        refuse_old_python((3, 9, 2))

    assert 2 == ended.value.code
    assert (
        "python3: is Python 3.9; shardwatch needs 3.11 or later; install one (Debian 12 has it) "
        "and name it: `make PYTHON=python3.12 ...`\n"
    ) == capsys.readouterr().err


def test_python_3_11_and_later_are_taken():
    """The oldest of them is Debian 12's."""
    refuse_old_python((3, 11))
    refuse_old_python((4, 0))


def test_an_old_python_can_read_the_file_that_refuses_it():
    """Nothing in it is newer than Python 3.0, annotations included."""
    text = (ROOT / "demo/setup/__init__.py").read_text()

    compile(text, "demo/setup/__init__.py", "exec", dont_inherit=True)
    assert "from __future__" not in text
    assert 'f"' not in text


def test_two_set_ups_at_once_take_turns(tmp_path: Path):
    """The second says that it waits, and goes on when the first has ended."""
    lock = tmp_path / "tools/lock"
    first = subprocess.Popen(
        [sys.executable, "-c", HOLDS_THE_LOCK, str(lock)],
        cwd=ROOT,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    said: list[str] = []

    def tell(line: str) -> None:
        said.append(line)
        first.kill()

    with first:
        assert first.stdout is not None
        assert "held\n" == first.stdout.readline()
        with only_one(lock, "packages", tell):
            assert ["waiting for another set-up that is busy with packages"] == said


@pytest.mark.parametrize(
    ("raised", "code", "shown"),
    [
        (InputError([problem("apt", "knows nothing")]), 2, "apt: knows nothing\n"),
        (
            PermissionError(13, "Permission denied", "/checkout/.tools"),
            2,
            "/checkout/.tools: the set-up could not use it: Permission denied\n",
        ),
        (OSError(28, "No space left on device"), 2, "No space left on device\n"),
        (KeyboardInterrupt(), 130, ""),
    ],
)
def test_a_failure_ends_with_a_message(
    capsys: pytest.CaptureFixture[str], raised: BaseException, code: int, shown: str
):
    """Bad input, a full disk, Ctrl-C: no traceback for any of them."""

    def step() -> None:
        raise raised

    with pytest.raises(SystemExit) as ended:
        end_after(step)

    assert code == ended.value.code
    assert capsys.readouterr().err.endswith(shown)


def test_a_set_up_that_worked_ends_with_0():
    """Make goes on only then."""
    with pytest.raises(SystemExit) as ended:
        end_after(lambda: None)

    assert 0 == ended.value.code
