"""What a query is, and how many series it may give."""

from __future__ import annotations

from dataclasses import dataclass

SHOWN_LINES = 12
"""Lines of a graph and bars of a gauge at most: more cannot be told apart."""
SHOWN_NAMED = 8
"""Bars that stand each under its name, where that is too long to stand beside one."""
SHOWN_ROWS = 50
"""Rows of a table at most."""
RATE_INTERVAL = "$__rate_interval"
"""The window of every rate: Grafana makes it four scrapes at least, and as wide as a step."""

EVER = "[$__range:$__interval] @ end()"
"""All steps of a graph: what it draws is ranked by what it was at any of them."""
AT_THE_END = "[$__interval:$__interval] @ end()"
"""The last of them alone."""


@dataclass(frozen=True)
class Query:
    """An expression with Grafana's variables in it, and the name of each series it gives."""

    expr: str
    legend: str = ""
    may_be_empty: bool = False
    """True where a healthy cluster gives nothing: a table of what is wrong, a tier of the caches
    that an engine need not have."""
