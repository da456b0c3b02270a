"""Objectives on the live server: what ``slo validate --prometheus`` finds, by its harm."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from alerts.doctor.finding import Check, Found, Harm
from alerts.doctor.seen import Seen

NO_DATA = ("series-missing", "expression-empty", "query-refused")
BUCKET = ("bound-missing",)
RETENTION = ("window-longer-than-retention",)
LABELS = ("label-missing",)
SHARE = ("part-exceeds-total",)
INTERVAL = ("scrape-interval-too-long", "scrape-interval-differs")


def _of(*ids: str) -> Callable[[Seen], Iterator[Found]]:
    """Return a check that tells what some checks of objectives have found."""

    def find(seen: Seen) -> Iterator[Found]:
        for each in seen.problems or ():
            if each.check in ids:
                found, _, expected = each.message.partition(", expected ")
                yield Found(each.path, found, expected or _EXPECTED[each.check], each.fix)

    return find


_EXPECTED = {
    "series-missing": "series by that name and with these labels",
    "expression-empty": "a value for each cell",
    "query-refused": "an answer",
    "bound-missing": "that bucket of every source",
    "window-longer-than-retention": "a retention longer than the period",
    "label-missing": "the label on every series",
    "part-exceeds-total": "no more bad or good events than events",
    "scrape-interval-too-long": "two samples in the base window",
    "scrape-interval-differs": "the interval of the configuration",
}

CHECKS = (
    Check("objective/no-data", Harm.BLIND, "Series that an objective asks for are not there.",
          _of(*NO_DATA), needs=("problems",)),
    Check("objective/bucket-missing", Harm.BLIND, "A latency threshold is no bound of the live "
          "histogram.", _of(*BUCKET), needs=("problems",)),
    Check("objective/retention", Harm.WRONG_DATA, "Prometheus forgets before the longest period "
          "ends: the budget is never known.", _of(*RETENTION), needs=("problems",)),
    Check("objective/label-missing", Harm.WRONG_DATA, "Series lack a label that an objective is "
          "grouped by: cells share one budget.", _of(*LABELS), needs=("problems",)),
    Check("objective/share", Harm.WRONG_DATA, "More bad or good events than events are counted.",
          _of(*SHARE), needs=("problems",)),
    Check("objective/interval", Harm.WRONG_DATA, "Series have samples less often than rules "
          "expect.", _of(*INTERVAL), needs=("problems",)),
)  # fmt: skip
