"""What is in doubt of who is told is said; it stops nothing."""

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.routing.checks import routing_doubts
from exporters.config import read_config
from exporters.problems import InputError
from tests.alerts.routing.configuring import MAIL, OWNED, PAGERDUTY, SLACK, WEBHOOK, objective

TOPOLOGY = Path(__file__).parents[1] / "demo_like" / "topology.yaml"
KEY = "0123456789abcdef0123456789abcdef"
LINKS = {"grafana": "http://grafana", "runbooks": "http://wiki"}
PAGER = {"receivers": {"ops": {"pagerduty": PAGERDUTY}}}
OBJECTIVES = [objective("chat"), objective("agents", owner="agents"), objective("free", owner="")]


def doubts(folder: Path, alertmanager: dict[str, Any], **others: Any) -> list[str]:
    """Return what is said of a configuration, without its file's name."""
    files = {"key": KEY, "slack.url": "https://hooks/x", "mail.password": "p", "token": "t"}
    for name, text in files.items():
        (folder / name).write_text(f"{text}\n")
    content = {
        "topology": str(TOPOLOGY),
        "prometheus": {"url": "http://prometheus"},
        "objectives": ["library:chat"],
        "alertmanager": alertmanager,
        **others,
        "links": LINKS,
    }
    path = folder / "shardwatch.yaml"
    path.write_text(yaml.safe_dump(json.loads(json.dumps(content)), sort_keys=False))
    try:
        found = routing_doubts(read_config(path), OBJECTIVES)
    except InputError as error:
        found = list(error.problems)
    return [str(each).replace(f"{folder}/", "") for each in found]


NO_PAGER = "; add pagerduty, or alertmanager.fallback"
OUTSIDE = {
    "receivers": {"outside": {"webhook": {"url": "http://outside"}}},
    "watchdog": "outside",
}
"""Somebody notices when alerts stop coming."""


def heard(told: dict[str, Any]) -> dict[str, Any]:
    """Return a choice of receivers with one outside beside them."""
    return told | OUTSIDE | {"receivers": told.get("receivers", {}) | OUTSIDE["receivers"]}


def silent(at: str, told: str) -> str:
    """Return what is said where nobody would notice."""
    return (
        f"shardwatch.yaml:{at}: alertmanager.watchdog: missing: Watchdog is told to {told}, and "
        "where alerts stop, so does whoever would page; name a receiver whose webhook is outside, "
        "and pages when it is not called for minutes"
    )


@pytest.mark.parametrize(
    ("alertmanager", "others", "expected"),
    [
        (OWNED, {"webhook": WEBHOOK}, [
            "shardwatch.yaml:30:5: alertmanager.owners.agents: pages of the owner 'agents' reach "
            "no pager; give the receiver 'agents' pagerduty, if somebody is to wake up",
        ]),
        (OUTSIDE, {"pagerduty": PAGERDUTY}, []),
        (heard(PAGER | {"fallback": "ops"}), {}, []),
        ({}, {"pagerduty": PAGERDUTY}, [silent("6:1", "nobody")]),
        ({}, {"pagerduty": PAGERDUTY, "webhook": WEBHOOK}, [
            "shardwatch.yaml:10:1: webhook: alone is told of tickets that no objective has: "
            "GpuLost, ExporterDown and the like; name who is to read them as "
            "alertmanager.fallback",
            silent("6:1", "the webhook alone")]),
        ({}, {}, [
            f"shardwatch.yaml:1:1: no page wakes anybody: nobody is told of alerts{NO_PAGER}"]),
        ({}, {"webhook": WEBHOOK}, [
            "shardwatch.yaml:1:1: no page wakes anybody: only the webhook is told of alerts"
            + NO_PAGER]),
        (heard(PAGER | {"owners": {"agents": "ops"}}), {}, [
            "shardwatch.yaml:1:1: no page wakes anybody of the objectives chat, free, nor of "
            f"vanished traffic, nor of causes such as RegionDown{NO_PAGER}"]),
        (heard(PAGER | {"owners": {"agent": "ops"}, "fallback": "ops"}), {}, [
            "shardwatch.yaml:16:5: alertmanager.owners.agent: no objective has the owner 'agent', "
            "expected one of agents, team serving; correct the name, here or in the objective's "
            "annotation shardwatch.dev/owner"]),
        (heard(PAGER), {"pagerduty": PAGERDUTY}, [
            "shardwatch.yaml:8:5: alertmanager.receivers.ops: the receiver 'ops' is told of "
            "nothing; name it under owners, as fallback or as watchdog, or remove it"]),
        (heard(PAGER | {"fallback": "ops"}), {"pagerduty": PAGERDUTY}, [
            "shardwatch.yaml:17:1: pagerduty: is told of nothing, for alertmanager.fallback is "
            "'ops'; remove one of the two"]),
        (heard(PAGER | {"fallback": "ops", "addresses": ["am:9093"]}), {}, [
            "shardwatch.yaml:16:3: alertmanager.addresses: found am:9093 alone: while it is away "
            "nobody is told, and what ends then is never told as ended; run two as a mesh, and "
            "name both"]),
        (heard(PAGER | {"fallback": "ops", "addresses": ["a:9093", "b:9093"]}), {}, []),
        (heard({"receivers": {"ops": {"slack": SLACK}}, "fallback": "ops"}), {}, [
            "shardwatch.yaml:15:3: alertmanager.fallback: pages of the fallback 'ops' reach no "
            "pager; give it pagerduty, if somebody is to wake up"]),
    ],
)  # fmt: skip
def test_what_is_in_doubt_is_said(alertmanager, others, expected, tmp_path):
    """With the place, and what to do."""
    assert expected == doubts(tmp_path, alertmanager, **others)


AT = "shardwatch.yaml:"


@pytest.mark.parametrize(
    ("alertmanager", "expected"),
    [
        ({"fallback": "ops"}, AT + "7:3: alertmanager.fallback: found the receiver 'ops', and no "
         "receiver at all; add it under alertmanager.receivers, or correct its name"),
        (PAGER | {"owners": {"a": "op"}}, AT + "13:5: alertmanager.owners.a: found the receiver "
         "'op', expected one of ops; add it under alertmanager.receivers, or correct its name"),
        (PAGER | {"watchdog": "ops"}, AT + "12:3: alertmanager.watchdog: found the receiver "
         "'ops', expected one with a webhook, for it is told every minute"),
        ({"receivers": {"ops": {"webhook": WEBHOOK, "tickets_during": ["work"]}}},
         AT + "12:9: alertmanager.receivers.ops.tickets_during[0]: found the time 'work', and no "
         "time at all; add it under alertmanager.times, or correct its name"),
        ({"receivers": {"ops": {}}}, AT + "8:5: alertmanager.receivers.ops: found no way to tell "
         "it, expected pagerduty, slack, email or webhook"),
        ({"receivers": {"Ops": {"slack": SLACK}}}, AT + "8:5: alertmanager.receivers.Ops: found "
         "'Ops', expected small letters, digits, - and _, at most 63 of them"),
        ({"receivers": {"ops": {"pagerduty": {"routing_key": KEY}}}},
         AT + "9:7: alertmanager.receivers.ops.pagerduty: found a secret in routing_key, expected "
         "routing_key_file, the path of a file that holds it alone; move it there, and replace "
         "it, for it has been seen"),
        ({"receivers": {"ops": {"slack": {"api_url": "https://hooks/secret", "channel": "#a"}}}},
         AT + "9:7: alertmanager.receivers.ops.slack: found a secret in api_url, expected "
         "api_url_file, the path of a file that holds it alone; move it there, and replace it, "
         "for it has been seen"),
        ({"receivers": {"ops": {"email": {**MAIL, "auth_username": "us"}}}},
         AT + "9:7: alertmanager.receivers.ops.email: found one of auth_username and "
         "auth_password_file, expected both or neither"),
        ({"receivers": {"ops": {"email": {**MAIL, "smarthost": "mail"}}}},
         AT + "12:9: alertmanager.receivers.ops.email.smarthost: found 'mail', expected "
         "HOST:PORT such as mail:587"),
        ({"receivers": {"ops": {"slack": {**SLACK, "api_url_file": "none"}}}},
         AT + "10:9: alertmanager.receivers.ops.slack.api_url_file: no such file: none; write the "
         "secret into it"),
        ({"receivers": {"ops": {"slack": {**SLACK, "api_url_file": "token"}}}},
         "token: found no address, expected the address of Slack's incoming webhook; write the "
         "address of Slack's incoming webhook into it"),
        ({"receivers": {"ops": {"pagerduty": {"routing_key_file": "token"}}}},
         "token: found 1 characters, expected a routing key of 32 letters and digits; write the "
         "integration's routing key into it"),
        ({"times": {"work": [{"weekdays": ["mon"]}]}}, AT + "10:9: alertmanager.times.work[0]."
         "weekdays[0]: found 'mon', expected a day such as monday, or monday:friday"),
        ({"times": {"work": [{"weekdays": ["friday:monday"]}]}}, AT + "10:9: alertmanager.times."
         "work[0].weekdays[0]: found 'friday:monday', expected days in order; a week begins with "
         "sunday"),
        ({"times": {"work": [{"location": "Berlin", "months": [1]}]}}, AT + "9:7: alertmanager."
         "times.work[0].location: found 'Berlin', expected a time zone such as Europe/Berlin"),
        ({"times": {"work": [{"months": ["12:1"]}]}}, AT + "10:9: alertmanager.times.work[0]."
         "months[0]: found '12:1', expected 1 to 12, or a range such as 1:5"),
        ({"times": {"work": [{"times": [{"start_time": "22:00", "end_time": "06:00"}]}]}},
         AT + "10:9: alertmanager.times.work[0].times[0]: found 22:00 to 06:00, expected an end "
         "after the start; a night is two ranges, until 24:00 and from 00:00"),
        ({"times": {"work": [{}]}}, AT + "9:7: alertmanager.times.work[0]: found all of the time, "
         "expected weekdays, times, days or months"),
    ],
)  # fmt: skip
def test_what_cannot_be_used_is_said(alertmanager, expected, tmp_path):
    """With the place; a secret is never told."""
    [said] = doubts(tmp_path, alertmanager)

    assert expected == said
    assert KEY not in said
    assert "hooks/secret" not in said
