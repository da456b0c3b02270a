"""A process for each eve, which forks one for each play: what plays have in common is done once.

They end with whoever started them: when told to, and when that process is killed.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import os
import signal
import traceback
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from multiprocessing.context import ForkProcess
from pathlib import Path
from typing import TypeVar

from demo.lab.options import Options
from demo.lab.outcome import Outcome
from demo.lab.playing import Eve, prepare
from demo.orders import FaultError
from demo.scenario import Scenario
from demo.stack.tied import tie_to
from exporters.problems import InputError, Problem, problem


@dataclass(frozen=True)
class Failed:
    """Why there is no outcome."""

    problems: tuple[Problem, ...] = ()
    """Of what was asked for."""
    said: str = ""
    """Otherwise: where our mistake is."""

    def error(self) -> Exception:
        """Return it as an error."""
        return InputError(self.problems) if self.problems else RuntimeError(self.said)


Result = list[Outcome] | Failed
T = TypeVar("T")
READY = -1
"""The number under which an eve tells that it is there, or why it cannot be."""


@dataclass(frozen=True)
class Kind:
    """What plays have in common that begin from one eve."""

    starts_at: str
    options: Options


class EveProcess:
    """A process in which all is well and about to change.

    Args:
        kind: of the eve.
        scenarios: that may be played from it.
        folder: empty, for the files of its plays.
    """

    def __init__(self, kind: Kind, scenarios: Sequence[Scenario], folder: Path) -> None:
        self.kind, self.folder, self.is_ready = kind, folder, False
        self.playing: set[int] = set()
        """Numbers of the plays that have not ended."""
        # A fresh process has none of our sockets and threads.
        context = get_context("spawn")
        self.told, theirs = context.Pipe()
        self._process = context.Process(
            target=_serve, args=(kind, list(scenarios), folder, theirs, os.getpid())
        )
        self._process.start()
        theirs.close()

    @property
    def load(self) -> int:
        """How many processors it keeps busy."""
        return len(self.playing) if self.is_ready else 1

    def play(self, number: int, scenario: Scenario) -> None:
        """Begin a play."""
        self.playing.add(number)
        self.told.send((number, scenario))

    def result(self) -> tuple[int, Result] | None:
        """Return a play's number and result once one is told; None if all that came is the eve.

        Raises:
            InputError: if rule files cannot be used.
            RuntimeError: if the process ended.
        """
        try:
            number, result = self.told.recv()
        except EOFError:
            self._process.join()
            raise RuntimeError(f"an eve ended with {self._process.exitcode}") from None
        if number != READY:
            self.playing.discard(number)
            return number, result
        if isinstance(result, Failed):
            raise result.error()
        self.is_ready = True
        return None

    def end(self) -> None:
        """End the process, its plays and their servers."""
        pid = self._process.pid
        if pid is not None and self._process.is_alive():
            with suppress(ProcessLookupError):  # it leads no group yet
                os.killpg(pid, signal.SIGKILL)
            self._process.kill()
        self._process.join()
        self.told.close()


def _serve(
    kind: Kind, scenarios: Sequence[Scenario], folder: Path, told: Connection, parent: int
) -> None:
    """Prepare an eve, then fork a process for each play that is asked for."""
    os.setsid()  # a Ctrl-C is our parent's, who ends us all
    tie_to(parent)
    # Plays are short and have hardly any circles: looking for some is a tenth of their time, and
    # touches pages of memory that forked plays share.
    gc.disable()
    logging.getLogger("shardwatch").setLevel(logging.CRITICAL)  # faults are no news here
    context = get_context("fork")
    lock = context.Lock()

    def tell(number: int, result: Result) -> None:
        with lock:
            told.send((number, result))

    eve = _tried(lambda: asyncio.run(prepare(kind.starts_at, kind.options, scenarios, folder)))
    if isinstance(eve, Failed):
        tell(READY, eve)
        return
    tell(READY, [])
    plays: dict[int, tuple[int, ForkProcess]] = {}
    while True:
        for ready in wait([told, *plays]):
            if ready is told:
                try:
                    number, scenario = told.recv()
                except EOFError:
                    return
                args = (eve, number, scenario, tell, os.getpid())
                process = context.Process(target=_play, args=args)
                process.start()
                plays[process.sentinel] = number, process
            elif isinstance(ready, int):
                number, process = plays.pop(ready)
                process.join()
                if process.exitcode:
                    tell(number, Failed(said=f"a play ended with {process.exitcode}"))


def _play(
    eve: Eve, number: int, scenario: Scenario, tell: Callable[[int, Result], None], parent: int
) -> None:
    tie_to(parent)

    def play() -> list[Outcome]:
        try:
            return asyncio.run(eve.play(scenario))
        except FaultError as refused:
            raise InputError([problem(scenario.name, str(refused))]) from None

    tell(number, _tried(play))


def _tried(work: Callable[[], T]) -> T | Failed:
    """Return what work gives, or why it gives nothing."""
    try:
        return work()
    except InputError as error:
        return Failed(problems=error.problems)
    except Exception:  # noqa: BLE001 - whatever it is, it is our parent's to say
        return Failed(said=traceback.format_exc())
