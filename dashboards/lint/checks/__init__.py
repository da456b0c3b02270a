"""The checks, one a module, none of which prints."""

from __future__ import annotations

from dashboards.lint.boards import BoardCheck, PanelCheck, QueryCheck
from dashboards.lint.checks.datasource_variable import (
    check_datasource,
    check_datasource_variable,
)
from dashboards.lint.checks.duplicate_id import check_duplicate_id
from dashboards.lint.checks.duplicate_uid import check_duplicate_uid
from dashboards.lint.checks.interval import check_interval
from dashboards.lint.checks.kind import check_kind
from dashboards.lint.checks.legend import check_legend
from dashboards.lint.checks.link import check_link
from dashboards.lint.checks.overlap import check_overlap
from dashboards.lint.checks.said import check_said
from dashboards.lint.checks.syntax import check_syntax
from dashboards.lint.checks.uid import check_uid
from dashboards.lint.checks.unbounded import check_unbounded
from dashboards.lint.checks.undefined import check_undefined
from dashboards.lint.checks.variable_duplicate import check_variable_duplicate
from dashboards.lint.checks.variable_label import check_variable_label
from dashboards.lint.checks.whole import check_whole

OF_BOARDS: tuple[BoardCheck, ...] = (
    check_whole,
    check_uid,
    check_duplicate_uid,
    check_datasource_variable,
    check_duplicate_id,
    check_overlap,
    check_link,
    check_undefined,
    check_variable_duplicate,
)
OF_PANELS: tuple[PanelCheck, ...] = (check_kind, check_said, check_datasource, check_unbounded)
OF_QUERIES: tuple[QueryCheck, ...] = (
    check_syntax,
    check_interval,
    check_legend,
    check_variable_label,
)
"""With those of :mod:`alerts.lint.checks` that are of any expression."""
