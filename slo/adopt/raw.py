"""Indicators on series as they are scraped: what can be promised before any exporter of ours runs.

Routers' series are read by the tables of :mod:`exporters.router`, so that the same events count as
later through the exporter. Where there is no router, engines have to do, which see less: vLLM
counts neither clients that left nor requests that hang, and a dead engine serves no page.
"""

from __future__ import annotations

import itertools
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from exporters import catalog
from exporters.dialects import read_dialect
from exporters.groups.mapping import MODEL_LABEL
from exporters.router.dialect import Rule
from exporters.router.dialects import DIALECTS
from slo.adopt.found import Bounds, Found
from slo.adopt.names import quoted, router_file, selector, spellings

BAD_OUTCOMES = ("error", "timeout", "rejected")
"""As ``library:chat`` has them."""
COUNTED_OUTCOMES = tuple(each for each in catalog.OUTCOMES if each != "rate_limited")
WANTED_SECONDS = 2.5
"""The threshold of ``library:chat``."""
_ROUTERS = ("envoy-ai-gateway", "production-stack", "llm-d", "demo")
"""Nearest to the user first. Envoy alone knows no models."""


_ENGINES_LACK = (
    "requests that hang, time out or are aborted are in no counter of vLLM's",
    "an engine that is dead serves no page: its failures are not counted, but missing",
)
_ENGINES_FIRST_TOKENS_LACK = (
    (
        "it begins when the engine gets the prompt: the router, the network and requests that "
        "never had a first token are not in it"
    ),
)


class Kind(StrEnum):
    """What is promised."""

    AVAILABILITY = "availability"
    TTFT = "ttft"


@dataclass(frozen=True)
class RawSeries:
    """Series of one name."""

    name: str
    matchers: tuple[str, ...] = ()

    def text(self, where: Mapping[str, str], more: Sequence[str] = ()) -> str:
        """Return their selector, among those that are asked about."""
        return selector(self.name, where, (*self.matchers, *more))


@dataclass(frozen=True)
class RawIndicator:
    """Bad or good events, and all events: each the sum of some counters."""

    kind: Kind
    stands_on: str
    """In words."""
    part: tuple[RawSeries, ...]
    is_good: bool
    """Whether ``part`` is of good events, not of bad ones."""
    total: tuple[RawSeries, ...]
    model_label: str
    region_label: str
    """Empty if its series do not tell the region."""
    threshold_seconds: float | None
    lacks: tuple[str, ...]
    """What it does not see, in sentences without a full stop."""

    @property
    def labels(self) -> tuple[str, ...]:
        """Return the labels that tell its cells apart."""
        return tuple(each for each in (self.region_label, self.model_label) if each)


def find_indicators(found: Found, region_label: str) -> list[RawIndicator]:
    """Return what can be promised on what a server has, availability first.

    Args:
        found: in the server.
        region_label: that engines' series have of the region; empty if none.
    """
    availability = next(
        (
            made
            for dialect in _ROUTERS
            if (made := _availability_at_router(found, dialect, region_label))
        ),
        None,
    )
    indicators = [availability or _availability_at_engines(found, region_label)]
    if first_token := _first_token(found, region_label):
        indicators.append(first_token)
    return [each for each in indicators if each]


def matchers_of(rule: Rule, outcomes: Collection[str]) -> tuple[str, ...] | None:
    """Return the matchers of a rule's series whose requests ended in one of some ways.

    None if none of its series is of such requests.

    Args:
        rule: of ``catalog.ROUTER_REQUESTS``.
        outcomes: of ``catalog.OUTCOMES``.
    """
    if catalog.OUTCOME in rule.fixed:
        return () if rule.fixed[catalog.OUTCOME] in outcomes else None
    if not rule.source:
        return (f"{catalog.OUTCOME}=~{quoted('|'.join(sorted(outcomes)))}",)
    among = [value for value, outcome in rule.values.items() if outcome in outcomes]
    others = [value for value, outcome in rule.values.items() if outcome not in outcomes]
    if rule.default in outcomes:
        return (f"{rule.source}!~{quoted(pattern_of(others))}",) if others else ()
    return (f"{rule.source}=~{quoted(pattern_of(among))}",) if among else None


def pattern_of(values: Iterable[str]) -> str:
    """Return a pattern of some values, HTTP statuses by hundreds and tens where all are in."""
    left = set(values)
    short = []
    for stem, dots in (
        *((str(hundred), "..") for hundred in range(1, 6)),
        *((str(ten), ".") for ten in range(10, 60)),
    ):
        size = 10 ** len(dots)
        every = {f"{stem}{end:0{len(dots)}d}" for end in range(size)}
        if every <= left:
            left -= every
            short.append(stem + dots)
    return "|".join(sorted((*short, *left)))


def threshold(bounds: Bounds, wanted_seconds: float = WANTED_SECONDS) -> str | None:
    """Return the bound nearest to a threshold that all sources have, as it is written.

    None if there is no bound that all have.
    """
    finite = [
        each
        for each, count in bounds.by_bound.items()
        if count == bounds.sources and _number(each) != float("inf")
    ]
    return min(finite, key=lambda each: abs(_number(each) - wanted_seconds), default=None)


def _availability_at_router(found: Found, dialect: str, region_label: str) -> RawIndicator | None:
    rules = [each for each in DIALECTS[dialect].rules if each.family is catalog.ROUTER_REQUESTS]
    there = [name for rule in rules for name in rule.names if name in found.names]
    if not there:
        return None
    part, total = list[RawSeries](), list[RawSeries]()
    for rule in rules:
        name = _present(rule.names, found.names, there[0])
        for into, outcomes in ((part, BAD_OUTCOMES), (total, COUNTED_OUTCOMES)):
            matchers = matchers_of(rule, outcomes)
            if matchers is not None:
                into.append(RawSeries(name, matchers))
    missing = DIALECTS[dialect].missing(names_models=False, names_revisions=False)
    lacks = [
        f"routers of the dialect {dialect} do not tell {each.removeprefix('outcome_')} apart"
        for each in missing
        if each.startswith("outcome_")
    ]
    return RawIndicator(
        kind=Kind.AVAILABILITY,
        stands_on=f"routers ({dialect}), as users felt it",
        part=tuple(part),
        is_good=False,
        total=tuple(total),
        model_label=_model_label(dialect),
        region_label=_region_label(found, dialect, region_label),
        threshold_seconds=None,
        lacks=tuple(lacks),
    )


def _availability_at_engines(found: Found, region_label: str) -> RawIndicator | None:
    finished = _spelled("vllm:request_success_total", found.names)
    if finished is None:
        return None
    part = [RawSeries(finished, ('finished_reason="error"',))]
    total = [RawSeries(finished, ('finished_reason!="abort"',))]
    if rejected := _spelled("vllm:admission_rejections_total", found.names):
        part.append(RawSeries(rejected))
        total.append(RawSeries(rejected))
    return RawIndicator(
        kind=Kind.AVAILABILITY,
        stands_on="engines (vLLM), for no router is scraped",
        part=tuple(part),
        is_good=False,
        total=tuple(total),
        model_label=MODEL_LABEL,
        region_label=region_label,
        threshold_seconds=None,
        lacks=_ENGINES_LACK,
    )


def _first_token(found: Found, region_label: str) -> RawIndicator | None:
    """Return the indicator on the histogram nearest to users that has a bound for all."""
    by_name = {each.name: each for each in found.bounds}
    at_routers = [
        (dialect, name)
        for dialect in _ROUTERS
        for rule in DIALECTS[dialect].rules
        if rule.family is catalog.ROUTER_TIME_TO_FIRST_TOKEN
        for name in rule.names
    ]
    of_vllm = spellings("vllm:time_to_first_token_seconds")
    for dialect, name in (*at_routers, *(("", each) for each in of_vllm)):
        bound = threshold(by_name[name]) if name in by_name else None
        if bound is None:
            continue
        lacks = () if dialect else _ENGINES_FIRST_TOKENS_LACK
        return RawIndicator(
            kind=Kind.TTFT,
            stands_on=f"routers ({dialect})" if dialect else "engines (vLLM)",
            part=(RawSeries(f"{name}_bucket", (f"le={quoted(bound)}",)),),
            is_good=True,
            total=(RawSeries(f"{name}_count"),),
            model_label=_model_label(dialect) if dialect else MODEL_LABEL,
            region_label=_region_label(found, dialect, region_label) if dialect else region_label,
            threshold_seconds=_number(bound),
            lacks=lacks,
        )
    return None


def _present(names: Sequence[str], there: Collection[str], like: str) -> str:
    """Return the first name that is there; else the one most like one that is.

    A counter of errors is not there before the first error.
    """
    alike = [len(_common(each, like)) for each in names]
    nearest = names[alike.index(max(alike))]
    return next((each for each in names if each in there), nearest)


def _common(one: str, other: str) -> str:
    """Return what two names begin with alike."""
    same = itertools.takewhile(lambda pair: pair[0] == pair[1], zip(one, other, strict=False))
    return "".join(each for each, _ in same)


def _spelled(name: str, there: Collection[str]) -> str | None:
    candidates = (*spellings(name), *spellings(name.removesuffix("_total")))
    return next((each for each in candidates if each in there), None)


def _model_label(dialect: str) -> str:
    families = read_dialect(router_file(dialect)).families
    there = {label for family in families for label in family.labels}
    return next(each for each in DIALECTS[dialect].model if each in there)


def _region_label(found: Found, dialect: str, label: str) -> str:
    series = [each.labels for each in found.routers if each.dialect == dialect]
    return label if series and all(each.get(label) for each in series) else ""


def _number(bound: str) -> float:
    try:
        return float(bound)
    except ValueError:
        return float("inf")
