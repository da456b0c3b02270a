"""What is asked of an LLM service, as types: figures that know where they were published."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass
from math import exp, log
from typing import Any, Generic, TypeVar

CHOSEN = "chosen"
"""The source of a figure that nobody published."""

DEVIATIONS = {0.9: 1.2815515655446004, 0.99: 2.3263478740408408}
"""Of a standard normal distribution's quantiles from its median."""

Value = TypeVar("Value")


@dataclass(frozen=True)
class Source:
    """Where figures were published."""

    title: str
    url: str


@dataclass(frozen=True)
class Figure(Generic[Value]):
    """One figure with where it comes from."""

    value: Value
    source: str
    """A key of ``Figures.sources``, or ``chosen``."""
    note: str

    @property
    def is_chosen(self) -> bool:
        """Whether nobody published it."""
        return self.source == CHOSEN


@dataclass(frozen=True)
class Quantiles:
    """A distribution as far as it was published: values by the share of those below."""

    at: Mapping[float, float]

    @property
    def median(self) -> float:
        """The value that half of all are below."""
        return self.at[0.5]

    @property
    def sigma(self) -> float:
        """Of the lognormal through the median and the 0.9 quantile, or 0.99 without that."""
        share = 0.9 if 0.9 in self.at else 0.99
        return log(self.at[share] / self.median) / DEVIATIONS[share]

    @property
    def mean(self) -> float:
        """Of the lognormal with this median and sigma."""
        return self.median * exp(self.sigma**2 / 2)


@dataclass(frozen=True)
class ModelFigures:
    """What users ask of one kind of model."""

    prompt_tokens: Figure[Quantiles]
    output_tokens: Figure[Quantiles]
    arrival_cv: Figure[float]
    """Coefficient of variation of the times between arrivals; 1 is a Poisson process."""
    prefix_hit_ratio: Figure[float]
    """Share of prompt tokens found in a prefix cache."""
    turns: Figure[float]
    """Mean of a session."""
    think_seconds: Figure[float]
    """Mean pause before a turn."""
    calls_per_request: Figure[float]
    """Tool calls for one answer of the model."""
    tool_mix: Figure[Mapping[str, float]]
    """Shares of the calls, by tool."""


@dataclass(frozen=True)
class ToolFigures:
    """How long calls of one tool take, and how they fail while it is well."""

    seconds: Figure[Quantiles]
    """Of calls that end well; from 0.0 to 1.0, both included."""
    failures: Figure[Mapping[str, float]]
    """Share of calls by error type."""


@dataclass(frozen=True)
class ClientFigures:
    """How clients try again."""

    retries: Figure[int]
    """After the first attempt, at the most."""
    first_backoff_seconds: Figure[float]
    longest_backoff_seconds: Figure[float]


@dataclass(frozen=True)
class RhythmFigures:
    """Day and night, weekends."""

    day_swing_ratio: Figure[float]
    """By how much the busiest hour exceeds the day's mean, as a part of it."""
    peak_hour: Figure[float]
    """Local time, 0 to 24."""
    weekend_ratio: Figure[float]
    """Traffic of a day at the weekend, as a part of a working day's."""


@dataclass(frozen=True)
class Figures:
    """All of them."""

    sources: Mapping[str, Source]
    tier_shares: Figure[Mapping[str, float]]
    """Of requests, by class of customer."""
    rate_limited_ratios: Figure[Mapping[str, float]]
    """Share of a tier's requests that its own limit turns away."""
    client: ClientFigures
    rhythm: RhythmFigures
    models: Mapping[str, ModelFigures]
    tools: Mapping[str, ToolFigures]


def each_figure(
    part: object, place: tuple[str, ...] = ()
) -> Iterator[tuple[tuple[str, ...], Figure[Any]]]:
    """Yield every figure below a part of the figures, with its place in the file."""
    if isinstance(part, Figure):
        yield place, part
    elif isinstance(part, Mapping):
        for name, each in part.items():
            yield from each_figure(each, (*place, name))
    elif is_dataclass(part):
        for name in (each.name for each in fields(part)):
            yield from each_figure(getattr(part, name), (*place, name))
