"""From OpenSLO's metrics to indicators: sources followed, queries checked and made expressions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from exporters.documents import Document, Place, shown
from exporters.problems import CheckedValueError, Problem, check_of
from slo.objective import Indicator, Ratio, RawRatio, Threshold
from slo.spec.buckets import BOUND_MISSING, unknown_bound, wrong_with_bounds
from slo.spec.metrics import DataSource, Metric, MetricSource, RatioMetric, SliSpec
from slo.spec.openslo import Target
from slo.spec.pool import Pool
from slo.spec.queries import events_per_second, is_called_a_counter, series_value

CORRECT = "correct the query; slo/spec/README.md tells what it may be"

COUNTER_ASSUMED = "counter-assumed"
"""The id of the check."""

PROMETHEUS = ("Prometheus", "prometheus")

_COMPARISONS = {"lt": "<", "lte": "<=", "gt": ">", "gte": ">="}


@dataclass(frozen=True)
class WrittenSli:
    """An indicator's specification, and where it stands: in an object of its own or in an SLO."""

    spec: SliSpec
    document: Document
    place: Place


@dataclass
class IndicatorReader:
    """Makes indicators, and keeps what is wrong with them."""

    pool: Pool
    problems: list[Problem] = field(default_factory=list)
    notes: list[Problem] = field(default_factory=list)
    """What was taken to be so, and is to be told."""

    def read(
        self, sli: WrittenSli, target: Target, document: Document, place: Place
    ) -> Indicator | None:
        """Return the indicator of an objective, or None with at least one more problem.

        Args:
            sli: what it is measured by.
            target: the objective, whose ``op`` and ``value`` make a threshold.
            document: in which the objective stands.
            place: of the objective.
        """
        before = len(self.problems)
        if sli.spec.ratio_metric is not None:
            self._check_ratio_target(target, document, place)
            indicator = self._ratio(sli, sli.spec.ratio_metric)
        else:
            indicator = self._threshold(sli, target, document, place)
        return indicator if len(self.problems) == before else None

    def _ratio(self, sli: WrittenSli, metric: RatioMetric) -> Indicator | None:
        if metric.raw is not None:
            share = self._expression(sli, metric.raw, ("ratioMetric", "raw"), _value)
            is_good = metric.raw_type == "success"
            return RawRatio(share, is_good=is_good) if share is not None else None
        is_counter = self._is_counter(sli, metric)
        if is_counter is None:
            return None
        sides: dict[str, str | None] = {"good": None, "bad": None, "total": None}
        for side in sides:
            part: Metric | None = getattr(metric, side)
            if part is not None:
                read = _reader(is_counter=is_counter, is_total=side == "total")
                sides[side] = self._expression(sli, part, ("ratioMetric", side), read)
        total = sides["total"]
        return Ratio(total, bad=sides["bad"], good=sides["good"]) if total is not None else None

    def _is_counter(self, sli: WrittenSli, metric: RatioMetric) -> bool | None:
        """Return whether a ratio is of counters, or None with a problem where nothing says so."""
        if metric.counter is not None:
            return metric.counter
        parts = [each for each in (metric.good, metric.bad, metric.total) if each is not None]
        queries = [each.metric_source.spec.get("query") for each in parts]
        place = (*sli.place, "ratioMetric")
        if all(map(_is_called_a_counter, queries)):
            self.notes.append(
                sli.document.problem(
                    place,
                    "found no counter, and series that are called as counters are: counter: true "
                    "was taken",
                    "add counter: true",
                    COUNTER_ASSUMED,
                )
            )
            return True
        self.problems.append(
            sli.document.problem(
                place,
                "found no counter, expected true or false",
                "add counter: true if the series count up, counter: false if their values are "
                "numbers of events now",
            )
        )
        return None

    def _threshold(
        self, sli: WrittenSli, target: Target, document: Document, place: Place
    ) -> Indicator | None:
        metric, where = sli.spec.threshold_metric, ("thresholdMetric",)
        value = self._expression(sli, metric, where, _value) if metric is not None else None
        if target.op is None or target.value is None:
            missing = "op" if target.op is None else "value"
            self.problems.append(
                document.problem(
                    (*place, missing),
                    "missing, expected op and value, for the indicator is a thresholdMetric",
                    "write what is good, such as op: lte, value: 0.5",
                )
            )
            return None
        if value is None:
            return None
        return Threshold(value, _COMPARISONS[target.op], target.value)  # type: ignore[arg-type]

    def _check_ratio_target(self, target: Target, document: Document, place: Place) -> None:
        if target.value is not None:
            self.problems.append(
                document.problem(
                    (*place, "value"),
                    "found a value, which is compared with a thresholdMetric, and the indicator is "
                    "a ratioMetric",
                    "remove it",
                )
            )
        if target.op in ("lt", "lte"):
            self.problems.append(
                document.problem(
                    (*place, "op"),
                    f"found {target.op!r}, expected gt, gte or none, for the share of good events "
                    "is promised to be above the target",
                    "remove it",
                )
            )

    def _expression(
        self, sli: WrittenSli, metric: Metric, where: Place, read: Callable[[str], str]
    ) -> str | None:
        place = (*sli.place, *where, "metricSource")
        source = metric.metric_source
        query = self._query(source, sli.document, place)
        if query is None:
            return None
        try:
            return read(query)
        except ValueError as error:
            where = (*place, "spec", "query")
            self.problems.append(sli.document.problem(where, str(error), CORRECT, check_of(error)))
            return None

    def _query(self, source: MetricSource, document: Document, place: Place) -> str | None:
        wrong = self._wrong_with_type(source, document, place)
        if wrong is not None:
            self.problems.append(wrong)
            return None
        unknown = sorted(key for key in source.spec if key != "query")
        self.problems += [
            document.problem(
                (*place, "spec", key), "unknown field, expected query alone", "remove it"
            )
            for key in unknown
        ]
        query = source.spec.get("query")
        if not isinstance(query, str):
            found = "missing" if query is None else f"found {shown(query)}"
            self.problems.append(
                document.problem(
                    (*place, "spec", "query"), f"{found}, expected PromQL as text", CORRECT
                )
            )
            return None
        return query

    def _wrong_with_type(
        self, source: MetricSource, document: Document, place: Place
    ) -> Problem | None:
        """Return what keeps a source from being Prometheus; a dangling reference is told apart."""
        name = source.metric_source_ref
        referred = self.pool.all(DataSource).get(name) if name is not None else None
        if not source.type and name is None:
            return document.problem(
                (*place, "type"),
                "missing, expected Prometheus, or a metricSourceRef to a DataSource of that type",
                "add type: Prometheus",
            )
        types = [source.type] if source.type else []
        types += [referred.object.spec.type] if referred is not None else []
        foreign = [each for each in types if each not in PROMETHEUS]
        if not foreign:
            return None
        return document.problem(
            (*place, "type" if source.type in foreign else "metricSourceRef"),
            f"found a metric source of type {shown(foreign[0])}, which OpenSLO knows and "
            "shardwatch cannot ask, expected Prometheus",
            "take the indicator from Prometheus, or leave this SLO to another tool",
        )


def _is_called_a_counter(query: object) -> bool:
    """Tell the same of what is written for a query; what is none is told where it is read."""
    try:
        return not isinstance(query, str) or is_called_a_counter(query)
    except ValueError:
        return True


def _value(query: str) -> str:
    expression = series_value(query)
    wrong = unknown_bound(query)
    if wrong:
        raise CheckedValueError(wrong, BOUND_MISSING)
    return expression


def _reader(*, is_counter: bool, is_total: bool) -> Callable[[str], str]:
    def read(query: str) -> str:
        expression = events_per_second(query, is_counter=is_counter)
        wrong = wrong_with_bounds(query, is_total=is_total) if is_counter else unknown_bound(query)
        if wrong:
            raise CheckedValueError(wrong, BOUND_MISSING)
        return expression

    return read
