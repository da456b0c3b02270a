"""Where the set-up puts things, and how two set-ups at once stay out of each other's way."""

from __future__ import annotations

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from demo.setup.telling import Say


def checkout() -> Path:
    """Return the directory that holds the packages: the root of the checkout."""
    return Path(__file__).resolve().parents[2]


@contextmanager
def only_one(lock: Path, what: str, tell: Say) -> Iterator[None]:
    """Hold the file ``lock``; while another process has it, say so and wait.

    The lock goes with the process, so a killed set-up leaves nothing to clean up.
    """
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as handle:
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            tell(f"waiting for another set-up that is busy with {what}")
            fcntl.flock(handle, fcntl.LOCK_EX)
        yield
