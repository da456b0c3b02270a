"""Tools that agents use: whether their calls succeed, how long they take, how often they are made.

Times are of all models of a region together, from counts within five minutes that the causes
record: histograms of calls have a series for each model, tool and bound.
"""

from __future__ import annotations

from alerts.causes.captchas import CAPTCHA_WAVE
from alerts.causes.looping import AGENTS_LOOPING
from alerts.causes.slow_tools import BEFORE_OFFSET, TOOL_SLOW
from alerts.causes.tools import TOOL_OUTAGE
from dashboards.queries.query import Query
from dashboards.queries.selecting import (
    CELL_LEGEND,
    bars,
    by,
    equals,
    in_cells,
    in_clusters,
    in_regions,
    ranked,
    rate,
)
from dashboards.queries.shared import Rows, budgets_of, causes_at_work, causes_over_time, share
from exporters import catalog
from slo import conventions

CAUSES = (TOOL_OUTAGE, TOOL_SLOW, CAPTCHA_WAVE, AGENTS_LOOPING)

_TOOL = 'tool=~"$tool"'
_OF_CAUSE = 'tool=~"$tool|"'
PLACE = (catalog.CLUSTER, catalog.REGION, catalog.TOOL)
_PLACE = by(PLACE)
_BY_TOOL = "{{cluster}} {{region}} {{tool}}"
_COUNTED, _FAILED, _OK = 'outcome!="cancelled"', 'outcome!~"ok|cancelled"', 'outcome="ok"'
_CAPTCHA = 'outcome="captcha"'
_LE = "le"


def _calls(outcomes: str) -> str:
    return in_cells(conventions.CELL_TOOL_CALLS_RATE, outcomes, _TOOL)


def _success(*labels: str) -> str:
    return share(_calls(_OK), _calls(_COUNTED), *labels)


def _within() -> str:
    return in_regions(conventions.TOOL_CALLS_WITHIN_COUNT, _TOOL)


def _quantile(quantile: float, *labels: str) -> str:
    # The comparison drops NaN, which is what no calls give.
    buckets = f"sum by ({by((_LE, *labels))}) ({_within()})"
    return f"histogram_quantile({quantile:g}, {buckets}) >= 0"


def _attempts(which: str) -> str:
    return in_cells(catalog.TOOL_ATTEMPTS.name, equals(catalog.ATTEMPT, which), _TOOL)


def _again(*labels: str) -> str:
    return share(rate(_attempts("retry")), rate(_attempts("first")), *labels)


_PAGES = in_regions(catalog.PAGE_CACHE_REQUESTS.name)
_PAGE_HITS = in_regions(catalog.PAGE_CACHE_REQUESTS.name, equals(catalog.RESULT, "hit"))

# --- numbers -------------------------------------------------------------------------------------

SUCCESS = Query(_success(), "succeeded")
NINE_OF_TEN = Query(_quantile(0.9), "nine of ten")
AGAIN = Query(_again(), "again")
CAPTCHAS = Query(share(_calls(_CAPTCHA), _calls(_COUNTED)), "captchas")
PAGE_CACHE_HITS = Query(share(rate(_PAGE_HITS), rate(_PAGES)), "hits")
AT_WORK = causes_at_work(CAUSES, _OF_CAUSE)
BUDGETS = budgets_of("tools", "tool-times", of_some=catalog.TOOL)

# --- where ---------------------------------------------------------------------------------------

SUCCESS_BARS = bars("bottomk", _success(*PLACE), _BY_TOOL)
TIME_BARS = bars("topk", _quantile(0.9, *PLACE), _BY_TOOL)
CAUSES_OVER_TIME = causes_over_time(CAUSES, _OF_CAUSE, place=(catalog.TOOL,))

# --- why -----------------------------------------------------------------------------------------

FAILURES = Query(f"sum by ({catalog.OUTCOME}) ({_calls(_FAILED)})", "{{outcome}}")
FAILURE_RATIOS = ranked(
    "topk",
    f"sum by ({_PLACE}, {catalog.OUTCOME}) ({_calls(_FAILED)})"
    f" / on ({_PLACE}) group_left () (sum by ({_PLACE}) ({_calls(_COUNTED)}) > 0)",
    _BY_TOOL + " {{outcome}}",
)
CAPTCHA_RATIOS = ranked("topk", share(_calls(_CAPTCHA), _calls(_COUNTED), *PLACE), _BY_TOOL)
AGAIN_RATIOS = ranked("topk", _again(*PLACE), _BY_TOOL)
CALLS_PER_REQUEST = ranked("topk", in_cells(conventions.TOOL_CALLS_PER_REQUEST), CELL_LEGEND)
CALLS_BY_TOOL = ranked("topk", f"sum by ({_PLACE}) ({_calls(_COUNTED)})", _BY_TOOL)


def _slower() -> str:
    shares = in_regions(conventions.TOOL_CALLS_WITHIN, _TOOL)
    usual = f"quantile_over_time(0.5, {shares}[3h] offset {BEFORE_OFFSET})"
    return f"max by ({_PLACE}) ({usual} - {shares})"


SLOWER_BARS = Query(
    # Over one instant only: medians of hours at each step of a graph would be read again and again.
    bars("topk", _slower(), _BY_TOOL).expr,
    _BY_TOOL,
    may_be_empty=True,
)
"""The largest difference, at any bound, between the shares of calls that are over: before, now."""

# --- times ---------------------------------------------------------------------------------------


def times(quantile: float) -> Query:
    """Return a quantile of the time that calls take, in seconds, of the slowest tools."""
    return ranked("topk", _quantile(quantile, *PLACE), _BY_TOOL)


TIMES = Query(f"sum by ({_LE}) ({_within()})", "{{le}}")
"""Calls within five minutes by the bound that they took no longer than, for a heat map."""

# --- around them ---------------------------------------------------------------------------------

PAGE_CACHE_HIT_RATIOS = ranked(
    "bottomk",
    share(rate(_PAGE_HITS), rate(_PAGES), catalog.CLUSTER, catalog.REGION),
    "{{cluster}} {{region}}",
)
PAGES = Query(f"sum by ({catalog.RESULT}) ({rate(_PAGES)})", "{{result}}")
_MCP = in_cells(catalog.MCP_REQUESTS.name, _TOOL)
_MCP_FAILED = in_cells(catalog.MCP_REQUESTS.name, _FAILED, _TOOL)


def _mcp() -> str:
    return f"sum by ({catalog.METHOD}) ({rate(_MCP)})"


MCP_REQUESTS = ranked("topk", _mcp(), "{{method}}", may_be_empty=True)
MCP_FAILURES = ranked(
    "topk",
    share(rate(_MCP_FAILED), rate(_MCP), catalog.METHOD),
    "{{method}}",
    may_be_empty=True,
)
_DROPPED = in_clusters(catalog.OTLP_DROPPED.name)
OTLP_DROPPED = Query(
    f"sum by ({catalog.REASON}) ({rate(_DROPPED)})", "{{reason}}", may_be_empty=True
)

# --- tool by tool --------------------------------------------------------------------------------

ROWS = Rows(PLACE, f"sum by ({_PLACE}) ({_calls(_COUNTED)})")
ROW_SUCCESS = ROWS.column(_success(*PLACE))
ROW_HALF = ROWS.column(_quantile(0.5, *PLACE))
ROW_NINE_OF_TEN = ROWS.column(_quantile(0.9, *PLACE))
ROW_AGAIN = ROWS.column(_again(*PLACE))
