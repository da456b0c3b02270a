"""The Prometheus of a play: a process of its own on data of its own, which ends with us."""

from __future__ import annotations

import contextlib
import os
import shutil
import sys
from collections.abc import AsyncIterator
from pathlib import Path

from demo.stack import tied
from exporters.programs import locate_program
from slo.prometheus import PrometheusClient
from slo.testing import running_prometheus

_ENVIRONMENT = "GOGC=400"
"""A server of a play is small and busy: let it clear away less often. It takes a quarter less of
the processor's time then, and half as much memory again."""
DATA = "data"
"""Where it is in a server's folder."""
_FLAGS = (
    "--query.timeout=5m",
    "--query.max-samples=200000000",
    "--log.level=error",
    "--web.enable-admin-api",
)
_LOGS = {"wal", "chunks_head"}
"""Folders of files that a server goes on with, in its data."""
_OF_RUN = ("lock", "queries.active", "snapshots")
"""What there is of a run, in the data."""
_PATIENCE_SECONDS = 300.0


@contextlib.asynccontextmanager
async def server_on(folder: Path) -> AsyncIterator[PrometheusClient]:
    """Run a Prometheus on the data that a folder holds, if any; give its client; end it.

    The kernel ends it should this process be killed.

    Args:
        folder: that exists, and no other server uses.
    """
    through = (sys.executable, "-I", "-S", tied.__file__, str(os.getpid()), "env", _ENVIRONMENT)
    program = locate_program("prometheus")
    with running_prometheus(program, folder, flags=_FLAGS, through=through) as url:
        async with PrometheusClient(url, timeout_seconds=_PATIENCE_SECONDS) as client:
            yield client


async def keep_data(client: PrometheusClient, folder: Path, kept: Path) -> None:
    """Keep what a running server holds, as blocks: one that starts on them reads nothing anew.

    Args:
        client: of the server.
        folder: the server's.
        kept: a folder that does not exist yet; :func:`copy_data` makes servers' folders of it.
    """
    name = await client.snapshot()
    (folder / DATA / "snapshots" / name).rename(kept)


def copy_data(kept: Path, folder: Path) -> None:
    """Make a new server's folder that holds kept data, or that of a server that has ended.

    Its blocks never change, so that their files are linked; what it logged goes on.
    """
    folder.mkdir()
    left_out = shutil.ignore_patterns(*_OF_RUN)
    shutil.copytree(kept, folder / DATA, copy_function=_copy, ignore=left_out)


def _copy(source: str, target: str) -> None:
    if _LOGS & set(Path(source).parts[-3:]):
        shutil.copyfile(source, target)
    else:
        os.link(source, target)
