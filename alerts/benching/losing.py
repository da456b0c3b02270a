"""A mesh whose Alertmanagers are killed in turn while incidents begin and end: what is lost.

Prometheus is played by a sender that does as it does: every alert that fires, and every one that
has ended, is sent to both Alertmanagers again and again, and what one does not take is not kept for
it. PagerDuty is the stand-in, which at times answers 429 and 503.
"""

from __future__ import annotations

import asyncio
import contextlib
import itertools
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path

import aiohttp
import yaml

from alerts.benching.incidents import SERVICE, SLO, Heard, Incident, incidents_over, judge
from alerts.benching.mesh import Mesh, running_stand_in
from alerts.routing import alertmanager_config
from exporters.config import ConfigFile
from slo.objective import Objective, Ratio

_KEY = "0123456789abcdef0123456789abcdef"
_HOLDS_SECONDS = 60.0
_STATUSES = (429, 503)


@dataclass(frozen=True)
class Pace:
    """How much happens, and how fast. All in seconds."""

    incidents: int
    """Each is two transitions."""
    spread: float
    """Over which they begin."""
    lasts: float
    """Longer than it takes the second Alertmanager to take over: its peer time-out, and a group
    interval. What is over before nobody needs to hear of."""
    kill_every: float
    """One after the other."""
    down: float
    """How long one is away."""
    peer_timeout: float = 5.0
    resend: float = 2.0
    """Prometheus's ``--rules.alert.resend-delay``, which is a minute."""
    group_wait: float = 1.0
    group_interval: float = 3.0
    refuse_every: float = 7.0
    """PagerDuty then refuses a few events, in turn with each status."""
    patience: float = 60.0
    """After the last end."""


WHOLE = Pace(incidents=500, spread=130, lasts=30, kill_every=22, down=4)
"""1,000 transitions in three to four minutes."""


async def play(pace: Pace) -> Heard:
    """Play incidents, and return what PagerDuty heard of them."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        async with running_stand_in(folder, [_KEY]) as pagerduty:
            config = _write_config(folder, pagerduty, pace)
            with Mesh(config, folder, pace.peer_timeout) as mesh:
                await mesh.wait_ready()
                return await _play(pace, mesh, pagerduty)


async def _play(pace: Pace, mesh: Mesh, pagerduty: str) -> Heard:
    begin = time.time() + 1
    incidents = incidents_over(pace.incidents, begin, pace.spread, pace.lasts)
    over = incidents[-1].ends
    async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as session:
        beside = [
            asyncio.create_task(_send(session, mesh.urls, incidents, pace.resend)),
            asyncio.create_task(_kill_in_turn(mesh, pace, until=over)),
            asyncio.create_task(_refuse_at_times(session, pagerduty, pace, until=over)),
        ]
        try:
            return await _hear(session, pagerduty, incidents, pace)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)


async def _hear(
    session: aiohttp.ClientSession, pagerduty: str, incidents: Sequence[Incident], pace: Pace
) -> Heard:
    """Return what was heard in the end: nothing may be missing, nor begin again later."""
    over = incidents[-1].ends
    await asyncio.sleep(max(0.0, over - time.time()))
    while (await _heard(session, pagerduty, incidents)).lost and time.time() < over + pace.patience:
        await asyncio.sleep(1)
    await asyncio.sleep(pace.peer_timeout + 2 * pace.group_interval)
    return await _heard(session, pagerduty, incidents)


async def _heard(
    session: aiohttp.ClientSession, pagerduty: str, incidents: Sequence[Incident]
) -> Heard:
    async with session.get(f"{pagerduty}/events") as answer:
        events = (await answer.json())["events"]
    return judge(incidents, (each["event"] for each in events))


async def _send(
    session: aiohttp.ClientSession,
    urls: Sequence[str],
    incidents: Sequence[Incident],
    every_seconds: float,
) -> None:
    while True:
        now = time.time()
        alerts = [each.alert(now, _HOLDS_SECONDS) for each in incidents if each.begins <= now]
        await asyncio.gather(*(_post(session, f"{url}/api/v2/alerts", alerts) for url in urls))
        await asyncio.sleep(max(0.0, now + every_seconds - time.time()))


async def _post(session: aiohttp.ClientSession, url: str, content: object) -> None:
    # One that is down hears of it with the next sending, as from Prometheus.
    with contextlib.suppress(aiohttp.ClientError, TimeoutError):
        async with session.post(url, json=content) as answer:
            await answer.read()


async def _kill_in_turn(mesh: Mesh, pace: Pace, until: float) -> None:
    for index in itertools.cycle((0, 1)):
        await asyncio.sleep(pace.kill_every - pace.down)
        if time.time() > until:
            return
        mesh.kill(index)
        await asyncio.sleep(pace.down)
        mesh.start(index)


async def _refuse_at_times(
    session: aiohttp.ClientSession, pagerduty: str, pace: Pace, until: float
) -> None:
    for status in itertools.cycle(_STATUSES):
        await asyncio.sleep(pace.refuse_every)
        if time.time() > until:
            return
        await _post(session, f"{pagerduty}/control/answers", {"status": status, "times": 3})


def _write_config(folder: Path, pagerduty: str, pace: Pace) -> Path:
    """Write Alertmanager's configuration as it is built, for one objective."""
    (folder / "routing.key").write_text(_KEY, encoding="utf-8")
    file = ConfigFile.model_validate({
        "topology": "topology.yaml",
        "prometheus": {"url": "http://127.0.0.1:9090"},
        "objectives": ["library:chat"],
        "alertmanager": {"group_wait": pace.group_wait, "group_interval": pace.group_interval},
        "pagerduty": {"routing_key_file": "routing.key", "url": f"{pagerduty}/v2/enqueue"},
    })  # fmt: skip
    objective = Objective(
        name=SLO,
        service=SERVICE,
        target=Decimal("0.999"),
        period_seconds=28 * 86400,
        grouping_labels=("region", "model"),
        indicator=Ratio("rate(requests_total[$window])", bad="rate(errors_total[$window])"),
    )
    path = folder / "alertmanager.yml"
    config = alertmanager_config(file, folder, "demo", [objective])
    path.write_text(yaml.safe_dump(config), encoding="utf-8")
    return path
