"""What Prometheus and Alertmanager would say of themselves."""

from collections.abc import Sequence

from demo.faults import FAULTS
from demo.lab.own_servers import (
    FAILING_RULES,
    REFUSED_MESSAGES,
    SHORT_STORAGE,
    SLOW_RULES,
    OwnServers,
)
from demo.places import SERVERS

START, INTERVAL = 1_000_000.0, 15.0


def told(servers: OwnServers, name: str, **labels: str) -> list[Sequence[float]]:
    """Return the values of each series of a name and some labels, over ten scrapes."""
    return [
        each.values.tolist()
        for each in servers.series("prometheus:9090", START, START + 150.0, INTERVAL)
        if {"__name__": name, **labels}.items() <= each.labels.items()
    ]


def ailing(fault: str) -> OwnServers:
    """Return servers of which one ails from the third scrape to the seventh."""
    servers = OwnServers()
    servers.begin(fault, START + 40.0)
    servers.end(fault, START + 100.0)
    return servers


def test_every_fault_of_a_server_is_one_that_a_scenario_can_name():
    """By the name that it has there."""
    ours = {name for name, kind in FAULTS.items() if "server" in kind.needs}

    assert {SLOW_RULES, FAILING_RULES, SHORT_STORAGE, REFUSED_MESSAGES} == ours
    assert {"prometheus", "alertmanager"} == {*SERVERS}


def test_servers_that_are_well_say_so():
    """No rule is late, nothing fails, and history is as long as it should be."""
    well = OwnServers()

    assert [[0.0] * 10] * 2 == told(well, "prometheus_rule_evaluation_failures_total")
    assert [[0.0] * 10] * 3 == told(well, "alertmanager_notifications_failed_total")
    assert [[1.0] * 10] == told(well, "up", job="alertmanager")
    for taken in told(well, "prometheus_rule_group_last_duration_seconds"):
        assert max(taken) < INTERVAL
    (oldest,) = told(well, "prometheus_tsdb_lowest_timestamp_seconds")
    assert oldest[-1] < START - 28 * 86400


def test_one_group_is_slow_while_it_ails_and_misses_evaluations():
    """The other one is not."""
    slow, other = told(ailing(SLOW_RULES), "prometheus_rule_group_last_duration_seconds")

    assert [False, False, *[True] * 4, *[False] * 4] == [each > INTERVAL for each in slow]
    assert max(other) < INTERVAL
    missed, _ = told(ailing(SLOW_RULES), "prometheus_rule_group_iterations_missed_total")
    assert (0.0, 4.0, 4.0) == (missed[1], missed[6], missed[-1])


def test_rules_fail_and_messages_are_refused_as_long_as_they_ail():
    """Counts that stay as they are afterwards; only Slack refuses."""
    failed, other = told(ailing(FAILING_RULES), "prometheus_rule_evaluation_failures_total")
    assert (0.0, 4.0, 0.0) == (failed[1], failed[-1], other[-1])

    refused = told(
        ailing(REFUSED_MESSAGES), "alertmanager_notifications_failed_total", integration="slack"
    )
    assert [[*[0.0] * 6, *[1.0] * 4]] == refused
    assert [[0.0] * 10] == told(
        ailing(REFUSED_MESSAGES), "alertmanager_notifications_failed_total", integration="pagerduty"
    )


def test_what_storage_has_thrown_away_does_not_come_back():
    """Though the fault is over."""
    servers = ailing(SHORT_STORAGE)
    (oldest,) = told(servers, "prometheus_tsdb_lowest_timestamp_seconds")
    (deleted,) = told(servers, "prometheus_tsdb_time_retentions_total")

    assert (0.0, 1.0, 1.0) == (deleted[1], deleted[2], deleted[-1])
    assert oldest[1] < START - 28 * 86400 < START - 4 * 86400 < oldest[2]
