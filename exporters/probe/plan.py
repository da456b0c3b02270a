"""The probe exporter as a process: the core, and the prober beside the scrapes."""

from __future__ import annotations

import time
from collections.abc import Iterator

from exporters.config import Config
from exporters.durations import format_duration
from exporters.options import read_duration
from exporters.probe.core import ProbeCore
from exporters.probe.prober import probing
from exporters.problems import InputError, Problem, problem
from exporters.running import Plan
from exporters.topology import Topology

SHORTEST_INTERVAL_SECONDS = 1.0
SHORTEST_DEADLINE_SECONDS = 0.1
LONGEST_SECONDS = 3600.0
MOST_AT_ONCE = 64


def make_plan(config: Config, interval: str, deadline: str, at_once: int) -> Plan:
    """Return what to run; durations are Prometheus's.

    Raises:
        InputError: if a number is none, or beyond its bounds.
    """
    problems: list[Problem] = []
    interval_seconds = _seconds("--interval", interval, SHORTEST_INTERVAL_SECONDS, problems)
    deadline_seconds = _seconds("--deadline", deadline, SHORTEST_DEADLINE_SECONDS, problems)
    problems += _at_once_problems(at_once)
    if problems:
        raise InputError(problems)
    core = ProbeCore(config.topology, interval_seconds, deadline_seconds, time.monotonic())

    def follow(topology: Topology) -> ProbeCore:
        return core.follow(topology, time.monotonic())

    beside = probing(core, at_once, config.accesses["engines"])
    return Plan(core, make=follow, beside=beside, reads_targets=False)


def _seconds(option: str, text: str, shortest: float, problems: list[Problem]) -> float:
    try:
        seconds = read_duration(option, text)
    except InputError as error:
        problems += error.problems
        return shortest
    if not shortest <= seconds <= LONGEST_SECONDS:
        expected = f"{format_duration(shortest)} to {format_duration(LONGEST_SECONDS)}"
        problems.append(problem(option, f"found {text}, expected {expected}"))
    return seconds


def _at_once_problems(at_once: int) -> Iterator[Problem]:
    if not 1 <= at_once <= MOST_AT_ONCE:
        yield problem("--at-once", f"found {at_once}, expected 1 to {MOST_AT_ONCE}")
