"""Runs each package's ``bench.py`` and merges the figures into one file.

``python tests/bench.py OUT``: ``python -m <package>.bench`` prints ``{"figures": [{"name",
"value", "unit", "baseline"}]}``, where baseline is null if there is none to compare with. A figure
that could not be measured has the value null, and a ``reason``.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from demo.setup.programs import PROGRAMS, find_program

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("exporters", "slo", "alerts", "dashboards", "demo.sim", "demo")
KEYS = {"name", "value", "unit", "baseline"}


def figures_of(package: str, text: str) -> list[dict[str, Any]]:
    """Return the figures that a package's bench printed.

    Raises:
        ValueError: the text has another shape.
    """
    figures = json.loads(text)["figures"]
    for figure in figures:
        expected = KEYS | {"reason"} if figure.get("value", 0) is None else KEYS
        if set(figure) != expected:
            found = f"{package}: a figure has {sorted(figure)}"
            raise ValueError(f"{found}, expected {sorted(expected)}")
    return list(figures)


def merge(figures: Iterable[dict[str, Any]]) -> str:
    """Return the text of ``bench.json``, sorted by name.

    Raises:
        ValueError: two figures have one name.
    """
    by_name: dict[str, dict[str, Any]] = {}
    for figure in figures:
        if figure["name"] in by_name:
            raise ValueError(f"two figures are called {figure['name']}")
        by_name[figure["name"]] = figure
    return json.dumps({"figures": [by_name[name] for name in sorted(by_name)]}, indent=2) + "\n"


def programs() -> dict[str, str]:
    """Return the variables that name each program, for a package that cannot find them itself."""
    return {each.variable: str(find_program(name)) for name, each in PROGRAMS.items()}


def main(out: Path) -> None:
    """Run what there is, write ``out`` and show the figures."""
    figures: list[dict[str, Any]] = []
    environment = os.environ | programs()
    for package in PACKAGES:
        if (ROOT / package.replace(".", "/") / "bench.py").is_file():
            command = [sys.executable, "-m", f"{package}.bench"]
            done = subprocess.run(
                command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True, check=True
            )
            figures += figures_of(package, done.stdout)
    out.write_text(merge(figures), encoding="utf-8")
    for figure in figures:
        said = f"not measured: {figure['reason']}" if "reason" in figure else (
            f"{figure['value']} {figure['unit']}"
        )  # fmt: skip
        sys.stdout.write(f"{figure['name']}: {said}\n")
    sys.stdout.write(f"{len(figures)} figures in {out}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
