"""What Prometheus and Alertmanager would say of themselves."""

from collections.abc import Sequence

from demo.faults import FAULTS
from demo.lab.own_servers import (
    FAILING_GROUP,
    FAILING_RULES,
    REFUSED_MESSAGES,
    SHORT_STORAGE,
    SLOW_GROUP,
    SLOW_RULES,
    WELL_GROUP,
    OwnServers,
)
from demo.places import SERVERS

START, INTERVAL, DAY = 1_000_000_000.0, 15.0, 86400.0


def told(
    servers: OwnServers, name: str, seconds: float = 150.0, **labels: str
) -> list[Sequence[float]]:
    """Return the values of each series of a name and some labels, over ten scrapes, or more."""
    return [
        each.values.tolist()
        for each in servers.series("prometheus:9090", START, START + seconds, INTERVAL)
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

    assert [[0.0] * 10] * 3 == told(well, "prometheus_rule_evaluation_failures_total")
    assert [[0.0] * 10] * 3 == told(well, "alertmanager_notifications_failed_total")
    assert [[1.0] * 10] == told(well, "up", job="alertmanager")
    for taken in told(well, "prometheus_rule_group_last_duration_seconds"):
        assert max(taken) < INTERVAL


def test_storage_that_is_well_deletes_too_a_block_at_a_time():
    """And always holds what it should: nobody may take that for a fault."""
    (oldest,) = told(OwnServers(), "prometheus_tsdb_lowest_timestamp_seconds", seconds=20 * DAY)
    (deletions,) = told(OwnServers(), "prometheus_tsdb_time_retentions_total", seconds=20 * DAY)
    ages = [START + INTERVAL * (1 + at) - each for at, each in enumerate(oldest)]

    assert 35 * DAY <= min(ages) < max(ages) <= 38 * DAY
    assert 20 // 2.25 <= deletions[-1] - deletions[0] <= 20 // 2.25 + 1
    assert len({*oldest}) == len({*deletions}) == deletions[-1]


def test_one_group_is_slow_while_it_ails_and_misses_evaluations():
    """One of six, as each takes 1.2 intervals; the other groups miss none."""
    name = "prometheus_rule_group_last_duration_seconds"
    (slow,) = told(ailing(SLOW_RULES), name, rule_group=SLOW_GROUP)
    assert [False, False, *[True] * 4, *[False] * 4] == [each > INTERVAL for each in slow]

    long = OwnServers([(SLOW_RULES, START, START + 600.0)])
    name = "prometheus_rule_group_iterations_missed_total"
    (missed,) = told(long, name, seconds=900.0, rule_group=SLOW_GROUP)
    assert (0.0, 6.0, 6.0) == (missed[4], missed[39], missed[-1])
    for group in (FAILING_GROUP, WELL_GROUP):
        assert [[0.0] * 60] == told(long, name, seconds=900.0, rule_group=group)


def test_the_last_evaluation_of_a_slow_group_began_up_to_twice_its_time_ago():
    """It is told of when it has ended."""
    slow = OwnServers([(SLOW_RULES, START, START + 900.0)])
    name = "prometheus_rule_group_last_evaluation_timestamp_seconds"
    (began,) = told(slow, name, seconds=900.0, rule_group=SLOW_GROUP)
    ages = [START + INTERVAL * (1 + at) - each for at, each in enumerate(began)]

    assert 1.2 * INTERVAL <= min(ages[:-1]) < max(ages) < 2.4 * INTERVAL


def test_rules_fail_and_messages_are_refused_as_long_as_they_ail():
    """Counts that stay as they are afterwards; only Slack refuses."""
    name = "prometheus_rule_evaluation_failures_total"
    slow, failed, well = told(ailing(FAILING_RULES), name)
    assert (0.0, 4.0, 0.0, 0.0) == (failed[1], failed[-1], slow[-1], well[-1])

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
    (deleted,) = told(servers, "prometheus_tsdb_size_retentions_total")

    assert (0.0, 1.0, 1.0) == (deleted[1], deleted[2], deleted[-1])
    assert oldest[1] < START - 28 * DAY < START - 4 * DAY < oldest[2]
