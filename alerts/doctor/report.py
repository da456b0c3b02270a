"""What was found, for people and for programs."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import asdict
from typing import Any

from alerts.doctor.diagnosis import Diagnosis
from alerts.doctor.finding import listed
from alerts.doctor.seen import Seen
from alerts.doctor.table import CHECKS
from alerts.lint.report import number_of
from exporters.problems import Problem

SHAPE = 1
"""Of the JSON: raised when a member changes its meaning or goes, not when one is added."""


def text_lines(seen: Seen, diagnosis: Diagnosis) -> Iterator[str]:
    """Yield the report for people: what to mend first stands first."""
    for number, each in enumerate(diagnosis.findings, 1):
        found = each.found
        yield f"{number}. {each.check.harm.words} ({each.check.id})"
        yield f"   {found.subject}: {found.found}"
        yield f"   expected: {found.expected}"
        yield f"   do: {found.fix}"
    by_reason: dict[str, list[str]] = defaultdict(list)
    for skipped in diagnosis.not_looked_at:
        by_reason[skipped.reason].append(skipped.check.id)
    for reason, ids in by_reason.items():
        yield f"not looked at: {listed(ids, 100)}: {reason}"
    for trial in seen.trials or ():
        if trial.told_seconds is not None and trial.ended_seconds is not None:
            yield (
                f"test page of {trial.name}: told to {listed(trial.receivers)} after "
                f"{trial.told_seconds:.1f} s, and its end {trial.ended_seconds:.1f} s after it"
            )
    looked = len(CHECKS) - len(diagnosis.not_looked_at)
    if not diagnosis.findings:
        yield f"ok: {_servers(seen)}; nothing wrong by {looked} checks"
    else:
        mend = number_of(len(diagnosis.findings), "thing")
        yield f"{_servers(seen)}; {mend} to mend, by {looked} checks"


def write_json(seen: Seen, diagnosis: Diagnosis) -> str:
    """Return the report for programs, one JSON object.

    ``version``: of this shape. ``prometheus``: ``url``, ``version``. ``alertmanagers``: each with
    ``url``, ``version``, ``error`` (empty if it answered). ``findings``: the gravest first, each
    with ``check`` (its id), ``harm`` (an id), ``harm_rank`` (1 is the gravest), ``subject``,
    ``found``, ``expected``, ``fix``. ``not_looked_at``: ``check`` and ``reason``. ``test_pages``:
    null if none was sent, else what became of each. ``problems``: empty.
    """
    return _dump(
        {
            "version": SHAPE,
            "prometheus": {"url": seen.url, "version": seen.version},
            "alertmanagers": [
                {"url": each.url, "version": each.version, "error": each.error}
                for each in seen.alertmanagers
            ],
            "findings": [
                {
                    "check": each.check.id,
                    "harm": each.check.harm.id,
                    "harm_rank": int(each.check.harm),
                    **asdict(each.found),
                }
                for each in diagnosis.findings
            ],
            "not_looked_at": [
                {"check": each.check.id, "reason": each.reason} for each in diagnosis.not_looked_at
            ],
            "test_pages": None if seen.trials is None else [asdict(each) for each in seen.trials],
            "problems": [],
        }
    )


def write_bad_input(problems: Iterable[Problem]) -> str:
    """Return the same of input that could not be used: ``version`` and ``problems`` alone."""
    return _dump({"version": SHAPE, "problems": [asdict(each) for each in sorted(problems)]})


def _servers(seen: Seen) -> str:
    versions = listed({each.version for each in seen.answering})
    count = len(seen.answering)
    name = f"{number_of(count, 'Alertmanager')} {versions}".strip()
    return f"Prometheus {seen.version or 'of an unknown version'}, {name}"


def _dump(content: dict[str, Any]) -> str:
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"
