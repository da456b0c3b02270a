"""Runs suites of tests, those of one suite at the same time, and ends with one line for all.

``python tests/suites.py quick e2e vllm``: ``quick`` is every test without a whole demo and, beside
it, one demo of the scenario gpu-lost; ``e2e`` is the scenarios that every change must pass,
``scenarios`` all others at every strength, ``--at-once N`` of them; ``vllm`` is real vLLM. The last
line printed is of the form ``=== 123 passed, 1 failed in 61s ===``; the exit code is 0 if nothing
failed.
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TextIO
from xml.etree import ElementTree

ROOT = Path(__file__).resolve().parents[1]
GPU_LOST = "tests/e2e/test_gpu_lost.py"
PATIENCE_SECONDS = 60
"""For pytest to stop its demos after it was interrupted."""


@dataclass(frozen=True)
class Part:
    """One run of pytest."""

    name: str
    arguments: tuple[str, ...]
    limit_seconds: int
    """After this it is interrupted and counts as failed."""
    niceness: int = 0


@dataclass(frozen=True)
class Tally:
    """Counts of tests by outcome; an error in a fixture counts as failed."""

    passed: int = 0
    failed: int = 0
    skipped: int = 0

    def __add__(self, other: Tally) -> Tally:
        return Tally(
            self.passed + other.passed, self.failed + other.failed, self.skipped + other.skipped
        )

    def closing_line(self, seconds: float) -> str:
        """Return the last line of a run that took ``seconds``."""
        shown = {"passed": self.passed, "failed": self.failed, "skipped": self.skipped}
        counts = [f"{count} {word}" for word, count in shown.items() if count or word == "passed"]
        return f"=== {', '.join(counts)} in {seconds:.0f}s ==="


def plan(suites: Sequence[str], processors: int, demos_at_once: int = 1) -> list[tuple[Part, ...]]:
    """Return the parts to run, suite by suite; parts of one suite run at the same time.

    Demos wait most of the time and have deadlines in seconds, so the quick tests run beside them
    and yield to them: they are nice, and leave a processor free where there are more than two.
    Where ``quick`` and ``e2e`` are both asked for they run at the same time, and gpu-lost, which is
    in both, once. Every file of scenarios has a worker, for a worker takes its next file before it
    has played the first.
    """
    workers = str(max(2, processors - 1))
    without_demo = ("-m", "not e2e and not scenario and not vllm", "-n", workers)
    quick = Part("quick", without_demo, limit_seconds=30 * 60, niceness=10)
    gpu_lost = Part("gpu-lost", ("-m", "e2e", GPU_LOST), limit_seconds=15 * 60)
    each_change = ("-m", "e2e and not vllm", "-n", "5", "--dist", "loadfile", "tests/e2e")
    e2e = Part("e2e", each_change, limit_seconds=30 * 60)
    others = ("-m", "scenario", "-n", str(demos_at_once), "--dist", "load")
    scenarios = Part("scenarios", others, limit_seconds=12 * 60 * 60)
    vllm = Part("vllm", ("-m", "vllm", "-n", "2", "--dist", "loadfile"), limit_seconds=36 * 60)
    beside = {"quick": (quick, gpu_lost), "e2e": (e2e,), "scenarios": (scenarios,), "vllm": (vllm,)}
    if {"quick", "e2e"} <= set(suites):
        beside |= {"quick": (quick, e2e), "e2e": ()}
    return [beside[suite] for suite in suites if beside[suite]]


def read_tally(report: Path, exit_code: int) -> Tally:
    """Return the counts of a JUnit report; a run that broke counts as one failure at least."""
    tally = Tally()
    try:
        cases = ElementTree.parse(report).getroot().iter("testcase")  # noqa: S314 - our own file
        for case in cases:
            bad = case.find("failure") is not None or case.find("error") is not None
            skipped = case.find("skipped") is not None
            tally += Tally(int(not bad and not skipped), int(bad), int(skipped and not bad))
    except (OSError, ElementTree.ParseError):
        return Tally(failed=1)
    return tally + Tally(failed=1) if exit_code and not tally.failed else tally


@dataclass(frozen=True)
class Running:
    """A part that was started."""

    part: Part
    process: subprocess.Popen[bytes]
    log: TextIO | None
    """What it prints, if that is not shown live."""
    deadline: float
    """On the monotonic clock, seconds."""


def run(parts: Sequence[Part], scratch: Path) -> Tally:
    """Run ``parts`` at the same time; show the output of the first live, of the others after it."""
    running: list[Running] = []
    tally = Tally()
    try:
        for part in parts:
            running.append(_start(part, scratch, live=not running))
        for each in running:
            if each.log is not None:
                sys.stdout.write(f"\n--- {each.part.name}, which ran at the same time ---\n")
            exit_code = _wait(each)
            tally += read_tally(scratch / f"{each.part.name}.xml", exit_code)
    finally:
        for each in running:
            _stop(each.process)
            if each.log is not None:
                each.log.close()
    return tally


def _start(part: Part, scratch: Path, *, live: bool) -> Running:
    report = scratch / f"{part.name}.xml"
    # Two runs at once must not write one cache.
    own = [f"--junitxml={report}", *(() if live else ("-p", "no:cacheprovider"))]
    nice = ["nice", "-n", str(part.niceness)] if part.niceness else []
    command = [*nice, sys.executable, "-m", "pytest", *own, *part.arguments]
    deadline = time.monotonic() + part.limit_seconds
    if live:
        return Running(part, subprocess.Popen(command, cwd=ROOT), None, deadline)
    path = scratch / f"{part.name}.log"
    with path.open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=log)
    return Running(part, process, path.open(encoding="utf-8", errors="replace"), deadline)


def _wait(running: Running) -> int:
    """Wait for the end of a part, show what it prints, and return its exit code."""
    while True:
        ended = running.process.poll() is not None
        if running.log is not None:
            sys.stdout.write(running.log.read())
            sys.stdout.flush()
        if ended:
            return running.process.returncode
        if time.monotonic() > running.deadline:
            name, limit = running.part.name, running.part.limit_seconds
            sys.stdout.write(f"{name}: not done after {limit} s, stopping it\n")
            _stop(running.process)
            return running.process.returncode or 1
        time.sleep(0.2)


def _stop(process: subprocess.Popen[bytes]) -> None:
    """End a run of pytest; interrupted, it stops the demos that it started."""
    if process.poll() is None:
        process.send_signal(signal.SIGINT)
        try:
            process.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt


def main(arguments: Sequence[str]) -> int:
    """Run suites one after the other, print the closing line, return the exit code."""
    parser = argparse.ArgumentParser(prog="python tests/suites.py")
    parser.add_argument("suites", nargs="+", choices=("quick", "e2e", "scenarios", "vllm"))
    parser.add_argument("--at-once", type=int, default=1, metavar="N", help="demos of scenarios")
    options = parser.parse_args(arguments)
    signal.signal(signal.SIGTERM, _interrupt)
    began = time.monotonic()
    tally = Tally()
    with tempfile.TemporaryDirectory(prefix="shardwatch-tests-") as scratch:
        for parts in plan(options.suites, os.cpu_count() or 1, options.at_once):
            tally += run(parts, Path(scratch))
    sys.stdout.write(tally.closing_line(time.monotonic() - began) + "\n")
    return 1 if tally.failed or not tally.passed else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
