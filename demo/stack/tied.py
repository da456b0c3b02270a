"""``python tied.py PARENT COMMAND...``: becomes COMMAND, and dies when its parent does.

The kernel keeps the wish of a process to be killed with its parent over exec (prctl(2),
PR_SET_PDEATHSIG). It is made here, in a process of one thread: between fork and exec of a program
with threads, as the supervisor is, nothing but system calls is safe.
"""

from __future__ import annotations

import ctypes
import os
import signal
import sys

PR_SET_PDEATHSIG = 1


def tie_to(parent: int) -> None:
    """Let the kernel kill this process when its parent dies; exit if it has died already."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it died before the wish was made
        raise SystemExit(1)


def main(parent: int, command: list[str]) -> None:
    """Replace this process by ``command``; exit with 127 and a line if that cannot be."""
    tie_to(parent)
    try:
        os.execvp(command[0], command)  # noqa: S606 - no shell is wanted
    except OSError as error:
        sys.stderr.write(f"{command[0]}: cannot be started: {error.strerror}\n")
        raise SystemExit(127) from None


if __name__ == "__main__":
    main(int(sys.argv[1]), sys.argv[2:])
