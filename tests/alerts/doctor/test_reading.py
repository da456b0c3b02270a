"""What servers say, read: times, alerts, silences, and what one of another kind leaves out."""

import json
from dataclasses import replace

import pytest

from alerts.doctor.diagnosis import diagnose
from alerts.doctor.leading import Leading, Way, why_unreadable
from alerts.doctor.reading.alertmanager import AlertmanagerClient, AlertmanagerError
from alerts.doctor.reading.clocks import parse_moment, seconds_ahead
from alerts.doctor.reading.prometheus import Asking
from alerts.doctor.seen import Seen, Silence
from alerts.doctor.trying import plan
from exporters.notifying import PAGERDUTY_EVENTS_URL
from exporters.testing import PageServer, Reply
from slo.prometheus import PrometheusClient, PrometheusDeniedError
from tests.alerts.doctor.seeing import led

STATUS = {
    "uptime": "2026-11-26T17:00:00.5Z",
    "versionInfo": {"version": "0.25.0"},
    "cluster": {"status": "ready", "peers": [{"name": "a"}, {"name": "b"}]},
    "config": {"original": "route: {receiver: a}\nreceivers: [{name: a}]\n"},
}
SILENCES = [
    {
        "id": "s1", "createdBy": "ann", "comment": "noisy", "endsAt": "2027-01-01T00:00:00Z",
        "status": {"state": "active"},
        "matchers": [
            {"name": "severity", "value": "page", "isRegex": False, "isEqual": True},
            {"name": "slo", "value": "chat.*", "isRegex": True, "isEqual": False},
            {"name": "model", "value": "a\"b", "isRegex": False},
        ],
    },
    {"id": "s2", "endsAt": "", "status": {"state": "expired"}, "matchers": []},
]  # fmt: skip
METRICS = """\
alertmanager_config_last_reload_successful 0
alertmanager_notification_requests_total{integration="webhook"} 4
alertmanager_notification_requests_failed_total{integration="webhook"} 4
alertmanager_notification_requests_total{integration="pagerduty"} 4
alertmanager_notification_requests_failed_total{integration="pagerduty"} 3
alertmanager_notification_requests_total{integration="email"} 0
alertmanager_notification_requests_failed_total{integration="email"} 0
alertmanager_notifications_total{integration="webhook"} 3
alertmanager_notifications_failed_total{integration="webhook"} 1
"""

PAGE = {"alertname": "ErrorBudgetBurn", "severity": "page"}
ALERTS = [
    {"labels": {"alertname": "Watchdog"}},
    {"labels": PAGE, "status": {"state": "suppressed", "silencedBy": ["s1"]}},
]


@pytest.fixture
def pages():
    """A server that answers as Alertmanager does."""
    with PageServer() as server:
        server.serve("/api/v2/status", json.dumps(STATUS))
        server.serve("/api/v2/silences", json.dumps(SILENCES))
        server.serve("/api/v2/alerts", json.dumps(ALERTS))
        server.serve("/metrics", METRICS)
        yield server


async def test_an_alertmanager_tells_all_that_is_looked_at(pages: PageServer):
    """Silences that have ended are none."""
    async with AlertmanagerClient(pages.url("/")) as client:
        found = await client.read()
        told = await client.told()

    assert (pages.url(""), "0.25.0", 2, False) == (
        found.url, found.version, found.peers, found.has_reloaded)  # fmt: skip
    assert {"route": {"receiver": "a"}, "receivers": [{"name": "a"}]} == found.config
    assert ({"alertname": "Watchdog"}, PAGE) == found.alerts
    assert ((PAGE, ("s1",)),) == found.silenced
    matchers = ('severity="page"', 'slo!~"chat.*"', 'model="a\\"b"')
    assert (Silence("s1", matchers, "ann", "noisy", "2027-01-01T00:00:00Z"),) == found.silences
    assert {"webhook": 4.0} == found.never_told
    assert ({"webhook": 0.0, "pagerduty": 1.0, "email": 0.0}, {"webhook": 1.0}) == told
    assert abs(found.ahead_seconds or 0.0) < 5


async def test_an_alertmanager_alone_is_in_no_mesh(pages: PageServer):
    """Its cluster is disabled."""
    pages.serve("/api/v2/status", json.dumps({**STATUS, "cluster": {"status": "disabled"}}))
    async with AlertmanagerClient(pages.url("")) as client:
        assert (await client.read()).peers is None


@pytest.mark.parametrize("status", [{}, {**STATUS, "config": {"original": "{"}}, []])
async def test_what_answers_in_another_form_is_no_alertmanager(pages: PageServer, status):
    """Anything may listen there."""
    pages.serve("/api/v2/status", json.dumps(status))
    async with AlertmanagerClient(pages.url("")) as client:
        with pytest.raises(AlertmanagerError, match="answers, and not as Alertmanager does"):
            await client.read()


async def test_what_a_server_does_not_tell_is_none_and_why(pages: PageServer):
    """Thanos has no targets; this one answers something else; one question is refused."""
    refused = {"status": "error", "error": "too many samples"}
    pages.serve("/api/v1/query", Reply(json.dumps(refused).encode(), status=422))
    pages.serve("/api/v1/rules", json.dumps({"status": "success", "data": {"groups": [{}]}}))
    async with PrometheusClient(pages.url("")) as client:
        asking = Asking(client)
        assert (await asking.targets(), await asking.groups()) == (None, None)
        assert {} == await asking.values(["up"])

    assert {
        "targets": f"{pages.url('')} answered 404 with no JSON",
        "groups": "/api/v1/rules answers in another form than Prometheus's",
        "up": f"{pages.url('')} refused: too many samples",
    } == asking.unknown


PROMETHEUS = {"version": "2.42.0", "revision": "225c61122d88", "goVersion": "go1.19.5"}


@pytest.mark.parametrize(
    ("build", "version", "groups"),
    [
        (PROMETHEUS, "2.42.0", ()),
        ({"version": "2.24.0"}, None, None),  # VictoriaMetrics
        ({**PROMETHEUS, "version": "2.10.0", "application": "Grafana Mimir"}, None, None),
        ({**PROMETHEUS, "version": "0.32.5"}, None, None),  # Thanos
    ],
)
async def test_a_server_that_is_no_prometheus_may_leave_rules_to_others(
    pages: PageServer, build, version, groups
):
    """That it has none says nothing then."""
    pages.serve("/api/v1/status/buildinfo", json.dumps({"status": "success", "data": build}))
    pages.serve("/api/v1/rules", json.dumps({"status": "success", "data": {"groups": []}}))
    async with PrometheusClient(pages.url("")) as client:
        asking = Asking(client)
        assert (version, groups) == (await asking.version(), await asking.groups())

    none = "it has no groups, and is no Prometheus: others may have them"
    assert (None if groups == () else none) == asking.unknown.get("groups")


async def test_a_server_that_lets_nobody_ask_ends_it(pages: PageServer):
    """Each further question would be the same."""
    pages.serve("/api/v1/rules", Reply(status=403))
    async with PrometheusClient(pages.url("")) as client:
        with pytest.raises(PrometheusDeniedError):
            await Asking(client).groups()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("2026-11-26T17:00:00.123456789Z", 1795712400.123456),
        ("2026-11-26T18:00:00+01:00", 1795712400.0),
        ("2026-11-26T18:00:00.5+01:00", 1795712400.5),
        ("0001-01-01T00:00:00Z", None),
        ("", None),
        ("2026-11-26T17:00:00", None),
    ],
)
def test_moments_are_read_as_go_writes_them(text: str, expected: float | None):
    """Nanoseconds, zones, and the year 1 for never."""
    assert expected == parse_moment(text)


def test_a_clock_is_read_to_half_a_second():
    """Date has whole seconds; half of what the answer took is taken off."""
    date = {"Date": "Thu, 26 Nov 2026 17:00:10 GMT"}
    assert 9.5 == seconds_ahead(date, 1795712400.0, 1795712402.0)
    assert seconds_ahead({}, 0, 0) is None
    assert seconds_ahead({"Date": "yesterday"}, 0, 0) is None


def test_an_expression_that_python_does_not_read_stops_the_checks_of_routes_alone(well: Seen):
    """Alertmanager's are RE2's."""

    def change(config):
        config["route"]["routes"].append({"receiver": "nobody", "matchers": [r'a=~"\\pL"']})

    seen = led(well, change)
    why = why_unreadable(seen.alertmanagers)
    assert why.startswith("the configuration of http://10.0.0.1:9093 cannot be read here: a=~")
    assert "" == why_unreadable(well.alertmanagers)
    unknown = {**seen.unknown, "are_readable": why}
    diagnosis = diagnose(replace(seen, are_readable=None, unknown=unknown))
    assert () == diagnosis.findings
    reasons = {each.check.id: each.reason for each in diagnosis.not_looked_at}
    assert why == reasons["routes/page-lost"]
    assert "path/mesh" not in reasons


def test_ways_are_the_same_where_nothing_says_that_they_differ():
    """Secrets are blotted out, and folders of files differ."""
    config = {
        "route": {"receiver": "a"},
        "receivers": [{
            "name": "a",
            "pagerduty_configs": [{"routing_key_file": "/etc/x/key"}, {"routing_key": "<secret>"}],
            "webhook_configs": [{"url": "<secret>"}],
            "email_configs": [{"to": "a@example.com"}],
        }],
    }  # fmt: skip
    ways = Leading(config).ways({"severity": "page"})

    assert {
        Way("pagerduty", "key", PAGERDUTY_EVENTS_URL), Way("pagerduty", "", PAGERDUTY_EVENTS_URL),
        Way("webhook", ""), Way("email", "a@example.com"),
    } == ways  # fmt: skip
    assert Way("webhook", "").is_as(Way("webhook", "http://a"))
    assert not Way("email", "a").is_as(Way("email", "b"))
    assert not Way("pagerduty", "key", "http://a").is_as(Way("pagerduty", "key", "http://b"))
    assert Way("pagerduty", "key", "").is_as(Way("pagerduty", "key", "http://b"))
    assert not Way("email", "").is_as(Way("slack", ""))


def test_a_test_page_goes_to_every_owner_as_their_pages_do(well: Seen):
    """It is of no objective and of no cell that there is, so that nothing joins it."""
    first, second, *others = well.objectives
    owned = replace(well, objectives=(replace(first, owner="a"), replace(second, owner="b"),
                                      *(replace(each, owner="a") for each in others)))  # fmt: skip
    pages = plan(owned)

    assert ["owner a", "owner b"] == [each.name for each in pages]
    assert {
        "alertname": "ErrorBudgetBurn", "severity": "page", "owner": "a", "service": "inference",
        "slo": "shardwatch-doctor-test", "burn_tier": "shardwatch-doctor-test",
        "region": "shardwatch-doctor-test", "model": "shardwatch-doctor-test", "cluster": "demo",
    } == pages[0].labels  # fmt: skip
    assert ({"pagerduty": 1}, 30.0, 60.0) == (
        pages[0].integrations, pages[0].wait_seconds, pages[0].interval_seconds)  # fmt: skip
