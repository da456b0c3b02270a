"""Our routes as an AlertmanagerConfig do what the fragment for Alertmanager does."""

from pathlib import Path
from typing import Any

import pytest

from alerts.kubernetes.alertmanager_config import GOES_ON, OF_ITS_NAMESPACE, operator_routing
from alerts.kubernetes.translating import matcher
from tests.alerts.routing.configuring import (
    ALERTS,
    OWNED,
    PAGERDUTY,
    WEBHOOK,
    WORKING_HOURS,
    assert_routes,
    assert_takes,
    fragment,
)
from tests.kubernetes.schemas import mistakes

HOLIDAYS = {"months": ["12", "1:3"], "days_of_month": ["24:26", "-1"],
            "years": ["2026", "2028:2030"]}  # fmt: skip
UTC = {
    **OWNED,
    "receivers": {
        **OWNED["receivers"],
        "serving": {**OWNED["receivers"]["serving"], "no_tickets_during": ["holidays"]},
    },
    "times": {"work": [{**WORKING_HOURS, "location": "UTC"}], "holidays": [HOLIDAYS]},
}
THEIRS = {"route": {"receiver": "theirs"}, "receivers": [{"name": "theirs"}]}
OBJECT = "monitoring/shardwatch"
_WORDS = {"apiURL": "api_url", "requireTLS": "require_tls", "mrkdwnIn": "mrkdwn_in"}


def snake(name: str) -> str:
    """Return a name in Alertmanager's spelling."""
    return _WORDS.get(name) or "".join(f"_{c.lower()}" if c.isupper() else c for c in name)


def as_the_operator_writes(manifest: dict[str, Any]) -> dict[str, Any]:
    """Return the configuration that the operator makes, for its matcher strategy ``None``.

    As ``pkg/alertmanager/amcfg.go`` does: names get the object's before them, the route goes below
    that of the user and always on, and secrets are written out.
    """
    spec = manifest["spec"]

    def named(name: str) -> str:
        return f"{OBJECT}/{name}"

    def route(written: dict[str, Any]) -> dict[str, Any]:
        found = {snake(key): value for key, value in written.items()}
        found["receiver"] = named(written["receiver"])
        if "matchers" in written:
            found["matchers"] = [matching(each) for each in written["matchers"]]
        for key in ("mute_time_intervals", "active_time_intervals"):
            if key in found:
                found[key] = [named(each) for each in found[key]]
        if "routes" in written:
            found["routes"] = [route(each) for each in written["routes"]]
        return found

    def matching(written: dict[str, str]) -> str:
        value = written["value"].replace("\\", "\\\\").replace('"', '\\"')
        return f'{written["name"]}{written["matchType"]}"{value}"'

    def way(written: dict[str, Any]) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for key, value in written.items():
            if key in ("details", "headers"):
                found[key] = {each["key"]: each["value"] for each in value}
            elif key == "pagerDutyLinkConfigs":
                found["links"] = [{"href": each["href"], "text": each["alt"]} for each in value]
            elif key == "httpConfig":
                found["http_config"] = {"authorization": {"credentials": "secret"}}
            elif isinstance(value, dict):
                assert {"name", "key"} == value.keys()
                found[snake(key)] = "http://secret" if key == "apiURL" else "secret"
            else:
                found[snake(key)] = value
        return found

    def interval(written: dict[str, Any]) -> dict[str, Any]:
        found = {snake(key): value for key, value in written.items()}
        if "times" in found:
            found["times"] = [{snake(k): v for k, v in each.items()} for each in written["times"]]
        if "daysOfMonth" in written:
            days = [(each["start"], each["end"]) for each in written["daysOfMonth"]]
            found["days_of_month"] = [f"{a}:{b}" if a != b else f"{a}" for a, b in days]
        return found

    receivers = [
        {"name": named(each["name"]),
         **{snake(kind).replace("pager_duty", "pagerduty"): [way(one) for one in ways]
            for kind, ways in each.items() if kind != "name"}}
        for each in spec["receivers"]
    ]  # fmt: skip
    return {
        "route": {**THEIRS["route"], "routes": [{**route(spec["route"]), "continue": True}]},
        "receivers": [*THEIRS["receivers"], *receivers],
        "inhibit_rules": [
            {"source_matchers": [matching(each) for each in rule["sourceMatch"]],
             "target_matchers": [matching(each) for each in rule["targetMatch"]],
             "equal": rule["equal"]}
            for rule in spec["inhibitRules"]
        ],
        "time_intervals": [
            {"name": named(each["name"]),
             "time_intervals": [interval(one) for one in each["timeIntervals"]]}
            for each in spec.get("muteTimeIntervals", [])
        ],
    }  # fmt: skip


@pytest.fixture(scope="module")
def written() -> dict[str, Any]:
    """What the operator writes of a configuration with something of everything."""
    found = fragment(alertmanager=UTC, webhook=WEBHOOK)
    return as_the_operator_writes(operator_routing(found, ALERTS, {}).manifest)


def test_alertmanager_takes_what_the_operator_makes_of_it(written: dict[str, Any], tmp_path: Path):
    """By amtool's check."""
    assert_takes(written, tmp_path)


@pytest.mark.parametrize(
    ("alert", "expected"),
    [
        ("alertname=ErrorBudgetBurn;service=inference;slo=x;owner=team serving;severity=page",
         "webhook,serving-pages"),
        ("alertname=GpuLost;severity=ticket", "webhook,ops-tickets"),
        ("alertname=Watchdog;severity=none;watches=shardwatch", "watchdog"),
        ("alertname=HighLoad;severity=page", None),
        ("alertname=HighLoad;severity=page;slo=x;owner=agents", None),
    ],
)  # fmt: skip
def test_each_gets_their_own(
    written: dict[str, Any], alert: str, expected: str | None, tmp_path: Path
):
    """As by the fragment; and what goes on to the user's own route after it is no harm of ours."""
    named = [f"{OBJECT}/shardwatch-{each}" for each in expected.split(",")] if expected else []
    assert_routes(written, alert, ",".join(named) or "theirs", tmp_path)


def test_inhibitions_receivers_and_times_are_those_of_the_fragment(written: dict[str, Any]):
    """Said in other words, and back again."""
    found = fragment(alertmanager=UTC, webhook=WEBHOOK)
    assert found["inhibit_rules"] == written["inhibit_rules"]
    assert ["theirs", *(f"{OBJECT}/{each['name']}" for each in found["receivers"])] == [
        each["name"] for each in written["receivers"]
    ]
    assert 2 == len(found["time_intervals"])
    assert found["time_intervals"] == [
        {
            "name": each["name"].removeprefix(f"{OBJECT}/"),
            "time_intervals": [{**one, "location": "UTC"} for one in each["time_intervals"]],
        }
        for each in written["time_intervals"]
    ]
    ours, theirs = (str(each["route"]) for each in (found, written))
    for name in ("shardwatch-work", "shardwatch-holidays"):
        assert ours.count(f"'{name}'") == theirs.count(f"'{OBJECT}/{name}'") > 0
    slack = next(each for each in found["receivers"] if "slack_configs" in each)["slack_configs"]
    as_written = next(each for each in written["receivers"] if "slack_configs" in each)
    assert [{k: v for k, v in slack[0].items() if k != "api_url_file"}] == [
        {k: v for k, v in as_written["slack_configs"][0].items() if k != "api_url"}
    ]


def test_times_of_another_zone_hold_no_ticket_back_and_that_is_said():
    """The operator would take them for times in UTC."""
    found = operator_routing(fragment(alertmanager=OWNED), ALERTS, {})
    assert "muteTimeIntervals" not in found.manifest["spec"]
    assert "TimeIntervals" not in str(found.manifest["spec"]["route"])
    assert found.unsaid == (
        GOES_ON,
        OF_ITS_NAMESPACE,
        "The times 'shardwatch-work' are of Europe/Berlin, and the operator knows UTC alone: "
        "tickets that wait for them are told at once.",
    )
    assert (GOES_ON, OF_ITS_NAMESPACE) == operator_routing(
        fragment(alertmanager=UTC), ALERTS, {}
    ).unsaid


def test_secrets_are_keys_of_one_secret():
    """A file that two receivers read is one key."""
    found = operator_routing(fragment(pagerduty=PAGERDUTY), ALERTS, {})
    assert {"key": Path("/secret/key")} == found.secrets.files
    keys = [
        config["routingKey"]
        for each in found.manifest["spec"]["receivers"]
        for config in each.get("pagerdutyConfigs", [])
    ]
    assert [{"name": "shardwatch-receivers", "key": "key"}] * 2 == keys


def test_a_selectors_labels_are_on_it():
    """Else no Alertmanager of the operator would see it."""
    found = operator_routing(fragment(pagerduty=PAGERDUTY), ALERTS, {"release": "monitoring"})
    assert "monitoring" == found.manifest["metadata"]["labels"]["release"]
    assert [[]] == mistakes([found.manifest])


@pytest.mark.parametrize("text", ["a", 'a~"b"', "a=b", '="b"', 'a="b" c="d"'])
def test_what_is_no_matcher_of_ours_is_a_mistake_of_ours(text: str):
    """Not to be passed on half understood."""
    with pytest.raises(ValueError, match=r"is no matcher|Extra data"):
        matcher(text)
