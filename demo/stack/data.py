"""What the panels of the built boards ask."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from dashboards.asking import EVERYTHING, PanelQuery, panel_queries
from slo.promql import selectors


def read_panel_queries(folder: Path, lacks: Sequence[str] = ()) -> list[PanelQuery]:
    """Return every query of the boards in a folder, variables filled in.

    Args:
        folder: with a file of JSON a board.
        lacks: how names of series begin that there are none of: a query of one may be empty.
    """
    return [
        replace(query, may_be_empty=query.may_be_empty or _reads(query.expr, tuple(lacks)))
        for path in sorted(folder.glob("*.json"))
        for query in panel_queries(json.loads(path.read_text(encoding="utf-8")), EVERYTHING)
    ]


def _reads(expr: str, beginnings: tuple[str, ...]) -> bool:
    return any((each.name or "").startswith(beginnings) for each in selectors(expr))
