"""Figures of dashboards, as JSON on standard output: ``python -m dashboards.bench``.

``dashboards.build_seconds`` is what a user waits for all boards: from nothing imported to the last
text, the best of three in processes of their own, so that a machine that is busy is not measured.
"""

from __future__ import annotations

import subprocess
import sys

from exporters.benching import ROOT, figure, print_figures

TIMES = 3
_BUILD = """\
import time
began = time.monotonic()
from dashboards.build import build_boards
build_boards()
print(time.monotonic() - began)
"""


def main() -> None:
    """Measure, and print each figure as it comes."""
    print_figures(figure("dashboards.build_seconds", build_seconds(TIMES), "s"))


def build_seconds(times: int) -> float:
    """Return how long it takes to build all boards, in seconds; the least of so many times."""
    return min(_build_seconds() for _ in range(times))


def _build_seconds() -> float:
    done = subprocess.run(
        [sys.executable, "-c", _BUILD], cwd=ROOT, capture_output=True, text=True, check=True
    )
    return float(done.stdout)


if __name__ == "__main__":
    main()
