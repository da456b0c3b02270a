"""A real Alertmanager on our configuration, and PagerDuty's stand-in: what really arrives."""

import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from alerts.build import build
from alerts.watchdog import HEARTBEAT_SECONDS
from exporters.config import read_config
from exporters.durations import format_duration, parse_duration
from tests.alerts.chain import running_alertmanager, running_chain, running_stand_in

KEY = "0123456789abcdef0123456789abcdef"
PATIENCE_SECONDS = 30

BURN_LABELS = {
    "alertname": "ErrorBudgetBurn",
    "slo": "chat-availability",
    "service": "inference",
    "severity": "page",
    "burn_tier": "1h",
    "region": "eu",
    "model": "chat",
    "owner": "serving",
}
BEGAN = datetime.now(UTC).replace(microsecond=0) - timedelta(seconds=60)
"""When the alerts began to fire."""
BURN_ANNOTATIONS = {
    "summary": "chat-availability burns its error budget 44.1 times too fast in region eu",
    "description": "Events go bad 44.1 times as often over 1h as 28d can bear.",
    "burn_rate": "44.1 over 1h, 300.0 over 5m; a page above 13.44",
    "budget_left": "71.2%",
    "budget_gone": "in 11h 23m, at 2026-11-26 21:03 UTC",
    "first_step": "Take eu-chat-0 out of the router, then look at its host h0.",
    "groups_hit": "eu-chat-0 dead (gpu_lost)",
    "probable_cause": "GpuLost: GPU-0 on host h0 of group eu-chat-0 (xid_79)",
    "runbook_url": "http://runbooks/ErrorBudgetBurn.md",
    "dashboard_url": "http://grafana/d/shardwatch-slo?var-region=eu&from=now-3h&to=now",
}


@dataclass(frozen=True)
class Chain:
    """An Alertmanager and what it tells."""

    alertmanager: str
    stand_in: str

    def send(self, labels: dict[str, str], *, resolved: bool = False) -> None:
        """Tell Alertmanager of an alert as Prometheus does."""
        now = datetime.now(UTC)
        alert = {
            "labels": labels,
            "annotations": BURN_ANNOTATIONS,
            "startsAt": BEGAN.isoformat(),
            "endsAt": (now + timedelta(seconds=-1 if resolved else 300)).isoformat(),
        }
        answer = httpx2.post(f"{self.alertmanager}/api/v2/alerts", json=[alert])
        assert 200 == answer.status_code, answer.text

    def events(self) -> list[dict[str, Any]]:
        """Return what PagerDuty took; it must not have refused anything."""
        answer = httpx2.get(f"{self.stand_in}/events").json()
        assert [] == answer["refused"]
        return [each["event"] for each in answer["events"]]

    def counted(self, of: str) -> float:
        """Return what Alertmanager counted of its notifications to PagerDuty."""
        page = httpx2.get(f"{self.alertmanager}/metrics").text
        start = f'alertmanager_{of}_total{{integration="pagerduty"'
        return sum(float(each.split()[-1]) for each in page.splitlines() if each.startswith(start))

    def webhooks(self) -> list[dict[str, Any]]:
        """Return what the webhook got."""
        answer = httpx2.get(f"{self.stand_in}/webhooks").json()
        return [each["message"] for each in answer["webhooks"]]


def eventually(found: Callable[[], Any]) -> Any:
    """Return what ``found`` returns as soon as it is anything."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        value = found()
        if value:
            return value
        time.sleep(0.1)
    raise TimeoutError("it did not come")


@pytest.fixture
def chain(tmp_path: Path, free_ports: tuple[int, int]) -> Iterator[Chain]:
    """Both programs, on free ports, with our configuration as it is built."""
    with running_chain(configured(tmp_path, free_ports), tmp_path / "key", free_ports):
        yield chain_on(free_ports)


def chain_on(ports: tuple[int, int]) -> Chain:
    """Return the programs that run on two ports, the stand-in first."""
    stand_in_port, alertmanager_port = ports
    return Chain(f"http://127.0.0.1:{alertmanager_port}", f"http://127.0.0.1:{stand_in_port}")


def configured(folder: Path, ports: tuple[int, int]) -> Path:
    """Return the configuration that is built for the programs on two ports, in a folder."""
    chain = chain_on(ports)
    (folder / "key").write_text(f"{KEY}\n")
    source = Path(__file__).parent / "demo_like"
    content = yaml.safe_load((source / "shardwatch.yaml").read_text())
    content["topology"] = str(source / "topology.yaml")
    content["alertmanager"] = {"group_wait": "500ms", "group_interval": "1s"}
    content["pagerduty"]["routing_key_file"] = "key"
    content["pagerduty"]["url"] = f"{chain.stand_in}/v2/enqueue"
    content["webhook"]["url"] = f"{chain.stand_in}/webhook"
    config = folder / "shardwatch.yaml"
    config.write_text(yaml.safe_dump(content))
    built = folder / "alertmanager.yml"
    built.write_text(build(read_config(config))["alertmanager.yml"])
    return built


def test_a_page_arrives_with_all_it_should_say_and_resolves_under_the_same_key(chain: Chain):
    """One incident, one resolve, nothing that PagerDuty would refuse."""
    chain.send({**BURN_LABELS, "burn_tier": "6h"})
    eventually(chain.events)
    # A faster tier of the same cell belongs to the same incident; its ticket says nothing new.
    chain.send(BURN_LABELS)
    chain.send({**BURN_LABELS, "burn_tier": "3d", "severity": "ticket"})
    [page] = joined = eventually(lambda: chain.events()[1:])
    for tier, severity in (("3d", "ticket"), ("6h", "page"), ("1h", "page")):
        chain.send({**BURN_LABELS, "burn_tier": tier, "severity": severity}, resolved=True)
    resolve = eventually(
        lambda: [each for each in chain.events() if each["event_action"] == "resolve"]
    )

    payload = page["payload"]
    assert ("trigger", KEY) == (page["event_action"], page["routing_key"])
    assert BURN_ANNOTATIONS["summary"] == payload["summary"]
    assert ("critical", "demo", "ErrorBudgetBurn", "inference", "chat eu") == (
        payload["severity"], payload["source"], payload["class"], payload["component"],
        payload["group"])  # fmt: skip
    details = payload["custom_details"]
    told = ("burn_rate", "budget_left", "budget_gone", "groups_hit", "probable_cause",
            "first_step", "description")  # fmt: skip
    assert {each: BURN_ANNOTATIONS[each] for each in told} == {each: details[each] for each in told}
    labels = ("alertname", "slo", "service", "severity", "region", "model", "owner")
    assert {each: BURN_LABELS[each] for each in labels} == {each: details[each] for each in labels}
    assert BEGAN.strftime("%Y-%m-%d %H:%M:%S UTC") == details["since"]
    before = round((BEGAN - timedelta(hours=3)).timestamp() * 1000)
    board = f"http://grafana/d/shardwatch-slo?var-region=eu&from={before}&to=now"
    assert [
        {"href": BURN_ANNOTATIONS["runbook_url"], "text": "runbook"},
        {"href": board, "text": "dashboard"},
    ] == page["links"]
    assert {page["dedup_key"]} == {each["dedup_key"] for each in [*joined, *resolve]}


CELL = {"cluster": "demo", "region": "eu", "model": "chat"}
OF_CELL = {**BURN_LABELS, **CELL, "incident": "cell"}
QUEUE = {"alertname": "QueueMetastable", "severity": "page", "incident": "cell", **CELL}
FAILING = {"alertname": "RegionFailing", "severity": "page", "incident": "region",
           "cluster": "demo", "region": "eu"}  # fmt: skip
SPEAKS = {"alertname": "RegionSpeaks", "severity": "none", **CELL}


def test_pages_of_one_cell_are_one_incident_that_stands_until_the_last_ends(chain: Chain):
    """Whichever ends first; what users feel speaks for it, and all are listed."""
    late = {**OF_CELL, "slo": "chat-ttft"}
    chain.send(QUEUE)
    [first] = eventually(chain.events)
    chain.send(OF_CELL)
    chain.send(late)
    told = eventually(lambda: [e for e in chain.events() if alerts_told(e) == 3])[-1]
    chain.send(QUEUE, resolved=True)
    chain.send(OF_CELL, resolved=True)
    eventually(lambda: alerts_told(chain.events()[-1]) == 1)
    time.sleep(3)  # three group intervals
    before = chain.events()
    chain.send(late, resolved=True)
    ended = eventually(lambda: [e for e in chain.events() if e["event_action"] == "resolve"])

    assert "trigger" == before[-1]["event_action"]
    assert 1 == len(ended)
    assert {first["dedup_key"]} == {each["dedup_key"] for each in [*before, *ended]}
    details = told["payload"]["custom_details"]
    assert ("ErrorBudgetBurn", "chat-availability", "demo") == (
        details["alertname"], details["slo"], details["cluster"])  # fmt: skip
    assert BURN_ANNOTATIONS["probable_cause"] == details["probable_cause"]


def alerts_told(event: dict[str, Any]) -> int:
    """Return how many alerts an event tells of as firing."""
    details = event.get("payload", {}).get("custom_details") or {}
    return len(details.get("alerts", "").splitlines())


def test_the_same_cell_of_another_cluster_is_another_incident(chain: Chain):
    """It says which, and ends by itself."""
    other = {**OF_CELL, "cluster": "other"}
    chain.send(OF_CELL)
    chain.send(other)
    pages = eventually(lambda: chain.events() if len(chain.events()) == 2 else [])
    chain.send(other, resolved=True)
    [ended] = eventually(lambda: [e for e in chain.events() if e["event_action"] == "resolve"])

    keys = {each["payload"]["source"]: each["dedup_key"] for each in pages}
    assert {"demo", "other"} == keys.keys()
    assert keys["demo"] != keys["other"] == ended["dedup_key"]
    assert {"demo", "other"} == {each["payload"]["custom_details"]["cluster"] for each in pages}


def test_what_a_region_speaks_for_is_told_when_it_stops(chain: Chain):
    """As long as any page fires, one that somebody was told of stands."""
    chain.send(SPEAKS)
    chain.send(FAILING)
    chain.send(OF_CELL)
    [region] = eventually(chain.events)
    time.sleep(3)  # three group intervals
    assert [region] == chain.events()
    chain.send(SPEAKS, resolved=True)
    chain.send(FAILING, resolved=True)
    classes = eventually(lambda: told_of(chain, "trigger") if len(chain.events()) == 3 else [])

    assert ["RegionFailing", "ErrorBudgetBurn"] == classes
    [ended] = [each for each in chain.events() if each["event_action"] == "resolve"]
    assert region["dedup_key"] == ended["dedup_key"]


def told_of(chain: Chain, action: str) -> list[str]:
    """Return the alerts that PagerDuty was told of."""
    return [each["payload"]["class"] for each in chain.events() if each["event_action"] == action]


def test_a_region_that_is_back_keeps_its_incident_while_it_still_fails(chain: Chain):
    """Under the same key: nobody is woken by the end of what woke them."""
    down = {**FAILING, "alertname": "RegionDown"}
    chain.send(down)
    eventually(chain.events)
    chain.send(FAILING)
    time.sleep(2)
    chain.send(down, resolved=True)
    classes = eventually(lambda: told_of(chain, "trigger")[1:])
    chain.send(FAILING, resolved=True)
    [ended] = eventually(lambda: [e for e in chain.events() if e["event_action"] == "resolve"])

    assert {"RegionFailing"} == {*classes}
    assert {ended["dedup_key"]} == {each["dedup_key"] for each in chain.events()}


def test_a_region_that_failed_for_long_and_goes_down_wakes_somebody_anew(chain: Chain):
    """By an incident of its own, which ends when it is back; the old one stands."""
    apart = {k: v for k, v in FAILING.items() if k != "incident"} | {"alertname": "RegionDown"}
    chain.send(FAILING)
    [failing] = eventually(chain.events)
    chain.send(apart)
    down = eventually(lambda: chain.events()[1:])[0]
    chain.send(apart, resolved=True)
    [ended] = eventually(lambda: [e for e in chain.events() if e["event_action"] == "resolve"])
    time.sleep(3)  # three group intervals
    before = len(chain.events())
    chain.send(FAILING, resolved=True)
    last = eventually(lambda: chain.events()[before:])[0]

    assert 3 == before
    assert ("trigger", "RegionDown") == (down["event_action"], down["payload"]["class"])
    assert failing["dedup_key"] != down["dedup_key"] == ended["dedup_key"]
    assert ("resolve", failing["dedup_key"]) == (last["event_action"], last["dedup_key"])


def test_vanished_traffic_that_was_told_before_its_region_is_one_incident_beside_it(chain: Chain):
    """It stays open under the region's page, which tells nobody of it again, and ends after it."""
    vanished = {"alertname": "TrafficVanished", "severity": "page", "incident": "cell",
                "service": "inference", **CELL}  # fmt: skip
    down = {**FAILING, "alertname": "RegionDown"}
    chain.send(vanished)
    [first] = eventually(chain.events)
    chain.send(down)
    region = eventually(lambda: chain.events()[1:])[0]
    chain.send({**vanished, "model": "code"})  # nobody was told of this one
    time.sleep(3)  # three group intervals
    assert [first, region] == chain.events()
    chain.send({**vanished, "model": "code"}, resolved=True)
    chain.send(down, resolved=True)
    chain.send(vanished, resolved=True)
    ended = eventually(
        lambda: ends if len(ends := [e for e in chain.events() if e["event_action"] == "resolve"])
        == 2 else []
    )  # fmt: skip

    assert first["dedup_key"] != region["dedup_key"]
    assert {first["dedup_key"], region["dedup_key"]} == {each["dedup_key"] for each in ended}
    assert 4 == len(chain.events())


def test_a_lost_gpu_is_told_to_the_webhook_and_pages_nobody(chain: Chain):
    """The burn pages; this explains. The burn that comes after it is PagerDuty's only event."""
    gpu_lost = {"alertname": "GpuLost", "severity": "ticket", "cluster": "demo", "region": "eu",
                "model": "chat", "group": "eu-chat-0", "host": "h0"}  # fmt: skip
    chain.send(gpu_lost)
    [told] = eventually(chain.webhooks)
    chain.send(BURN_LABELS)
    events = eventually(chain.events)

    assert [gpu_lost] == [alert["labels"] for alert in told["alerts"]]
    assert ["ErrorBudgetBurn"] == [each["payload"]["class"] for each in events]


def test_an_end_that_was_inhibited_is_told_as_soon_as_nothing_inhibits_it(chain: Chain):
    """Prometheus sends ends for 15 minutes: a GPU is back before its group is up."""
    group = {"severity": "ticket", "cluster": "demo", "region": "eu", "model": "chat",
             "group": "eu-chat-0"}  # fmt: skip
    gpu_lost = {"alertname": "GpuLost", "host": "h0", **group}
    dead = {"alertname": "ShardGroupDead", **group}

    def told(alert: dict[str, str], status: str) -> bool:
        return any(
            each["labels"] == alert and each["status"] == status
            for message in chain.webhooks()
            for each in message["alerts"]
        )

    chain.send(gpu_lost)
    eventually(lambda: told(gpu_lost, "firing"))
    chain.send(dead)
    eventually(lambda: told(dead, "firing"))
    chain.send(gpu_lost, resolved=True)
    time.sleep(3)  # three group intervals
    assert not told(gpu_lost, "resolved")
    chain.send(dead, resolved=True)
    eventually(lambda: told(dead, "resolved"))
    chain.send(gpu_lost, resolved=True)

    assert eventually(lambda: told(gpu_lost, "resolved"))


SHORTER = 12
"""Times by which the heartbeat's times are shortened for its test: one every 5 s."""


def test_the_heartbeat_is_told_with_each_flush(tmp_path: Path, free_ports: tuple[int, int]):
    """And with none left out, as where its two intervals are equal."""
    config = yaml.safe_load(configured(tmp_path, free_ports).read_text())
    [route] = [
        each for each in config["route"]["routes"] if "Watchdog" in str(each.get("matchers"))
    ]
    for name in ("group_interval", "repeat_interval"):
        route[name] = format_duration(parse_duration(route[name]) / SHORTER)
    built = tmp_path / "shorter.yml"
    built.write_text(yaml.safe_dump(config))

    with running_chain(built, tmp_path / "key", free_ports):
        chain = chain_on(free_ports)
        chain.send({"alertname": "Watchdog", "severity": "none", "watches": "shardwatch"})
        eventually(chain.webhooks)
        began = time.monotonic()
        eventually(lambda: chain.webhooks()[3:])
        waited = time.monotonic() - began

    beat = HEARTBEAT_SECONDS / SHORTER
    assert 2.5 * beat < waited < 3.5 * beat


@pytest.mark.parametrize("status", [429, 503])
def test_a_page_that_pagerduty_could_not_take_comes_again(chain: Chain, status: int):
    """Once: what it answered otherwise is not kept."""
    wanted = {"status": status, "times": 2}
    httpx2.post(f"{chain.stand_in}/control/answers", json=wanted)
    chain.send(BURN_LABELS)

    [page] = eventually(chain.events)

    assert BURN_ANNOTATIONS["summary"] == page["payload"]["summary"]


def test_a_page_that_pagerduty_refuses_is_given_up_at_once_and_shown(chain: Chain):
    """It counts as lost, which NotificationsFailing tells; the group's next flush tries anew."""
    httpx2.post(f"{chain.stand_in}/control/answers", json={"status": 400, "times": 2})
    chain.send(BURN_LABELS)

    [page] = eventually(chain.events)

    assert BURN_ANNOTATIONS["summary"] == page["payload"]["summary"]
    assert (
        2 == chain.counted("notifications_failed") == chain.counted("notification_requests_failed")
    )


def test_a_page_and_its_end_outlast_a_dead_network(tmp_path: Path, free_ports: tuple[int, int]):
    """Each is told once PagerDuty can be reached, under one key."""
    chain, key_file = chain_on(free_ports), tmp_path / "key"
    with running_alertmanager(configured(tmp_path, free_ports), free_ports[1]):
        chain.send(BURN_LABELS)
        eventually(lambda: chain.counted("notification_requests_failed") >= 2)
        with running_stand_in(key_file, free_ports[0]):
            [page] = eventually(chain.events)
        failed = chain.counted("notification_requests_failed")
        chain.send(BURN_LABELS, resolved=True)
        eventually(lambda: chain.counted("notification_requests_failed") > failed)
        with running_stand_in(key_file, free_ports[0]):
            [end] = eventually(chain.events)

    assert ("trigger", "resolve") == (page["event_action"], end["event_action"])
    assert page["dedup_key"] == end["dedup_key"]
