"""The checks, one a module, none of which prints."""

from __future__ import annotations

from alerts.lint.checks.always_fires import check_always_fires
from alerts.lint.checks.clash import check_clash
from alerts.lint.checks.counter import check_counter
from alerts.lint.checks.duplicate import check_duplicate
from alerts.lint.checks.gauge import check_gauge
from alerts.lint.checks.histogram import check_histogram
from alerts.lint.checks.interval import check_interval
from alerts.lint.checks.keep_firing import check_keep_firing
from alerts.lint.checks.label import check_label
from alerts.lint.checks.lost import check_lost
from alerts.lint.checks.matching import check_matching
from alerts.lint.checks.never_fires import check_never_fires
from alerts.lint.checks.overwritten import check_overwritten
from alerts.lint.checks.runbook import check_runbook
from alerts.lint.checks.samples import check_samples
from alerts.lint.checks.series import check_series
from alerts.lint.checks.severity import check_severity
from alerts.lint.checks.summary import check_summary
from alerts.lint.checks.syntax import check_syntax
from alerts.lint.checks.template import check_template
from alerts.lint.checks.unbounded import check_unbounded
from alerts.lint.checks.unexpected import check_unexpected
from alerts.lint.checks.value import check_value
from alerts.lint.rules import Check, CheckAsking

OF_LABELS: tuple[CheckAsking, ...] = (check_label, check_matching)
"""Those of what labels an expression's elements have."""
OF_SERIES: tuple[CheckAsking, ...] = (
    check_series, check_counter, check_gauge, check_samples, check_histogram,
)  # fmt: skip
"""Those of the series of an expression. With the labels' they are of whatever asks, rules or not.
"""

ALL: tuple[Check, ...] = (
    check_syntax,
    *OF_SERIES,
    *OF_LABELS,
    check_never_fires,
    check_always_fires,
    check_lost,
    check_overwritten,
    check_unbounded,
    check_value,
    check_template,
    check_runbook,
    check_summary,
    check_severity,
    check_duplicate,
    check_clash,
    check_unexpected,
    check_keep_firing,
    check_interval,
)
