"""The one server that a bench runs on."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import AsyncIterator
from pathlib import Path

from exporters.programs import locate_program
from slo.prometheus import PrometheusClient
from slo.testing import running_prometheus

PATIENCE_SECONDS = 900.0
"""Of a query: seven windows over raw series take long on a busy machine."""


@contextlib.asynccontextmanager
async def empty_server() -> AsyncIterator[PrometheusClient]:
    """Run a Prometheus without any data; give its client; end it, and delete its data."""
    flags = ["--query.timeout=15m", "--query.max-samples=200000000", "--log.level=error"]
    with tempfile.TemporaryDirectory() as folder:
        program = locate_program("prometheus")
        with running_prometheus(program, Path(folder), flags=flags) as url:
            async with PrometheusClient(url, timeout_seconds=PATIENCE_SECONDS) as client:
                yield client
