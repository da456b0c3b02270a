"""Many plays at once, each in a process of its own."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass, replace
from multiprocessing import get_context

from demo.faults import FAULTS
from demo.lab.outcome import Outcome
from demo.lab.playing import Options, play
from demo.orders import FaultError
from demo.scenario import Scenario
from exporters.problems import InputError, problem

SWEPT_SHARES = (0.75, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05)
"""Of a fault's usual strength, beyond where it does nothing."""


@dataclass(frozen=True)
class Job:
    """One play."""

    scenario: Scenario
    options: Options
    is_swept: bool = False
    """Whether it is at a strength that the scenario does not promise."""

    @property
    def name(self) -> str:
        """What it is called while it runs."""
        strength = self.scenario.strength
        return self.scenario.name + ("" if strength is None else f" at {strength:g}")


def jobs_of(scenarios: Iterable[Scenario], options: Options, *, sweep: bool) -> list[Job]:
    """Return the plays of scenarios: at each strength that they promise, and below in a sweep."""
    jobs = []
    for scenario in scenarios:
        promised = scenario.promised_strengths
        jobs += [Job(scenario.at_strength(each), options) for each in promised]
        if not promised:
            jobs.append(Job(scenario, options))
        if sweep and scenario.expect:
            swept = replace(options, peers=())
            jobs += [
                Job(scenario.at_strength(each), swept, is_swept=True)
                for each in _weaker(scenario)
                if each not in promised
            ]
    return jobs


def _weaker(scenario: Scenario) -> list[float]:
    """Return strengths below the usual one, between it and that of no effect."""
    kind = FAULTS[scenario.first_fault.fault].strength
    usual = scenario.strength
    if kind is None or usual is None:
        return []
    nothing = 1.0 if kind.lowest >= 1 else 0.0
    values = (round(nothing + share * (usual - nothing), 4) for share in SWEPT_SHARES)
    return [each for each in values if kind.lowest <= each <= kind.highest]


def run_jobs(
    jobs: Sequence[Job],
    at_once: int,
    tell: Callable[[str], None],
    note: Callable[[Sequence[Outcome]], None] = lambda _: None,
) -> list[tuple[Job, list[Outcome]]]:
    """Play all jobs, so many at the same time; return them with their outcomes, in their order.

    Args:
        jobs: at least one.
        at_once: processes.
        tell: is told of each that ends.
        note: gets what came of it.

    Raises:
        InputError: if a play cannot be: no such place, or rules that cannot be used.
    """
    results: dict[int, list[Outcome]] = {}
    # A fresh process has none of our sockets and threads, and Prometheus is a child of its own.
    with ProcessPoolExecutor(at_once, mp_context=get_context("spawn")) as pool:
        running = {pool.submit(_play, each): at for at, each in enumerate(jobs)}
        try:
            for future in as_completed(running):
                at = running[future]
                results[at] = future.result()
                note(results[at])
                said = _said(results[at])
                tell(f"{len(results)} of {len(jobs)}: {jobs[at].name}: {said}")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return [(job, results[at]) for at, job in enumerate(jobs)]


def _play(job: Job) -> list[Outcome]:
    logging.getLogger("shardwatch").setLevel(logging.CRITICAL)  # faults are no news here
    try:
        return asyncio.run(play(job.scenario, job.options))
    except FaultError as refused:
        raise InputError([problem(job.scenario.name, str(refused))]) from None


def _said(outcomes: Sequence[Outcome]) -> str:
    missed = [said for each in outcomes for said in (*each.failures, *each.rule_failures)]
    return "; ".join(missed) if missed else "as expected"
