"""Runs one vLLM server so that nothing of it outlives the demo.

``python -m demo.vllm.serve --python PYTHON --model FOLDER --seed N --note FILE -- ARGUMENTS`` makes
the model if there is none, starts vLLM's server with ``ARGUMENTS`` and stays its parent. vLLM
spawns an EngineCore and a worker a rank; killed or frozen at the wrong moment they leave each other
behind, and always files in shared memory. Hence this process:

- adopts every descendant whose parent died (it is a subreaper), so that none gets out of sight;
- is told by the kernel when its own parent dies, and then kills them all;
- on SIGTERM lets vLLM end by itself for some seconds, then kills what is left;
- kills what is left when the server ends, whatever the reason.

Uses the standard library alone.
"""

from __future__ import annotations

import argparse
import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from demo.vllm.processes import descendants, read_processes, shared_memory_files, write_note

WEIGHTS = Path(__file__).with_name("weights.py")
PLUGINS = Path(__file__).with_name("plugin")
SERVER = ("-P", "-m", "vllm.entrypoints.openai.api_server")
"""Without the working directory on the path: a checkout has packages with common names."""

GRACE_SECONDS = 5.0
"""For vLLM to end by itself after SIGTERM; it needs 2 s, 3 s with a frozen worker."""

TRACKER_SECONDS = 2.0
"""For Python's resource tracker, which removes shared memory once all others are dead."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGCHLD)


def run_server(python: str, model: Path, seed: int, note: Path, arguments: Sequence[str]) -> int:
    """Run a server until it ends or this process is told to; return an exit code.

    Args:
        python: of the environment that has vLLM.
        model: the folder that holds the model, or will.
        seed: of the model's weights.
        note: says who this process is (see :mod:`demo.vllm.processes`).
        arguments: of vLLM's server, without the model.
    """
    parent = os.getppid()
    # Signals are waited for and interrupt nothing, so that no moment is a bad one.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    # In place of the supervisor's SIGKILL, which would leave no time to kill anybody.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    note.parent.mkdir(parents=True, exist_ok=True)
    write_note(note, os.getpid())
    commands = [] if model.exists() else [[python, "-P", str(WEIGHTS), str(model), str(seed)]]
    commands += [[python, *SERVER, "--model", str(model), *arguments]]
    process: subprocess.Popen[bytes] | None = None
    code: int | None = 0
    try:
        for command in commands:
            process = subprocess.Popen(
                command,
                env={**os.environ, "PYTHONPATH": str(PLUGINS)},
                preexec_fn=_prepare,  # noqa: PLW1509 -- no threads here
            )
            code = _wait(process)
            if code != 0:
                break
        return code or 0
    finally:
        is_told = process is not None and process.poll() is None and os.getppid() == parent
        _end_descendants(process if is_told else None)


def _wait(process: subprocess.Popen[bytes]) -> int | None:
    """Return the exit code of a process; None if this one is to end first."""
    while process.poll() is None:
        if signal.sigwait(_SIGNALS) != signal.SIGCHLD:
            return None
    return process.returncode


def _prepare() -> None:
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, _SIGNALS)


def _end_descendants(server: subprocess.Popen[bytes] | None) -> None:
    """End every descendant and remove the shared memory that they held.

    Args:
        server: is given some time to end by itself; None to kill at once.
    """
    files = _mapped_files()
    if server:
        server.terminate()
        with suppress(subprocess.TimeoutExpired):
            server.wait(GRACE_SECONDS)
    tracker_deadline = time.monotonic() + TRACKER_SECONDS
    # Only children are killed, round after round: theirs become ours when they die.
    while children := _children():
        may_track = time.monotonic() < tracker_deadline
        for pid in children:
            if not (may_track and _is_tracker(pid)):
                with suppress(ProcessLookupError):
                    os.kill(pid, signal.SIGKILL)  # which ends stopped processes too
        with suppress(ChildProcessError):
            while os.waitpid(-1, os.WNOHANG) != (0, 0):
                pass
        time.sleep(0.02)
    for file in files:
        file.unlink(missing_ok=True)


def _children() -> list[int]:
    own = os.getpid()
    return [each.pid for each in read_processes().values() if each.parent == own]


def _is_tracker(pid: int) -> bool:
    """Tell whether a process is Python's resource tracker, which ends when all others have."""
    try:
        return b"multiprocessing.resource_tracker" in Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return False


def _mapped_files() -> set[Path]:
    """Return what descendants hold in shared memory: vLLM's CPU backend leaves its files behind."""
    found: set[Path] = set()
    for each in descendants(os.getpid(), read_processes()):
        found |= shared_memory_files(each.pid)
    return found


def main() -> None:
    """Run a server as the command line says."""
    parser = argparse.ArgumentParser(prog="python -m demo.vllm.serve")
    parser.add_argument("--python", required=True)
    parser.add_argument("--model", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--note", type=Path, required=True)
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="-- ARGUMENTS")
    given = parser.parse_args()
    sys.exit(run_server(given.python, given.model, given.seed, given.note, given.arguments[1:]))


if __name__ == "__main__":
    main()
