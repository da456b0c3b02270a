"""Who is told of what: by Alertmanager's own amtool."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.routing import alertmanager_config
from demo.setup.programs import find_program
from exporters.config import ConfigFile

BURN = "alertname=ErrorBudgetBurn service=inference slo=chat-availability region=eu model=chat"
GPU_LOST = "alertname=GpuLost severity=ticket cluster=demo region=eu model=chat group=g host=h"
VANISHED = "alertname=TrafficVanished severity=page service=inference region=eu model=chat"
BLIND = "alertname=EventsBlind severity=ticket service=inference"
WATCHDOG = "alertname=Watchdog severity=none"

PAGERDUTY = {"routing_key_file": "key", "url": "http://pagerduty/v2/enqueue"}
WEBHOOK = {"url": "http://reviews/webhook"}
BOTH = {"pagerduty": PAGERDUTY, "webhook": WEBHOOK}


def configure(**receivers: Any) -> dict[str, Any]:
    """Return Alertmanager's configuration for a user's choice of receivers."""
    file = ConfigFile.model_validate({
        "topology": "topology.yaml",
        "prometheus": {"url": "http://prometheus"},
        "objectives": ["library:chat"],
        "alertmanager": {"group_wait": "5s", "group_interval": "10s", "repeat_interval": "1h"},
        **receivers,
    })  # fmt: skip
    key = Path("/secret/key") if file.pagerduty else None
    return alertmanager_config(file, key, "demo", ["model", "region"])


def amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run amtool."""
    command = [str(find_program("amtool")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize(
    ("receivers", "alert", "expected"),
    [
        (BOTH, f"{BURN} severity=page burn_tier=1h", "webhook,pagerduty-pages"),
        (BOTH, f"{BURN} severity=ticket burn_tier=3d", "webhook,pagerduty-tickets"),
        (BOTH, VANISHED, "webhook,pagerduty-pages"),
        (BOTH, BLIND, "webhook,pagerduty-tickets"),
        (BOTH, GPU_LOST, "webhook"),
        (BOTH, WATCHDOG, "watchdog"),
        ({"pagerduty": PAGERDUTY}, f"{BURN} severity=page", "pagerduty-pages"),
        ({"pagerduty": PAGERDUTY}, f"{BURN} severity=ticket", "pagerduty-tickets"),
        ({"pagerduty": PAGERDUTY}, GPU_LOST, "pagerduty-tickets"),
        ({"pagerduty": PAGERDUTY}, WATCHDOG, "watchdog"),
        ({"webhook": WEBHOOK}, f"{BURN} severity=page", "webhook"),
        ({"webhook": WEBHOOK}, GPU_LOST, "webhook"),
        ({}, f"{BURN} severity=page", "nobody"),
        ({}, GPU_LOST, "nobody"),
        ({}, WATCHDOG, "watchdog"),
    ],
)
def test_an_alert_goes_to_its_receivers(
    receivers: dict[str, Any], alert: str, expected: str, tmp_path: Path
):
    """Causes reach PagerDuty within the page that they explain, or where nobody else listens."""
    path = tmp_path / "alertmanager.yml"
    path.write_text(yaml.safe_dump(configure(**receivers)))

    done = amtool("config", "routes", "test", f"--config.file={path}",
                  f"--verify.receivers={expected}", *alert.split())  # fmt: skip

    assert 0 == done.returncode, done.stdout + done.stderr


@pytest.mark.parametrize(
    "receivers",
    [{}, {"webhook": WEBHOOK}, {"pagerduty": PAGERDUTY}, BOTH],
    ids=["nobody", "webhook", "pagerduty", "both"],
)
def test_every_choice_of_receivers_is_a_configuration(receivers: dict[str, Any], tmp_path: Path):
    """By Alertmanager's own check."""
    path = tmp_path / "alertmanager.yml"
    path.write_text(yaml.safe_dump(configure(**receivers)))

    done = amtool("check-config", str(path))

    assert 0 == done.returncode, done.stdout + done.stderr


def routes_of(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every route below the root."""
    found = list(config["route"]["routes"])
    for route in found:
        found += route.get("routes", [])
    return found


def test_an_incident_is_an_objectives_cell_and_never_a_tier_or_a_cause():
    """A faster tier joins it, a change of cause does not make another one."""
    config = configure(**BOTH)
    groupings = [config["route"]["group_by"]] + [
        route["group_by"] for route in routes_of(config) if "group_by" in route
    ]

    assert [["alertname", "cluster", "region"]] + 3 * [["slo", "service", "model", "region"]] == (
        groupings
    )


def test_a_page_silences_the_ticket_of_its_cell_and_a_dead_group_its_stall():
    """Nothing silences a lost GPU: it says what to repair."""
    page, dead = configure(**BOTH)["inhibit_rules"]

    assert {
        "source_matchers": ['alertname="ErrorBudgetBurn"', 'severity="page"'],
        "target_matchers": ['alertname="ErrorBudgetBurn"', 'severity="ticket"'],
        "equal": ["slo", "service", "model", "region"],
    } == page
    assert {
        "source_matchers": ['alertname="ShardGroupDead"'],
        "target_matchers": ['alertname="ShardGroupStalled"'],
        "equal": ["cluster", "region", "model", "group"],
    } == dead


def test_the_timing_is_the_users():
    """As it was configured."""
    route = configure(**BOTH)["route"]

    assert ("5s", "10s", "1h") == (
        route["group_wait"], route["group_interval"], route["repeat_interval"])  # fmt: skip


def test_pages_are_critical_and_tickets_warnings():
    """In PagerDuty's words; the key is a file's path in both."""
    receivers = {each["name"]: each for each in configure(**BOTH)["receivers"]}

    severities = {
        name: receivers[name]["pagerduty_configs"][0]["severity"]
        for name in ("pagerduty-pages", "pagerduty-tickets")
    }
    assert {"pagerduty-pages": "critical", "pagerduty-tickets": "warning"} == severities
    for name in severities:
        assert receivers[name]["pagerduty_configs"][0]["routing_key_file"] == "/secret/key"
