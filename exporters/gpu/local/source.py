"""The local host as a source of the gpu exporter: its address is asked here, all others as ever."""

from __future__ import annotations

from pathlib import Path

from exporters.config import Config
from exporters.fetching import Fetch, Response
from exporters.gpu.local.keeper import LocalGpus
from exporters.problems import InputError, problem


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


def local_gpus(config: Config, host: str) -> LocalGpus:
    """Return what reads a host's GPUs.

    Raises:
        InputError: if the topology is a file, and has no GPUs on that host. One that is discovered
            may have some later.
    """
    members = [
        member
        for group in config.topology.groups
        for member in group.members
        if member.host == host
    ]
    gpus = [uuid for member in members for uuid in member.gpus]
    if not gpus and isinstance(config.file.topology, Path):
        hosts = {
            each.host for group in config.topology.groups for each in group.members if each.gpus
        }
        shown = ", ".join(sorted(hosts)[:5])
        raise InputError([problem(
            "--local", f"found {host!r}, expected a host of {config.file.topology} with GPUs: "
            f"{shown}{', ...' if len(hosts) > 5 else ''}",
            fix="give the name that the topology has for this host",
        )])  # fmt: skip
    return LocalGpus(host, gpus)
