"""Runs one vLLM server so that nothing of it outlives the demo, and starts it again if it ends.

``python -m demo.vllm.serve --python PYTHON --model FOLDER --seed N --note FILE --ready URL --
ARGUMENTS`` makes the model if there is none, starts vLLM's server with ``ARGUMENTS`` and stays its
parent. vLLM spawns an EngineCore and a worker a rank; killed or frozen at the wrong moment they
leave each other behind, and always files in shared memory. Hence this process:

- adopts every descendant whose parent died (it is a subreaper), so that none gets out of sight;
- is told by the kernel when its own parent dies, and then kills them all;
- on SIGTERM lets vLLM end by itself for some seconds, then kills what is left;
- kills what is left when the server ends, whatever the reason;
- starts a server again that had been ready (``URL`` answered 200) and ended, as Kubernetes would;
- on SIGHUP ends the server and starts it anew, as the file ``NOTE.launch`` says if there is one
  (:mod:`demo.vllm.launching`);
- ends with the reason as the last line on standard error if a server cannot start.

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
import urllib.request
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from demo.vllm.launching import (
    STARTING,
    UP,
    Launch,
    read_launch,
    write_given,
    write_launch,
    write_state,
)
from demo.vllm.processes import descendants, read_processes, shared_memory_files, write_note
from demo.vllm.reasons import read_reason

WEIGHTS = Path(__file__).with_name("weights.py")
PLUGINS = Path(__file__).with_name("plugin")
SERVER = ("-P", "-m", "vllm.entrypoints.openai.api_server")
"""Without the working directory on the path: a checkout has packages with common names."""

GRACE_SECONDS = 5.0
"""For vLLM to end by itself after SIGTERM; it needs 2 s, 3 s with a frozen worker."""

TRACKER_SECONDS = 2.0
"""For Python's resource tracker, which removes shared memory once all others are dead."""

LOOK_SECONDS = 0.5
"""Between two looks whether a server that starts is ready."""

FAILURES_AT_MOST = 3
"""Starts in a row that come to nothing, of a server that had been ready before."""

_PR_SET_PDEATHSIG = 1
_PR_SET_CHILD_SUBREAPER = 36
_libc = ctypes.CDLL(None, use_errno=True)


_SIGNALS = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD)
_LOOKS_OUT = urllib.request.build_opener(urllib.request.ProxyHandler({}))


@dataclass(frozen=True)
class Server:
    """A server to be kept."""

    python: str
    """Of the environment that has vLLM."""
    launch: Launch
    """What to run, unless a file beside the note says something else."""
    note: Path
    """Says who its keeper is (see :mod:`demo.vllm.processes`)."""
    ready_url: str
    """Answers 200 once it serves."""


@dataclass(frozen=True)
class _Ended:
    """How one run of a server came to its end."""

    code: int | None
    """None if this process is told to end it first."""
    by: int
    """The signal that told so; SIGCHLD if it ended by itself."""
    was_ready: bool


def run_server(server: Server) -> int:
    """Run a server until this process is told to end or it cannot start; return an exit code."""
    parent = os.getppid()
    # Signals are waited for and interrupt nothing, so that no moment is a bad one.
    signal.pthread_sigmask(signal.SIG_BLOCK, _SIGNALS)
    _libc.prctl(_PR_SET_CHILD_SUBREAPER, 1)
    # In place of the supervisor's SIGKILL, which would leave no time to kill anybody.
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    note = server.note
    note.parent.mkdir(parents=True, exist_ok=True)
    write_launch(note, None)  # whatever another demo in this folder wanted
    write_given(note, server.launch)
    write_note(note, os.getpid())
    number, failures = 0, FAILURES_AT_MOST - 1  # the first start must come to something
    while True:
        number += 1
        write_state(note, STARTING, number)
        log_begins = _log_size()
        ended = _run_once(server, number, parent)
        if ended.by in (signal.SIGTERM, signal.SIGINT):
            return 0
        if ended.by == signal.SIGCHLD:
            failures = 0 if ended.was_ready else failures + 1
            how = _describe(ended.code)
            if failures >= FAILURES_AT_MOST:
                reason = read_reason(_log_since(log_begins)) or how
                _say(f"vLLM cannot start: {reason}")
                return ended.code or 1
            _say(f"vLLM ended {how}; it is started again")


def _run_once(server: Server, number: int, parent: int) -> _Ended:
    """Make the model if need be, run the server; leave nothing of it."""
    launch = read_launch(server.note) or server.launch
    model = Path(launch.model)
    commands = []
    if not model.exists():
        commands.append([server.python, "-P", str(WEIGHTS), str(model), str(launch.seed)])
    commands.append([server.python, *SERVER, "--model", str(model), *launch.arguments])
    ended = _Ended(None, signal.SIGTERM, was_ready=False)
    process: subprocess.Popen[bytes] | None = None
    try:
        for command in commands:
            process = subprocess.Popen(
                command,
                env={**os.environ, **launch.environment, "PYTHONPATH": str(PLUGINS)},
                preexec_fn=_prepare,  # noqa: PLW1509 -- no threads here
            )
            is_server = command is commands[-1]
            ended = _wait(process, server, number if is_server else None)
            if ended.code != 0:
                break
        return ended
    finally:
        is_told = process is not None and process.poll() is None and os.getppid() == parent
        _end_descendants(process if is_told else None)


def _wait(process: subprocess.Popen[bytes], server: Server, number: int | None) -> _Ended:
    """Wait until a process ends or a signal comes; say that launch ``number`` is up once it is."""
    was_ready = False
    while process.poll() is None:
        if number is None or was_ready:
            told = signal.sigwait(_SIGNALS)
        else:
            seen = signal.sigtimedwait(_SIGNALS, LOOK_SECONDS)
            told = seen.si_signo if seen else signal.SIGCHLD
            if told == signal.SIGCHLD and _answers(server.ready_url):
                was_ready = True
                write_state(server.note, UP, number)
        if told != signal.SIGCHLD:
            return _Ended(None, told, was_ready)
    return _Ended(process.returncode, signal.SIGCHLD, was_ready)


def _answers(url: str) -> bool:
    try:
        with _LOOKS_OUT.open(url, timeout=1) as answer:
            return bool(answer.status == 200)
    except (OSError, ValueError):
        return False


def _describe(code: int | None) -> str:
    if code is not None and code < 0:
        return f"by signal {signal.Signals(-code).name}"
    return f"with exit code {code}"


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def _log_size() -> int:
    """Return where in the file that standard error goes to this process writes next; 0 if none."""
    with suppress(OSError):
        return os.fstat(sys.stderr.fileno()).st_size
    return 0


def _log_since(start: int) -> list[str]:
    """Return what was written to the file that standard error goes to; nothing for a terminal."""
    try:
        path = Path(f"/proc/self/fd/{sys.stderr.fileno()}").resolve(strict=True)
        if not path.is_file():
            return []
        with path.open("rb") as file:
            file.seek(start)
            return file.read().decode(errors="replace").splitlines()
    except OSError:
        return []


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
    parser.add_argument("--ready", required=True, metavar="URL")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="-- ARGUMENTS")
    given = parser.parse_args()
    launch = Launch(str(given.model), given.seed, tuple(given.arguments[1:]))
    sys.exit(run_server(Server(given.python, launch, given.note, given.ready)))


if __name__ == "__main__":
    main()
