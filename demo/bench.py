"""Figures of whole demos: ``python -m demo.bench`` plays some scenarios and prints them as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterable
from pathlib import Path
from typing import Any

MEBIBYTE = 1 << 20

MEASURED = "gpu-lost"
"""Times and costs are taken of this one."""
PLAYED = (MEASURED, "calm")
"""Budgets of all: calm restarts an engine and an exporter."""
APART_SECONDS = 60.0
"""Between two starts, so that the first is up and at rest before another takes processor time."""


def main() -> None:
    """Play the scenarios, print the figures; exit with a demo's code if one failed."""
    with tempfile.TemporaryDirectory() as folder:
        folders = {name: Path(folder) / name for name in PLAYED}
        running: list[subprocess.Popen[bytes]] = []
        for name, out in folders.items():
            if running:
                time.sleep(APART_SECONDS)
            command = [sys.executable, "-m", "shardwatch", "demo", "up", "--once"]
            options = ["--scenario", name, "--out", str(out)]
            running.append(subprocess.Popen([*command, *options], stdout=sys.stderr))
        codes = [each.wait() for each in running]
        if any(codes):
            raise SystemExit(max(codes))
        reports = {
            name: json.loads((out / "report.json").read_text(encoding="utf-8"))
            for name, out in folders.items()
        }
    found = [*figures(reports[MEASURED]), budget_error(reports.values())]
    print(json.dumps({"figures": found}, indent=2))  # noqa: T201 - what it is for


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
