"""The child process: ``python -m exporters.gpu.local.child PARENT nvml|dcgm UUID...``.

It does as it is told and says what it sees; when a call of the library blocks, so does it, until
its parent kills it. XIDs are waited for in a thread, which tells of them by itself.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from typing import Any

from exporters.gpu.local.backend import Backend, BackendError

_PR_SET_PDEATHSIG = 1


def main() -> None:
    """Serve the parent until it closes our standard input."""
    parent, name, *uuids = sys.argv[1:]
    _die_with(int(parent))
    # Whatever a library prints must not come between our lines.
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)
    writing = threading.Lock()

    def say(message: dict[str, Any]) -> None:
        line = json.dumps(message) + "\n"
        with writing:
            out.write(line)
            out.flush()

    backend = _backend(name)
    try:
        version = backend.open()
    except BackendError as error:
        say({"failed": error.reason, "detail": error.detail})
        return
    say({"ready": version})
    backend.watch(uuids, lambda uuid, code, at: say({"xid": code, "of": uuid, "at": at}))
    for line in sys.stdin:
        asked = json.loads(line)
        uuid = asked["read"]
        try:
            say({"of": uuid, "reading": backend.read(uuid, asked.get("pci"))})
        except BackendError as error:
            say({"of": uuid, "failed": error.reason, "detail": error.detail})
            return


def _backend(name: str) -> Backend:
    if name == "dcgm":
        from exporters.gpu.local.dcgm import Dcgm  # noqa: PLC0415 - a child pays for its own

        return Dcgm()
    from exporters.gpu.local.nvml import Nvml  # noqa: PLC0415 - likewise

    return Nvml()


def _die_with(parent: int) -> None:
    """Let the kernel kill us with the parent, for we may hang in a call when it goes."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        os._exit(0)  # it went before we could ask


if __name__ == "__main__":
    try:
        main()
    except (BrokenPipeError, KeyboardInterrupt):
        pass
    except Exception as error:  # noqa: BLE001 - the parent starts another; the log says why
        sys.stderr.write(f"the child that reads GPUs ends: {type(error).__name__}: {error}\n")
    sys.stderr.flush()
    # Threads may hang in the library: no waiting for them, and no shutting it down.
    os._exit(0)
