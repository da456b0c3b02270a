"""Nothing is lost and nothing told twice: by servers that fail, and forwarders that are killed."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any

import pytest

from alerts.changes.forwarding import Forwarder
from alerts.changes.sending import Answer, wait_seconds
from alerts.changes.state import read_state
from exporters.config import Links
from exporters.problems import InputError
from slo.prometheus import PrometheusUnreachableError

CHAT = ("demo", "eu", "chat")
TAKEN, LATER = Answer("taken"), Answer("later", "503: try again")


class World:
    """A Prometheus that tells what is set, and a PagerDuty that answers what is set."""

    def __init__(self, folder: Path) -> None:
        self.state_file = folder / "changes.json"
        self.revision: str | None = "r1"
        self.answers: list[Answer] = []
        self.told: list[str] = []

    async def ask(self) -> Any:
        """Tell what runs."""
        if self.revision is None:
            raise PrometheusUnreachableError("no answer")
        return {"revision": {CHAT: {"a": self.revision}}}

    async def send(self, event: Any) -> Answer:
        """Answer."""
        answer = self.answers.pop(0) if self.answers else TAKEN
        if answer.outcome == "taken":
            self.told.append(event["payload"]["summary"])
        return answer

    def forwarder(self, **others: Any) -> Forwarder:
        """Return one that has just been started."""
        return Forwarder(self.ask, self.send, Links(), self.state_file, clock=lambda: 1e9, **others)


@pytest.fixture
def world(tmp_path: Path) -> World:
    """One."""
    return World(tmp_path)


def now(revision: str, before: str) -> str:
    """Return what is told."""
    return f"eu chat: 1 of 1 groups now run {revision}, before {before}"


async def test_a_change_is_told_once_and_across_restarts_neither_again_nor_not_at_all(world: World):
    """Whatever moment it is restarted at."""
    await world.forwarder().look()
    world.revision = "r2"
    await world.forwarder().look()  # and is killed before it tells
    forwarder = world.forwarder()
    assert 1 == forwarder.waiting
    await forwarder.tell()
    forwarder = world.forwarder()
    await forwarder.look()
    assert await forwarder.tell() is None

    assert [now("r2", "r1")] == world.told


async def test_what_changes_while_it_is_away_is_told_when_it_is_back(world: World):
    """Its state file remembers what ran."""
    await world.forwarder().look()
    world.revision = "r3"
    forwarder = world.forwarder()
    await forwarder.look()
    await forwarder.tell()

    assert [now("r3", "r1")] == world.told


async def test_the_oldest_waits_its_turn_while_pagerduty_fails(world: World, caplog):
    """Said once, however often it fails; in the order in which it happened."""
    forwarder = world.forwarder()
    world.answers = [LATER] * 4
    for revision in ("r1", "r2", "r3"):
        world.revision = revision
        await forwarder.look()
        await forwarder.tell()
    with caplog.at_level(logging.WARNING):
        while forwarder.waiting:
            await forwarder.tell()

    assert [now("r2", "r1"), now("r3", "r2")] == world.told
    assert 1 == sum("503: try again" in each.message for each in caplog.records)


async def test_another_reason_why_it_waits_is_said_too(world: World, caplog):
    """A wrong key is shown, though PagerDuty failed before."""
    world.answers = [LATER, Answer("later", "400: 'routing_key' belongs to no integration"), LATER]
    forwarder = world.forwarder()
    await forwarder.look()
    world.revision = "r2"
    await forwarder.look()
    for _ in range(4):
        await forwarder.tell()

    assert [now("r2", "r1")] == world.told
    assert 1 == sum("belongs to no integration" in each.message for each in caplog.records)


async def test_a_refused_event_is_shown_and_never_sent_again(world: World, caplog):
    """The next one is."""
    forwarder = world.forwarder()
    world.answers = [Answer("refused", "400: 'payload.summary' is missing or blank")]
    for revision in ("r1", "r2", "r3"):
        world.revision = revision
        await forwarder.look()
    await forwarder.tell()
    await forwarder.tell()

    assert [now("r3", "r2")] == world.told
    assert any("400: 'payload.summary' is missing" in each.message for each in caplog.records)


async def test_a_full_queue_loses_nothing(world: World):
    """What changes while it is full is told together, once there is room."""
    forwarder = world.forwarder(most_waiting=2)
    for revision in ("r1", "r2", "r3", "r4", "r5"):
        world.revision = revision
        await forwarder.look()
    assert 2 == forwarder.waiting
    await forwarder.tell()
    await forwarder.look()
    while await forwarder.tell():
        pass

    assert [now("r2", "r1"), now("r3", "r2"), now("r5", "r3")] == world.told


async def test_a_prometheus_that_does_not_answer_changes_nothing(world: World, caplog):
    """It is said once, and what changed meanwhile is told later."""
    forwarder = world.forwarder()
    await forwarder.look()
    world.revision = None
    for _ in range(3):
        assert not await forwarder.look()
    world.revision = "r2"
    await forwarder.look()
    await forwarder.tell()

    assert [now("r2", "r1")] == world.told
    assert 1 == sum("Prometheus" in each.message for each in caplog.records)


async def test_it_goes_on_looking_while_it_waits_to_tell(world: World):
    """Both at once, and at the next answer all is told."""
    world.answers = [Answer("later", "429: slow down", retry_after_seconds=0.0)]
    forwarder = world.forwarder(chance=lambda: 1.0)
    running = asyncio.create_task(forwarder.run(0.01))
    for revision in ("r2", "r3"):
        await asyncio.sleep(0.1)
        world.revision = revision
    while len(world.told) < 2:
        await asyncio.sleep(0.02)
    running.cancel()

    assert [now("r2", "r1"), now("r3", "r2")] == world.told


async def test_the_key_is_not_in_the_state(world: World):
    """It is put in when an event is sent, and may be another one then."""
    forwarder = world.forwarder()
    await forwarder.look()
    world.revision = "r2"
    await forwarder.look()

    [event] = json.loads(world.state_file.read_text())["waiting"]
    assert {"payload", "links"} == event.keys()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", "changes.json: found an empty file, expected a document"),
        ("{", "changes.json:2:1: not YAML: did not find expected node content"),
        ('{"known": []}', "changes.json:1:2: known: found [], expected a mapping"),
    ],
)
def test_a_state_that_is_none_is_a_problem(tmp_path: Path, text: str, expected: str):
    """Nothing is told out of it."""
    file = tmp_path / "changes.json"
    file.write_text(text)
    with pytest.raises(InputError) as caught:
        read_state(file)

    assert expected in str(caught.value).replace(f"{tmp_path}/", "")


def test_waits_double_up_to_a_minute_and_no_less_than_was_asked_for():
    """Less up to a half by chance; what is asked for is bounded, too."""
    waits = [wait_seconds(failures, LATER, chance=0.0) for failures in (1, 2, 3, 7, 5000)]
    assert [1, 2, 4, 60, 60] == waits
    assert 0.5 == wait_seconds(1, LATER, chance=1.0)
    assert 30 == wait_seconds(1, Answer("later", "", 30.0), chance=0.5)
    assert 600 == wait_seconds(1, Answer("later", "", 1e6), chance=0.5)
