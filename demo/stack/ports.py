"""Which port each part of the demo gets: the one it is known by, or the next that is free."""

from __future__ import annotations

import fcntl
import os
import socket
import tempfile
from collections.abc import Mapping
from contextlib import ExitStack, suppress
from io import TextIOWrapper
from pathlib import Path

HOST = "127.0.0.1"
TRIED_AT_MOST = 400


class Ports:
    """Ports claimed for as long as this object lives, so that two demos never choose the same.

    A claim is a lock on a file of its own in the temporary directory: the kernel drops it with
    the process, however that ends.
    """

    def __init__(self) -> None:
        self._claims = ExitStack()
        self._taken: set[int] = set()

    def claim(self, wanted: Mapping[str, int]) -> dict[str, int]:
        """Return a free port for each name: the wanted one, or the next above it.

        Raises:
            OSError: if none of the next 400 is free.
        """
        return {name: self._claim_from(port) for name, port in wanted.items()}

    def release(self) -> None:
        """Give all claims back."""
        self._claims.close()
        self._taken.clear()

    def _claim_from(self, first: int) -> int:
        for port in range(first, first + TRIED_AT_MOST):
            if port not in self._taken and _is_free(port) and self._lock(port):
                self._taken.add(port)
                return port
        raise OSError(f"no port is free from {first} to {first + TRIED_AT_MOST - 1}")

    def _lock(self, port: int) -> bool:
        folder = Path(tempfile.gettempdir()) / f"shardwatch-ports-{os.getuid()}"
        folder.mkdir(mode=0o700, exist_ok=True)
        file: TextIOWrapper = (folder / str(port)).open("a", encoding="utf-8")
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError:
            file.close()
            return False
        self._claims.callback(file.close)
        return True


def _is_free(port: int) -> bool:
    with suppress(OSError), socket.socket() as attempt:
        attempt.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        attempt.bind((HOST, port))
        return True
    return False
