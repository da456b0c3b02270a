"""What the gpu exporter runs when it reads the GPUs of its own host."""

from __future__ import annotations

from functools import partial

from exporters.config import Config
from exporters.gpu.core import GpuCore
from exporters.gpu.local.source import LocalFetch, local_gpus
from exporters.running import Plan


def make_plan(config: Config, host: str, *, dcgm_names: bool) -> Plan:
    """Return the exporter of a topology's GPUs, of which one host's are read here.

    Args:
        config: names the topology.
        host: this one, as the topology calls it.
        dcgm_names: whether its GPUs are served under dcgm-exporter's names too.

    Raises:
        InputError: if the topology has no GPUs on that host.
    """
    local = local_gpus(config, host)
    make = partial(GpuCore, local=local, dcgm_names=dcgm_names)
    return Plan(
        make(config.topology), beside=local, make=make, fetching=partial(LocalFetch, local),
        host=host,
    )  # fmt: skip
