"""What the page of a region that fails says in place of its cells' pages: bounded, the worst first.

Series of objectives mostly have no cluster; then they are of the Prometheus that has the region.
"""

from __future__ import annotations

from alerts.causes.places import REGION_LABELS
from alerts.exhaustion import share_of_period, whole_minutes
from alerts.templates import first_value, listing, lookup, matchers
from exporters import catalog
from slo import conventions

WORST = 3
"""Cells that it names: a page is read on a telephone. Chosen."""
BURN_WINDOW = "1h"
"""Over which burn rates are told: the long window of the fastest tier."""

_MODEL, _SLO = catalog.MODEL, conventions.SLO
_OF_OBJECTIVE = f"on ({conventions.SLO}, {conventions.SERVICE})"


def failing_facts(not_itself: str) -> tuple[tuple[str, str], ...]:
    """Return annotations by name: how fast budgets burn, what is left, what is shared.

    Args:
        not_itself: matcher of the causes that are none of the region's own states.
    """
    burn = _here(conventions.BURN_RATE, window=f'="{BURN_WINDOW}"')
    left = _here(conventions.BUDGET_REMAINING)
    paging = f"{conventions.CELL_PAGES}{{{matchers({}, REGION_LABELS)}}}"
    # Of an objective with several cells of a model, as of tiers, the worst.
    burning = f"max by ({_SLO}, {_MODEL}) ({burn} and on ({_MODEL}) {paging})"
    remaining = f"min by ({_SLO}, {_MODEL}) ({left} and on ({_MODEL}) {paging})"
    gone = share_of_period(f"({left} > 0)", burn, f"ignoring ({conventions.WINDOW})")
    seconds = (
        f"min(({gone} and on ({_MODEL}) {paging}) "
        f"* {_OF_OBJECTIVE} group_left () {conventions.PERIOD})"
    )
    chosen = matchers({}, REGION_LABELS, **{conventions.CAUSE: not_itself, _MODEL: '!=""'})
    models = f"group by ({conventions.CAUSE}, {_MODEL}) ({conventions.CAUSE_STATE}{{{chosen}}})"
    most = f"topk(1, count by ({conventions.CAUSE}) ({models}))"
    return (
        ("burn_rate", f"{_worst(f'topk({WORST}, {burning})', _TIMES)} over {BURN_WINDOW}"),
        ("budget_left", _worst(f"bottomk({WORST}, {remaining})", "humanizePercentage")),
        (
            "budget_gone",
            first_value(
                whole_minutes(seconds),
                REGION_LABELS,
                'humanizeDuration | printf "the first in %s"',
                "unknown",
            ),
        ),
        (
            "probable_cause",
            (
                f"{{{{ with {lookup(most, REGION_LABELS)} }}}}{{{{ with first . }}}}"
                f"{{{{ .Labels.{conventions.CAUSE} }}}} in "
                '{{ .Value | printf "%.0f" }} of its models{{ end }}'
                "{{ else }}no cause that shardwatch watches for{{ end }}"
            ),
        ),
    )


_TIMES = 'printf "%.1f"'


def _worst(expr: str, shown: str) -> str:
    """Return a template that lists a few models with an objective and its value."""
    element = f"{{{{ .Labels.{_MODEL} }}}} {{{{ .Value | {shown} }}}} ({{{{ .Labels.{_SLO} }}}})"
    return listing(expr, REGION_LABELS, element, missing="unknown", sort_by=_MODEL)


def _here(series: str, **others: str) -> str:
    """Return an expression of objectives' series in the region, with its cluster or with none."""
    own = f"{series}{{{matchers({}, REGION_LABELS, **others)}}}"
    # Each selector repeats the alert's labels, also where there is none to compare with.
    without = matchers({}, (), **others, **{catalog.CLUSTER: '=""'})
    other = f"{catalog.CLUSTER}!=%q,{catalog.REGION}=%q"
    return f"({own} or {series}{{{without},{other}}})"
