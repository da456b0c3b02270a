"""A PostgreSQL of one's own, for tests: on a socket in a folder that goes with it."""

from __future__ import annotations

import contextlib
import os
import pwd
import shutil
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

READY_WITHIN_SECONDS = 60.0
_NOBODY = "nobody"
"""PostgreSQL refuses to run as root."""


@contextlib.contextmanager
def running_postgresql(
    initdb: Path, postgres: Path, *, outlasts_power_cuts: bool = False
) -> Iterator[str]:
    """Run a PostgreSQL; give the address of its database ``postgres``; end it and remove its data.

    Args:
        initdb: the program that makes its folder.
        postgres: the server.
        outlasts_power_cuts: whether commits wait for the disk, which takes longer.

    Raises:
        AssertionError: if it does not come up, with its log.
    """
    # Under a short path: that of a socket has 107 characters at most.
    folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam(_NOBODY)
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data, log = folder / "data", folder / "log"
    try:
        made = [
            str(initdb),
            "-D",
            str(data),
            "-U",
            "postgres",
            "--auth=trust",
            "-E",
            "UTF8",
            "--locale=C",
        ]
        done = subprocess.run(
            [*made, "--no-sync"], cwd=folder, capture_output=True, text=True, check=False, **who
        )
        if done.returncode != 0:
            raise AssertionError(f"initdb failed:\n{done.stderr}")
        settings = {
            "unix_socket_directories": folder,
            "listen_addresses": "",
            "fsync": "on" if outlasts_power_cuts else "off",
            "jit": "off",
            "max_connections": 50,
        }
        options = [part for name, value in settings.items() for part in ("-c", f"{name}={value}")]
        with log.open("w", encoding="utf-8") as out:
            server = subprocess.Popen(
                [postgres, "-D", data, *options], cwd=folder, stdout=out, stderr=out, **who
            )
        try:
            _await_ready(server, log)
            yield f"postgresql://postgres@/postgres?host={folder}"
        finally:
            server.kill()
            server.wait()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def _await_ready(server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        if "ready to accept connections" in log.read_text(encoding="utf-8"):
            return
        time.sleep(0.05)
    raise AssertionError(f"PostgreSQL is not ready:\n{log.read_text(encoding='utf-8')}")
