"""Incidents in both databases: brought in line as often as one likes."""

from sqlalchemy import Engine, select

from slo.review.alert_store import ALERTS, write_facts
from slo.review.facts import ALERTMANAGER, AlertFact
from slo.review.incident_store import INCIDENTS, sync_incidents
from tests.slo.review.messages import NOW

MINUTE = 60_000


def page(starts: float, ends: float | None, said: str = "") -> AlertFact:
    """Return a page of `eu`, its times in minutes."""
    labels = {"alertname": "Burn", "severity": "page", "region": "eu", "slo": "chat"}
    end = None if ends is None else round(ends * MINUTE)
    evidence = (("probable_cause", said),) if said else ()
    return AlertFact(ALERTMANAGER, labels, round(starts * MINUTE), end, evidence)


def incidents(record: Engine) -> list[tuple[int, float, float | None, str, int | None]]:
    """Return number, start and end in minutes, cause, and what each was merged into."""
    with record.connect() as connection:
        return [
            (
                row.id,
                row.started_at_ms / MINUTE,
                None if row.ended_at_ms is None else row.ended_at_ms / MINUTE,
                row.cause,
                row.merged_into,
            )
            for row in connection.execute(select(INCIDENTS).order_by(INCIDENTS.c.id))
        ]


def test_an_incident_is_there_once_however_often_it_is_worked_out(record: Engine):
    """And grows with its alerts."""
    write_facts(record, [page(10, None)], NOW)
    sync_incidents(record, 0)
    sync_incidents(record, 0)
    write_facts(record, [page(10, 20), page(25, 30)], NOW)
    sync_incidents(record, 0)

    assert [(1, 10, 30, "", None)] == incidents(record)


def test_an_incident_keeps_its_beginning_when_its_first_alert_is_not_read_again(record: Engine):
    """Only alerts of the last days are."""
    write_facts(record, [page(10, 30), page(35, None)], NOW)
    sync_incidents(record, 0)
    write_facts(record, [page(35, 50)], NOW)
    sync_incidents(record, 20 * MINUTE)

    assert [(1, 10, 50, "", None)] == incidents(record)


def test_incidents_that_turn_out_to_be_one_keep_the_first_number(record: Engine):
    """Links to the other lead to it."""
    write_facts(record, [page(10, 20), page(50, 60)], NOW)
    sync_incidents(record, 0)
    write_facts(record, [page(21, 45)], NOW)
    sync_incidents(record, 0)

    assert [(1, 10, 60, "", None), (2, 50, 60, "", 1)] == incidents(record)
    with record.connect() as connection:
        assert {1} == set(connection.execute(select(ALERTS.c.incident_id)).scalars())


def test_an_incident_that_turns_out_to_be_two_keeps_its_number_for_the_first(record: Engine):
    """A resolve that came late."""
    write_facts(record, [page(10, None)], NOW)
    sync_incidents(record, 0)
    write_facts(record, [page(10, 20), page(100, None)], NOW)
    sync_incidents(record, 0)

    assert [(1, 10, 20, "", None), (2, 100, None, "", None)] == incidents(record)


def test_an_incident_has_the_cause_that_its_pages_named_most(record: Engine):
    """Not what the first of them could not know yet."""
    said = ["none seen", "GpuLost: gpu-3 of h1", "GpuLost: gpu-3 of h1 and 1 more"]
    write_facts(record, [page(10, None, each) for each in said], NOW)
    sync_incidents(record, 0)

    assert "GpuLost" == incidents(record)[0][3]


def test_an_incident_of_weeks_ends_once_its_alert_does(record: Engine):
    """Though it began before alerts that make incidents."""
    write_facts(record, [page(10, None)], NOW)
    sync_incidents(record, 0)
    write_facts(record, [page(10, 60_000)], NOW)
    sync_incidents(record, 50_000 * MINUTE)

    assert [(1, 10, 60_000, "", None)] == incidents(record)


def test_an_incident_that_lasted_into_the_time_that_is_read_is_worked_out_of_all_its_alerts(
    record: Engine,
):
    """Else it would lose what only the earlier ones tell."""
    first = [page(10, 60, f"GpuLost: gpu-3 of {host}") for host in ("h1", "h2")]
    write_facts(record, [*first, page(65, 80, "ToolDown: pages")], NOW)
    sync_incidents(record, 0)
    sync_incidents(record, 62 * MINUTE)
    write_facts(record, [page(100, None)], NOW)
    sync_incidents(record, 90 * MINUTE)

    cause = "GpuLost"
    assert [(1, 10, 80, cause, None), (2, 100, None, "", None)] == incidents(record)
