"""What the GPUs of the local host are read with, as long as nobody says otherwise.

In this order: DCGM through its own Python bindings, where they are installed and a host engine
answers, for it watches more than anyone; a dcgm-exporter's page, where the topology has one, for
then somebody looks after it; the driver's NVML, which is always there.
"""

from __future__ import annotations

import logging
import os
import socket
from collections.abc import Mapping

from exporters.config import Config
from exporters.fetching import Fetch, Response
from exporters.gpu.local.bindings import HOST_ENGINE, find_bindings
from exporters.gpu.local.keeper import LocalGpus
from exporters.problems import InputError, problem

_LOG = logging.getLogger("shardwatch")
_CONNECT_SECONDS = 1.0


class LocalFetch:
    """A :class:`~exporters.fetching.Fetch` that asks the local GPUs, and for all else another."""

    def __init__(self, local: LocalGpus, other: Fetch) -> None:
        self._local = local
        self._other = other

    async def __call__(self, url: str) -> Response:
        """Return what is at ``url``."""
        if url == self._local.url:
            return await self._local(url)
        return await self._other(url)


def local_gpus(config: Config, host: str) -> LocalGpus | None:
    """Return what reads a host's GPUs; None if its page does.

    Raises:
        InputError: if the topology has no GPUs on that host.
    """
    members = [
        member
        for group in config.topology.groups
        for member in group.members
        if member.host == host and member.gpus
    ]
    if not members:
        hosts = {
            each.host for group in config.topology.groups for each in group.members if each.gpus
        }
        shown = ", ".join(sorted(hosts)[:5])
        raise InputError([problem(
            "--local", f"found {host!r}, expected a host of {config.file.topology} with GPUs: "
            f"{shown}{', ...' if len(hosts) > 5 else ''}",
            fix="give the name that the topology has for this host",
        )])  # fmt: skip
    backend = choose_backend(has_page=any(member.telemetry for member in members))
    if backend is None:
        return None
    _LOG.info("reading the GPUs of %s with %s", host, backend)
    return LocalGpus(host, [uuid for member in members for uuid in member.gpus], backend)


def choose_backend(*, has_page: bool, environment: Mapping[str, str] | None = None) -> str | None:
    """Return ``dcgm`` or ``nvml``; None for the host's page.

    Args:
        has_page: whether the topology names one.
        environment: says where DCGM's bindings and its host engine are; the process's by default.
    """
    variables = os.environ if environment is None else environment
    if find_bindings(variables) and _answers(variables.get(*HOST_ENGINE)):
        return "dcgm"
    return None if has_page else "nvml"


def _answers(address: str) -> bool:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), _CONNECT_SECONDS):
            return True
    except (OSError, ValueError):
        return False
