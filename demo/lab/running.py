"""Many plays, some at once: each in a process of its own, forked from its eve's."""

from __future__ import annotations

import shutil
import signal
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from multiprocessing.connection import wait
from pathlib import Path

from demo.faults import FAULTS
from demo.lab.eves import EveProcess, Failed, Kind
from demo.lab.options import Options, with_users
from demo.lab.outcome import Outcome
from demo.scenario import Scenario

SWEPT_SHARES = (0.75, 0.5, 0.35, 0.25, 0.15, 0.1, 0.05)
"""Of a fault's usual strength, beyond where it does nothing."""
_DELETIONS, _BETWEEN_DELETIONS_SECONDS = 20, 0.1


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
        own = with_users(options, scenario)
        promised = scenario.promised_strengths
        jobs += [Job(scenario.at_strength(each), own) for each in promised]
        if not promised:
            jobs.append(Job(scenario, own))
        if sweep and scenario.expect:
            swept = replace(own, peers=())
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
        tell: is told of each that begins and ends, and of what is prepared for them.
        note: gets what came of it.

    Raises:
        InputError: if a play cannot be: no such place, or rules that cannot be used.
    """
    with _folder() as folder, _ended_by_sigterm():
        return _Running(jobs, at_once, folder, tell, note).run()


class _Running:
    """Jobs that are played."""

    def __init__(
        self,
        jobs: Sequence[Job],
        at_once: int,
        folder: Path,
        tell: Callable[[str], None],
        note: Callable[[Sequence[Outcome]], None],
    ) -> None:
        self._jobs, self._at_once, self._folder = jobs, at_once, folder
        self._tell, self._note = tell, note
        self._waiting: list[tuple[Kind, list[int]]] = []
        """What is to be played, by the eve that it begins from."""
        for number, job in enumerate(jobs):
            kind = Kind(job.scenario.starts_at, job.options)
            for known, numbers in self._waiting:
                if known == kind:
                    numbers.append(number)
                    break
            else:
                self._waiting.append((kind, [number]))
        self._waiting.sort(key=lambda each: -len(each[1]))  # the longest work begins first
        self._eves: list[EveProcess] = []
        self._made = 0
        self._results: dict[int, list[Outcome]] = {}

    def run(self) -> list[tuple[Job, list[Outcome]]]:
        """Play them all."""
        try:
            while len(self._results) < len(self._jobs):
                while sum(each.load for each in self._eves) < self._at_once and self._begin():
                    pass
                by_pipe = {each.told: each for each in self._eves}
                for ready in wait(list(by_pipe)):
                    self._take(by_pipe[ready])  # type: ignore[index]
        finally:
            for eve in self._eves:
                eve.end()
        return [(job, self._results[number]) for number, job in enumerate(self._jobs)]

    def _begin(self) -> bool:
        """Begin a play from an eve that is there, or prepare another; return whether one did."""
        known = {id(kind): eve for eve in self._eves for kind, _ in self._waiting
                 if eve.kind == kind}  # fmt: skip
        for kind, numbers in self._waiting:
            eve = known.get(id(kind))
            if numbers and eve and eve.is_ready:
                number = numbers.pop(0)
                eve.play(number, self._jobs[number].scenario)
                self._tell(f"{self._jobs[number].name} begins")
                return True
        for kind, numbers in self._waiting:
            if numbers and id(kind) not in known:
                folder = self._folder / str(self._made)
                folder.mkdir()
                self._made += 1
                self._tell(f"preparing what is before {self._listed(numbers)}")
                scenarios = [self._jobs[number].scenario for number in numbers]
                self._eves.append(EveProcess(kind, scenarios, folder))
                return True
        return False

    def _listed(self, numbers: Sequence[int]) -> str:
        first, more = self._jobs[numbers[0]].name, len(numbers) - 1
        return f"{first} and {more} more" if more else first

    def _take(self, eve: EveProcess) -> None:
        told = eve.result()
        if told is not None:
            number, result = told
            if isinstance(result, Failed):
                raise result.error()
            self._results[number] = result
            self._note(result)
            said = f"{len(self._results)} of {len(self._jobs)}: {self._jobs[number].name}"
            self._tell(f"{said}: {_said(result)}")
        is_over = not any(numbers for kind, numbers in self._waiting if kind == eve.kind)
        if is_over and eve.is_ready and not eve.playing:
            self._eves.remove(eve)
            eve.end()
            shutil.rmtree(eve.folder)


@contextmanager
def _folder() -> Iterator[Path]:
    """Give a new folder, and delete it in the end."""
    folder = Path(tempfile.mkdtemp(prefix="shardwatch-lab-"))
    try:
        yield folder
    finally:
        for left in reversed(range(_DELETIONS)):
            # A server that was just killed may still be writing.
            shutil.rmtree(folder, ignore_errors=left > 0)
            if not folder.exists():
                break
            time.sleep(_BETWEEN_DELETIONS_SECONDS)


@contextmanager
def _ended_by_sigterm() -> Iterator[None]:
    """Let SIGTERM end this process as an exception does, so that all is cleared away."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return

    def end(number: int, _frame: object) -> None:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, end)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)


def _said(outcomes: Sequence[Outcome]) -> str:
    missed = [
        said
        for each in outcomes
        for said in (*each.failures, *each.rule_failures, *each.board_failures)
    ]
    return "; ".join(missed) if missed else "as expected"
