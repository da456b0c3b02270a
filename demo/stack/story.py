"""A scenario played on a running demo: faults on time, all that is seen noted, its end known."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import aiohttp

from demo.faults import FAULTS
from demo.scenario import Fault, Scenario
from demo.stack.observe import Firings, Observer
from demo.stack.on_call import NAME, OnCall
from demo.stack.processes import Supervisor
from demo.stack.report import Firing, Page
from demo.stack.resources import CpuMeter
from demo.stack.terminal import Terminal
from exporters.problems import InputError, problem

POLL_SECONDS = 0.5
SILENCES_BORNE = 20
"""Looks in a row at which some part may be too busy to answer."""
AFTER_RECOVERY_SECONDS = 300.0
"""Bad events are compared with the truth up to this long after recovery."""
RESOLVE_WITHIN_SECONDS = 480.0
"""After recovery: a page's short window of at most 5 minutes, the base window, the notification."""


@dataclass
class Told:
    """What was seen while a scenario played. Times are UNIX seconds unless said otherwise."""

    fault_at: float
    place: dict[str, str] = field(default_factory=dict)
    recovered_at: float | None = None
    firings: Firings = field(default_factory=Firings)
    pages: list[Page] = field(default_factory=list)
    ended_at: float | None = None
    """When the comparison with the truth ends: five minutes after recovery."""
    conditions: dict[str, bool] = field(default_factory=dict)
    """Whether each condition of the scenario held when its alert was first seen firing."""
    resources: dict[str, float] = field(default_factory=dict)
    """``cpu_ratio`` of one core before the first fault, ``pss_bytes`` at the end."""

    @property
    def open_pages(self) -> set[str]:
        """Dedup keys of pages that were triggered and not resolved."""
        opened: set[str] = set()
        for page in self.pages:
            key = str(page.event.get("dedup_key"))
            opened = opened | {key} if page.action == "trigger" else opened - {key}
        return opened


@dataclass
class Story:
    """Plays one scenario."""

    scenario: Scenario
    observer: Observer
    supervisor: Supervisor
    terminal: Terminal
    clock: Callable[[], float] = time.time
    on_call: OnCall = field(init=False)

    def __post_init__(self) -> None:
        """Have somebody on call."""
        self.on_call = OnCall(self.observer)

    async def play(self) -> Told:
        """Bring the faults about on time, note what follows, and return it at the end."""
        started = self.clock()
        told = Told(fault_at=started + self.scenario.first_fault_at)
        waiting = sorted(self.scenario.faults, key=lambda each: each.at)
        repairs: list[tuple[float, Fault, str]] = []
        meter = CpuMeter(self.supervisor.pids.values())
        silences = 0
        while True:
            now = self.clock()
            self.supervisor.check()
            while waiting and started + waiting[0].at <= now:
                told.resources.setdefault("cpu_ratio", meter.ratio())
                repairs += await self._strike(waiting.pop(0), told)
            for repair in [each for each in repairs if each[0] <= now]:
                repairs.remove(repair)
                await self._repair(repair, told)
            silences = await self._look_if_all_answer(told, silences)
            if not waiting and not repairs and self._is_over(told, started):
                told.resources["pss_bytes"] = meter.pss_bytes()
                return told
            await asyncio.sleep(POLL_SECONDS)

    async def _strike(self, fault: Fault, told: Told) -> list[tuple[float, Fault, str]]:
        kind = FAULTS[fault.fault]
        first = not told.place
        now = self.clock()
        if first:
            told.fault_at = now
        fault_id, place = "", dict(fault.place)
        if kind.by_stack and kind.repaired:
            await self.supervisor.take_away(_exporter(fault))
        elif kind.by_stack:
            await self.supervisor.restart(_exporter(fault))
        else:
            fault_id, place = await self.observer.inject(fault.fault, fault.place, fault.strength)
        if first:
            told.place = place
        what = ", ".join(f"{key} {value}" for key, value in place.items())
        if fault.strength is not None:
            what += f"; strength {fault.strength:g}"
        self.terminal.event(now - told.fault_at, "fault", f"{kind.summary} ({what})")
        return [(now + fault.length, fault, fault_id)] if fault.length is not None else []

    async def _repair(self, repair: tuple[float, Fault, str], told: Told) -> None:
        _, fault, fault_id = repair
        if FAULTS[fault.fault].by_stack:
            await self.supervisor.bring_back(_exporter(fault))
        else:
            await self.observer.repair(fault_id)
        told.recovered_at = self.clock()
        seconds = told.recovered_at - told.fault_at
        self.terminal.event(seconds, "recovery", f"{fault.fault} is repaired")

    async def _look_if_all_answer(self, told: Told, silences: int) -> int:
        """Look, and return how often in a row a part did not answer."""
        try:
            await self._look(told)
        except (aiohttp.ClientError, TimeoutError) as error:
            self.supervisor.check()  # a part that ended is said by name
            if silences >= SILENCES_BORNE:
                said = f"a part of the demo does not answer: {error or 'no answer in time'}"
                raise InputError([problem(self.scenario.name, said)]) from None
            return silences + 1
        return 0

    async def _look(self, told: Told) -> None:
        now = self.clock()
        seconds = now - told.fault_at
        started, ended = told.firings.note(await self.observer.firing_alerts(), seconds)
        for each in started:
            self.terminal.event(seconds, "alert", _describe(each))
            for condition in self._conditions_of(each):
                holds = await self.observer.holds(condition)
                told.conditions.setdefault(condition, holds)
                self.terminal.detail(f"{condition}: {'yes' if holds else 'no'}")
        for each in ended:
            self.terminal.event(seconds, "ended", _describe(each))
        for condition in self.scenario.shows:
            if not told.conditions.get(condition):
                told.conditions[condition] = await self.observer.holds(condition)
        for page in await self.observer.new_pages(told.fault_at):
            told.pages.append(page)
            self.on_call.hear(page, now)
            self._show(page)
        if await self.on_call.take(now):
            self.terminal.event(seconds, "taken", f"{NAME}, on call, acknowledges it")

    def _conditions_of(self, firing: Firing) -> list[str]:
        return [
            each.holds
            for each in self.scenario.expect
            if each.holds and firing.matches(each.alert, each.labels)
        ]

    def _show(self, page: Page) -> None:
        if page.action == "resolve":
            self.terminal.event(page.seconds, "resolved", str(page.event["dedup_key"])[:16])
            return
        self.terminal.event(page.seconds, "page", page.event["payload"]["summary"])
        for name in ("probable_cause", "groups_hit", "burn_rate", "budget_left"):
            if page.details.get(name):
                self.terminal.detail(f"{name.replace('_', ' ')}: {page.details[name]}")

    def _is_over(self, told: Told, started: float) -> bool:
        now, watch = self.clock(), self.scenario.watch
        if watch is not None:
            told.ended_at = now
            return now >= started + watch
        recovered = told.recovered_at if told.recovered_at is not None else told.fault_at
        if told.ended_at is None and now >= recovered + AFTER_RECOVERY_SECONDS:
            told.ended_at = now
        if now >= recovered + RESOLVE_WITHIN_SECONDS:
            return True
        return told.ended_at is not None and not told.open_pages


def _exporter(fault: Fault) -> str:
    """Return the name of the child that a fault of the stack's own strikes."""
    return f"exporter-{fault.place['exporter']}"


def _describe(firing: Firing) -> str:
    hidden = {"alertname", "slo", "cluster", "service"}
    rest = " ".join(value for key, value in firing.labels.items() if key not in hidden)
    return f"{firing.labels['alertname']} {firing.labels.get('slo', '')} {rest}".replace("  ", " ")
