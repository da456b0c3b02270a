"""Whole clusters that are well, restarts and a rolling deploy among them, through all alerts.

What of the causes and of the watch could page falsely is seen here; for days of burn alerts see
:mod:`demo.lab.healthy.days`.
"""

from __future__ import annotations

from collections.abc import Iterable

from demo.lab.options import Options
from demo.lab.outcome import AlertOutcome, Outcome
from demo.lab.running import Job
from demo.lab.waking import is_page
from demo.scenario import Fault, Forbidden, Scenario

STARTS = (
    "mon 03:00", "mon 09:00", "tue 14:00", "wed 20:00", "thu 00:30",
    "fri 12:00", "fri 22:00", "sat 04:00", "sat 16:00", "sun 10:00",
)  # fmt: skip
"""Of each seed: nights, mornings, batch hours, a weekend."""
WATCHED_SECONDS = 2400.0
RESTARTED = ("eu-chat-0", "eu-chat-1", "us-code-0", "us-code-1")
"""By a rolling deploy, one after the other."""
BUSIEST = {"tue 14:00": "eu", "fri 12:00": "eu"}
"""Regions where nobody deploys at such an hour: one of a cell's two groups cannot bear all its
users then. They time out by the thousand, and whoever is paged for it is paged rightly."""
APART_SECONDS = 240.0


def healthy_jobs(seeds: int) -> list[Job]:
    """Return a play for each of so many seeds, at most as many as there are starts."""
    return [
        Job(_scenario(starts_at), Options(seed=seed, alerts_alone=True))
        for seed, starts_at in enumerate(STARTS[:seeds], start=1)
    ]


def _scenario(starts_at: str) -> Scenario:
    deploy = [
        Fault(fault="engine-restart", at=120.0 + at * APART_SECONDS, place={"group": group})
        for at, group in enumerate(RESTARTED)
        if not group.startswith(f"{BUSIEST.get(starts_at)}-")
    ]
    restart = Fault(fault="exporter-restart", at=1500.0, place={"exporter": "groups"})
    return Scenario(
        name=f"healthy from {starts_at}",
        engine="sim",
        story="An ordinary time, with a rolling deploy and a restarted exporter.",
        starts_at=starts_at,
        watch=WATCHED_SECONDS,
        faults=[*deploy, restart],
        forbid=[Forbidden(page=True)],
    )


def hours_of(outcomes: Iterable[Outcome]) -> float:
    """Return how long was watched, of all plays together: from each scenario's time 0 on."""
    return sum(each.ends_seconds - each.begins_seconds for each in outcomes) / 3600


def pages_of(outcomes: Iterable[Outcome]) -> list[AlertOutcome]:
    """Return the alerts that paged, at any time."""
    return [
        each
        for outcome in outcomes
        for each in outcome.alerts
        if is_page(each) and each.paged_seconds is not None
    ]
