"""What a dashboard's variable offers: Grafana's queries for variables, asked of a Prometheus."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from dashboards.interpolation import Standing, interpolate
from dashboards.preview.fields import compiled
from dashboards.preview.loose import Json, mapping, number, text
from dashboards.preview.times import Range
from slo.prometheus import Sample

_LABEL_VALUES = re.compile(
    r"label_values\(\s*(?:(?P<selector>.+?),)?\s*(?P<label>[\w:]+)\s*\)", re.S
)
_LABEL_NAMES = re.compile(r"label_names\((?P<pattern>.*)\)", re.S)
_METRICS = re.compile(r"metrics\((?P<pattern>.*)\)", re.S)
_QUERY_RESULT = re.compile(r"query_result\((?P<expr>.+)\)", re.S)


class Offers(Protocol):
    """Who knows labels and values: a Prometheus."""

    async def label_values(
        self, label: str, selectors: Sequence[str], start: float | None, end: float | None
    ) -> list[str]:
        """Return the values of a label of the series that selectors find."""

    async def labels(self, selectors: Sequence[str]) -> list[str]:
        """Return the names of labels."""

    async def query(self, expr: str, time: float | None) -> list[Sample]:
        """Return an instant vector."""


async def offered_values(
    variable: Json, standing: Mapping[str, Standing], range_: Range, prometheus: Offers
) -> list[tuple[str, str]]:
    """Return the values that a variable's query offers, each with its text, in its order.

    Raises:
        PrometheusError: if Prometheus does not answer, or refuses.
    """
    values = await _ask(interpolate(query_of(variable), standing), range_, prometheus)
    return _sorted(_narrowed(values, text(variable.get("regex"))), variable.get("sort"))


def query_of(variable: Json) -> str:
    """Return the query of a variable as it is written."""
    query = variable.get("query")
    return text(query) or text(mapping(query).get("query")) or text(variable.get("definition"))


async def _ask(query: str, range_: Range, prometheus: Offers) -> list[str]:
    """Return what one of Grafana's queries for variables gives."""
    if match := _LABEL_VALUES.fullmatch(query.strip()):
        selectors = [match["selector"].strip()] if match["selector"] else []
        return await prometheus.label_values(match["label"], selectors, range_.start, range_.end)
    if match := _LABEL_NAMES.fullmatch(query.strip()):
        return _found(await prometheus.labels([]), match["pattern"])
    if match := _METRICS.fullmatch(query.strip()):
        every = await prometheus.label_values("__name__", [], range_.start, range_.end)
        return _found(every, match["pattern"])
    match = _QUERY_RESULT.fullmatch(query.strip())
    samples = await prometheus.query(match["expr"] if match else query, range_.end)
    return [_as_text(each) for each in samples]


def _found(names: Sequence[str], pattern: str) -> list[str]:
    wanted = compiled(pattern.strip())
    return list(names) if wanted is None else [each for each in names if wanted.search(each)]


def _as_text(sample: Sample) -> str:
    labels = ",".join(f'{key}="{value}"' for key, value in sorted(sample.labels.items())
                      if key != "__name__")  # fmt: skip
    return f"{sample.labels.get('__name__', '')}{{{labels}}} {sample.value:g}"


def _narrowed(values: Sequence[str], pattern: str) -> list[tuple[str, str]]:
    """Return values and texts as a variable's regular expression takes them out of others."""
    wanted = compiled(pattern)
    if wanted is None:
        return [(each, each) for each in dict.fromkeys(values)]
    options: dict[str, str] = {}
    for each in values:
        match = wanted.search(each)
        if match is None:
            continue
        named = match.groupdict()
        value = named.get("value") or named.get("text") or next(iter(match.groups()), None)
        options.setdefault(value or match[0], named.get("text") or value or match[0])
    return list(options.items())


def _sorted(options: list[tuple[str, str]], order: Any) -> list[tuple[str, str]]:
    """Return options in one of Grafana's orders: odd ones ascend, of numbers from 3 to 4."""
    kind = int(number(order) or 0)
    if kind in (1, 2):
        return sorted(options, key=lambda each: each[1], reverse=kind == 2)
    if kind in (3, 4):
        return sorted(options, key=lambda each: _number_in(each[1]), reverse=kind == 4)
    if kind in (5, 6, 7, 8):
        return sorted(options, key=lambda each: each[1].lower(), reverse=kind in (6, 8))
    return options


def _number_in(said: str) -> float:
    match = re.search(r"\d+(?:\.\d+)?", said)
    return float(match[0]) if match else -1.0
