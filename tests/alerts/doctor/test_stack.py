"""Faults planted into a real small stack, of which the bench plants more; and a test page."""

import asyncio
import json
import subprocess
import sys

import pytest

from alerts.benching.doctoring import await_health, play_one
from alerts.benching.faults import FAULTS, MORE_FAULTS
from alerts.doctor.testing.servers import get
from alerts.doctor.testing.stack import Stack
from exporters.benching import ROOT

PLANTED = (
    "route-that-drops-pages",
    "no-inhibitions",
    "cluster-relabeled-away",
    "silenced",
    "broken-alertmanager-file",
    "missing-bucket",
    "failing-rule",
)
"""Those at the beginning take effect at once, the last ones with a scrape or an evaluation."""


@pytest.fixture(scope="module")
def stack(tmp_path_factory):
    """A stack that is well."""
    with Stack(tmp_path_factory.mktemp("stack")) as running:
        asyncio.run(await_health(running))
        yield running


async def test_a_test_page_arrives_says_what_it_is_and_ends_under_its_key(stack: Stack):
    """PagerDuty hears of it once, and of its end."""
    diagnosis = await stack.diagnose(sends_test_page=True)
    events = [each["event"] for each in json.loads(get(f"{stack.stand_in}/events"))["events"]]
    ours = [each for each in events if "TEST" in each.get("payload", {}).get("summary", "")]
    [key] = {each["dedup_key"] for each in ours}

    assert () == diagnosis.findings
    assert ["trigger", "resolve"] == [
        each["event_action"] for each in events if each["dedup_key"] == key
    ]
    payload = ours[0]["payload"]
    assert ("TEST of shardwatch doctor: do nothing, it ends by itself", "critical") == (
        payload["summary"], payload["severity"])  # fmt: skip
    assert "nothing: this is a test" == payload["custom_details"]["first_step"]


async def test_a_test_page_that_nobody_is_told_of_says_why(stack: Stack):
    """It was led to nobody, which the routes say as well."""
    [fault] = [each for each in FAULTS if each.name == "route-that-drops-pages"]
    fault.plant(stack)
    diagnosis = await stack.diagnose(sends_test_page=True)
    stack.heal()
    await await_health(stack)

    assert ["test-page/held", "routes/page-lost"] == [each.check.id for each in diagnosis.findings]
    assert "was led to nobody, where nobody is told" == diagnosis.findings[0].found.found


async def test_planted_faults_are_named_and_nothing_else_is(stack: Stack):
    """And nothing at all where none is planted: the command says so, and exits with 0."""
    command = [sys.executable, "-m", "shardwatch", "doctor", "--config", str(stack.config)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr), done.stdout
    assert "2 Alertmanagers 0.25.0; nothing wrong by 65 checks" in done.stdout

    faults = {each.name: each for each in (*FAULTS, *MORE_FAULTS)}
    missed = {}
    for name in PLANTED:
        await await_health(stack)
        played = await play_one(stack, faults[name])
        stack.heal()
        if not played.found:
            missed[name] = played.said
    assert {} == missed


def test_the_bench_plants_twenty_five_different_faults():
    """Each is found by another check."""
    assert 25 == len(FAULTS)
    assert 25 == len({each.check for each in FAULTS})
    every = [*FAULTS, *MORE_FAULTS]
    assert len(every) == len({each.name for each in every})


async def test_a_test_page_to_a_receiver_that_is_dead_was_not_told(stack: Stack):
    """Alertmanager tries, which is not yet a word to anybody. Last, for errors are remembered."""
    config = stack.alertmanager_config()
    for receiver in config["receivers"]:
        for each in receiver.get("pagerduty_configs", ()):
            each["url"] = "http://127.0.0.1:9/v2/enqueue"  # where nobody listens
    stack.set_alertmanagers(config)
    diagnosis = await stack.diagnose(sends_test_page=True)

    first = diagnosis.findings[0]
    assert ("test-page/not-told", "Alertmanager gave up pagerduty") == (
        first.check.id, first.found.found)  # fmt: skip
