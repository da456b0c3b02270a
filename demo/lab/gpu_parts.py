"""The gpu exporter's core in parts, one a group: where nothing was read anew, nothing is made anew.

What it says of a GPU depends on its group's hosts alone. Those of which the last reading stands
(:mod:`demo.lab.exporting`) say what they said.
"""

from __future__ import annotations

from collections.abc import Callable

from exporters.gpu.core import GpuCore
from exporters.page import Page
from exporters.sources import Answers
from exporters.topology import Topology


class PartedGpuCore:
    """Watches the GPUs of a topology whose groups share no hosts.

    Args:
        topology: says which GPUs there are.
        wall: tells the time of day, in UNIX seconds.
    """

    name = GpuCore.name
    samples_itself = GpuCore.samples_itself

    def __init__(self, topology: Topology, wall: Callable[[], float]) -> None:
        self.cluster = topology.cluster
        self._parts = [
            _Part(GpuCore(topology.model_copy(update={"groups": [group]}), wall=wall))
            for group in topology.groups
        ]
        self.targets = [target for part in self._parts for target in part.core.targets]

    def observe(self, answers: Answers, now: float) -> Page:
        """Return the page for one collection."""
        page = Page()
        for part in self._parts:
            page.add(part.observe(answers, now))
        return page


class _Part:
    """The core of one group, and what it said last."""

    def __init__(self, core: GpuCore) -> None:
        self.core = core
        self._answers: Answers | None = None
        self._told: Page | None = None
        self._stood_at: float | None = None
        """When nothing was new at the last look."""

    def observe(self, answers: Answers, now: float) -> Page:
        before = self._answers
        if self._told is not None and before is not None and self._are_same(before, answers):
            self._stood_at = now
            return self._told
        if before is not None and self._stood_at is not None:
            # What grows is compared with how it was at the look before.
            self.core.observe(before, self._stood_at)
        self._answers, self._stood_at = answers, None
        self._told = self.core.observe(answers, now)
        return self._told

    def _are_same(self, before: Answers, answers: Answers) -> bool:
        """Return whether all was read that had been read before, and nothing else."""
        return all(
            answers[each].content is not None and answers[each].content is before[each].content
            for each in self.core.targets
        )
