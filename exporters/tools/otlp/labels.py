"""Attributes that clients send as labels of a bounded number of values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from exporters import catalog
from exporters.folding import LONGEST_LABEL_VALUE, Folder
from exporters.page import Labels
from exporters.tools import otel
from exporters.tools.otlp.limits import MOST_TOOLS
from exporters.topology import Topology


class Labeller:
    """Makes the labels of tools' families.

    Args:
        topology: bounds regions and models.
        tools: bounds the names of tools; where it is empty, the first hundred of each region do.
        folder: counts what is beyond.
    """

    def __init__(self, topology: Topology, tools: Sequence[str], folder: Folder) -> None:
        self.follow(topology)
        self._tools = frozenset(tools)
        self._seen_tools: dict[str, set[str]] = {}
        self._folder = folder

    def follow(self, topology: Topology) -> None:
        """Go by another topology from now on."""
        self.regions = tuple(sorted({group.region for group in topology.groups}))
        self._cluster = topology.cluster
        self._models = {
            region: frozenset(g.model for g in topology.groups if g.region == region)
            for region in self.regions
        }

    def region(self, given: str) -> str:
        """Return the region of a client; the only one, where it does not say."""
        if not given and len(self.regions) == 1:
            return self.regions[0]
        return self._folder.fold(catalog.REGION, given, self.regions)

    def of_tool(self, region: str, attributes: Mapping[str, str]) -> Labels:
        """Return cluster, region, model and tool."""
        tool = self._tool(region, attributes.get(otel.TOOL_NAME, ""))
        return (*self._place(region, attributes), tool)

    def of_mcp(self, region: str, attributes: Mapping[str, str]) -> Labels:
        """Return the same of a request of MCP, which need not be of a tool, and its method."""
        given = attributes.get(otel.MCP_METHOD, "")
        method = self._folder.fold(catalog.METHOD, given, catalog.MCP_METHODS)
        if otel.TOOL_NAME in attributes:
            return (*self.of_tool(region, attributes), method)
        return (*self._place(region, attributes), catalog.NONE, method)

    def _place(self, region: str, attributes: Mapping[str, str]) -> Labels:
        model = attributes.get(otel.REQUEST_MODEL, "")
        if model:
            model = self._folder.fold(catalog.MODEL, model, self._models.get(region, ()))
        return (self._cluster, region, model or catalog.OTHER)

    def _tool(self, region: str, name: str) -> str:
        if self._tools:
            return self._folder.fold(catalog.TOOL, name, self._tools)
        seen = self._seen_tools.setdefault(region, set())
        if 0 < len(name) <= LONGEST_LABEL_VALUE and name.isprintable() and len(seen) < MOST_TOOLS:
            seen.add(name)
        return self._folder.fold(catalog.TOOL, name, seen)
