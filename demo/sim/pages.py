"""All pages of the cluster, from its state."""

from __future__ import annotations

from collections.abc import Sequence

from demo.sim.engines.vllm_page import engine_page
from demo.sim.fleet import Fleet
from demo.sim.hardware.dcgm_page import HostPages
from demo.sim.routers.page import RouterPages
from demo.sim.state import State
from demo.sim.tools.calls import ToolCells
from demo.sim.tools.page import GatewayPages


class Pages:
    """The texts of a cluster's pages, to be filled from its state when somebody asks."""

    def __init__(self, fleet: Fleet, tools: ToolCells) -> None:
        self._fleet = fleet
        self._hosts = HostPages(fleet)
        self._routers = RouterPages(fleet)
        self._gateways = GatewayPages(fleet, tools)

    def engine(self, state: State, group: int) -> bytes:
        """Return the page of a group's engine."""
        ranks = self._fleet.engine_of_group
        model = self._fleet.cells[self._fleet.cell_of_group[group]][1]
        page = engine_page(ranks[group] if ranks else "0", model)
        return page.fill(state.engines.registers, group)

    def host(self, state: State, places: Sequence[int]) -> bytes:
        """Return the page of a host's dcgm-exporter, as of its last collection."""
        return self._hosts.page(state.hardware, places)

    def router(self, state: State, router: int) -> bytes:
        """Return the page of a router."""
        return self._routers.page(state, router)

    def gateway(self, state: State, gateway: int) -> bytes:
        """Return the page of a tool gateway."""
        return self._gateways.page(state.tools, gateway)
