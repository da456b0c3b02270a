"""Metering and safety: whether bills are right, all is read, and answers are what they were."""

from __future__ import annotations

from dataclasses import replace

from alerts.causes.answers import ANSWERS_DISAGREE, ANSWERS_WRONG, LARGE_SHARE, PROBES_FAILING
from alerts.causes.governance import MOST_UNBILLED_RATIO, TOKENS_UNBILLED
from alerts.causes.safety import (
    GOV_SAFETY_BYPASSED,
    MOST_BYPASSED_RATIO,
    MOST_UNASKED_RATIO,
    SAFETY_BYPASSED,
)
from dashboards.queries.query import Query
from dashboards.queries.selecting import (
    CELL_LEGEND,
    bars,
    by,
    equals,
    in_cells,
    or_zero,
    ranked,
    rate,
    rows,
)
from dashboards.queries.shared import budgets_of, causes_at_work, causes_over_time, level, share
from exporters import catalog
from slo import conventions

CAUSES = (
    TOKENS_UNBILLED,
    SAFETY_BYPASSED,
    GOV_SAFETY_BYPASSED,
    ANSWERS_WRONG,
    ANSWERS_DISAGREE,
    PROBES_FAILING,
)

_STAGE = (*catalog.CELL_LABELS, catalog.STAGE)
_BY_PHASE = CELL_LEGEND + " {{phase}}"
_RATIO = in_cells(conventions.BILLED_RATIO)
_SERVED, _BILLED = conventions.SERVED_TOKENS_RATE, conventions.BILLED_TOKENS_RATE
_CHECKS = in_cells(catalog.SAFETY_CHECKS.name)
_BYPASSED = in_cells(catalog.SAFETY_CHECKS.name, equals(catalog.VERDICT, "bypassed"))
_BLOCKED = in_cells(catalog.SAFETY_CHECKS.name, equals(catalog.VERDICT, "blocked"))
_MADE = in_cells(catalog.SAFETY_CHECKS.name, 'verdict!="bypassed"')
_OUTPUTS = in_cells(catalog.SAFETY_CHECKS.name, equals(catalog.STAGE, "output"))
_SECONDS = in_cells(catalog.SAFETY_SECONDS.name)
_ANSWERS = in_cells(catalog.ROUTER_REQUESTS.name, equals(catalog.OUTCOME, "ok"))
_DISAGREEING = in_cells(conventions.CELL_GROUPS_DISAGREEING)
_GROUPS = in_cells(conventions.CELL_GROUPS_KNOWN)


def _unread(*labels: str) -> str:
    """Return the share of checks that were not made."""
    return share(rate(_BYPASSED), rate(_CHECKS), *labels)


def _unasked() -> str:
    """Return the share of answers that the filter was never asked about.

    Both are counted on one page, and over one window: else the share is that of the last seconds.
    """
    asked = share(rate(_OUTPUTS), rate(_ANSWERS), *catalog.CELL_LABELS)
    return f"clamp_min(1 - {asked}, 0)"


# --- numbers -------------------------------------------------------------------------------------

# Bills are compared from ten minutes on.
LEAST_BILLED = Query(f"min({_RATIO})", "lowest", may_be_empty=True)
MOST_BILLED = Query(f"max({_RATIO})", "highest", may_be_empty=True)
UNBILLED = Query(f"sum({in_cells(_SERVED)}) - sum({in_cells(_BILLED)})", "unbilled")
UNREAD = Query(_unread(), "bypassed")
MOST_UNASKED = Query(f"max({_unasked()})", "never asked")
CHECK_SECONDS = Query(share(rate(_SECONDS), rate(_MADE)), "a check")
DISAGREEING = Query(
    or_zero(f"sum({_DISAGREEING})", in_cells(catalog.PROBE_COMPARED.name)), "groups"
)
AT_WORK = causes_at_work(CAUSES)
BUDGETS = budgets_of("governance", "probes")
CAUSES_OVER_TIME = causes_over_time(CAUSES)

# --- metering ------------------------------------------------------------------------------------

BILLED_BARS = replace(bars("bottomk", _RATIO, _BY_PHASE), may_be_empty=True)
BILLED_RATIOS = ranked("bottomk", _RATIO, _BY_PHASE, may_be_empty=True)
UNBILLED_LIMIT = level(1 - MOST_UNBILLED_RATIO, "unbilled")
OVERBILLED_LIMIT = level(1 + MOST_UNBILLED_RATIO, "overbilled")
TOKENS_SERVED = Query(f"sum by ({catalog.PHASE}) ({in_cells(_SERVED)})", "served {{phase}}")
TOKENS_BILLED = Query(f"sum by ({catalog.PHASE}) ({in_cells(_BILLED)})", "billed {{phase}}")
SEEN = ranked(
    "bottomk",
    f"min by ({by(catalog.CELL_LABELS)}) ({in_cells(conventions.CELL_SEEN)})",
)
TOKENS_BY_TIER = Query(
    f"sum by ({catalog.TIER}) ({rate(in_cells(catalog.BILLED_TOKENS.name))})", "{{tier}}"
)

# --- the safety filter ---------------------------------------------------------------------------

UNREAD_BARS = bars("topk", f"{_unread(*catalog.CELL_LABELS)} > 0", may_be_empty=True)
UNREAD_RATIOS = ranked("topk", _unread(*_STAGE), CELL_LEGEND + " {{stage}}")
UNREAD_LIMIT = level(MOST_BYPASSED_RATIO, "too many")
UNASKED_RATIOS = ranked("topk", _unasked())
UNASKED_LIMIT = level(MOST_UNASKED_RATIO, "too many")
VERDICTS = Query(
    f"sum by ({catalog.STAGE}, {catalog.VERDICT}) ({rate(_CHECKS)})", "{{stage}} {{verdict}}"
)
BLOCKED_RATIOS = ranked(
    "topk",
    share(rate(_BLOCKED), rate(_MADE), *catalog.CELL_LABELS),
)
CHECK_TIMES = ranked("topk", share(rate(_SECONDS), rate(_MADE), *catalog.CELL_LABELS))

# --- answers -------------------------------------------------------------------------------------

DISAGREEING_RATIOS = ranked("topk", f"{_DISAGREEING} / ({_GROUPS} > 0)")
DISAGREEING_LIMIT = level(LARGE_SHARE, "page")
DISAGREEING_ROWS = rows(f"{in_cells(catalog.PROBE_DISAGREES.name)} == 1", may_be_empty=True)
DRIFTING_GROUPS = bars(
    "topk",
    f"{in_cells(catalog.PROBE_DRIFTING.name)} > 0",
    "{{region}} {{model}} {{group}}",
    may_be_empty=True,
)
UNANSWERED = rows(f"{in_cells(catalog.PROBE_UP.name)} == 0", may_be_empty=True)
