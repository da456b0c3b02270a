"""All pages of the cluster, from its state."""

from __future__ import annotations

from functools import cache
from itertools import product

import numpy as np

from demo.sim.cluster import Cluster, Counts, profile_of
from demo.sim.dcgm_page import HostPage
from demo.sim.exposition import PageFamily, Template, make_template
from demo.sim.latency import Floats
from demo.sim.state import State
from demo.sim.truth import TOOL_ERROR_TYPES
from demo.sim.vllm_page import vllm_families
from exporters.catalog import ATTEMPTS, OUTCOMES, TIERS
from exporters.dialects import read_dialect


class Pages:
    """The texts of a cluster's pages, made once, to be filled from its state."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._lanes = [
            np.array([i for i, lane in enumerate(cluster.lanes) if lane[0] == region], np.int64)
            for _, region in cluster.routers
        ]
        self._routers = [_router_template(cluster, lanes) for lanes in self._lanes]
        self._tool_cells = [
            np.array(
                [i for i, cell in enumerate(cluster.tool_cells) if cell[0] == region], np.int64
            )
            for _, region in cluster.gateways
        ]
        self._gateways = [_gateway_template(cluster, cells) for cells in self._tool_cells]
        self._gpus = [
            np.flatnonzero(cluster.host_of_gpu == host) for host in range(len(cluster.hosts))
        ]
        self._hosts = [
            HostPage(host, [cluster.gpus[at] for at in gpus])
            for host, gpus in zip(cluster.hosts, self._gpus, strict=True)
        ]

    def engine(self, state: State, group: int) -> bytes:
        """Return the page of a group's engine."""
        of = self._cluster.groups[group]
        return _engine_template(of.engine, of.model).fill(
            state.engines.registers.values[group].tolist()
        )

    def host(self, state: State, host: int) -> bytes:
        """Return the page of a host's dcgm-exporter, as of its last collection."""
        gpus, hardware = self._gpus[host], state.hardware
        return self._hosts[host].fill(
            hardware.seen[:, gpus],
            hardware.seen_lost[gpus].tolist(),
            hardware.seen_xid[gpus].tolist(),
        )

    def router(self, state: State, router: int) -> bytes:
        """Return the page of a router."""
        lanes, routers = self._lanes[router], state.routers
        parts = (
            routers.requests[lanes],
            routers.attempts[lanes],
            routers.in_flight[lanes],
            _histogram(routers.first_token_counts[lanes], routers.first_token_sums[lanes]),
        )
        values = np.concatenate([part.astype(float).ravel() for part in parts])
        return self._routers[router].fill(values.tolist())

    def gateway(self, state: State, gateway: int) -> bytes:
        """Return the page of a tool gateway."""
        cells, tools = self._tool_cells[gateway], state.tools
        values = _histogram(tools.durations[cells], tools.duration_sums[cells])
        return self._gateways[gateway].fill(values.ravel().tolist())


def _histogram(counts: Counts, sums: Floats) -> Floats:
    """Return cumulative buckets, count and sum along the last axis."""
    running = counts.cumsum(axis=-1)
    return np.concatenate([running, running[..., -1:], sums[..., None]], axis=-1)


@cache
def _engine_template(engine: str, model: str) -> Template:
    tokens = profile_of(model).kv_cache_tokens
    return make_template(vllm_families(engine, model, kv_cache_tokens=tokens))


def _router_template(cluster: Cluster, lanes: Counts) -> Template:
    of = [(*cluster.lanes[lane][1:], tier) for lane, tier in product(lanes, TIERS)]
    children = {
        "router_requests_total": [(*child, each) for child, each in product(of, OUTCOMES)],
        "router_request_attempts_total": [(*child, each) for child, each in product(of, ATTEMPTS)],
    }
    return make_template(
        PageFamily(family, tuple(children.get(family.name, of)), family.bounds)
        for family in read_dialect("router_demo").families
    )


def _gateway_template(cluster: Cluster, cells: Counts) -> Template:
    of = [cluster.tool_cells[cell][1:] for cell in cells]
    return make_template(
        PageFamily(
            family,
            tuple((*child, each) for child, each in product(of, TOOL_ERROR_TYPES)),
            family.bounds,
        )
        for family in read_dialect("otel_tools").families
    )
