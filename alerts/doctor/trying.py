"""Test pages, sent as Prometheus sends pages, that say what they are and end by themselves.

Whether a receiver was told is what Alertmanager counts by kind of integration: what else it tells
the same kind at that moment counts as well, so that a quiet moment is the time for a test.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from alerts.burn import ERROR_BUDGET_BURN
from alerts.doctor.examples import example_of
from alerts.doctor.leading import by_config
from alerts.doctor.reading.alertmanager import AlertmanagerClient
from alerts.doctor.seen import Labels, Seen, Trial
from alerts.owners import OWNER
from exporters import catalog
from exporters.access import HttpAccess
from slo import conventions

TEST = "shardwatch-doctor-test"
"""The objective, and the region and model, of test pages: none that exists."""
ENDS_WITHIN_SECONDS = 900.0
"""Without a word from us, should we be killed."""
PATIENCE_SECONDS = 30.0
"""Beyond what a route waits: Alertmanager tries again for as long as it has."""
LOOK_SECONDS = 0.5
_STATE = "state"
SUMMARY = "TEST of shardwatch doctor: do nothing, it ends by itself"


@dataclass(frozen=True)
class Page:
    """One test page."""

    name: str
    labels: Labels
    integrations: Mapping[str, int]
    """How many of each kind are to be told of it."""
    wait_seconds: float
    """Before the first word of it."""
    interval_seconds: float
    """Before the next one."""


def plan(seen: Seen) -> list[Page]:
    """Return a page for each owner of objectives that page, as far as routes tell owners apart.

    Raises:
        ValueError: if no Alertmanager answers.
    """
    cell = dict.fromkeys((catalog.CLUSTER, catalog.REGION, catalog.MODEL), TEST)
    configs = by_config(seen.answering)
    if not configs:
        raise ValueError("no Alertmanager answers")
    _, leading, _ = configs[0]
    pages: dict[str, Page] = {}
    for objective in seen.objectives:
        owner = objective.owner
        if owner in pages or not any(t.severity == conventions.PAGE for t in objective.tiers):
            continue
        labels = {
            **seen.external_labels,
            **example_of(objective, cell),
            **dict(objective.extras(conventions.PAGE).labels),
            **({OWNER: owner} if owner and OWNER not in objective.grouping_labels else {}),
            conventions.ALERTNAME: ERROR_BUDGET_BURN,
            conventions.SLO: TEST,
            conventions.SEVERITY: conventions.PAGE,
            conventions.BURN_TIER: TEST,
        }
        routes = leading.routes(labels)
        counts: dict[str, int] = {}
        for each in leading.told(labels):
            counts[each.name] = counts.get(each.name, 0) + 1
        pages[owner] = Page(
            f"owner {owner}" if owner else "no owner",
            labels,
            counts,
            max((each.group_wait_seconds for each in routes), default=0.0),
            max((each.group_interval_seconds for each in routes), default=0.0),
        )
    return list(pages.values())


async def try_pages(
    seen: Seen, access: HttpAccess | None, say: Callable[[str], None]
) -> tuple[Trial, ...]:
    """Send test pages, one after the other, wait for word of each, and end it.

    Args:
        seen: with Alertmanagers that answer.
        access: how these are asked.
        say: tells people what is waited for.

    Raises:
        AlertmanagerError: if one does not take a page.
        ValueError: if none answers.
    """
    async with contextlib.AsyncExitStack() as stack:
        clients = [
            await stack.enter_async_context(AlertmanagerClient(each.url, access))
            for each in seen.answering
        ]
        return tuple([await _try(page, clients, say) for page in plan(seen)])


async def _try(
    page: Page, clients: Sequence[AlertmanagerClient], say: Callable[[str], None]
) -> Trial:
    trial = Trial(page.name, (), tuple(sorted(page.integrations)))
    began = datetime.now(UTC)
    before = await _counts(clients)
    try:
        await _send(clients, page, began, began + timedelta(seconds=ENDS_WITHIN_SECONDS))
        trial = await _arrival(trial, page, clients)
        if trial.held_by or not (trial.receivers and page.integrations):
            return trial
        patience = page.wait_seconds + PATIENCE_SECONDS
        say(f"test page of {page.name} sent; it may take {patience:.0f} s until it is told")
        told, failed = await _await_word(clients, page, before, patience)
        trial = replace(trial, told_seconds=told, failed=failed, waited_seconds=patience)
    finally:
        told_so_far = await _counts(clients)
        await _send(clients, page, began, datetime.now(UTC))
    if trial.told_seconds is None:
        return trial
    patience = page.interval_seconds + PATIENCE_SECONDS
    say(f"told after {trial.told_seconds:.0f} s; it may take {patience:.0f} s until its end is")
    ended, _ = await _await_word(clients, page, told_so_far, patience)
    return replace(trial, ended_seconds=ended, waited_seconds=patience)


async def _send(
    clients: Sequence[AlertmanagerClient], page: Page, began: datetime, ends: datetime
) -> None:
    alert: dict[str, Any] = {
        "labels": dict(page.labels),
        "annotations": {
            "summary": SUMMARY,
            "description": f"Somebody ran `shardwatch doctor --test-page`. It is for {page.name}.",
            "first_step": "nothing: this is a test",
        },
        "startsAt": began.isoformat(),
        "endsAt": ends.isoformat(),
    }
    await asyncio.gather(*(each.send([alert]) for each in clients))


async def _arrival(trial: Trial, page: Page, clients: Sequence[AlertmanagerClient]) -> Trial:
    """Return the trial with where Alertmanager leads the page, and what holds it back."""
    matchers = [
        f'{name}="{page.labels[name]}"' for name in (conventions.SLO, conventions.ALERTNAME)
    ]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        for alert in await clients[0].alerts(*matchers):
            status = alert.get("status") or {}
            if alert["labels"] == page.labels and status.get(_STATE) != "unprocessed":
                silenced, inhibited = status.get("silencedBy"), status.get("inhibitedBy")
                held = f"by the silence {silenced[0]}" if silenced else ""
                held = held or (f"inhibited by the alert {inhibited[0]}" if inhibited else "")
                receivers = tuple(sorted(each["name"] for each in alert.get("receivers") or ()))
                return replace(trial, receivers=receivers, held_by=held)
        await asyncio.sleep(LOOK_SECONDS)
    return trial


async def _await_word(
    clients: Sequence[AlertmanagerClient],
    page: Page,
    before: tuple[Mapping[str, float], Mapping[str, float]],
    patience_seconds: float,
) -> tuple[float | None, tuple[str, ...]]:
    """Return after how long every integration was told, and those that were given up."""
    began = time.monotonic()
    failed: tuple[str, ...] = ()
    while time.monotonic() - began < patience_seconds:
        sent, given_up = await _counts(clients)
        failed = tuple(
            name
            for name in sorted(page.integrations)
            if given_up.get(name, 0.0) > before[1].get(name, 0.0)
        )
        if failed:
            return None, failed
        if all(sent.get(k, 0.0) - before[0].get(k, 0.0) >= n for k, n in page.integrations.items()):
            return time.monotonic() - began, ()
        await asyncio.sleep(LOOK_SECONDS)
    return None, failed


async def _counts(
    clients: Sequence[AlertmanagerClient],
) -> tuple[dict[str, float], dict[str, float]]:
    """Return what all of a mesh have sent and given up, by integration."""
    sent: dict[str, float] = {}
    given_up: dict[str, float] = {}
    for each in await asyncio.gather(*(client.told() for client in clients)):
        for total, part in zip((sent, given_up), each, strict=True):
            for name, value in part.items():
                total[name] = total.get(name, 0.0) + value
    return sent, given_up
