"""What OpenSLO v1 files may hold, as far as shardwatch understands it; anything else is refused.

Kinds Service, SLI and SLO; ratio metrics of counters in Prometheus; budgeting by occurrences;
rolling windows; one objective for each SLO. What OpenSLO has no field for stands in annotations
under ``shardwatch.dev/``. Source: https://github.com/OpenSLO/OpenSLO, version 1.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from exporters.durations import parse_duration
from slo.numbers import Share

GROUPING_LABELS = "shardwatch.dev/grouping-labels"
"""Labels, by comma, each set of whose values has a budget of its own: ``region,model``."""
OWNER = "shardwatch.dev/owner"
"""Who answers for the objective."""

ANNOTATIONS = (GROUPING_LABELS, OWNER)
_OWN_PREFIX = "shardwatch.dev/"


def _known_annotations(annotations: dict[str, str]) -> dict[str, str]:
    for key in annotations:
        if key.startswith(_OWN_PREFIX) and key not in ANNOTATIONS:
            raise ValueError(
                f"found the annotation {key!r}, expected one of {', '.join(ANNOTATIONS)}"
            )
    return annotations


def _whole_hours(text: str) -> str:
    seconds = parse_duration(text)
    if seconds % 3600 or seconds < 86400:
        raise ValueError(f"found {text!r}, expected whole hours, a day at least, such as 28d")
    return text


def _one_line(text: str) -> str:
    line = " ".join(text.split())
    if not line:
        raise ValueError("found an empty query, expected a selector such as requests_total")
    return line


Name = Annotated[str, Field(pattern=r"^[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?$")]
"""An RFC 1123 label, as OpenSLO asks for: it becomes a label's value and a file's name."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel)


class Metadata(_Strict):
    """What every object carries."""

    name: Name
    display_name: str = ""
    labels: dict[str, str | list[str]] = {}
    annotations: Annotated[dict[str, str], AfterValidator(_known_annotations)] = {}


class ServiceSpec(_Strict):
    """What a service says of itself."""

    description: str = ""


class Service(_Strict):
    """What objectives are promised for."""

    api_version: Literal["openslo/v1"]
    kind: Literal["Service"]
    metadata: Metadata
    spec: ServiceSpec = ServiceSpec()


class Query(_Strict):
    """The specification of a metric source of type Prometheus."""

    query: Annotated[str, AfterValidator(_one_line)]


class MetricSource(_Strict):
    """Where a number comes from."""

    type: Literal["Prometheus"]
    spec: Query


class Metric(_Strict):
    """One counter."""

    metric_source: MetricSource


class RatioMetric(_Strict):
    """Bad or good events out of all of them."""

    counter: Literal[True]
    """Queries are of counters; they are given their windows by the rules."""
    good: Metric | None = None
    bad: Metric | None = None
    total: Metric

    @model_validator(mode="after")
    def _one_side(self) -> Self:
        if (self.good is None) == (self.bad is None):
            found = "neither good nor bad" if self.good is None else "both good and bad"
            raise ValueError(f"found {found}, expected one of the two")
        return self


class SliSpec(_Strict):
    """How an indicator is measured."""

    description: str = ""
    ratio_metric: RatioMetric


class Sli(_Strict):
    """An indicator that SLOs may refer to."""

    api_version: Literal["openslo/v1"]
    kind: Literal["SLI"]
    metadata: Metadata
    spec: SliSpec


class InlineSli(_Strict):
    """An indicator written where it is used."""

    metadata: Metadata
    spec: SliSpec


class TimeWindow(_Strict):
    """The period of a budget."""

    duration: Annotated[str, AfterValidator(_whole_hours)]
    is_rolling: Literal[True]


class Target(_Strict):
    """The promise itself."""

    display_name: str = ""
    target: Share


class SloSpec(_Strict):
    """What an SLO promises."""

    description: str = ""
    service: str
    indicator: InlineSli | None = None
    indicator_ref: str | None = None
    time_window: Annotated[list[TimeWindow], Field(min_length=1, max_length=1)]
    budgeting_method: Literal["Occurrences"]
    objectives: Annotated[list[Target], Field(min_length=1, max_length=1)]

    @model_validator(mode="after")
    def _one_indicator(self) -> Self:
        if (self.indicator is None) == (self.indicator_ref is None):
            none = self.indicator is None
            found = "neither" if none else "both"
            raise ValueError(f"found {found} of indicator and indicatorRef, expected one of them")
        return self


class Slo(_Strict):
    """A promise about a service."""

    api_version: Literal["openslo/v1"]
    kind: Literal["SLO"]
    metadata: Metadata
    spec: SloSpec


KINDS: dict[str, type[Service] | type[Sli] | type[Slo]] = {
    "Service": Service,
    "SLI": Sli,
    "SLO": Slo,
}
"""The model of each kind."""


def kind_of(data: Any) -> str | None:
    """Return the kind that a document says it is, if it is one that is understood."""
    kind = data.get("kind") if isinstance(data, dict) else None
    return kind if isinstance(kind, str) and kind in KINDS else None
