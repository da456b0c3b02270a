"""Alertmanager's configuration for a user's choice of receivers, and Alertmanager's own amtool."""

import subprocess
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from alerts.routing import alertmanager_config, alertmanager_fragment
from demo.setup.programs import find_program
from exporters.config import ConfigFile
from slo.objective import Objective, Ratio

PAGERDUTY = {"routing_key_file": "key", "url": "http://pagerduty/v2/enqueue"}
WEBHOOK = {"url": "http://reviews/webhook"}
SLACK = {"api_url_file": "slack.url", "channel": "#serving"}
MAIL = {"to": "a@example.com", "from": "b@example.com", "smarthost": "mail:587"}
WORKING_HOURS = {
    "weekdays": ["monday:friday"],
    "times": [{"start_time": "08:00", "end_time": "18:00"}],
    "location": "Europe/Berlin",
}
OWNED = {
    "receivers": {
        "serving": {"pagerduty": PAGERDUTY, "slack": SLACK, "tickets_during": ["work"]},
        "agents": {"email": {**MAIL, "auth_username": "us", "auth_password_file": "mail.password"}},
        "ops": {"webhook": {**WEBHOOK, "credentials_file": "token"}},
    },
    "owners": {"team serving": "serving", "agents": "agents"},
    "fallback": "ops",
    "watchdog": "ops",
    "times": {"work": [WORKING_HOURS]},
}
"""A configuration with something of everything."""

ALERTS = ("ErrorBudgetBurn", "GpuLost", "TrafficVanished", "EventsBlind", "Watchdog")


def objective(name: str = "chat-availability", owner: str = "team serving") -> Objective:
    """Return an objective of each region's models, about the routers' requests."""
    total = "rate(shardwatch_router_requests_total[$window])"
    return Objective(
        name=name,
        service="inference",
        target=Decimal("0.999"),
        period_seconds=28 * 86400,
        grouping_labels=("region", "model"),
        indicator=Ratio(total, bad=total),
        owner=owner,
    )


def file_of(**receivers: Any) -> ConfigFile:
    """Return a user's configuration."""
    timing = {"group_wait": "5s", "group_interval": "10s", "repeat_interval": "1h"}
    told = receivers.pop("alertmanager", {})
    return ConfigFile.model_validate({
        "topology": "topology.yaml",
        "prometheus": {"url": "http://prometheus"},
        "objectives": ["library:chat"],
        "alertmanager": timing | told,
        **receivers,
    })  # fmt: skip


def configure(**receivers: Any) -> dict[str, Any]:
    """Return Alertmanager's configuration for a user's choice of receivers."""
    return alertmanager_config(file_of(**receivers), Path("/secret"), "demo", [objective()])


def fragment(**receivers: Any) -> dict[str, Any]:
    """Return the same as a fragment."""
    file = file_of(**receivers)
    return alertmanager_fragment(file, Path("/secret"), "demo", [objective()], ALERTS)


def amtool(*arguments: str) -> subprocess.CompletedProcess[str]:
    """Run amtool."""
    command = [str(find_program("amtool")), *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False)


def assert_takes(config: dict[str, Any], folder: Path) -> None:
    """Assert that Alertmanager takes a configuration, by its own check."""
    path = folder / "alertmanager.yml"
    path.write_text(yaml.safe_dump(config))
    done = amtool("check-config", str(path))
    assert 0 == done.returncode, done.stdout + done.stderr


def assert_routes(config: dict[str, Any], alert: str, expected: str, folder: Path) -> None:
    """Assert that an alert of these labels goes to these receivers, in this order."""
    path = folder / "alertmanager.yml"
    path.write_text(yaml.safe_dump(config))
    done = amtool("config", "routes", "test", f"--config.file={path}",
                  f"--verify.receivers={expected}", *alert.split(";"))  # fmt: skip
    assert 0 == done.returncode, done.stdout + done.stderr
