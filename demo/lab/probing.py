"""Questions to simulated engines, answered in virtual time: of the probe and the groups exporter.

How an engine would answer is known at once; that it has, only when the time has passed.
"""

from __future__ import annotations

from collections.abc import Mapping
from heapq import heappop, heappush
from math import inf
from urllib.parse import urlsplit

from demo.sim import completions
from demo.sim.site import UNAVAILABLE, answers
from demo.sim.state import State
from exporters.fetching import FetchError
from exporters.groups.probing import Question
from exporters.groups.stalling import PROBE_DEADLINE_SECONDS
from exporters.groups.stalling import Probe as StallProbe
from exporters.probe.asking import Answered
from exporters.probe.core import Probe, ProbeCore, Reply
from exporters.probe.prober import reply_to_answer, reply_to_failure
from exporters.probe.prompts import PROMPTS, TOKENS


class Prober:
    """Sends the probes that are due and takes their answers, as virtual time goes.

    Args:
        core: of the probe exporter.
        state: of the simulation.
    """

    def __init__(self, core: ProbeCore, state: State) -> None:
        self._core = core
        self._state = state
        self._flying: list[tuple[float, int, Probe, Reply]] = []
        self._sent = 0

    @property
    def next_at(self) -> float:
        """When there is something to do."""
        return min(self._core.next_due(), self._flying[0][0] if self._flying else inf)

    def run(self, now: float) -> None:
        """Take the answers that have come by now, and send what is due."""
        while self._flying and self._flying[0][0] <= now:
            ended_at, _, probe, reply = heappop(self._flying)
            self._core.note(probe, reply, ended_at)
        for probe in self._core.due(now):
            seconds, reply = self._question(probe)
            self._sent += 1
            heappush(self._flying, (now + seconds, self._sent, probe, reply))

    def _question(self, probe: Probe) -> tuple[float, Reply]:
        """Return how long a probe takes, and what comes of it."""
        deadline = self._core.deadline_seconds
        group = _group_of(self._state, probe.url)
        if group is None or not answers(self._state, group):
            status = UNAVAILABLE if group is not None else 404
            return 0.0, reply_to_failure(FetchError("http_status", f"{status}"))
        # An engine that does not stream is asked a second time, for one token: the first.
        whole = completions.seconds(self._state, group, TOKENS)
        first = completions.seconds(self._state, group, 1)
        if whole is None or first is None or max(whole, first) > deadline:
            late = reply_to_failure(FetchError("timeout", f"no answer in {deadline:g} s"))
            return deadline, late
        text = completions.answer(self._state, group, PROMPTS[probe.prompt], TOKENS)
        return whole + first, reply_to_answer(Answered(text, TOKENS, None, whole), first)


class StallProber:
    """Asks engines that seem stalled for one token: the groups exporter's prober.

    Args:
        state: of the simulation.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._now = -inf
        self._probes: dict[str, tuple[float, StallProbe]] = {}
        """The last of each group, and when it ends."""
        self._counts: dict[str, dict[str, int]] = {}
        self._counted: dict[str, StallProbe] = {}

    def at(self, now: float) -> None:
        """Let it be this time."""
        self._now = now
        for group, (ends_at, probe) in self._probes.items():
            if ends_at <= now and self._counted.get(group) is not probe:
                self._counted[group] = probe
                counts = self._counts.setdefault(group, {})
                counts[probe.outcome] = counts.get(probe.outcome, 0) + 1

    def ask(self, group: str, question: Question, now: float) -> None:
        """Ask a group's engine, unless it is being asked already."""
        if group in self._probes and self._probes[group][0] > now:
            return
        at = _group_of(self._state, question.url)
        if at is None or not answers(self._state, at):
            self._probes[group] = now, StallProbe("refused", now)
            return
        seconds = completions.seconds(self._state, at, 1)
        if seconds is None or seconds > PROBE_DEADLINE_SECONDS:
            end = now + PROBE_DEADLINE_SECONDS
            self._probes[group] = end, StallProbe("unanswered", now)
        else:
            self._probes[group] = now + seconds, StallProbe("answered", now)

    def last(self, group: str) -> StallProbe:
        """Return how the last probe of a group went, as far as is known now."""
        if group not in self._probes:
            return StallProbe()
        ends_at, probe = self._probes[group]
        return probe if ends_at <= self._now else StallProbe("pending", probe.asked_at)

    def is_refused(self, group: str) -> bool:
        """Return whether the last probe of a group that ended was refused."""
        return group in self._counted and self._counted[group].outcome == "refused"

    def counts(self, group: str) -> Mapping[str, int]:
        """Return how many probes of a group ended how."""
        return self._counts.get(group, {})


def path_of(url: str) -> tuple[str, str, str]:
    """Return kind, name and page of an address of the simulator."""
    kind, name, page = urlsplit(url).path.lstrip("/").split("/", 2)
    return kind, name, page


def _group_of(state: State, url: str) -> int | None:
    kind, name, page = path_of(url)
    is_engine = kind == "engine" and page == "v1/completions"
    return state.fleet.names.find_group(name) if is_engine else None
