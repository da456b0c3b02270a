"""What may change, as data: where it is seen, and how it is spoken of."""

from __future__ import annotations

from dataclasses import dataclass

from exporters import catalog

Cell = tuple[str, ...]
"""Values of a kind's ``cell`` labels: the cluster, the region, and the model where it has one."""


@dataclass(frozen=True)
class Kind:
    """One thing that somebody may change."""

    name: str
    expr: str
    """PromQL: an element for each place, and what it runs."""
    cell: tuple[str, ...]
    """Labels of ``expr`` by which changes are told together, the cluster first."""
    place: str
    """The label of the places."""
    value: str
    """The label of what they run."""
    places: str
    """What people call several of them."""
    verb: str


def _each(name: str, value: str) -> str:
    return f"group by ({', '.join((*catalog.GROUP_LABELS, value))}) ({name})"


KINDS = (
    Kind(
        "revision",
        _each(catalog.GROUP_INFO.name, catalog.REVISION),
        catalog.CELL_LABELS,
        catalog.GROUP,
        catalog.REVISION,
        "groups",
        "run",
    ),
    Kind(
        "weights",
        _each(catalog.WEIGHTS_INFO.name, catalog.HASH),
        catalog.CELL_LABELS,
        catalog.GROUP,
        catalog.HASH,
        "groups",
        "have the weights",
    ),
    Kind(
        "driver",
        f"group by ({catalog.CLUSTER}, {catalog.REGION}, {catalog.HOST}, {catalog.VERSION}) "
        f"({catalog.GPU_DRIVER.name})",
        (catalog.CLUSTER, catalog.REGION),
        catalog.HOST,
        catalog.VERSION,
        "hosts",
        "have the driver",
    ),
)
