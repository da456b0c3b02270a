"""A PostgreSQL of one's own leaves nothing behind, however its user ends."""

import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pytest

from demo.setup.programs import find_program
from slo.review.testing import running_postgresql

WITHIN_SECONDS = 60
USER = """
import sys, time
from pathlib import Path
from slo.review.testing import running_postgresql
with running_postgresql(*map(Path, sys.argv[1:])) as url:
    print(url, flush=True)
    time.sleep(600)
"""


def programs() -> tuple[Path, Path]:
    """Return what makes a database's folder, and the server."""
    return find_program("initdb"), find_program("postgres")


def shared_memory(folder: Path) -> str:
    """Return the number of the server's segment of System V, as it notes it in its folder."""
    return (folder / "data" / "postmaster.pid").read_text().splitlines()[6].split()[1]


def segments() -> set[str]:
    """Return the numbers of all segments of System V."""
    lines = Path("/proc/sysvipc/shm").read_text().splitlines()[1:]
    return {line.split()[1] for line in lines}


def folder_of(url: str) -> Path:
    """Return the folder that a server's socket lies in."""
    return Path(url.partition("?host=")[2])


def come_true(condition: Callable[[], bool]) -> bool:
    """Wait for something; return whether it came."""
    deadline = time.monotonic() + WITHIN_SECONDS
    while not condition() and time.monotonic() < deadline:
        time.sleep(0.1)
    return condition()


def use_and_fail(seen: list[tuple[Path, str]]) -> None:
    """Note where a server lies, and its segment, which is there; then fail."""
    with running_postgresql(*programs()) as url:
        folder = folder_of(url)
        seen.append((folder, shared_memory(folder)))
        assert seen[0][1] in segments()
        raise ZeroDivisionError


def test_what_ends_gives_back_its_folder_and_its_memory():
    """Also where the test that used it failed."""
    seen: list[tuple[Path, str]] = []
    with pytest.raises(ZeroDivisionError):
        use_and_fail(seen)

    [(folder, segment)] = seen
    assert not folder.exists()
    assert segment not in segments()


def test_one_whose_user_is_killed_ends_too():
    """Nobody is left to end it but its janitor."""
    command = [sys.executable, "-c", USER, *map(str, programs())]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as user:
        folder = folder_of((user.stdout or sys.stdin).readline().strip())
        segment = shared_memory(folder)
        user.kill()

    assert come_true(lambda: not folder.exists())
    assert segment not in segments()
