"""What benches of exporters share: one as a process of its own, and the shape of a figure."""

from __future__ import annotations

import gzip
import json
import os
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any, Self, TypeAlias

from exporters.costs import cpu_seconds

ROOT = Path(__file__).resolve().parents[1]
CAPTURE = ROOT / "tests/fixtures/vllm/vllm-0.32.0-cpu-tp2.metrics.txt"
"""The page of a real engine."""
PATIENCE_SECONDS = 60.0
SHARE_DIGITS = 6
"""Of figures that are shares: thousandths are compared."""

Figure: TypeAlias = dict[str, Any]


def figure(
    name: str, value: float, unit: str, baseline: float | None = None, *, digits: int = 3
) -> Figure:
    """Return a figure as ``bench.json`` has it.

    Args:
        name: of the figure.
        value: rounded to ``digits``.
        unit: of it.
        baseline: what to compare it with, if any.
        digits: after the point.
    """
    return {"name": name, "value": round(value, digits), "unit": unit, "baseline": baseline}


def unmeasured(name: str, unit: str, reason: str) -> Figure:
    """Return a figure that could not be measured here, and why."""
    return {"name": name, "value": None, "unit": unit, "baseline": None, "reason": reason}


def print_figures(*figures: Figure) -> None:
    """Print figures as a package's bench does: at once, for another one may fail or take long."""
    print(json.dumps({"figures": list(figures)}), flush=True)  # noqa: T201 - what it is for


class ExporterProcess:
    """An exporter as its users run it, within ``with``.

    Args:
        name: of the exporter.
        config: ``shardwatch.yaml``.
    """

    def __init__(self, name: str, config: Path) -> None:
        self._name = name
        self._config = config
        self._address_file = config.parent / f"{name}.address"

    def __enter__(self) -> Self:
        command = [sys.executable, "-m", "shardwatch", "exporter", self._name,
                   "--config", str(self._config), "--listen", "127.0.0.1:0",
                   "--address-file", str(self._address_file)]  # fmt: skip
        self._process = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)
        try:
            self._url = f"http://{self._wait_for_address()}/metrics"
        except TimeoutError:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self._process.terminate()
        self._process.wait()

    def scrape(self) -> bytes:
        """Return the page, compressed on its way as for Prometheus."""
        request = urllib.request.Request(  # noqa: S310 - ours
            self._url, headers={"Accept-Encoding": "gzip"}
        )
        with urllib.request.urlopen(request, timeout=PATIENCE_SECONDS) as response:  # noqa: S310
            return gzip.decompress(response.read())

    def cpu_seconds(self) -> float:
        """Return the processor time that it has used so far."""
        return cpu_seconds([self._process.pid])

    def rss_bytes(self) -> int:
        """Return the memory that it has now."""
        statm = Path(f"/proc/{self._process.pid}/statm").read_text(encoding="utf-8")
        return int(statm.split()[1]) * os.sysconf("SC_PAGE_SIZE")

    def _wait_for_address(self) -> str:
        until = time.monotonic() + PATIENCE_SECONDS
        while not self._address_file.exists():
            if time.monotonic() > until:
                raise TimeoutError(f"{self._name} took no address")
            time.sleep(0.05)
        return self._address_file.read_text(encoding="utf-8").strip()
