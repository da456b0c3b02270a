"""What a demo sees of itself: alerts in Prometheus, pages at the stand-in, truth at the engine."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import aiohttp

from demo.stack.layout import Layout
from demo.stack.report import Firing, Page
from demo.stack.truth import Truth, read_truth
from exporters.problems import InputError, problem


@dataclass
class Observer:
    """Reads the parts of a running demo over their public interfaces."""

    layout: Layout
    control_url: str
    session: aiohttp.ClientSession
    _events_seen: int = field(default=0, init=False)

    async def firing_alerts(self) -> list[dict[str, str]]:
        """Return the labels of the alerts that fire now, Watchdog left out."""
        answer = await self._get(f"{self.layout.url('prometheus')}/api/v1/alerts")
        return [
            each["labels"]
            for each in answer["data"]["alerts"]
            if each["state"] == "firing" and each["labels"]["alertname"] != "Watchdog"
        ]

    async def new_pages(self, fault_at: float) -> list[Page]:
        """Return what opened or ended incidents at PagerDuty's stand-in since the last call."""
        events: list[dict[str, Any]] = (await self._get(f"{self.layout.url('pagerduty')}/events"))[
            "events"
        ]
        fresh = events[self._events_seen :]
        self._events_seen = len(events)
        return [
            Page(each["received_at"] - fault_at, each["event"])
            for each in fresh
            if each["event"]["event_action"] != "acknowledge"
        ]

    async def acknowledge(self, dedup_key: str, by: str) -> bool:
        """Have somebody acknowledge an incident of the stand-in; tell whether it was open still."""
        url = f"{self.layout.url('pagerduty')}/control/acknowledge"
        body = {"dedup_key": dedup_key, "by": by}
        async with self.session.post(url, json=body) as answer:
            if answer.status == 404:
                return False
            answer.raise_for_status()
            return True

    async def truth(self) -> Truth:
        """Return the engine's truth now."""
        return read_truth(await self._get(f"{self.control_url}/control/truth"))

    async def holds(self, condition: str) -> bool:
        """Return whether a PromQL condition has a result now."""
        url = f"{self.layout.url('prometheus')}/api/v1/query"
        async with self.session.post(url, data={"query": condition}) as answer:
            answer.raise_for_status()
            return bool((await answer.json())["data"]["result"])

    async def inject(
        self, fault: str, place: dict[str, str], strength: float | None = None
    ) -> tuple[str, dict[str, str]]:
        """Start a fault; return its id and the place that was really hit.

        Raises:
            InputError: if the engine knows no such fault or place, or it cannot be so strong.
        """
        url = f"{self.control_url}/control/faults"
        asked: dict[str, Any] = {"name": fault, "place": place}
        if strength is not None:
            asked["strength"] = strength
        async with self.session.post(url, json=asked) as answer:
            content = await answer.json()
            if answer.status != 201:
                raise InputError([problem(fault, f"the engine refused it: {content['error']}")])
            return str(content["id"]), {k: str(v) for k, v in content["place"].items()}

    async def repair(self, fault_id: str) -> None:
        """End a fault."""
        async with self.session.delete(f"{self.control_url}/control/faults/{fault_id}") as answer:
            answer.raise_for_status()

    async def _get(self, url: str) -> Any:
        async with self.session.get(url) as answer:
            answer.raise_for_status()
            return await answer.json()


class Firings:
    """When each alert was first seen firing."""

    def __init__(self) -> None:
        self._first: dict[tuple[tuple[str, str], ...], Firing] = {}
        self.current: set[tuple[tuple[str, str], ...]] = set()

    def note(
        self, alerts: list[dict[str, str]], seconds: float
    ) -> tuple[list[Firing], list[Firing]]:
        """Take the alerts that fire ``seconds`` after the fault; return the new and the gone."""
        keys = {tuple(sorted(each.items())): each for each in alerts}
        started = [
            Firing(seconds, labels) for key, labels in keys.items() if key not in self.current
        ]
        ended = [self._first[key] for key in self.current if key not in keys]
        for each in started:
            self._first.setdefault(tuple(sorted(each.labels.items())), each)
        self.current = set(keys)
        return started, ended

    @property
    def all(self) -> list[Firing]:
        """Every alert seen firing, in the order of first sight."""
        return sorted(self._first.values(), key=lambda each: each.seconds)
