"""Where indicators come from: the objects DataSource and SLI."""

from __future__ import annotations

from typing import Any, Literal, Self

from pydantic import model_validator

from slo.spec.objects import ApiVersion, Description, Metadata, Reference, Strict


class DataSourceSpec(Strict):
    """What a data source says of itself."""

    description: Description = ""
    type: str
    """`Prometheus`, for what an SLO refers to; others may stand there unused."""
    connection_details: Any = None
    """Any YAML. Not used: `shardwatch.yaml` says where the server is."""


class DataSource(Strict):
    """A server of metrics, which metric sources may refer to."""

    api_version: ApiVersion
    kind: Literal["DataSource"]
    metadata: Metadata
    spec: DataSourceSpec


class MetricSource(Strict):
    """A query, and of what."""

    metric_source_ref: Reference | None = None
    """The name of a DataSource."""
    type: str = ""
    """`Prometheus` (or `prometheus`). May be left out with `metricSourceRef`."""
    spec: dict[str, Any]
    """Of Prometheus: `query`, any PromQL (see above), and nothing else."""


class Metric(Strict):
    """One number."""

    metric_source: MetricSource


class RatioMetric(Strict):
    """Bad or good events out of all of them, or their share."""

    counter: bool | None = None
    """`true`: queries are of counters, and rules give them their windows. `false`: their values are
    numbers of events now. Must be said, except with `raw`; where every series is called as counters
    are (`_total`, `_count`, `_bucket`, `_sum`), `true` is taken, and told."""
    good: Metric | None = None
    """Good events, with `total`."""
    bad: Metric | None = None
    """Bad events, in the place of `good`."""
    total: Metric | None = None
    """All events."""
    raw_type: Literal["success", "failure"] | None = None
    """What `raw` is a share of, good events or bad ones."""
    raw: Metric | None = None
    """A share, 0 to 1, that somebody else computed. Every moment weighs the same."""

    @model_validator(mode="after")
    def _one_form(self) -> Self:
        sides = [name for name in ("good", "bad", "total") if getattr(self, name) is not None]
        if self.raw is not None:
            if sides:
                found = " and ".join(("raw", *sides))
                raise ValueError(
                    f"found {found}, expected raw alone, or good or bad with total; remove "
                    "the others"
                )
            if self.raw_type is None:
                raise ValueError(
                    "found raw without rawType, expected both; add rawType: success or failure"
                )
            return self
        if self.raw_type is not None:
            raise ValueError("found rawType without raw, expected both or neither; remove it")
        if (self.good is None) == (self.bad is None):
            is_none = self.good is None
            found = "neither good nor bad, expected one of the two; add one"
            both = "both good and bad, expected one of the two; keep one"
            raise ValueError(f"found {found if is_none else both}")
        if self.total is None:
            raise ValueError(f"found {sides[0]} without total, expected both; add total")
        return self


class SliSpec(Strict):
    """How an indicator is measured."""

    description: Description = ""
    threshold_metric: Metric | None = None
    """A value that is good while it compares with the objective's `op` and `value`; each series is
    one event a second."""
    ratio_metric: RatioMetric | None = None
    """Good or bad events out of all; or their share."""

    @model_validator(mode="after")
    def _one_metric(self) -> Self:
        if (self.threshold_metric is None) == (self.ratio_metric is None):
            found, what = ("neither", "add") if self.ratio_metric is None else ("both", "keep")
            raise ValueError(
                f"found {found} of thresholdMetric and ratioMetric, expected one of them; {what} "
                "one"
            )
        return self


class Sli(Strict):
    """An indicator that SLOs may refer to."""

    api_version: ApiVersion
    kind: Literal["SLI"]
    metadata: Metadata
    spec: SliSpec


class InlineSli(Strict):
    """An indicator written where it is used."""

    kind: Literal["SLI"] | None = None
    """May be left out."""
    metadata: Metadata
    spec: SliSpec
