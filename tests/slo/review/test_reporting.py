"""From a record to a report, through the command."""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from sqlalchemy import Engine
from sqlalchemy.orm import Session

from exporters.problems import InputError
from slo import conventions as names
from slo.review.alert_store import write_facts
from slo.review.database import writing
from slo.review.days import add_days
from slo.review.facts import ALERTMANAGER, AlertFact
from slo.review.hours import HOUR, read_hours
from slo.review.incident_store import sync_incidents
from slo.review.maintenance import add_window, parse_moment, read_window
from slo.review.models import Action, Cell, MaintenanceWindow, SpentStep
from slo.review.policy import read_policy
from slo.review.reporting import read_figures
from slo.review.snapshot_store import KNOWN, SNAPSHOTS, VERSIONS, write_hours
from slo.review.spending import SPENT
from slo.review.standing import objectives_now
from slo.series import Series
from tests.slo.review.histories import HIT, PERIOD, PLACE, STEP, cell

ROOT = Path(__file__).parents[3]
NOW = PERIOD.end + 3600.0


def recorded(name: str, values: np.ndarray, **labels: str) -> Series:
    """Return a recorded series of `availability` at every hour of the week."""
    own = {"__name__": name, "slo": "availability", "service": "chat", **labels}
    return Series(own, cell().at * 1000, np.asarray(values, np.float64))


@pytest.fixture
def week(record: Engine) -> Engine:
    """A record of the week in which `eu` was hit, in either database."""
    fill(record)
    return record


def fill(record: Engine, paged: tuple[int, int] = (HIT + 120, HIT + 1320)) -> None:
    """Write the week into a record, with a page from when to when."""
    hit = cell()
    place = {**PLACE, "tier": "pro"}
    full = np.ones(hit.at.shape)
    series = [
        recorded(names.OBJECTIVE, 0.999 * full),
        recorded(names.PERIOD, 28 * 86_400 * full),
        recorded(names.EVENTS_BAD_COUNT, hit.events_bad, window="1h", **place),
        recorded(names.EVENTS_COUNT, hit.events, window="1h", **place),
        recorded(names.COVERAGE, full, window="1h", **place),
        recorded(names.BUDGET_REMAINING, 0.2 * full, **place),
    ]
    hours = read_hours(series)
    write_hours(record, hit.at.tolist(), hours, 0)
    (key,) = hours.cells
    labels = {"alertname": "ErrorBudgetBurn", "severity": "page", "slo": "availability",
              "service": "chat", **place}  # fmt: skip
    evidence = (("probable_cause", "GpuLost: gpu-3 of h1"),)
    start, end = (each * 1000 for each in paged)
    write_facts(record, [AlertFact(ALERTMANAGER, labels, start, end, evidence)], 0)
    sync_incidents(record, 0)
    with Session(record) as session, session.begin():
        session.add_all(
            SpentStep(cell_id=key, at=at, events_bad=bad, events=total)
            for at, bad, total in zip(
                hit.step_at.tolist(),
                hit.step_events_bad.tolist(),
                hit.step_events.tolist(),
                strict=True,
            )
        )
        session.add(Action(service="chat", opened_at=1, owner="ada", due_on="2026-10-01",
                           text="Spare GPUs in eu"))  # fmt: skip


def test_a_week_is_read_back_as_it_was(week: Engine):
    """Its incident with its cause, and its share of the budget."""
    figures = read_figures(week, "chat", "2026-W39", NOW)

    (objective,) = figures["objectives"]
    assert ("missed", "0.999", 0) == (
        objective["verdict"],
        objective["target"],
        objective["unknown"],
    )
    assert ["GpuLost"] == [each["name"] for each in objective["spent_by"]["cause"]]
    assert 600 == pytest.approx(objective["spent_by"]["incident"][0]["events_bad"], abs=0.5)
    assert (1, 1.0) == (figures["alerts"]["pages"], figures["alerts"]["precision"])
    assert ("careful", 0.2) == (figures["state"], objective["recorded_left"])
    assert [True] == [each["carried_over"] for each in figures["actions"]]
    assert [None] * 4 == [each["verdict"] for each in objective["trend"]]


def test_recall_is_of_the_hours_that_burned(week: Engine):
    """Of its 600.48 bad events 600.12 fell into the incident; read of days it is the same."""
    of_hours = read_figures(week, "chat", "2026-W39", NOW)["alerts"]["recall"]
    add_days(week)
    of_days = read_figures(week, "chat", "2026-W39", NOW)["alerts"]["recall"]

    assert 600.12 / 600.48 == pytest.approx(of_hours, rel=1e-8)
    assert of_hours == of_days


@pytest.mark.parametrize(
    ("until", "recall"), [(PERIOD.start - 60, 0), (HIT + 1320, 600.12 / 600.48)]
)
def test_what_was_paged_before_the_period_and_goes_on_is_not_unpaged(
    record: Engine, until: int, recall: float
):
    """The page counts where it began, and what its incident spends has a page in both periods."""
    fill(record, paged=(PERIOD.start - HOUR, until))
    found = read_figures(record, "chat", "2026-W39", NOW)["alerts"]

    assert (0, pytest.approx(recall, rel=1e-3)) == (found["pages"], found["recall"])


def test_a_promise_of_old_says_which_hours_burned(week: Engine):
    """In the hit's hour 80 % might be bad: what burned was later, and without a page."""
    with writing(week) as connection:
        versions = {"slo": "availability", "service": "chat", "period_seconds": 28 * 86_400}
        connection.execute(VERSIONS.update().values(valid_from=HIT + 2 * HOUR))
        connection.execute(VERSIONS.insert(), {**versions, "valid_from": 0, "target": "0.2"})
        later = SNAPSHOTS.c.at == HIT + 50 * HOUR
        connection.execute(SNAPSHOTS.update().where(later).values(events_bad=600.0))
    told = read_figures(week, "chat", "2026-W39", NOW)

    assert 0 == told["alerts"]["recall"]


def tell_page(record: Engine, start: int, **labels: str) -> None:
    """Tell a page of ten minutes."""
    own = {"alertname": "Other", "severity": "page", **labels}
    write_facts(record, [AlertFact(ALERTMANAGER, own, start * 1000, (start + 600) * 1000)], 0)
    sync_incidents(record, 0)


def test_pages_of_others_are_not_its_own(week: Engine):
    """Though they are of the same incident."""
    tell_page(week, HIT + 300, service="tools", region="eu")
    told = read_figures(week, "chat", "2026-W39", NOW)

    assert ([1], 1) == ([each["pages"] for each in told["incidents"]], told["alerts"]["pages"])


def test_incidents_of_other_services_and_places_are_not_its_own(week: Engine):
    """One of its own region that names no service is."""
    tell_page(week, HIT - 10 * HOUR, service="tools", region="eu")
    tell_page(week, HIT - 20 * HOUR, region="us")
    tell_page(week, HIT - 30 * HOUR, region="eu")
    told = read_figures(week, "chat", "2026-W39", NOW)["incidents"]

    begun = [parse_moment(each["from"]) for each in told]
    assert [HIT - 30 * HOUR, HIT + 120] == begun


def test_a_week_that_runs_is_reviewed_up_to_now(week: Engine):
    """What is to come is not unknown."""
    (objective,) = read_figures(week, "chat", "2026-W39", HIT + 10 * HOUR)["objectives"]

    assert objective["events"] == 3600 * 60
    assert objective["unknown"] == 0


def test_an_incident_of_the_hour_that_runs_has_its_cost_already(week: Engine):
    """Its steps are known, up to the last of them; hours of the record come later."""
    with writing(week) as connection:
        connection.execute(SNAPSHOTS.delete().where(SNAPSHOTS.c.at > HIT))
        connection.execute(SPENT.delete().where(SPENT.c.at > HIT + 1500))

    figures = read_figures(week, "chat", "2026-W39", HIT + 1600)
    (objective,) = figures["objectives"]

    assert objective["events"] == 3600 * 50 + 5 * 300
    assert 600 == pytest.approx(objective["spent_by"]["incident"][0]["events_bad"], abs=0.5)
    assert 0.2 == objective["recorded_left"]


def test_no_incident_has_events_of_an_hour_that_is_unknown(week: Engine):
    """A part would be larger than its whole."""
    with writing(week) as connection:
        connection.execute(SNAPSHOTS.delete().where(SNAPSHOTS.c.at == HIT + HOUR))

    (objective,) = read_figures(week, "chat", "2026-W39", NOW)["objectives"]

    assert [] == objective["spent_by"]["incident"]


def test_the_next_week_is_unknown_and_says_so(week: Engine):
    """Nothing was recorded of it."""
    later = read_figures(week, "chat", "2026-W40", NOW + 7 * 86_400)

    assert [("unknown", 1)] == [(each["verdict"], each["unknown"]) for each in later["objectives"]]
    assert "missed" == later["objectives"][0]["trend"][0]["verdict"]


def test_hours_of_maintenance_at_which_no_rules_ran_are_not_unknown(week: Engine):
    """Of four hours a window covers two, and two beside them that are known."""
    down = [PERIOD.start + each * HOUR for each in (11, 12, 13, 14)]
    with writing(week) as connection:
        for table in (KNOWN, SNAPSHOTS):
            connection.execute(table.delete().where(table.c.at.in_(down)))
    unknown = []
    for window in ("", "2026-09-21T08:00 2026-09-21T12:00", "2026-09-21T12:00 2026-09-21T14:00"):
        if window:
            add_window(
                week, read_window(*window.split(), {}, "an upgrade", "ada", now=PERIOD.end), 0
            )
        (objective,) = read_figures(week, "chat", "2026-W39", NOW)["objectives"]
        unknown.append(objective["unknown"])
    add_days(week)

    assert [4 / 168, 2 / 164, 0] == pytest.approx(unknown, rel=1e-8)
    assert [objective] == read_figures(week, "chat", "2026-W39", NOW)["objectives"]


def test_an_objective_that_is_too_new_for_an_hour_has_no_figures_yet(week: Engine):
    """Steps of its first incident are told before its first hour."""
    first = PERIOD.end + STEP
    with Session(week) as session, session.begin():
        session.add(Cell(id="new", slo="latency", service="chat", labels={"region": "eu"}))
        session.flush()
        session.add(SpentStep(cell_id="new", at=first, events_bad=9, events=9))

    told = read_figures(week, "chat", "2026-W40", first + 60)

    assert [] == told["objectives"]


def tell_of(record: Engine, slo: str, first: int, hours: int) -> None:
    """Tell some hours of one objective alone, with one cell of it."""
    at = first + HOUR * np.arange(hours)
    cell_at = {"window": "1h", **PLACE}
    told: tuple[tuple[str, float, dict[str, str]], ...] = (
        (names.OBJECTIVE, 0.999, {}),
        (names.PERIOD, 28 * 86_400.0, {}),
        (names.EVENTS_BAD_COUNT, 0.0, cell_at),
        (names.EVENTS_COUNT, 3600.0, cell_at),
        (names.COVERAGE, 1.0, cell_at),
    )
    series = [
        Series(
            {"__name__": name, "slo": slo, "service": "chat", **labels},
            at * 1000,
            np.full(hours, value),
        )
        for name, value, labels in told
    ]
    write_hours(record, at.tolist(), read_hours(series), 0)


def unknown(record: Engine, period: str, hours: int) -> dict[str, float]:
    """Return what share of a period is unknown of each objective, some hours after the week."""
    figures = read_figures(record, "chat", period, PERIOD.end + hours * HOUR)
    return {each["slo"]: each["unknown"] for each in figures["objectives"]}


def test_an_objective_ends_once_a_day_was_told_of_others_and_not_of_it(week: Engine):
    """It was renamed: until then it is unknown, and no later review has it."""
    tell_of(week, "answered", PERIOD.end + HOUR, 168)

    assert {"availability": 1, "answered": 0} == unknown(week, "2026-W40", 23)
    assert {"answered": 0} == unknown(week, "2026-W40", 24)
    assert {"answered": 0} == unknown(week, "2026-W40", 168)
    assert {"availability": 0} == unknown(week, "2026-W39", 168)


def test_what_ended_stands_nowhere_now(week: Engine):
    """People look for what is to be done."""
    tell_of(week, "answered", PERIOD.end + HOUR, 168)
    found = []
    for hours in (23, 24):
        with week.connect() as connection:
            now = objectives_now(connection, read_policy(), PERIOD.end + hours * HOUR)
        found.append({each["slo"] for each in now})

    assert [{"answered", "availability"}, {"answered"}] == found


def test_an_objective_that_ends_within_a_period_counts_until_then(week: Engine):
    """It is a week that is known, and no more."""
    tell_of(week, "answered", PERIOD.end + HOUR, 72)

    assert {"availability": 0, "answered": 0} == unknown(week, "2026-09-21..2026-09-30", 72)


def test_an_objective_that_is_told_of_again_has_not_ended(week: Engine):
    """What lies between is unknown, once it is."""
    tell_of(week, "answered", PERIOD.end + HOUR, 100)
    tell_of(week, "availability", PERIOD.end + 101 * HOUR, 68)

    assert {"answered": 0} == unknown(week, "2026-W40", 100)
    assert {"answered": 0, "availability": 0.595238095} == unknown(week, "2026-W40", 168)


def test_maintenance_of_the_record_is_left_out(week: Engine):
    """By its labels."""
    with Session(week) as session, session.begin():
        session.add(MaintenanceWindow(starts_at=HIT, ends_at=HIT + HOUR, labels={"region": "eu"},
                                      reason="a new rack", author="ada"))  # fmt: skip

    (objective,) = read_figures(week, "chat", "2026-W39", NOW)["objectives"]

    assert objective["events"] == 3600 * 167
    assert [] == objective["spent_by"]["incident"]


@pytest.mark.parametrize(
    ("service", "period", "said"),
    [
        ("shop", "2026-W39", "--service: the record knows no service 'shop'; take one of: chat"),
        ("chat", "next week", "--period: found 'next week', expected a week 2026-W47"),
        ("chat", "1969-12", "--period: found '1969-12', expected one since 1970"),
        (
            "chat",
            "2020-W01",
            "--period: found '2020-W01', which was over before the record of chat",
        ),
        ("chat", "2099-01", "--period: found '2099-01', which has not begun"),
    ],
)
def test_what_cannot_be_reviewed_is_told(week: Engine, service: str, period: str, said: str):
    """With what could be."""
    with pytest.raises(InputError) as told:
        read_figures(week, service, period, NOW)

    assert said in str(told.value.problems[0])


def test_the_command_writes_a_report(sqlite_record: Engine, tmp_path: Path):
    """JSON for programs; steps of a record are not in the way of others."""
    fill(sqlite_record)
    command = [sys.executable, "-m", "shardwatch", "review", "report", "--service", "chat"]
    done = subprocess.run(
        [*command, "--period", "2026-W39", "--format", "json",
         "--database", str(sqlite_record.url.database)],
        capture_output=True, text=True, check=False, cwd=ROOT,
    )  # fmt: skip

    assert (0, "") == (done.returncode, done.stderr)
    assert STEP == 300
    assert "chat" == json.loads(done.stdout)["service"]
