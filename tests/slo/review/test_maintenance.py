"""Maintenance windows: said with a reason, in the audit, withdrawn, or refused in a sentence."""

import pytest
from sqlalchemy import Engine, select, text
from typer.testing import CliRunner

from exporters.problems import InputError
from slo.review.audit import AUDIT, By
from slo.review.cli import app
from slo.review.database import downgrade, upgrade, writing
from slo.review.maintenance import (
    WINDOWS,
    Added,
    Window,
    add_window,
    read_window,
    withdraw_window,
)
from slo.review.refusals import ConflictError, MissingError, UnusableError
from slo.review.reporting import read_figures
from slo.review.reviews import create_review, read_review, remake, sign
from slo.review.snapshot_store import CELLS
from tests.slo.review.asking import asking
from tests.slo.review.histories import HIT, HOUR, PERIOD
from tests.slo.review.test_reporting import fill

NOW = PERIOD.end + 3600
BEN = By("ben", NOW)
HOUR_OF_HIT = "2026-09-23T02:00Z", "2026-09-23T03:00Z"


@pytest.fixture
def week(record: Engine) -> Engine:
    """A record of the week in which `eu` was hit, and of a cell of `us` without a tier."""
    fill(record)
    with writing(record) as connection:
        labels = {"region": "us", "model": "draft"}
        rows = {"id": "us", "slo": "availability", "service": "chat", "labels": labels}
        connection.execute(CELLS.insert(), rows)
    return record


def hour_of_hit(**labels: str) -> Window:
    """Return a window over the hour in which `eu` was hit."""
    return read_window(*HOUR_OF_HIT, labels, "a new rack", "ada")


def events_bad(record: Engine) -> float:
    """Return what the week's figures count as bad, rounded."""
    (objective,) = read_figures(record, "chat", PERIOD.name, NOW)["objectives"]
    return round(objective["events_bad"])


def test_a_window_is_in_the_record_and_in_the_audit(week: Engine):
    """Who left hours out can be asked why."""
    bounds = "2026-11-16T13:00+01:00", "2026-11-16T15:00"
    added = add_window(week, read_window(*bounds, {"region": "eu"}, " a new rack ", "ada"), 5)

    with week.connect() as connection:
        row = connection.execute(select(WINDOWS)).one()
        audit = connection.execute(select(AUDIT)).one()
    assert Added(1, cells=1, hours=3) == added
    assert (3 * 3600, "a new rack") == (row.ends_at - row.starts_at, row.reason)
    assert ("ada", "add", "maintenance 1") == (audit.actor, audit.action, audit.subject)
    assert {"region": "eu"} == audit.after["labels"]


@pytest.mark.parametrize(
    ("begin", "end", "reason", "said"),
    [
        ("soon", "2026-11-16", "x", "found 'soon', expected a time such as 2026-11-16T13:00Z"),
        ("2026-11-16", "2026-11-16", "x", "expected an end after it, within 31 days"),
        ("2026-01-01", "2026-11-16", "x", "expected an end after it, within 31 days"),
        ("2026-11-15", "2026-11-16", " ", "found no text, expected a reason"),
    ],
)
def test_what_is_no_window_is_told(begin: str, end: str, reason: str, said: str):
    """Nothing is written."""
    with pytest.raises(ValueError, match=said):
        read_window(begin, end, {}, reason, "ada")


def test_a_window_covers_the_cells_that_have_all_of_its_labels(week: Engine):
    """One that has none of them is elsewhere; each hour that is touched is left out."""
    window = read_window("2026-09-23T02:59", "2026-09-23T03:01", {}, "a new rack", "ada")
    added = [
        add_window(week, each, 0)
        for each in (window, hour_of_hit(tier="pro"), hour_of_hit(region="us", model="draft"))
    ]

    assert [(2, 2), (1, 1), (1, 1)] == [(each.cells, each.hours) for each in added]
    excluded = read_figures(week, "chat", PERIOD.name, NOW)["excluded"]
    assert [(1, 1), (0, 1), (1, 2)] == [(each["cells"], each["hours"]) for each in excluded]


@pytest.mark.parametrize(
    ("labels", "said"),
    [
        ({"regoin": "eu"}, "a label 'regoin', expected one of: cluster, model, region, tier"),
        ({"region": "eu1"}, "no cell has region='eu1', expected one of: eu, us"),
        ({"region": "us", "tier": "pro"}, "no cell has all of region, tier with these values"),
    ],
)
def test_labels_that_no_cell_has_are_refused(week: Engine, labels: dict[str, str], said: str):
    """They would leave out nothing, or what nobody meant."""
    with pytest.raises(UnusableError, match=said):
        add_window(week, hour_of_hit(**labels), 0)
    with week.connect() as connection:
        assert [] == connection.execute(select(WINDOWS)).all()


def test_labels_of_a_record_without_cells_are_refused(record: Engine):
    """A window of everything is not."""
    with pytest.raises(UnusableError, match="none, for no hour is in the record yet"):
        add_window(record, hour_of_hit(region="eu"), 0)
    assert 0 == add_window(record, hour_of_hit(), 0).cells


def test_hours_of_a_window_that_is_withdrawn_count_again(week: Engine):
    """It stays in the record, with who withdrew it; and is withdrawn once."""
    before = events_bad(week)
    number = add_window(week, hour_of_hit(region="eu"), NOW).id
    during = events_bad(week)
    withdraw_window(week, number, BEN)

    assert (721, 120, 721) == (before, during, events_bad(week))
    assert [] == read_figures(week, "chat", PERIOD.name, NOW)["excluded"]
    with week.connect() as connection:
        row = connection.execute(select(WINDOWS)).one()
        audit = connection.execute(select(AUDIT).order_by(AUDIT.c.id.desc())).first()
    assert ("ben", NOW, "ada") == (row.withdrawn_by, row.withdrawn_at, row.author)
    assert audit is not None
    assert ("ben", "withdraw", f"maintenance {number}") == audit[2:5]
    with pytest.raises(ConflictError, match="ben withdrew maintenance 1 already"):
        withdraw_window(week, number, BEN)
    with pytest.raises(MissingError, match="there is no maintenance 2"):
        withdraw_window(week, 2, BEN)


def test_a_review_that_was_signed_with_a_window_keeps_it(week: Engine):
    """Made again, too: it is as it was when it was signed."""
    number = add_window(week, hour_of_hit(), NOW).id
    review = create_review(week, "chat", PERIOD, BEN)
    sign(week, review, 1, BEN)
    withdraw_window(week, number, By("ben", NOW + 60))

    assert () == remake(week, review).differs
    with week.connect() as connection:
        figures = read_review(connection, review)["figures"]
    assert ["a new rack"] == [each["reason"] for each in figures["excluded"]]


def test_an_older_version_has_nothing_that_was_withdrawn(week: Engine):
    """It would leave it out."""
    add_window(week, hour_of_hit(), NOW)
    withdraw_window(week, add_window(week, hour_of_hit(region="eu"), NOW).id, BEN)
    downgrade(week, "0005")
    with week.connect() as connection:
        left = connection.execute(text("SELECT id FROM maintenance_windows")).scalars().all()
    upgrade(week)
    with week.connect() as connection:
        row = connection.execute(select(WINDOWS)).one()

    assert ([1], 1, None) == (left, row.id, row.withdrawn_at)


def test_the_commands_add_one_and_withdraw_it(sqlite_record: Engine):
    """As their users call them; what is wrong is told with where it was found."""
    fill(sqlite_record)
    database = "--database", str(sqlite_record.url.database)
    options = ["maintenance", "--from", HOUR_OF_HIT[0], "--to", HOUR_OF_HIT[1],
               "--reason", "a new rack", "--author", "ada", *database]  # fmt: skip
    withdraw = ["withdraw", "--author", "ben", *database]
    done = [
        CliRunner().invoke(app, each)
        for each in ([*options, "--label", "region=eu"], [*withdraw, "1"])
    ]
    wrong = [
        CliRunner().invoke(app, each)
        for each in (
            [*options, "--label", "eu"],
            [*options, "--label", "regoin=eu"],
            [*withdraw, "1"],
            ["withdraw", "--author", " ", *database, "1"],
        )
    ]

    assert [
        (0, "maintenance 1 leaves out 1 cell for 1 hour\n"),
        (0, "maintenance 1 is withdrawn: its hours count again\n"),
    ] == [(each.exit_code, each.output) for each in done]
    told = [each.exception for each in wrong]
    assert [
        "--label: found 'eu', expected NAME=VALUE such as region=eu",
        "--label: no cell has a label 'regoin', expected one of: cluster, model, region, tier",
        "NUMBER: ben withdrew maintenance 1 already",
        "--author: found no text, expected who says so",
    ] == [str(each.problems[0]) for each in told if isinstance(each, InputError)]


async def test_people_and_programs_add_one_and_withdraw_it(week: Engine):
    """Each is told how much it covers; the page says who withdrew it."""
    api = "/api/v1/maintenance"
    body = {"starts_at": HOUR_OF_HIT[0], "ends_at": HOUR_OF_HIT[1], "reason": "a new rack"}
    async with asking(week, NOW) as client:
        added = await client.post(api, json={**body, "labels": {"region": "eu"}})
        refused = await client.post(api, json={**body, "labels": {"regoin": "eu"}})
        form = await client.post("/maintenance", data={**body, "labels": "tier=pro"})
        before = (await client.get("/maintenance")).text
        withdrawn = await client.post(f"{api}/1/withdraw", json={"author": "ben"})
        by_form = await client.post("/maintenance/2/withdraw", data={"author": "eve"})
        late = await client.post(f"{api}/1/withdraw", json={})
        missing = await client.post(f"{api}/3/withdraw", json={})
        listed = (await client.get(api)).json()["items"]
        after = (await client.get("/maintenance")).text

    assert {"id": 1, "cells": 1, "hours": 1} == added.json()
    answers = (added, refused, form, withdrawn, by_form, late, missing)
    assert [201, 422, 303, 200, 303, 409, 404] == [each.status_code for each in answers]
    assert "expected one of: cluster, model, region, tier" in refused.json()["detail"]
    assert [("eve", 1, 1), ("ben", 1, 1)] == [
        (each["withdrawn_by"], each["cells"], each["hours"]) for each in listed
    ]
    assert 2 == before.count("/withdraw")
    assert "/withdraw" not in after
    assert "by ben, 2026-09-28" in after


def test_the_hour_that_is_left_out_is_that_of_the_hit():
    """What these tests take for granted."""
    window = hour_of_hit()

    assert (HIT, HIT + HOUR) == (window.starts_at, window.ends_at)
