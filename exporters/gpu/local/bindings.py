"""Where DCGM's own Python bindings are. They are in no registry: DCGM's packages bring them."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from pathlib import Path

BINDINGS_VARIABLE = "SHARDWATCH_DCGM_BINDINGS"
"""Of the environment: the folder of ``pydcgm.py``, where it is another."""
HOST_ENGINE = ("SHARDWATCH_DCGM_HOST_ENGINE", "127.0.0.1:5555")
"""Variable and default of the address of DCGM's host engine (``nv-hostengine``)."""

CONNECT_SECONDS = 1.0

BINDINGS_PATHS = (
    Path("/usr/share/datacenter-gpu-manager-4/bindings/python3"),
    Path("/usr/local/dcgm/bindings/python3"),
)
"""Of DCGM 4 (package datacenter-gpu-manager-4-core) and DCGM 3 (CMakeLists.txt,
DCGM_BINDINGS_INSTALL_DIR)."""


def find_bindings(variables: Mapping[str, str]) -> Path | None:
    """Return the folder of ``pydcgm.py``, the newest DCGM's first; None if there is none."""
    given = variables.get(BINDINGS_VARIABLE)
    for folder in [Path(given)] if given else BINDINGS_PATHS:
        if (folder / "pydcgm.py").is_file():
            return folder
    return None


async def host_engine_answers(variables: Mapping[str, str]) -> bool:
    """Return whether somebody listens at the address of DCGM's host engine."""
    host, _, port = variables.get(*HOST_ENGINE).rpartition(":")
    try:
        async with asyncio.timeout(CONNECT_SECONDS):
            _, writer = await asyncio.open_connection(host.strip("[]"), int(port))
    except (OSError, ValueError, OverflowError):
        return False
    writer.close()
    return True
