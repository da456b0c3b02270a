"""A PostgreSQL of one's own, for tests: on a socket in a folder that goes with it."""

from __future__ import annotations

import contextlib
import os
import pwd
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

READY_WITHIN_SECONDS = 60.0
_NOBODY = "nobody"
"""PostgreSQL refuses to run as root."""
_JANITOR = """
read -r _
if read -r server < "$0/data/postmaster.pid"; then
    kill -QUIT "$server"
    while kill -0 "$server"; do sleep 0.1; done
fi 2>/dev/null
rm -rf "$0"
"""
"""Waits until whoever started it ends, be it killed; then ends the server, if that still runs, and
removes its folder."""


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
    janitor = subprocess.Popen(
        ["/bin/sh", "-c", _JANITOR, str(folder)], stdin=subprocess.PIPE, start_new_session=True
    )
    try:
        with _running(initdb, postgres, folder, outlasts_power_cuts=outlasts_power_cuts):
            yield f"postgresql://postgres@/postgres?host={folder}"
    finally:
        janitor.communicate()


@contextlib.contextmanager
def _running(
    initdb: Path, postgres: Path, folder: Path, *, outlasts_power_cuts: bool
) -> Iterator[None]:
    who: dict[str, Any] = {}
    if os.geteuid() == 0:
        nobody = pwd.getpwnam(_NOBODY)
        os.chown(folder, nobody.pw_uid, nobody.pw_gid)
        who = {"user": nobody.pw_uid, "group": nobody.pw_gid, "extra_groups": []}
    data, log = folder / "data", folder / "log"
    made: list[str | Path] = [
        initdb,
        "-D",
        data,
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
            [postgres, "-D", data, *options],
            cwd=folder,
            stdout=out,
            stderr=out,
            start_new_session=True,
            **who,
        )
    try:
        _await_ready(server, log)
        yield
    finally:
        server.send_signal(signal.SIGQUIT)  # killed, it would leave its shared memory behind
        server.wait()


def _await_ready(server: subprocess.Popen[bytes], log: Path) -> None:
    deadline = time.monotonic() + READY_WITHIN_SECONDS
    while server.poll() is None and time.monotonic() < deadline:
        if "ready to accept connections" in log.read_text(encoding="utf-8"):
            return
        time.sleep(0.05)
    raise AssertionError(f"PostgreSQL is not ready:\n{log.read_text(encoding='utf-8')}")
