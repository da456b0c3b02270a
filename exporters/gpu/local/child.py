"""The child process: ``python -m exporters.gpu.local.child PARENT nvml|dcgm UUID...``.

It does as it is told and says what it sees. Each GPU has a thread of its own, for a call of the
library may block, and costs that GPU only: NVML may be called from several threads at once. XIDs
are waited for in a further thread, which tells of them by itself.
"""

from __future__ import annotations

import ctypes
import json
import os
import signal
import sys
import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Any

from exporters.gpu.local.backend import Backend, BackendError

_PR_SET_PDEATHSIG = 1
STACK_BYTES = 256 * 1024
"""Of a thread."""


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
    threading.stack_size(STACK_BYTES)
    backend.watch(uuids, lambda uuid, code, at: say({"xid": code, "of": uuid, "at": at}))
    desks: dict[str, SimpleQueue[dict[str, Any]]] = {}
    for line in sys.stdin:
        asked = json.loads(line)
        desk = desks.get(uuid := asked["of"])
        if desk is None:
            desk = desks[uuid] = SimpleQueue()
            arguments = (backend, desk, say)
            threading.Thread(target=_work, args=arguments, daemon=True, name=uuid).start()
        desk.put(asked)


def _work(
    backend: Backend, desk: SimpleQueue[dict[str, Any]], say: Callable[[dict[str, Any]], None]
) -> None:
    """Answer what is asked of one GPU, or of which there are; end the process with the library."""
    while True:
        asked = desk.get()
        of = asked["of"]
        try:
            if of:
                say({"of": of, "reading": backend.read(of, asked.get("pci"))})
            else:
                say({"of": of, "found": backend.find()})
        except BackendError as error:
            say({"of": of, "failed": error.reason, "detail": error.detail})
            os._exit(0)
        except Exception as error:  # noqa: BLE001 - the parent starts another; the log says why
            _log(error)
            os._exit(0)


def _log(error: Exception) -> None:
    sys.stderr.write(f"the child that reads GPUs ends: {type(error).__name__}: {error}\n")
    sys.stderr.flush()


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
    except Exception as error:  # noqa: BLE001 - as above
        _log(error)
    sys.stderr.flush()
    # Threads may hang in the library: no waiting for them, and no shutting it down.
    os._exit(0)
