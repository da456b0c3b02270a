"""The one server that a bench runs on, and the programs it takes."""

from __future__ import annotations

import contextlib
import os
import shutil
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from slo.prometheus import PrometheusClient
from slo.testing import running_prometheus

PATIENCE_SECONDS = 300.0
"""Of a query: seven windows over raw series take long on a busy machine."""


def find_program(name: str) -> Path:
    """Return the program that ``SHARDWATCH_<NAME>`` names, or that is on PATH.

    Raises:
        FileNotFoundError: if there is none.
    """
    found = os.environ.get(f"SHARDWATCH_{name.upper()}") or shutil.which(name)
    if not found:
        raise FileNotFoundError(f"found no {name}: name it in SHARDWATCH_{name.upper()}")
    return Path(found)


@contextlib.asynccontextmanager
async def empty_server() -> AsyncIterator[PrometheusClient]:
    """Run a Prometheus without any data; give its client; end it, and delete its data."""
    flags = ["--query.timeout=5m", "--query.max-samples=200000000", "--log.level=error"]
    with tempfile.TemporaryDirectory() as folder:
        program = find_program("prometheus")
        with running_prometheus(program, Path(folder), flags=flags) as url:
            async with PrometheusClient(url, timeout_seconds=PATIENCE_SECONDS) as client:
                yield client
