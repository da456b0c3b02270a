"""How series are selected by what is chosen at a board's top, and ranked by what is worst.

The lines of a graph are ranked once, by the worst that they were at any of its steps: what is over
at the end is why somebody looks. A rank at each step would hold every series that was ever among
the worst; one by the end alone would leave out the incident that has just ended. The Fleet's are
ranked by the end: it tells what is on fire now, of all cells of all clusters, and must be quick.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from dashboards.queries.query import AT_THE_END, EVER, RATE_INTERVAL, SHOWN_LINES, SHOWN_ROWS, Query
from exporters import catalog
from exporters.catalog import Family
from slo import conventions

CELL = ", ".join(catalog.CELL_LABELS)
GROUP = ", ".join(catalog.GROUP_LABELS)
GPU = ", ".join(catalog.GPU_LABELS)
"""Labels as ``by`` and ``on`` take them."""

_IN_CLUSTER = 'cluster=~"$cluster"'
_IN_REGION = f'{_IN_CLUSTER}, region=~"$region"'
_IN_CELLS = f'{_IN_REGION}, model=~"$model"'
_IN_GROUP = f'{_IN_CELLS}, group=~"$group"'
_ON_HOST = f'{_IN_CELLS}, host=~"$host"'
_OF_GPU = f'{_ON_HOST}, uuid=~"$gpu"'

CELL_LEGEND = "{{cluster}} {{region}} {{model}}"
GPU_LEGEND = "{{host}} {{uuid}}"


def by(labels: Iterable[str]) -> str:
    """Return labels as ``by`` and ``on`` take them."""
    return ", ".join(labels)


def equals(label: str, value: str) -> str:
    """Return a matcher for one value."""
    return f'{label}="{value}"'


def is_one_of(label: str, values: Iterable[str]) -> str:
    """Return a matcher for any of some values, which are taken literally and need no escapes."""
    return f'{label}=~"{"|".join(values)}"'


def in_clusters(series: str, *matchers: str) -> str:
    """Return a selector for the chosen clusters, of series that carry no region or need none."""
    return _select(series, matchers, _IN_CLUSTER)


def in_regions(series: str, *matchers: str) -> str:
    """Return a selector for the chosen clusters and regions, of series that carry no model."""
    return _select(series, matchers, _IN_REGION)


def in_cells(series: str, *matchers: str) -> str:
    """Return a selector for the chosen clusters, regions and models."""
    return _select(series, matchers, _IN_CELLS)


def in_group(series: str, *matchers: str) -> str:
    """Return a selector for the shard group that is chosen, on boards with that variable."""
    return _select(series, matchers, _IN_GROUP)


def of_gpu(series: str, *matchers: str) -> str:
    """Return a selector for the GPUs of the host that are chosen, on boards with both variables."""
    return _select(series, matchers, _OF_GPU)


def rate(selector: str) -> str:
    """Return the rate per second of a counter, over the window that Grafana finds right."""
    return f"rate({selector}[{RATE_INTERVAL}])"


def quantile(share: str, buckets: str, *labels: str) -> str:
    """Return a quantile of histograms added together; nothing where there are no observations.

    Args:
        share: ``0.99``.
        buckets: selector of the series ``_bucket``.
        labels: what it is told apart by.
    """
    inside = f"sum by ({by(('le', *labels))}) ({rate(buckets)})"
    # The comparison drops NaN, which is what a histogram without observations gives.
    return f"histogram_quantile({share}, {inside}) >= 0"


def bucket_rates(buckets: str) -> str:
    """Return the rates of a histogram's buckets, for a heat map."""
    return f"sum by (le) ({rate(buckets)})"


def buckets(family: Family) -> str:
    """Return the name of a histogram's series ``_bucket``."""
    return f"{family.name}_bucket"


def mean(sum_selector: str, count_selector: str, *labels: str) -> str:
    """Return a sum's rate over a count's, by labels; nothing where nothing is counted."""
    grouped = f"sum by ({by(labels)})" if labels else "sum"
    return f"{grouped} ({rate(sum_selector)}) / ({grouped} ({rate(count_selector)}) > 0)"


_EVER = {"topk": "max_over_time", "bottomk": "min_over_time"}


def ranked(
    operator: str, expr: str, legend: str = CELL_LEGEND, *, may_be_empty: bool = False
) -> Query:
    """Return the lines of a graph that were worst at any of its steps.

    It reads what is drawn twice, over the same steps.

    Args:
        operator: ``topk`` where high is bad, or ``bottomk``.
        expr: what is drawn.
        legend: of each line.
        may_be_empty: as that of a query.
    """
    order = f"{operator}({SHOWN_LINES}, {_EVER[operator]}(({expr}){EVER}))"
    return Query(f"({expr}) and {order}", legend, may_be_empty)


def now(query: Query) -> Query:
    """Return the lines of a graph that are worst at its end, of one that ranks over its range."""
    return replace(query, expr=query.expr.replace(EVER, AT_THE_END))


def worst_cells(operator: str, series: str, *matchers: str, legend: str = CELL_LEGEND) -> Query:
    """Return the cells of a recorded series that were worst at any step of the graph."""
    return ranked(operator, in_cells(series, *matchers), legend)


def bars(
    operator: str,
    expr: str,
    legend: str = CELL_LEGEND,
    *,
    may_be_empty: bool = False,
    most: int = SHOWN_LINES,
) -> Query:
    """Return the bars of an instant query that are ranked first, so many of them."""
    return Query(f"{operator}({most}, {expr})", legend, may_be_empty)


def rows(expr: str, operator: str = "topk", *, may_be_empty: bool = False) -> Query:
    """Return the rows of a table: an instant query, ranked so that there are not too many."""
    return Query(f"{operator}({SHOWN_ROWS}, {expr})", may_be_empty=may_be_empty)


RULES_EVALUATED = conventions.OBJECTIVE
"""A series that is there as soon as rules are evaluated, one for each objective."""


def or_zero(expr: str, known: str = RULES_EVALUATED) -> str:
    """Return a number that is 0 where there is nothing, for counts of what is wrong.

    Nothing where nobody would know of it: absence of data is no good news.

    Args:
        expr: the number, without labels.
        known: a selector of series that are there while somebody would know.
    """
    return f"{expr} or 0 * group({known})"


def _select(series: str, matchers: Iterable[str], chosen: str) -> str:
    return f"{series}{{{', '.join((*matchers, chosen))}}}"
