"""Reports: the same figures in every format, and a hostile text is text."""

import csv
import io
import json
import re
from typing import Any

import pytest

from slo.review import wording
from slo.review.cli import ReportFormat
from slo.review.figures import review_figures
from slo.review.history import Excluded
from slo.review.policy import read_policy
from slo.review.report_formats import line, write_report
from tests.slo.review.histories import HIT, HOUR, PERIOD, incident, service

HOSTILE = "<script>alert(1)</script> | `*_[x](javascript:alert(1))\n# no"


def written(format_: ReportFormat, **changed: Any) -> str:
    """Return the report of the week."""
    figures = review_figures(PERIOD, service(**changed), (), read_policy())
    return write_report(figures, format_)


@pytest.mark.parametrize("format_", [ReportFormat.HTML, ReportFormat.MD])
def test_people_read_what_spent_the_budget(format_: ReportFormat):
    """In five minutes."""
    text = written(format_)

    for said in ("99.9 %", "99.9304 %", "GpuLost", "eu chat", "Unexplained", "2 min", "Pages: 1"):
        assert said in text, said


@pytest.mark.parametrize("format_", [ReportFormat.HTML, ReportFormat.MD])
def test_markup_in_a_text_is_shown_and_never_run(format_: ReportFormat):
    """An alert's label may say anything."""
    window = Excluded(HIT, HIT + HOUR, {"tier": HOSTILE}, HOSTILE)
    action = {"text": HOSTILE, "owner": HOSTILE, "due_on": None, "closed": False,
              "carried_over": True}  # fmt: skip
    text = written(
        format_,
        incidents=(incident(cause=HOSTILE),),
        excluded=(window,),
        actions=(action,),
        annotations=({"at": "2026-09-22T00:00:00Z", "by": "ada", "text": HOSTILE},),
    )

    assert None is re.search(r"(?<!\\)<script", text)
    if format_ is ReportFormat.MD:
        assert "\n# no" not in text
        assert "[x](" not in text


def test_maintenance_says_how_much_it_covers():
    """A signature of before says it without."""
    window = {"from": "2026-09-23T02:00:00Z", "to": "2026-09-23T05:00:00Z",
              "labels": {"region": "eu"}, "reason": "a new rack"}  # fmt: skip

    assert "2026-09-23 02:00 to 2026-09-23 05:00, eu: a new rack" == line(window)
    covering = {**window, "cells": 1, "hours": 3}
    assert "2026-09-23 02:00 to 2026-09-23 05:00, eu, 1 cell for 3 hours: a new rack" == line(
        covering
    )


def test_programs_read_the_figures_as_json():
    """All of them, with the hash of the rest."""
    figures = json.loads(written(ReportFormat.JSON))

    assert "availability" == figures["objectives"][0]["slo"]
    assert 32 == len(figures["digest"])


def test_spreadsheets_read_a_row_for_each_cell():
    """And one for all; no text is a formula."""
    rows = list(csv.DictReader(io.StringIO(written(ReportFormat.CSV))))

    assert ["", "eu", "us"] == [each["region"] for each in rows]
    assert "met" == rows[0]["verdict"]
    hostile = io.StringIO(written(ReportFormat.CSV, service="=cmd()"))
    assert "'=cmd()" == next(csv.DictReader(hostile))["service"]


@pytest.mark.parametrize("format_", list(ReportFormat))
def test_an_empty_record_makes_a_report_too(format_: ReportFormat):
    """It says that there is nothing."""
    text = written(format_, objectives=(), incidents=())

    assert text.endswith("\n")
    if format_ is ReportFormat.HTML:
        assert "The record has no objective of this service in this period." in text


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(None, "not known"), (0, "0 s"), (59.6, "1 min"), (200, "3 min 20 s"), (90_061, "1 d 1 h")],
)
def test_a_duration_is_said_in_two_units(seconds: float | None, said: str):
    """As people do."""
    assert said == wording.duration(seconds)
