"""Runs each package's ``bench.py`` and merges the figures into one file.

``python tests/bench.py OUT [PACKAGE...]``: ``python -m <package>.bench`` prints ``{"figures":
[{"name", "value", "unit", "baseline"}]}``, where baseline is null if there is none to compare with;
several of these, one after the other, where its figures take long. A figure that could not be
measured has the value null, and a ``reason``. Where packages are named, figures that OUT has of
others stay.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Any

from demo.setup.programs import PROGRAMS, TEST_PROGRAMS, find_program

ROOT = Path(__file__).resolve().parents[1]
PACKAGES = ("exporters", "slo", "alerts", "dashboards", "demo.sim", "demo.lab", "demo")
KEYS = {"name", "value", "unit", "baseline"}


def figures_of(package: str, lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """Yield the figures that a package's bench prints, as they come.

    Raises:
        ValueError: what is printed has another shape.
    """
    text = ""
    for line in lines:
        text += line
        try:
            printed = json.loads(text)
        except ValueError:
            continue  # more lines belong to it
        text = ""
        for figure in printed["figures"]:
            expected = KEYS | {"reason"} if figure.get("value", 0) is None else KEYS
            if set(figure) != expected:
                found = f"{package}: a figure has {sorted(figure)}"
                raise ValueError(f"{found}, expected {sorted(expected)}")
            yield figure
    if text.strip():
        raise ValueError(f"{package}: printed {text[:80]!r}, expected JSON")


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
    every = {**PROGRAMS, "chromium": TEST_PROGRAMS["chromium"]}
    return {each.variable: str(find_program(name)) for name, each in every.items()}


def run_bench(package: str) -> Iterator[dict[str, Any]]:
    """Run a package's bench, and yield its figures as they come.

    Raises:
        ValueError: it fails, or prints what are no figures.
    """
    command = [sys.executable, "-m", f"{package}.bench"]
    environment = os.environ | programs()
    with subprocess.Popen(
        command, cwd=ROOT, env=environment, stdout=subprocess.PIPE, text=True
    ) as bench:
        try:
            yield from figures_of(package, bench.stdout or ())
        except BaseException:
            bench.terminate()
            raise
    if bench.returncode:
        raise ValueError(f"{package}: its bench ended with {bench.returncode}")


def main(
    out: Path,
    run: Callable[[str], Iterable[dict[str, Any]]] = run_bench,
    packages: Sequence[str] = (),
) -> int:
    """Run what there is, show each figure as it comes and write ``out``; return the exit code.

    A bench that fails costs the figures that it has not printed, and no other's.

    Args:
        out: ``bench.json``.
        run: runs a package's bench.
        packages: whose benches; none for all. Of some, what ``out`` has of others is kept.
    """
    figures: list[dict[str, Any]] = []
    failed: list[ValueError] = []
    for package in packages or PACKAGES:
        if not (ROOT / package.replace(".", "/") / "bench.py").is_file():
            continue
        try:
            for figure in run(package):
                figures.append(figure)
                sys.stdout.write(f"{figure['name']}: {_said(figure)}\n")
                sys.stdout.flush()
        except ValueError as error:
            failed.append(error)
    kept = _others(out, figures) if packages else []
    out.write_text(merge([*kept, *figures]), encoding="utf-8")
    sys.stdout.write(f"{len(figures)} figures in {out}\n")
    for error in failed:
        sys.stderr.write(f"{error}\n")
    return 1 if failed else 0


def _others(out: Path, figures: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """Return what a file has of figures of other names."""
    if not out.is_file():
        return []
    measured = {each["name"] for each in figures}
    known = json.loads(out.read_text(encoding="utf-8"))["figures"]
    return [each for each in known if each["name"] not in measured]


def _said(figure: dict[str, Any]) -> str:
    if "reason" in figure:
        return f"not measured: {figure['reason']}"
    return f"{figure['value']} {figure['unit']}"


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1]), packages=sys.argv[2:]))
