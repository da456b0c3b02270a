"""Waiting for what other processes do."""

import time
from collections.abc import Callable

from demo.vllm.processes import read_process


def wait_until(condition: Callable[[], object], seconds: float = 20.0) -> None:
    """Return once something holds; fail if it does not come to."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline, "waited in vain"
        time.sleep(0.02)


def lives(pid: int) -> bool:
    """Tell whether a process runs or is stopped; one that is dead and not waited for does not."""
    process = read_process(pid)
    return process is not None and process.state != "Z"
