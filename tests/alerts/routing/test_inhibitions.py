"""What goes without saying: as a real Alertmanager has it."""

import subprocess
import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from alerts.routing.inhibitions import INHIBITIONS
from demo.setup.programs import find_program
from tests.alerts.routing.configuring import configure
from tests.alerts.test_testing import wait_for

PATIENCE_SECONDS = 20
SETTLING_SECONDS = 0.4
EU = "cluster=demo region=eu"
GROUP = f"{EU} model=chat group=eu-chat-0"
OF_CELL = f"{EU} model=chat"
CELL = f"slo=chat-availability service=inference {OF_CELL}"
FAILS = f"RegionFailing {EU} severity=page incident=region"
SPEAKS = f"RegionSpeaks {OF_CELL} severity=none"


@pytest.fixture(scope="module")
def alertmanager(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An Alertmanager with our inhibitions, which tells nobody."""
    folder = tmp_path_factory.mktemp("inhibitions")
    (folder / "alertmanager.yml").write_text(yaml.safe_dump(configure()))
    with subprocess.Popen(
        [str(find_program("alertmanager")), f"--config.file={folder / 'alertmanager.yml'}",
         f"--storage.path={folder / 'data'}", "--cluster.listen-address=",
         "--web.listen-address=127.0.0.1:0", "--log.level=info"],
        stderr=subprocess.PIPE, text=True,
    ) as running:  # fmt: skip
        try:
            yield f"http://127.0.0.1:{_port(running)}"
        finally:
            running.terminate()


def _port(running: subprocess.Popen[str]) -> int:
    for line in running.stderr or ():
        if "Listening on" in line:
            port = int(line.rpartition(":")[2])
            wait_for(port)
            return port
    raise TimeoutError("it does not listen")


def labels_of(text: str) -> dict[str, str]:
    """Return labels written as ``NAME=VALUE``, the first without a name that of the alert."""
    name, *others = text.split()
    return {"alertname": name, **dict(each.split("=", 1) for each in others)}


def inhibited(url: str, source: str, target: str) -> bool:
    """Tell whether an alert is inhibited while another one fires; both end then."""
    now = datetime.now(UTC)
    run = {"run": str(time.monotonic_ns())}  # apart from what other tests sent

    def send(seconds: float) -> None:
        ends = (now + timedelta(seconds=seconds)).isoformat()
        alerts = [
            {"labels": labels_of(each) | run, "startsAt": (now - timedelta(60)).isoformat(),
             "endsAt": ends}
            for each in (source, target)
        ]  # fmt: skip
        assert 200 == httpx2.post(f"{url}/api/v2/alerts", json=alerts).status_code

    send(300)
    try:
        for each in (source, target):
            _status(url, labels_of(each) | run)
        # The inhibitor hears of alerts by a way of its own.
        deadline = time.monotonic() + SETTLING_SECONDS
        while time.monotonic() < deadline:
            if _status(url, labels_of(target) | run)["inhibitedBy"]:
                return True
            time.sleep(0.05)
        return False
    finally:
        send(-1)


def _status(url: str, labels: dict[str, str]) -> dict[str, Any]:
    chosen = [f'{name}="{value}"' for name, value in labels.items()]
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer: list[dict[str, Any]] = httpx2.get(
            f"{url}/api/v2/alerts", params={"filter": chosen}
        ).json()
        found = [each for each in answer if each["labels"] == labels]
        if found and found[0]["status"]["state"] != "unprocessed":
            return found[0]["status"]
        time.sleep(0.05)
    raise TimeoutError(f"{labels} did not come")


@pytest.mark.parametrize(
    ("source", "target"),
    [
        (f"ErrorBudgetBurn {CELL} severity=page burn_tier=1h",
         f"ErrorBudgetBurn {CELL} severity=page burn_tier=6h"),
        (f"ErrorBudgetBurn {CELL} severity=ticket burn_tier=1d",
         f"ErrorBudgetBurn {CELL} severity=ticket burn_tier=3d"),
        (f"ErrorBudgetBurn {CELL} severity=page burn_tier=6h",
         f"ErrorBudgetBurn {CELL} severity=ticket burn_tier=1d"),
        (f"ErrorBudgetBurn {CELL} severity=page burn_tier=6h owner=x",
         f"BurnSuppressed {CELL} severity=ticket"),
        (f"ZeroToleranceBroken {CELL} severity=page",
         f"BurnSuppressed {CELL} severity=ticket"),
        ("ErrorBudgetBurn slo=all service=a severity=page burn_tier=1h",
         "ErrorBudgetBurn slo=all service=a severity=page burn_tier=6h"),
        (f"RegionDown {EU} severity=page", f"ShardGroupDead {GROUP} severity=ticket"),
        (f"RegionDown {EU} severity=page", f"GpuLost {GROUP} host=h1 severity=ticket"),
        (f"RegionDown {EU} severity=page", f"ErrorBudgetBurn {CELL} severity=page burn_tier=1h"),
        (f"RegionDown {EU} severity=page",
         f"ErrorBudgetBurn slo=x service=y {EU} severity=page burn_tier=1h"),
        (f"RegionDown {EU} severity=page",
         f"TrafficVanished service=a {OF_CELL} severity=page"),
        (f"RegionDown {EU} severity=page", FAILS),
        (FAILS, f"ShardGroupDead {GROUP} severity=ticket"),
        (SPEAKS, f"ErrorBudgetBurn {CELL} severity=page burn_tier=1h incident=cell"),
        (SPEAKS, f"RegionCapacityLow {OF_CELL} severity=page incident=cell"),
        (SPEAKS, f"TrafficVanished service=inference {OF_CELL} severity=page incident=cell"),
        (SPEAKS, f"QueueMetastable {OF_CELL} severity=page incident=cell"),
        (f"HostDown {GROUP} host=h1 severity=ticket", f"GpuLost {GROUP} host=h1 severity=ticket"),
        (f"HostDown {EU} host=h1 severity=ticket", f"GpuLost {GROUP} host=h1 severity=ticket"),
        (f"ShardGroupDead {GROUP} severity=ticket", f"GpuLost {GROUP} host=h1 severity=ticket"),
        (f"ShardGroupDead {GROUP} severity=ticket", f"ShardGroupStalled {GROUP} severity=ticket"),
        (f"ShardGroupDraining {GROUP} severity=none", f"ShardGroupDead {GROUP} severity=ticket"),
        (f"ShardGroupDraining {GROUP} severity=none", f"GpuLost {GROUP} host=h1 severity=ticket"),
    ],
)  # fmt: skip
def test_what_goes_without_saying_is_inhibited(alertmanager: str, source: str, target: str):
    """While the other one fires."""
    assert inhibited(alertmanager, source, target)


@pytest.mark.parametrize(
    ("source", "target"),
    [
        # Of another cell, objective, group, host, region.
        (f"ErrorBudgetBurn {CELL} severity=page burn_tier=1h",
         f"ErrorBudgetBurn {CELL.replace('=eu', '=us')} severity=page burn_tier=6h"),
        (f"ErrorBudgetBurn {CELL} severity=page burn_tier=1h",
         f"ErrorBudgetBurn {CELL.replace('availability', 'ttft')} severity=ticket burn_tier=1d"),
        (f"ShardGroupDead {GROUP} severity=ticket",
         f"ShardGroupStalled {GROUP}1 severity=ticket"),
        (f"HostDown {GROUP} host=h1 severity=ticket", f"GpuLost {GROUP} host=h2 severity=ticket"),
        (f"RegionDown {EU} severity=page", "ShardGroupDead cluster=demo region=us group=g "
         "severity=ticket"),
        # A slower tier tells nothing of a faster one, nor the ticket of the page.
        (f"ErrorBudgetBurn {CELL} severity=page burn_tier=6h",
         f"ErrorBudgetBurn {CELL} severity=page burn_tier=1h"),
        (f"ErrorBudgetBurn {CELL} severity=ticket burn_tier=1d",
         f"ErrorBudgetBurn {CELL} severity=page burn_tier=6h"),
        # Both lack the label, which counts as equal: nothing is known of either.
        ("RegionDown severity=page", "ShardGroupDead group=g severity=ticket"),
        ("HostDown severity=ticket", "GpuLost severity=ticket"),
        ("ShardGroupDraining severity=none", "ToolOutage tool=browser severity=ticket"),
        # What wakes people, and what users feel, is told whatever the cause is called.
        (f"RegionDown {EU} severity=page",
         f"ZeroToleranceBroken {CELL} severity=page"),
        (f"RegionDown {EU} severity=page",
         f"ErrorBudgetBurn {CELL.replace('eu', 'us')} severity=page burn_tier=1h"),
        (f"RegionDown {EU} severity=page",
         "ErrorBudgetBurn slo=x service=y cluster=other region=eu severity=page burn_tier=1h"),
        (f"RegionDown {EU} severity=page",
         "ErrorBudgetBurn slo=x service=y region=eu severity=page burn_tier=1h"),
        (f"ErrorBudgetBurn {CELL} severity=page burn_tier=1h",
         f"ErrorBudgetBurn {CELL.replace('demo', 'other')} severity=page burn_tier=6h"),
        (f"ErrorBudgetBurn {CELL} severity=page burn_tier=1h",
         f"BurnSuppressed {CELL.replace('demo', 'other')} severity=ticket"),
        (SPEAKS, "RegionCapacityLow cluster=other region=eu model=chat severity=page "
         "incident=cell"),
        (SPEAKS, f"RegionCapacityLow {EU} model=code severity=page incident=cell"),
        (SPEAKS, FAILS),
        (SPEAKS, f"GovSafetyBypassed {OF_CELL} severity=page"),
        (SPEAKS, f"ErrorBudgetBurn {CELL} severity=page burn_tier=1h"),
        # What a region's page lasts for is told, and names all models.
        (FAILS, f"ErrorBudgetBurn {CELL} severity=page burn_tier=1h incident=cell"),
        (FAILS, f"RegionDown {EU} severity=page"),
        (f"RegionDown {EU} severity=page", f"GovDataOutsideRegion {EU} severity=page"),
        (f"ShardGroupDead {GROUP} severity=ticket", f"Snowball {GROUP} host=h1 severity=page"),
        # A dead group is no reason for the host that it lost, nor is one lost host for another.
        (f"ShardGroupDead {GROUP} severity=ticket", f"HostDown {GROUP} host=h1 severity=ticket"),
        (f"HostDown {GROUP} host=h1 severity=ticket",
         f"HostDown {GROUP}1 host=h1 severity=ticket"),
        # Of many exporters one may be down, and who hears of it is not who hears of events.
        ("ExporterDown job=shardwatch-router instance=a:1 severity=ticket",
         "EventsBlind service=inference severity=ticket"),
    ],
)  # fmt: skip
def test_nothing_else_is_inhibited(alertmanager: str, source: str, target: str):
    """What is said of one is not known of another."""
    assert not inhibited(alertmanager, source, target)


def test_the_reasons_are_told():
    """Each in README.md."""
    text = (Path(__file__).parents[3] / "alerts/routing/README.md").read_text()
    said = " ".join(text.split())
    reasons = (
        "a page of a cell says what its tickets would",
        "a faster tier of a cell's burn says what a slower one would",
        "a region that is down is one page, however many objectives see it",
        *(i.why for i in INHIBITIONS),
    )

    assert [] == [each for each in reasons if each not in said]
