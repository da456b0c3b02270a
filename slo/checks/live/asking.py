"""Questions to one server, each asked once: objectives often share their series."""

from __future__ import annotations

from slo.prometheus import PrometheusClient, Sample
from slo.series import Series


class Asked:
    """Asks a server, one question at a time, and remembers the answers."""

    def __init__(self, prometheus: PrometheusClient) -> None:
        self.prometheus = prometheus
        self._vectors: dict[str, list[Sample]] = {}
        self._points: dict[str, list[Series]] = {}

    async def vector(self, expr: str) -> list[Sample]:
        """Return what an expression is now.

        Raises:
            PrometheusError: if there is no answer, or the query is refused.
        """
        if expr not in self._vectors:
            self._vectors[expr] = await self.prometheus.query(expr)
        return self._vectors[expr]

    async def count(self, expr: str) -> int:
        """Return how many series an expression has now.

        Raises:
            PrometheusError: if there is no answer, or the query is refused.
        """
        return int(sum(each.value for each in await self.vector(f"count({expr})")))

    async def points(self, ranged: str) -> list[Series]:
        """Return the samples that a range selector holds now.

        Raises:
            PrometheusError: if there is no answer, or the query is refused.
        """
        if ranged not in self._points:
            self._points[ranged] = await self.prometheus.points(ranged)
        return self._points[ranged]


def list_some(found: list[str], most: int = 8) -> str:
    """Return the first of a list by comma, and how many more there are."""
    rest = f" and {len(found) - most} more" if len(found) > most else ""
    return ", ".join(found[:most]) + rest
