"""What every panel says about itself, and how a panel's queries are put into it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from grafanalib import core

from dashboards.queries.query import Query
from dashboards.variables import DATASOURCE_REF

Json = dict[str, Any]

LAST_VALUE: Json = {"calcs": ["lastNotNull"], "fields": "", "values": False}
"""How a panel of one number a series reduces it."""


@dataclass(frozen=True)
class Step:
    """From ``value`` on, a colour; None stands for minus infinity and comes first."""

    value: float | None
    color: str


@dataclass(frozen=True)
class Meaning:
    """What a number stands for on a panel."""

    value: int
    text: str
    color: str


@dataclass(frozen=True)
class About:
    """What every panel says about itself."""

    id: int
    """Unique on the board and never reused: links to a panel are made of it."""
    title: str
    description: str
    """What it shows and how to read it."""
    unit: str
    """One of Grafana's unit ids: ``percentunit``, ``s``, ``reqps``, ``short``."""
    no_value: str
    """What stands there when the query gives nothing."""
    steps: tuple[Step, ...] = (Step(None, "green"),)
    meanings: tuple[Meaning, ...] = ()
    decimals: int | None = None
    lowest: float | None = None
    highest: float | None = None
    links: tuple[Json, ...] = ()
    """Links of each value, made with :func:`value_link`."""
    overrides: tuple[Json, ...] = ()


class PanelTarget(core.Target):  # type: ignore[misc]  # grafanalib has no types
    """A target that knows whether a healthy cluster may give it nothing."""

    may_be_empty = False


def basics(about: About, targets: list[Any], *, most_points: int | None = None) -> Json:
    """Return the arguments that every panel of grafanalib takes.

    Args:
        about: the panel.
        targets: its queries.
        most_points: of a series that Grafana asks for; one a pixel, if None.
    """
    return {
        "id": about.id,
        "title": about.title,
        "description": about.description,
        "dataSource": DATASOURCE_REF,
        "targets": targets,
        "thresholds": [{"color": step.color, "value": step.value} for step in about.steps],
        "maxDataPoints": most_points,
    }


def extra(about: About, *, color: str = "thresholds", overrides: Sequence[Json] = ()) -> Json:
    """Return what grafanalib's panels have no arguments for.

    Args:
        about: the panel.
        color: Grafana's mode: by thresholds, or ``palette-classic`` for lines told apart.
        overrides: the kind's own; those of ``about`` come after them.
    """
    return {
        "fieldConfig": {
            "defaults": {
                "color": {"mode": color},
                "decimals": about.decimals,
                "links": list(about.links),
                "mappings": [mapping_of(about.meanings)] if about.meanings else [],
                "max": about.highest,
                "min": about.lowest,
                "noValue": about.no_value,
                "unit": about.unit,
            },
            "overrides": [*overrides, *about.overrides],
        }
    }


def mapping_of(meanings: Sequence[Meaning]) -> Json:
    """Return the mapping of values to what they mean."""
    options = {
        str(each.value): {"color": each.color, "index": index, "text": each.text}
        for index, each in enumerate(meanings)
    }
    return {"options": options, "type": "value"}


def targets(queries: Sequence[Query], *, instant: bool, format: str = "time_series") -> list[Any]:
    """Return a panel's queries, of a range or of an instant, called A, B, C."""
    made = []
    for index, each in enumerate(queries):
        target = PanelTarget(
            expr=each.expr,
            legendFormat=each.legend,
            refId=chr(ord("A") + index),
            instant=instant,
            format=format,
            datasource=DATASOURCE_REF,
        )
        target.may_be_empty = each.may_be_empty
        made.append(target)
    return made
