"""Reads ``figures.yaml``: what is asked of an LLM service, with the source of each figure.

Both engines read it: who asks, how often, how much, and which tools are called in between. So
``figures().models["code"].prompt_tokens.value.median`` is 1469.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from math import isclose
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from demo.traffic.demand import (
    CHOSEN,
    DEVIATIONS,
    ClientFigures,
    Figure,
    Figures,
    ModelFigures,
    Quantiles,
    RhythmFigures,
    Source,
    ToolFigures,
    each_figure,
)
from exporters.catalog import TIERS
from exporters.documents import Document, read_document
from exporters.problems import InputError, Problem

FILE = Path(__file__).with_suffix(".yaml")
Positive = Annotated[float, Field(gt=0)]
Share = Annotated[float, Field(ge=0, le=1)]


@cache
def figures() -> Figures:
    """Return the figures that come with shardwatch."""
    return read_figures(FILE)


def read_figures(path: Path) -> Figures:
    """Return the figures in a file.

    Raises:
        InputError: a figure is missing, unknown, out of its range, contradicts another, or has no
            source that the file names.
    """
    document = read_document(path)
    made = document.parse(_File).made()
    problems = list(_misfits(document, made))
    if problems:
        raise InputError(problems)
    return made


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _adds_up(shares: dict[str, float]) -> dict[str, float]:
    if not isclose(sum(shares.values()), 1, abs_tol=1e-9):
        raise ValueError(f"found shares that add up to {sum(shares.values()):g}, expected 1")
    return shares


def _leaves_some(shares: dict[str, float]) -> dict[str, float]:
    if sum(shares.values()) >= 1:
        raise ValueError(f"found failures of {sum(shares.values()):g} of the calls, expected fewer")
    return shares


def _of_all_tiers(shares: dict[str, float]) -> dict[str, float]:
    if shares.keys() != {*TIERS}:
        raise ValueError(f"found {', '.join(shares)}, expected {', '.join(TIERS)}")
    return shares


def _grows(at: dict[float, float]) -> dict[float, float]:
    values = [at[share] for share in sorted(at)]
    if values != sorted(values):
        raise ValueError("found quantiles that fall, expected them to grow with their share")
    if 0.5 not in at or not at.keys() & DEVIATIONS.keys():
        raise ValueError("expected at least the quantiles 0.5 and 0.9 or 0.99")
    return dict(sorted(at.items()))


class _Entry(_Strict):
    source: str
    note: Annotated[str, Field(min_length=1)]

    def made(self) -> Figure[Any]:
        return Figure(self._value(), self.source, self.note)

    def _value(self) -> Any:
        return self.value  # type: ignore[attr-defined]


class _Count(_Entry):
    value: Annotated[int, Field(ge=0)]


class _Number(_Entry):
    value: Annotated[float, Field(ge=0)]


class _Ratio(_Entry):
    value: Share


class _Hour(_Entry):
    value: Annotated[float, Field(ge=0, lt=24)]


class _Mix(_Entry):
    value: Annotated[dict[str, Share], AfterValidator(_adds_up)]


class _TierMix(_Entry):
    value: Annotated[dict[str, Share], AfterValidator(_of_all_tiers), AfterValidator(_adds_up)]


class _TierRatios(_Entry):
    value: Annotated[dict[str, Share], AfterValidator(_of_all_tiers)]


class _Failures(_Entry):
    value: Annotated[dict[str, Share], AfterValidator(_leaves_some)]


class _Spread(_Entry):
    quantiles: Annotated[dict[Share, Positive], AfterValidator(_grows)]

    def _value(self) -> Quantiles:
        return Quantiles(self.quantiles)


class _ModelEntry(_Strict):
    prompt_tokens: _Spread
    output_tokens: _Spread
    arrival_cv: _Number
    prefix_hit_ratio: _Ratio
    turns: _Number
    think_seconds: _Number
    calls_per_request: _Number
    tool_mix: _Mix


class _ToolEntry(_Strict):
    seconds: _Spread
    failures: _Failures


class _ClientEntry(_Strict):
    retries: _Count
    first_backoff_seconds: _Number
    longest_backoff_seconds: _Number


class _RhythmEntry(_Strict):
    day_swing_ratio: _Ratio
    peak_hour: _Hour
    weekend_ratio: _Ratio


class _SourceEntry(_Strict):
    title: Annotated[str, Field(min_length=1)]
    url: Annotated[str, Field(pattern=r"^https://")]


class _File(_Strict):
    sources: dict[str, _SourceEntry]
    tier_shares: _TierMix
    rate_limited_ratios: _TierRatios
    client: _ClientEntry
    rhythm: _RhythmEntry
    models: dict[str, _ModelEntry]
    tools: dict[str, _ToolEntry]

    def made(self) -> Figures:
        return Figures(
            sources={name: Source(each.title, each.url) for name, each in self.sources.items()},
            tier_shares=self.tier_shares.made(),
            rate_limited_ratios=self.rate_limited_ratios.made(),
            client=ClientFigures(**_made(self.client)),
            rhythm=RhythmFigures(**_made(self.rhythm)),
            models={name: ModelFigures(**_made(each)) for name, each in self.models.items()},
            tools={name: ToolFigures(**_made(each)) for name, each in self.tools.items()},
        )


def _made(entries: _Strict) -> dict[str, Any]:
    return {name: each.made() for name, each in entries}


def _misfits(document: Document, made: Figures) -> Iterator[Problem]:
    """Yield what is wrong between parts that are right by themselves."""
    for place, figure in each_figure(made):
        if not figure.is_chosen and figure.source not in made.sources:
            known = ", ".join([CHOSEN, *made.sources])
            message = f"found the source {figure.source!r}, expected one that the file names"
            yield document.problem((*place, "source"), message, f"take one of: {known}")
    for name, model in made.models.items():
        for tool in sorted(model.tool_mix.value.keys() - made.tools.keys()):
            place = ("models", name, "tool_mix", "value", tool)
            message = f"found the tool {tool!r}, expected one that the file describes"
            yield document.problem(place, message, f"take one of: {', '.join(made.tools)}")
    for name, each in made.tools.items():
        if not {0.0, 1.0} <= each.seconds.value.at.keys():
            place = ("tools", name, "seconds", "quantiles")
            yield document.problem(place, "expected the quantiles 0.0 and 1.0 too", "add them")
