"""Figures of a whole demo: ``python -m demo.bench`` plays gpu-lost once and prints them as JSON."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

MEBIBYTE = 1 << 20


def main() -> None:
    """Play the scenario, print the figures; exit with the demo's code if it failed."""
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, "-m", "shardwatch", "demo", "up", "--once", "--out", folder]
        done = subprocess.run(command, stdout=sys.stderr, check=False)
        if done.returncode:
            raise SystemExit(done.returncode)
        report = json.loads((Path(folder) / "report.json").read_text(encoding="utf-8"))
    print(json.dumps({"figures": figures(report)}, indent=2))  # noqa: T201 - what it is for


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


def _figure(name: str, value: float, unit: str, baseline: float) -> dict[str, Any]:
    return {"name": name, "value": round(value, 4), "unit": unit, "baseline": baseline}


if __name__ == "__main__":
    main()
