"""Figures of whole demos: ``python -m demo.bench`` plays some scenarios and prints them as JSON.

``--scenarios NAME ...`` plays others, or fewer. What is measured of a demo itself is measured in
``gpu-lost``; without it there are only the error of budgets and the panels without data.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from demo.scenario import scenario_names
from demo.stack.attributed import attribution_error

MEBIBYTE = 1 << 20

MEASURED = "gpu-lost"
"""Times and costs are taken of this one."""
PLAYED = (MEASURED, "calm", "region-loss", "patch-gone-wrong")
"""Budgets of all: engines that restart, a region that is dark, groups that stay away."""
APART_SECONDS = 45.0
"""Between two starts, so that the first is up and at rest before another takes processor time."""


def main() -> None:
    """Play the scenarios, print the figures; exit with a demo's code if one failed."""
    parser = argparse.ArgumentParser(prog="python -m demo.bench", description=__doc__)
    parser.add_argument(
        "--scenarios",
        nargs="+",
        choices=scenario_names(),
        default=PLAYED,
        metavar="NAME",
        help=f"those that are played (default: {' '.join(PLAYED)})",
    )
    with tempfile.TemporaryDirectory() as folder:
        reports, codes = _play(list(dict.fromkeys(parser.parse_args().scenarios)), Path(folder))
        if MEASURED in reports and not codes[MEASURED]:
            _print([share_of_incident(Path(folder), reports[MEASURED])])
    if reports:  # of demos that failed as well: a panel without data is a reason to
        _print([panels_without_data(reports.values())])
    if failed := [name for name, code in codes.items() if code]:
        sys.stderr.write(f"not played as expected: {', '.join(failed)}\n")
        raise SystemExit(max(codes[name] for name in failed))
    _print(figures_of(reports))


def _print(found: list[dict[str, Any]]) -> None:
    print(json.dumps({"figures": found}, indent=2), flush=True)  # noqa: T201 - what it is for


def _play(names: Sequence[str], folder: Path) -> tuple[dict[str, dict[str, Any]], dict[str, int]]:
    """Play scenarios side by side; return the reports of those that wrote one, and exit codes."""
    running: dict[str, subprocess.Popen[bytes]] = {}
    for name in names:
        if running:
            time.sleep(APART_SECONDS)
        command = [sys.executable, "-m", "shardwatch", "demo", "up", "--once"]
        options = ["--scenario", name, "--out", str(folder / name)]
        options += ["--dir", str(folder / name / "demo")]
        running[name] = subprocess.Popen([*command, *options], stdout=sys.stderr)
    codes = {name: each.wait() for name, each in running.items()}
    written = {name: folder / name / "report.json" for name in names}
    reports = {
        name: json.loads(path.read_text(encoding="utf-8"))
        for name, path in written.items()
        if path.is_file()
    }
    return reports, codes


def figures_of(reports: Mapping[str, dict[str, Any]]) -> list[dict[str, Any]]:
    """Return the figures of all reports, by the names of their scenarios."""
    of_one = figures(reports[MEASURED]) if MEASURED in reports else []
    return [*of_one, budget_error(reports.values())]


def figures(report: dict[str, Any]) -> list[dict[str, Any]]:
    """Return the figures of a ``report.json``; ``baseline`` is what was asked for, if anything."""
    hit = max(report["budgets"], key=lambda each: each["truth"])
    return [
        _figure("demo.first_data_seconds", report["first_data_seconds"], "s", 45),
        _figure("demo.lost_gpu_seconds", report["detected_seconds"], "s", 15),
        _figure(
            "demo.page_over_theory_seconds",
            report["paged_seconds"] - report["theory_seconds"],
            "s",
            75,
        ),
        _figure("demo.budget_error", abs(hit["measured"] / hit["truth"] - 1), "ratio", 0.02),
        _figure("demo.pss_mib", report["resources"]["pss_bytes"] / MEBIBYTE, "MiB", 1536),
        _figure("demo.cpu_ratio_at_rest", report["resources"]["cpu_ratio"], "cores", 0.6),
    ]


def share_of_incident(folder: Path, report: dict[str, Any]) -> dict[str, Any]:
    """Return how wrong the record of reviews is about what the incident cost, in shares of that."""
    error = attribution_error(f"sqlite:///{folder / MEASURED / 'demo' / 'reviews.db'}", report)
    return _figure("review.attribution_error", error, "ratio", 0.05)


def panels_without_data(reports: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return how many queries of panels had no data that should have, in the worst of some demos.

    Each asks every query of every board while its cluster is still healthy, for as long as it takes
    until all have data, or a minute and a half.
    """
    worst = max(len(each["panels_without_data"]) for each in reports)
    return _figure("dashboards.panels_without_data", worst, "queries", 0)


def budget_error(reports: Iterable[dict[str, Any]]) -> dict[str, Any]:
    """Return the worst error of a spent budget, of all cells of all reports that can be seen.

    In shares of the cell's whole budget for the objective's period.
    """
    worst = max(
        each["budget_error_ratio"]
        for report in reports
        for each in report["budgets"]
        if each["seen"] and each["budget_error_ratio"] is not None
    )
    return _figure("sim.budget_error", worst, "ratio of the period's budget", 0.005)


def _figure(name: str, value: float, unit: str, baseline: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 6), "unit": unit, "baseline": baseline}


if __name__ == "__main__":
    main()
