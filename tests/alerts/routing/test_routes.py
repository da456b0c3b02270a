"""Who is told of what: by Alertmanager's own amtool."""

from pathlib import Path
from typing import Any

import pytest

from alerts.alertmanager.inhibiting import read_inhibitions
from alerts.alertmanager.routes import read_route
from tests.alerts.routing.configuring import (
    OWNED,
    PAGERDUTY,
    WEBHOOK,
    assert_routes,
    assert_takes,
    configure,
    fragment,
)

BURN = "alertname=ErrorBudgetBurn;service=inference;slo=chat-availability;region=eu;model=chat"
OF_SERVING = f"{BURN};owner=team serving"
OF_AGENTS = f"{BURN};owner=agents"
GPU_LOST = "alertname=GpuLost;severity=ticket;cluster=demo;region=eu;model=chat;group=g;host=h"
REGION_DOWN = "alertname=RegionDown;severity=page;cluster=demo;region=eu"
DRAINING = "alertname=ShardGroupDraining;severity=none;cluster=demo;region=eu;model=chat;group=g"
VANISHED = "alertname=TrafficVanished;severity=page;service=inference;region=eu;model=chat"
BLIND = "alertname=EventsBlind;severity=ticket;service=inference"
WATCHDOG = "alertname=Watchdog;severity=none"

BOTH = {"pagerduty": PAGERDUTY, "webhook": WEBHOOK}
EVERYTHING = {"alertmanager": OWNED, "webhook": WEBHOOK}
CHOICES = {
    "nobody": {},
    "webhook": {"webhook": WEBHOOK},
    "pagerduty": {"pagerduty": PAGERDUTY},
    "both": BOTH,
    "owners": {"alertmanager": OWNED},
    "everything": EVERYTHING,
}


@pytest.mark.parametrize(
    ("receivers", "alert", "expected"),
    [
        (BOTH, f"{BURN};severity=page;burn_tier=1h", "webhook,pagerduty-pages"),
        (BOTH, f"{OF_SERVING};severity=page", "webhook,pagerduty-pages"),
        (BOTH, f"{BURN};severity=ticket;burn_tier=3d", "webhook,pagerduty-tickets"),
        (BOTH, VANISHED, "webhook,pagerduty-pages"),
        (BOTH, REGION_DOWN, "webhook,pagerduty-pages"),
        (BOTH, BLIND, "webhook,pagerduty-tickets"),
        (BOTH, GPU_LOST, "webhook"),
        (BOTH, DRAINING, "webhook,nobody"),
        (BOTH, WATCHDOG, "watchdog"),
        ({"pagerduty": PAGERDUTY}, f"{BURN};severity=page", "pagerduty-pages"),
        ({"pagerduty": PAGERDUTY}, f"{BURN};severity=ticket", "pagerduty-tickets"),
        ({"pagerduty": PAGERDUTY}, GPU_LOST, "pagerduty-tickets"),
        ({"pagerduty": PAGERDUTY}, DRAINING, "nobody"),
        ({"pagerduty": PAGERDUTY}, WATCHDOG, "watchdog"),
        ({"webhook": WEBHOOK}, f"{BURN};severity=page", "webhook"),
        ({"webhook": WEBHOOK}, GPU_LOST, "webhook"),
        ({}, f"{BURN};severity=page", "nobody"),
        ({}, GPU_LOST, "nobody"),
        ({}, WATCHDOG, "watchdog"),
        (EVERYTHING, f"{OF_SERVING};severity=page", "webhook,serving-pages"),
        (EVERYTHING, f"{OF_SERVING};severity=ticket", "webhook,serving-tickets"),
        (EVERYTHING, f"{OF_AGENTS};severity=page", "webhook,agents-pages"),
        (EVERYTHING, f"{BURN};owner=others;severity=page", "webhook,ops-pages"),
        (EVERYTHING, f"{BURN};severity=ticket", "webhook,ops-tickets"),
        (EVERYTHING, VANISHED, "webhook,ops-pages"),
        (EVERYTHING, REGION_DOWN, "webhook,ops-pages"),
        (EVERYTHING, GPU_LOST, "webhook,ops-tickets"),
        (EVERYTHING, DRAINING, "webhook,nobody"),
        ({"alertmanager": OWNED}, GPU_LOST, "ops-tickets"),
        ({"alertmanager": OWNED}, "alertname=Mine", "ops-tickets"),
        ({"alertmanager": OWNED}, WATCHDOG, "watchdog"),
    ],
)  # fmt: skip
def test_an_alert_goes_to_its_receivers(
    receivers: dict[str, Any], alert: str, expected: str, tmp_path: Path
):
    """Causes reach PagerDuty within the page that they explain, or where nobody else listens.

    Where somebody is named as the fallback, all that is nobody else's reaches them.
    """
    assert_routes(configure(**receivers), alert, expected, tmp_path)


@pytest.mark.parametrize("receivers", CHOICES.values(), ids=CHOICES)
def test_every_choice_of_receivers_is_a_configuration(receivers: dict[str, Any], tmp_path: Path):
    """Whole and as a fragment, by Alertmanager's own check."""
    assert_takes(configure(**receivers), tmp_path)
    assert_takes(fragment(**receivers), tmp_path)


def routes_of(config: dict[str, Any]) -> list[dict[str, Any]]:
    """Return every route below the root."""
    found = list(config["route"]["routes"])
    for route in found:
        found += route.get("routes", [])
    return found


def test_an_incident_is_a_place_of_one_cluster_and_never_a_tier_or_a_cause():
    """A faster tier joins it, a change of cause does not make another one."""
    for config in (configure(**BOTH), configure(**EVERYTHING)):
        groupings = {tuple(each.get("group_by", ())) for each in routes_of(config)}

        assert ["alertname", "cluster", "region"] == config["route"]["group_by"]
        kind = ("alertname", "cluster", "region", "model")
        cell, region = ("cluster", "region", "model"), ("cluster", "region")
        objective = ("slo", "service", "cluster", "model", "region")
        assert {(), kind, cell, region, objective} == groupings


@pytest.mark.parametrize(
    ("alert", "group_by"),
    [
        (f"{BURN};severity=page;incident=cell", ["cluster", "region", "model"]),
        ("alertname=QueueMetastable;severity=page;incident=cell", ["cluster", "region", "model"]),
        (REGION_DOWN + ";incident=region", ["cluster", "region"]),
        # It may last for a day, and must not keep a region's incident open.
        (VANISHED + ";incident=cell", ["cluster", "region", "model"]),
        ("alertname=RouterLost;severity=page;cluster=demo;region=eu",
         ["alertname", "cluster", "region", "model"]),
        # A government's data is another matter: its page wakes people whatever else is open.
        ("alertname=ZeroToleranceBroken;severity=page;slo=x;service=governance",
         ["slo", "service", "cluster", "model", "region"]),
        ("alertname=GovSafetyBypassed;severity=page",
         ["alertname", "cluster", "region", "model"]),
    ],
)  # fmt: skip
@pytest.mark.parametrize("receivers", [BOTH, EVERYTHING], ids=["both", "everything"])
def test_pages_of_one_place_are_one_incident(
    receivers: dict[str, Any], alert: str, group_by: list[str]
):
    """Of a cell all that its users feel, of a region what is said of it as a whole."""
    labels = dict(each.split("=", 1) for each in alert.split(";"))

    told = read_route(configure(**receivers)["route"]).matching(labels)

    # The webhook, of which the first route is, takes objectives one by one.
    assert sorted(group_by) == sorted(told[-1].group_by or ())


def test_an_owner_is_told_of_a_cell_once_as_well():
    """Whatever objectives of theirs burn there."""
    labels = {"alertname": "ErrorBudgetBurn", "owner": "team serving", "severity": "page",
              "slo": "x", "service": "inference", "incident": "cell"}  # fmt: skip

    told = read_route(configure(**EVERYTHING)["route"]).matching(labels)

    assert ("serving-pages", ("cluster", "model", "region")) == (
        told[-1].receiver, told[-1].group_by)  # fmt: skip


@pytest.mark.parametrize("source", ["RegionDown", "RegionSpeaks"])
def test_a_region_inhibits_only_what_goes_to_whom_its_page_goes(source: str):
    """Pages of a region have no owner: an owner who is told elsewhere is told of a cell."""
    receivers = {each: {"pagerduty": PAGERDUTY} for each in ("serving", "agents", "ops")}
    owners = {"receivers": receivers, "fallback": "ops",
              "owners": {"a": "serving", "b.c": "agents", "d": "ops"}}  # fmt: skip
    place = {"cluster": "demo", "region": "eu"}
    fires = {"alertname": source, "model": "chat", "severity": "page", **place}

    def inhibits(owner: str, **told: Any) -> bool:
        burn = {"alertname": "ErrorBudgetBurn", "severity": "page", "incident": "cell",
                "slo": "x", "service": "y", "owner": owner, "model": "chat", **place}  # fmt: skip
        rules = read_inhibitions(configure(**told)["inhibit_rules"])
        return any(each.mutes(burn, [fires]) for each in rules)

    assert {"a": False, "b.c": False, "bxc": True, "d": True, "nobody's": True} == {
        owner: inhibits(owner, alertmanager=owners)
        for owner in ("a", "b.c", "bxc", "d", "nobody's")
    }
    assert not inhibits("a", alertmanager={**owners, "fallback": None})
    assert inhibits("a", **BOTH)


def test_the_timing_is_the_users():
    """As it was configured, in a fragment too, whatever the other configuration says."""
    for route in (configure(**BOTH)["route"], fragment(**BOTH)["route"]["routes"][1]):
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


def test_only_tickets_wait_for_working_hours():
    """A page is told at any time."""
    config = configure(**EVERYTHING)

    told = {each["receiver"]: each.get("active_time_intervals") for each in routes_of(config)}
    assert ["work"] == told.pop("serving-tickets")
    assert {None} == set(told.values())
    [times] = config["time_intervals"]
    assert "work" == times["name"]
    assert ["Europe/Berlin"] == [each["location"] for each in times["time_intervals"]]


def test_secrets_are_named_by_absolute_paths_alone():
    """Alertmanager reads them wherever it runs, whenever it sends something."""
    text = str(configure(**EVERYTHING))

    for name in ("key", "slack.url", "mail.password", "token"):
        assert f"'/secret/{name}'" in text


def test_pages_lead_to_the_record_of_reviews_where_there_is_one(tmp_path: Path):
    """And Alertmanager takes the template that chooses the objective's page, or all incidents'."""
    linked = configure(pagerduty=PAGERDUTY, links={"reviews": "http://reviews/"})
    without = configure(pagerduty=PAGERDUTY)

    def texts(config: dict[str, Any]) -> list[list[str]]:
        told = [each for receiver in config["receivers"]
                for each in receiver.get("pagerduty_configs", ())]  # fmt: skip
        return [[link["text"] for link in each["links"]] for each in told]

    assert [["runbook", "dashboard", "review"]] * 2 == texts(linked)
    assert [["runbook", "dashboard"]] * 2 == texts(without)
    assert_takes(linked, tmp_path)


def test_where_pagerdutys_events_go_is_alertmanagers_own_to_say():
    """``global.pagerduty_url`` holds, unless the configuration says another address."""
    for said in ({}, {"url": "http://pagerduty/v2/enqueue"}):
        told = {"pagerduty": {"routing_key_file": "key", **said}}
        for built in (configure(**told), fragment(**told)):
            configs = [one for each in built["receivers"]
                       for one in each.get("pagerduty_configs", ())]  # fmt: skip
            assert configs
            assert all(each.get("url") == said.get("url") for each in configs)
