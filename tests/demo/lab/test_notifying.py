"""Who is told of what, and when: by hand, and by a real Alertmanager for the same alerts."""

import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import yaml

from demo.lab.notifying import notifications
from slo.replay.firing import Firing
from tests.alerts.chain import running_chain
from tests.alerts.conftest import free_ports

__all__ = ["free_ports"]  # a fixture

CELL = {"slo": "chat", "service": "inference", "region": "eu"}
PAGE = {"alertname": "Burn", "severity": "page", **CELL}
TICKET = {"alertname": "Burn", "severity": "ticket", **CELL}
CONFIG: dict[str, Any] = {
    "route": {
        "receiver": "others",
        "group_by": ["alertname"],
        "group_wait": "1s",
        "group_interval": "2s",
        "repeat_interval": "1h",
        "routes": [
            {
                "receiver": "all",
                "continue": True,
                "routes": [
                    {"receiver": "all", "matchers": ['service!=""'], "group_by": ["slo", "region"]}
                ],
            },
            {"receiver": "pages", "matchers": ['severity="page"'], "group_by": ["slo", "region"]},
            {"receiver": "tickets", "match": {"severity": "ticket"}, "group_by": ["slo", "region"]},
            {
                "receiver": "starts",
                "matchers": ['severity=~"quiet|silent"'],
                "group_by": ["..."],
                "repeat_interval": "3s",
            },
        ],
    },
    "inhibit_rules": [
        {
            "source_matchers": ['severity="page"'],
            "target_matchers": ['severity="ticket"'],
            "equal": ["slo", "region"],
        }
    ],
    "receivers": [
        {"name": name, "webhook_configs": [{"url": "http://x", "send_resolved": name != "starts"}]}
        for name in ("others", "all", "pages", "tickets", "starts")
    ],
}


def firing(labels: dict[str, str], at: float, end: float | None = None) -> Firing:
    """Return an alert that fires at once."""
    return Firing(labels["alertname"], labels, at, at, end)


def told(*firings: Firing, until: float = 3600, **changes: Any) -> list[tuple[float, str, str]]:
    """Return when who was told what status, but for those who hear all."""
    found = notifications(firings, {**CONFIG, **changes}, 0, until)
    return [
        (each.at, each.receiver, each.status)
        for each in found
        if each.receiver in ("pages", "tickets", "starts")
    ]


def test_a_page_waits_for_its_group_and_resolves_with_a_flush():
    """Flushes are at 11, 13, 15; it ends between two of them."""
    assert [(11, "pages", "firing"), (15, "pages", "resolved")] == told(firing(PAGE, 10, 14))


def test_what_has_ended_before_its_group_was_flushed_is_told_to_nobody():
    """And is no resolve of anything."""
    assert [] == told(firing(PAGE, 10, 10.5))


def test_what_fires_again_before_it_was_said_to_have_ended_is_no_news():
    """Flushes are at 11 and 13."""
    assert [(11, "pages", "firing")] == told(firing(PAGE, 10, 11.5), firing(PAGE, 12))


def test_a_new_alert_of_a_known_group_waits_for_the_next_flush():
    """And not for group_wait once more."""
    joined = {**PAGE, "tier": "6h"}
    found = notifications([firing(PAGE, 10), firing(joined, 14.5)], CONFIG, 0, 100)
    pages = [(each.at, len(each.firing)) for each in found if each.receiver == "pages"]

    assert [(11, 1), (15, 2)] == pages


def test_alerts_are_grouped_with_the_labels_that_prometheus_sends_them_with():
    """Its own win; whoever is told sees them as they were given."""
    config = {**CONFIG, "route": {**CONFIG["route"], "group_by": ["cluster"], "routes": []}}
    alone, other = {**PAGE}, {**PAGE, "cluster": "other", "tier": "6h"}
    found = notifications(
        [firing(alone, 10), firing(other, 10)], config, 0, 100, external_labels={"cluster": "one"}
    )
    first = {tuple(each.group_labels.values()): each.alerts[0].labels for each in reversed(found)}

    assert {("one",): alone, ("other",): other} == first


def test_a_ticket_is_told_when_the_page_over_it_is_gone():
    """Until then it goes without saying, though its group is flushed."""
    found = told(firing(TICKET, 10, 30), firing(PAGE, 10, 20.5))
    assert [(11, "pages", "firing"), (21, "pages", "resolved"), (21, "tickets", "firing"),
            (31, "tickets", "resolved")] == sorted(found)  # fmt: skip


def test_the_end_of_a_ticket_under_a_page_is_told_when_prometheus_repeats_it():
    """Ended alerts are inhibited as well, and leave the group; 75 s later it comes again."""
    found = told(firing(TICKET, 10, 30), firing(PAGE, 15, 40.5))
    assert [(11, "tickets", "firing"), (16, "pages", "firing"), (42, "pages", "resolved"),
            (105, "tickets", "resolved")] == found  # fmt: skip


def test_the_end_of_a_ticket_under_a_long_page_is_never_told():
    """Prometheus repeats it for a quarter of an hour."""
    found = told(firing(TICKET, 10, 30), firing(PAGE, 15, 30 + 920))
    assert [(11, "tickets", "firing"), (16, "pages", "firing"), (950, "pages", "resolved")] == found


@pytest.mark.parametrize(("page_ends", "tells"), [(640, [True]), (30 + 16 * 60, [])])
def test_the_end_of_what_was_inhibited_is_told_within_a_quarter_of_an_hour(
    page_ends: float, tells: list[bool]
):
    """Prometheus repeats it for so long: ten minutes after its end it still does, and 16 not."""
    found = told(firing(TICKET, 10, 30), firing(PAGE, 15, page_ends))
    assert tells == [True for each in found if each[1:] == ("tickets", "resolved")]


def test_with_equal_intervals_every_second_flush_repeats():
    """It must be longer ago than the interval that it was told last."""
    quiet = {"alertname": "Quiet", "severity": "quiet"}
    route = CONFIG["route"]
    *others, starts = route["routes"]
    equal = {**route, "routes": [*others, {**starts, "repeat_interval": "2s"}]}
    found = told(firing(quiet, 10, 20), route=equal)
    assert [(at, "starts", "firing") for at in (11, 15, 19)] == found


def test_who_wants_no_ends_hears_repetitions_alone():
    """More than three seconds after the last, at a flush."""
    quiet = {"alertname": "Quiet", "severity": "quiet"}
    assert [(at, "starts", "firing") for at in (11, 15, 19)] == told(firing(quiet, 10, 20))


def test_a_group_that_was_empty_for_half_a_minute_waits_anew():
    """Else its next alert comes with the next flush of the old one."""
    again = told(firing(PAGE, 10, 12), firing(PAGE, 1000.5))
    assert [
        (11, "pages", "firing"),
        (13, "pages", "resolved"),
        (1001.5, "pages", "firing"),
    ] == again


@pytest.mark.parametrize(("hour", "expected"), [(12, 1), (20, 0)])
def test_nobody_is_told_outside_of_a_routes_times(hour: int, expected: int):
    """Working hours in Berlin: 9 to 17 there, on a Thursday of January (UTC+1)."""
    route = {
        **CONFIG["route"],
        "routes": [{"receiver": "tickets", "active_time_intervals": ["work"]}],
    }
    work = {"name": "work", "time_intervals": [
        {"times": [{"start_time": "09:00", "end_time": "17:00"}], "weekdays": ["monday:friday"],
         "location": "Europe/Berlin"}]}  # fmt: skip
    at = hour * 3600.0  # 1970-01-01 was a Thursday

    found = told(firing(TICKET, at), until=at + 600, route=route, time_intervals=[work])

    assert expected == len(found)


# Half a second and more from any flush, for a busy machine may be late.
SEQUENCES = [
    firing({**TICKET, "tier": "1d"}, 0.0, 9.6),
    firing({**PAGE, "tier": "1h"}, 0.3, 4.4),
    firing({**PAGE, "tier": "6h"}, 2.3, 6.5),
    firing({**PAGE, "region": "us"}, 0.1, 0.6),
    firing({**PAGE, "region": "ap"}, 8.2, 9.8),
    firing({**PAGE, "region": "ap"}, 10.4, 11.9),
    firing({"alertname": "Quiet", "severity": "quiet", "host": "h0"}, 0.5, 10.2),
    firing({"alertname": "Lost", "severity": "none", "host": "h1", "region": "eu"}, 1.0, 5.0),
    firing({"alertname": "Lost", "severity": "none", "host": "h0", "region": "us"}, 2.6, 7.3),
]
LASTS_SECONDS = 14.0


@pytest.fixture
def alertmanager(tmp_path: Path, free_ports: tuple[int, int]) -> Iterator[tuple[str, str]]:
    """The program with this configuration, and where its webhooks arrive."""
    stand_in_port, port = free_ports
    stand_in = f"http://127.0.0.1:{stand_in_port}"
    receivers = [
        {**each, "webhook_configs": [{**each["webhook_configs"][0], "url": f"{stand_in}/webhook"}]}
        for each in CONFIG["receivers"]
    ]
    config, key = tmp_path / "alertmanager.yml", tmp_path / "key"
    config.write_text(yaml.safe_dump({**CONFIG, "receivers": receivers}))
    key.write_text("0123456789abcdef0123456789abcdef\n")
    with running_chain(config, key, free_ports):
        yield f"http://127.0.0.1:{port}", stand_in


def send(alertmanager: str, each: Firing, start: float, *, ended: bool) -> None:
    """Tell of an alert as Prometheus does."""

    def written(seconds: float) -> str:
        return datetime.fromtimestamp(start + seconds, UTC).isoformat()

    ends = each.ended_at if ended else each.active_at + 300
    alert = {"labels": dict(each.labels), "startsAt": written(each.active_at),
             "endsAt": written(ends or 0)}  # fmt: skip
    answer = httpx2.post(f"{alertmanager}/api/v2/alerts", json=[alert])
    assert 200 == answer.status_code, answer.text


def test_a_real_alertmanager_tells_the_same_within_a_second(alertmanager: tuple[str, str]):
    """Number, order, grouping, status, alerts in their order, and keys of all notifications."""
    url, stand_in = alertmanager
    sendings = sorted(
        (at, index, ended)
        for index, each in enumerate(SEQUENCES)
        for at, ended in ((each.active_at, False), (each.ended_at, True))
    )
    start = time.time() + 0.5
    for at, index, ended in sendings:
        time.sleep(max(0.0, start + at - time.time()))
        send(url, SEQUENCES[index], start, ended=ended)
    time.sleep(max(0.0, start + LASTS_SECONDS - time.time()))
    webhooks = httpx2.get(f"{stand_in}/webhooks").json()["webhooks"]

    expected = notifications(SEQUENCES, CONFIG, -5, LASTS_SECONDS)
    modelled = sorted(
        (each.group_key, each.receiver, each.at, each.status,
         [(dict(one.labels), "firing" if one in each.firing else "resolved")
          for one in each.alerts])
        for each in expected
    )  # fmt: skip
    real = sorted(
        (each["message"]["groupKey"], each["message"]["receiver"], each["received_at"] - start,
         each["message"]["status"],
         [(one["labels"], one["status"]) for one in each["message"]["alerts"]])
        for each in webhooks
    )  # fmt: skip
    assert [(key, who, *what) for key, who, _, *what in modelled] == [
        (key, who, *what) for key, who, _, *what in real
    ]
    assert 15 <= len(real)
    late = [one[2] - other[2] for one, other in zip(real, modelled, strict=True)]
    assert [] == [each for each in late if not -0.1 <= each <= 1.0]
