"""Live runs held against the lab: ``python -m demo.lab.live REPORT.json... [--keep]``.

Each report of ``shardwatch demo up --out`` is of a scenario that ran on real servers in real time.
The lab plays the same one at the demo's own intervals; what fired and who was paged must agree
within one interval, and a resolve within one interval of the group that tells of it. ``--keep``
writes what came of it to ``LIVE.md``, which the lab's results take in. ``make lab-live`` does all
of it.

Exit code 0 if all agrees, 1 if not, 2 if a report cannot be used.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import logging
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.lab import markdown
from demo.lab.options import Options
from demo.lab.outcome import STANDING, Outcome
from demo.lab.playing import play
from demo.scenario import Scenario, find_scenario, read_scenario
from demo.stack.files import LIVE, OBJECTIVES
from exporters.durations import parse_duration
from exporters.problems import EXIT_PROBLEMS_FOUND, InputError, exit_with, problem
from slo import conventions

HEALTHY_SECONDS = 60.0
"""So long a demo is up before its scenario begins."""
LOOK_SECONDS = 1.0
"""Between two looks of the demo at its alerts, at the most, and for them to be answered."""
OPTIONS = Options(timing=LIVE, objectives=OBJECTIVES, healthy_seconds=HEALTHY_SECONDS)
INTERVAL_SECONDS = parse_duration(LIVE.scrape_interval)
GROUP_INTERVAL_SECONDS = parse_duration(LIVE.group_interval)

KEPT = Path(__file__).with_name("LIVE.md")
"""What came of live runs, for they take half an hour."""

Moments = dict[tuple[str, str], float]
"""By what happened and to which alert: seconds after the fault."""
FIRED, PAGED, RESOLVED = "fired", "paged", "resolved"


@dataclass(frozen=True)
class Row:
    """One thing that happened, live and in the lab. Seconds after the fault; None: it did not."""

    what: str
    alert: str
    live: float | None
    lab: float | None

    @property
    def allowed_seconds(self) -> float:
        """How far both may be from each other."""
        group = GROUP_INTERVAL_SECONDS if self.what == RESOLVED else 0.0
        return INTERVAL_SECONDS + group + LOOK_SECONDS

    @property
    def agrees(self) -> bool:
        """Whether both say the same."""
        if self.live is None or self.lab is None:
            return self.live is None and self.lab is None
        return abs(self.live - self.lab) <= self.allowed_seconds


def main() -> None:
    """Compare, and print a table for each report."""
    parser = argparse.ArgumentParser(prog="python -m demo.lab.live", description=__doc__)
    parser.add_argument("reports", nargs="+", type=Path, metavar="REPORT.json")
    parser.add_argument("--keep", action="store_true")
    try:
        asked = parser.parse_args()
        read = [(path, *_read(path)) for path in asked.reports]
        agreed = True
        compared: list[tuple[str, Sequence[Row]]] = []
        for path, report, scenario in read:
            (outcome,) = asyncio.run(play(scenario, OPTIONS))
            rows = compare(report, outcome)
            agreed &= all(each.agrees for each in rows)
            compared.append((outcome.key, rows))
            sys.stdout.write(f"{path}: {outcome.key}\n{table(rows)}\n")
        if asked.keep:
            KEPT.write_text("\n\n".join(live_blocks(compared)) + "\n", encoding="utf-8")
    except InputError as error:
        exit_with(error.problems)
    if not agreed:
        raise SystemExit(EXIT_PROBLEMS_FOUND)


def compare(report: Mapping[str, Any], outcome: Outcome) -> list[Row]:
    """Return all that happened in either, by the time at which it first did.

    What happens after a live run ended, it cannot have seen.
    """
    live, lab = _of_report(report), _of_outcome(outcome)
    last = max(live.values(), default=0.0) + INTERVAL_SECONDS
    rows = [
        Row(*key, live.get(key), lab.get(key))
        for key in {**live, **lab}
        if key in live or lab[key] <= last
    ]
    return sorted(rows, key=lambda each: (each.live if each.live is not None else each.lab or 0.0,
                                          each.alert, each.what))  # fmt: skip


def table(rows: Sequence[Row]) -> str:
    """Return rows as text, a line each."""
    lines = [f"{'live':>8} {'lab':>8} {'apart':>7}  what"]
    for each in rows:
        apart = "" if each.live is None or each.lab is None else f"{each.lab - each.live:+.1f}"
        mark = "" if each.agrees else "  <- DIFFERS"
        lines.append(f"{_shown(each.live):>8} {_shown(each.lab):>8} {apart:>7}  {each.what} "
                     f"{each.alert}{mark}")  # fmt: skip
    return "\n".join(lines) + "\n"


def live_blocks(compared: Sequence[tuple[str, Sequence[Row]]]) -> list[str]:
    """Return heading, explanation and table of several comparisons, as of ``RESULTS.md``.

    Args:
        compared: rows, each with the play that they are of.
    """
    rows = [
        (
            key,
            each.what,
            each.alert,
            _shown(each.live),
            _shown(each.lab),
            "yes" if each.agrees else "NO",
        )
        for key, of in compared
        for each in of
    ]
    differing = sum(row[-1] != "yes" for row in rows)
    said = (
        f"{len(compared)} runs of the demo on real servers, and the same played here at the demo's "
        f"intervals, in seconds after the fault: {len(rows)} things happened, {differing} of them "
        f"further apart than one interval ({INTERVAL_SECONDS:g} s, and {LOOK_SECONDS:g} s between "
        "two looks of the demo; an end is told with the group's next notification, which comes "
        f"every {GROUP_INTERVAL_SECONDS:g} s), or in one of both alone."
    )
    head = ("scenario", "what", "alert", "live", "lab", "agrees")
    return ["## Live runs", said, markdown.table(head, rows)]


def _read(path: Path) -> tuple[Mapping[str, Any], Scenario]:
    try:
        report = json.loads(path.read_text(encoding="utf-8"))
        name, engine, strength = report["scenario"], report["engine"], report["strength"]
        _of_report(report)
    except OSError as error:
        raise InputError([problem(path, f"cannot be read: {error.strerror}")]) from None
    except (ValueError, KeyError, TypeError, AttributeError):
        said = "is no report of a demo run"
        raise InputError([problem(path, said, fix="give a report.json of --out")]) from None
    if engine != "sim":
        raise InputError([problem(path, f"is of {engine}, expected sim: only that has a lab")])
    scenario = read_scenario(find_scenario(name))
    return report, scenario if strength is None else scenario.at_strength(strength)


def _of_report(report: Mapping[str, Any]) -> Moments:
    moments: Moments = {
        (FIRED, _named(each["labels"])): each["seconds"]
        for each in report["firings"]
    }  # fmt: skip
    opened: dict[str, str] = {}
    for page in report["pages"]:
        event, key = page["event"], page["event"]["dedup_key"]
        if event["event_action"] == "trigger":
            details = event["payload"]["custom_details"]
            opened.setdefault(key, _paged_as(details))
            moments.setdefault((PAGED, opened[key]), page["seconds"])
        elif key in opened:
            moments[RESOLVED, opened[key]] = page["seconds"]
    return moments


def _of_outcome(outcome: Outcome) -> Moments:
    moments: Moments = {}
    for each in _seen(outcome):
        labels = {"alertname": each.alert, **each.labels}
        moments[FIRED, _named(labels)] = each.fired_seconds
        name = _paged_as(labels)
        if each.paged_seconds is not None:
            earlier = moments.get((PAGED, name), each.paged_seconds)
            moments[PAGED, name] = min(each.paged_seconds, earlier)
        if each.resolved_seconds is not None:
            moments[RESOLVED, name] = each.resolved_seconds
    return moments


def _seen(outcome: Outcome) -> Iterator[Any]:
    return (each for each in outcome.alerts if each.role != STANDING)


def _named(labels: Mapping[str, str]) -> str:
    rest = (value for key, value in sorted(labels.items()) if key not in ("alertname", "cluster"))
    return " ".join((labels["alertname"], *rest))


def _paged_as(labels: Mapping[str, str]) -> str:
    """Return what tells a page from others: its alert and its cell, whatever tiers are in it.

    Or whose incident it is, where several alerts may be one.
    """
    keys = {
        conventions.OF_CELL: ("severity", "region", "model"),
        conventions.OF_REGION: ("severity", "region"),
    }.get(labels.get(conventions.INCIDENT, ""))
    told = f"incident of a {labels[conventions.INCIDENT]}" if keys else labels.get("alertname", "")
    found = (labels.get(key, "") for key in keys or ("severity", "slo", "region", "model"))
    return " ".join((told, *(each for each in found if each)))


def _shown(seconds: float | None) -> str:
    return "-" if seconds is None else f"{seconds:.1f}"


if __name__ == "__main__":
    logging.getLogger("shardwatch").setLevel(logging.CRITICAL)  # faults are no news here
    main()
