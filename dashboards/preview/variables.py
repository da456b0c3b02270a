"""A dashboard's variables: what they offer, what is chosen, what stands for it in a query.

Each may be narrowed by those before it that its query names, and waits for these alone.
"""

from __future__ import annotations

import asyncio
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from dashboards.interpolation import ALL, Standing
from dashboards.preview.loose import Json, at, mappings, number, text, texts
from dashboards.preview.offers import Offers, offered_values, query_of
from dashboards.preview.outages import OutageError
from dashboards.preview.times import Range
from slo.prometheus import PrometheusError

MOST_OPTIONS = 2000
"""Of a variable: what a person can look through. More are counted."""
_EVERYTHING = ".*"
_HIDDEN = 2
_ASKED = ("query",)
_WRITTEN = ("custom", "constant", "textbox", "interval")
"""Kinds whose values stand in the dashboard."""


@dataclass(frozen=True)
class Resolved:
    """A variable, with what it offers and what is chosen of it."""

    name: str
    label: str
    kind: str
    is_hidden: bool
    is_multi: bool
    has_all: bool
    options: Sequence[tuple[str, str]]
    """Value and text of each, without "all"."""
    chosen: Sequence[str]
    """:data:`ALL` alone for all."""
    all_value: str = ""
    problem: str = ""
    """Why nothing is offered, where something should be."""
    outage: str = ""
    """Why Prometheus answers nobody, where that is the reason."""

    @property
    def standing(self) -> Standing:
        """Return what stands for it."""
        if self.kind == "datasource" or not (self.is_multi or self.has_all):
            return Standing(tuple(self.chosen[:1]) or ("",))
        if list(self.chosen) != [ALL]:
            return Standing(tuple(self.chosen), is_pattern=True)
        if self.all_value or not self.options:
            return Standing((self.all_value or _EVERYTHING,), is_raw=True, is_all=True)
        every = tuple(value for value, _ in self.options)
        return Standing(every, is_pattern=True, is_all=True)

    def to_json(self) -> dict[str, Any]:
        """Return what the browser shows of it."""
        return {
            "name": self.name,
            "label": self.label or self.name,
            "kind": self.kind,
            "hidden": self.is_hidden,
            "multi": self.is_multi,
            "has_all": self.has_all,
            "options": [{"value": value, "text": said} for value, said in self.options],
            "chosen": list(self.chosen),
            "is_offered": self.kind in _ASKED and not self.all_value,
            "problem": self.problem,
        }


async def resolve(
    variables: Sequence[Json],
    asked: Mapping[str, Sequence[str]],
    range_: Range,
    prometheus: Offers,
    address: str,
) -> list[Resolved]:
    """Return a dashboard's variables with their offers, each narrowed by those before it.

    Args:
        variables: as the dashboard has them.
        asked: what an address chooses, ``{"region": ["eu"]}``; else the dashboard's own choice.
        range_: in which series count.
        prometheus: who is asked.
        address: of it, which is all that a variable of data sources offers.
    """
    found: dict[str, asyncio.Task[Resolved]] = {}
    early = {name: _settled(each, name, asked.get(name), address)
             for name, each in named(variables)}  # fmt: skip

    async def one(variable: Json, name: str, before: Sequence[str]) -> Resolved:
        standing = {each: (early[each] or await found[each]).standing for each in before}
        return await _resolve_one(
            variable,
            name,
            asked.get(name),
            standing,
            range_,
            prometheus=prometheus,
            address=address,
        )

    async with asyncio.TaskGroup() as group:
        for name, variable in named(variables):
            query = query_of(variable)
            before = [each for each in found if each in query]
            found[name] = group.create_task(one(variable, name, before))
    return [each.result() for each in found.values()]


def settled(
    variables: Sequence[Json], asked: Mapping[str, Sequence[str]], address: str
) -> list[Resolved] | None:
    """Return a dashboard's variables without their offers; None if a choice depends on an offer.

    What stands for each is the same as of :func:`resolve`, which takes the same: panels need not
    wait for it.
    """
    found = [_settled(each, name, asked.get(name), address) for name, each in named(variables)]
    known = [each for each in found if each is not None]
    return known if len(known) == len(found) else None


def named(variables: Sequence[Json]) -> list[tuple[str, Json]]:
    """Return the variables that have a name, each name once, with it."""
    return list({name: each for each in variables if (name := text(each.get("name")))}.items())


def chosen_alone(
    variables: Sequence[Json],
    asked: Mapping[str, Sequence[str]],
    offered: Mapping[str, Sequence[str]],
) -> list[Resolved]:
    """Return a dashboard's variables with what is chosen of them; nobody is asked.

    Args:
        variables: as the dashboard has them.
        asked: what is chosen, as for :func:`resolve`.
        offered: all values of those of which all are chosen, as they were offered before.
    """
    return [
        _with_options(each, name, asked.get(name), [(one, one) for one in options])
        for name, each in named(variables)
        for options in [offered.get(name, ())]
    ]


def _settled(
    variable: Json, name: str, asked: Sequence[str] | None, address: str
) -> Resolved | None:
    """Return a variable without its offer; None if what stands for it depends on that."""
    alone = _with_options(variable, name, asked, _sources(variable, asked, address))
    if alone.kind not in _ASKED:
        return alone
    if not asked and set(texts(at(variable, "current", "value"))) - {ALL}:
        return None
    is_known = bool(alone.all_value) if list(alone.chosen) == [ALL] else bool(alone.chosen)
    return alone if is_known else None


def _sources(variable: Json, asked: Sequence[str] | None, address: str) -> list[tuple[str, str]]:
    """Return the one data source that a variable of data sources offers; nothing of others."""
    if variable.get("type") != "datasource":
        return []
    own = texts(at(variable, "current", "value"))
    return [((asked or own or ["prometheus"])[0], f"Prometheus at {address}")]


async def _resolve_one(
    variable: Json,
    name: str,
    asked: Sequence[str] | None,
    standing: Mapping[str, Standing],
    range_: Range,
    *,
    prometheus: Offers,
    address: str,
) -> Resolved:
    kind = text(variable.get("type"), "query")
    problem = outage = ""
    options = _sources(variable, asked, address)
    if kind in _ASKED:
        try:
            options = await offered_values(variable, standing, range_, prometheus)
        except OutageError as error:
            outage = str(error)
        except PrometheusError as error:
            problem = str(error)
    elif kind not in (*_WRITTEN, "datasource"):
        problem = f"The preview knows no variables of type {kind}."
    if len(options) > MOST_OPTIONS:
        problem = f"{len(options)} values; the first {MOST_OPTIONS} are offered."
    return replace(_with_options(variable, name, asked, options, problem), outage=outage)


def _with_options(
    variable: Json,
    name: str,
    asked: Sequence[str] | None,
    options: Sequence[tuple[str, str]],
    problem: str = "",
) -> Resolved:
    kind = text(variable.get("type"), "query")
    has_all, is_multi = variable.get("includeAll") is True, variable.get("multi") is True
    own = texts(at(variable, "current", "value"))
    if kind in _WRITTEN:
        options = _written(variable, kind)
    chosen = _chosen(asked, own, options, kind=kind, has_all=has_all, is_multi=is_multi)
    return Resolved(
        name=name,
        label=text(variable.get("label")),
        kind=kind,
        is_hidden=number(variable.get("hide")) == _HIDDEN or kind == "constant",
        is_multi=is_multi,
        has_all=has_all,
        options=options[:MOST_OPTIONS],
        chosen=chosen,
        all_value=text(variable.get("allValue")),
        problem=problem,
    )


def _chosen(
    asked: Sequence[str] | None,
    own: Sequence[str],
    options: Sequence[tuple[str, str]],
    *,
    kind: str,
    has_all: bool,
    is_multi: bool,
) -> list[str]:
    offered = [value for value, _ in options]
    if kind == "constant":
        return offered[:1]
    for wanted in (asked, own):
        # What an address asks for stays chosen though it is not offered now, as in Grafana.
        known = [each for each in wanted or () if each == ALL or wanted is asked
                 or each in offered or kind == "textbox"]  # fmt: skip
        if has_all and (ALL in known or (wanted is asked and known == ["All"])):
            return [ALL]
        known = [each for each in known if each != ALL]
        if known:
            return known if is_multi else known[:1]
    return [ALL] if has_all else offered[:1]


def _written(variable: Json, kind: str) -> list[tuple[str, str]]:
    """Return the options that stand in the dashboard itself."""
    raw = text(variable.get("query"))
    if kind in ("constant", "textbox"):
        return [(raw, raw)]
    pairs = [each.strip() for each in re.split(r"(?<!\\),", raw)]
    options = []
    for pair in filter(None, pairs):
        said, separator, value = pair.replace("\\,", ",").partition(" : ")
        options.append((value, said) if separator else (said, said))
    return options or [
        (value, text(each.get("text"), value))
        for each in mappings(variable.get("options"))
        if (value := text(each.get("value"))) and value != ALL
    ]
