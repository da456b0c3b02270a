"""A review: edited by several, decided, signed once, and made again to the same hash."""

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import Engine, select

from slo.review.actions import Task, add_action, change_action, mark, read_action
from slo.review.audit import AUDIT, By
from slo.review.browsing import Asked, list_actions, read_whole_review
from slo.review.database import open_database, upgrade, writing
from slo.review.incident_store import INCIDENTS
from slo.review.maintenance import add_window, read_window
from slo.review.refusals import ConflictError, MissingError, StaleError, UnusableError
from slo.review.report_formats import write_report
from slo.review.reporting import read_figures
from slo.review.reviewed_period import parse_period
from slo.review.reviews import (
    REVIEWS,
    create_review,
    decide,
    edit_notes,
    read_review,
    remake,
    sign,
)
from slo.review.snapshot_store import ASKED, SNAPSHOTS
from slo.review.telling import Change, Remark, remark, tell_change
from tests.slo.review.histories import PERIOD
from tests.slo.review.test_reporting import fill

NOW = PERIOD.end + 3600
TASK = Task("Buy a second switch", "ben", "2026-12-01")


@pytest.fixture
def week(record: Engine) -> Engine:
    """A record of a week, in either database."""
    fill(record)
    return record


@pytest.fixture
def draft(week: Engine) -> int:
    """The review of that week, as it begins."""
    return create_review(week, "chat", PERIOD, By("ada", NOW))


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[Engine]:
    """A record of a week in SQLite."""
    engine = open_database(str(tmp_path / "lone.db"))
    upgrade(engine)
    fill(engine)
    yield engine
    engine.dispose()


def row(engine: Engine, number: int) -> dict[str, Any]:
    """Return a review's row."""
    with engine.connect() as connection:
        return read_review(connection, number)


def own(figures: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the actions that a test began."""
    return [each for each in figures["actions"] if each["text"] == TASK.text]


def test_who_edits_what_somebody_else_changed_is_told(week: Engine, draft: int):
    """The first stands, and the second reads it before writing again."""
    edit_notes(week, draft, 1, "Ada was here.", By("ada", NOW))

    with pytest.raises(StaleError, match="found revision 2, expected 1; read it again"):
        edit_notes(week, draft, 1, "Ben was here.", By("ben", NOW))
    with pytest.raises(StaleError):
        decide(week, draft, 1, "We wait.", By("ben", NOW))
    with pytest.raises(StaleError):
        add_action(week, draft, 1, TASK, By("ben", NOW))
    with pytest.raises(StaleError):
        sign(week, draft, 1, By("ben", NOW))
    assert ("Ada was here.", 2) == (row(week, draft)["notes"], row(week, draft)["revision"])


def test_a_signed_review_stays_as_it_is(week: Engine, draft: int):
    """Its figures are those of the report, with the same hash."""
    decide(week, draft, 1, "We slow down.", By("ada", NOW))
    add_action(week, draft, 2, TASK, By("ada", NOW))
    signed = sign(week, draft, 3, By("ada", NOW))

    for change in (
        lambda: edit_notes(week, draft, 4, "no", By("ben", NOW)),
        lambda: decide(week, draft, 4, "no", By("ben", NOW)),
        lambda: add_action(week, draft, 4, TASK, By("ben", NOW)),
        lambda: sign(week, draft, 4, By("ben", NOW)),
        lambda: remark(week, Remark(NOW, "no", review=draft), By("ben", NOW)),
    ):
        with pytest.raises(ConflictError, match="signed"):
            change()
    kept = row(week, draft)
    assert (signed, "ada", NOW) == (
        kept["figures_digest"],
        kept["signed_by"],
        kept["signed_at"],
    )
    assert read_figures(week, "chat", PERIOD.name, NOW) == kept["figures"]
    assert ["We slow down."] == [each["text"] for each in kept["figures"]["decisions"]]
    assert [("ben", False)] == [
        (each["owner"], each["carried_over"]) for each in own(kept["figures"])
    ]


def test_a_signed_review_is_made_again_to_the_same_hash(week: Engine, draft: int):
    """Though people closed actions, left hours out, told changes and wrote since."""
    action = add_action(week, draft, 1, TASK, By("ada", NOW))
    signed = sign(week, draft, 2, By("ada", NOW))
    with week.connect() as connection:
        seen = read_action(connection, action)
    change_action(week, action, mark(seen), Task("Other", "eve"), is_closed=True,
                  by=By("eve", NOW))  # fmt: skip
    window = read_window("2026-09-22T00:00", "2026-09-22T05:00", {}, "a rack", "eve")
    add_window(week, window, NOW)
    tell_change(week, Change(PERIOD.start + 60, "rollout", "v2", {}), By("eve", NOW))
    remark(week, Remark(PERIOD.start + 60, "I saw it."), By("eve", NOW))
    again = remake(week, draft)

    now = read_figures(week, "chat", PERIOD.name, NOW)
    kept = row(week, draft)["figures"]
    assert {"actions", "annotations", "changes", "digest", "excluded", "objectives"} <= {
        each for each in now if now[each] != kept[each]
    }
    assert (signed, signed, ()) == (again.signed_digest, again.digest, again.differs)


def writing_while_figures_are_made(monkeypatch: pytest.MonkeyPatch, changes: int) -> None:
    """Have somebody tell of a change whenever figures were made, so many times."""
    told = [Change(PERIOD.start + each, "rollout", "v2", {}) for each in range(changes)]

    def slow_figures(engine: Engine, *given: Any) -> dict[str, Any]:
        figures = read_figures(engine, *given)
        if told:
            tell_change(engine, told.pop(), By("ci", NOW))
        return figures

    monkeypatch.setattr("slo.review.reviews.read_figures", slow_figures)


def test_a_signature_has_what_was_written_while_its_figures_were_made(
    lone: Engine, monkeypatch: pytest.MonkeyPatch
):
    """Else it would hold figures that the record of its moment does not make."""
    number = create_review(lone, "chat", PERIOD, By("ada", NOW))
    writing_while_figures_are_made(monkeypatch, 1)
    signed = sign(lone, number, 1, By("ada", NOW))

    assert ["v2"] == [each["summary"] for each in row(lone, number)["figures"]["changes"]]
    assert (signed, ()) == (remake(lone, number).digest, remake(lone, number).differs)


def test_who_signs_while_others_never_stop_writing_is_told(
    lone: Engine, monkeypatch: pytest.MonkeyPatch
):
    """And nothing is signed."""
    number = create_review(lone, "chat", PERIOD, By("ada", NOW))
    writing_while_figures_are_made(monkeypatch, 9)

    with pytest.raises(ConflictError, match="others change the record all the time"):
        sign(lone, number, 1, By("ada", NOW))
    assert row(lone, number)["signed_at"] is None


def test_annotations_are_in_the_review_that_they_were_written_to(week: Engine, draft: int):
    """Whatever their moment; others are in the reviews of their moment, and of their incident."""
    with writing(week) as connection:
        review = {"service": "tools", "period": PERIOD.name, "starts_at": PERIOD.start,
                  "ends_at": PERIOD.end, "revision": 1, "notes": ""}  # fmt: skip
        added = REVIEWS.insert().returning(REVIEWS.c.id)
        other = connection.execute(added, review).scalar_one()
        elsewhere = connection.execute(
            INCIDENTS.insert().returning(INCIDENTS.c.id),
            {"started_at_ms": (PERIOD.start + 60) * 1000, "ended_at_ms": PERIOD.start * 1000 + 1,
             "severity": "page", "cause": "", "labels": {"region": "nowhere"}},
        ).scalar_one()  # fmt: skip
        merged = connection.execute(
            INCIDENTS.insert().returning(INCIDENTS.c.id),
            {"started_at_ms": 1, "severity": "page", "cause": "", "labels": {}, "merged_into": 1},
        ).scalar_one()
    for said in (
        Remark(PERIOD.start + 60, "of a moment"),
        Remark(PERIOD.end, "of a later one"),
        Remark(PERIOD.end + 5 * 86_400, "of the draft", review=draft),
        Remark(PERIOD.start + 60, "only about tools", review=other),
        Remark(PERIOD.start + 60, "of its incident", incident=1),
        Remark(PERIOD.start + 60, "of its story", incident=merged),
        Remark(PERIOD.start + 60, "of another incident", incident=elsewhere),
    ):
        remark(week, said, By("ada", NOW))

    figures = read_figures(week, "chat", PERIOD.name, NOW)
    assert ["of a moment", "of its incident", "of its story", "of the draft"] == [
        each["text"] for each in figures["annotations"]
    ]
    assert "of the draft" in write_report(figures, "md")
    assert "of the draft" in write_report(figures, "html")


def test_a_record_that_tells_otherwise_is_seen(lone: Engine):
    """Which parts differ is named."""
    number = create_review(lone, "chat", PERIOD, By("ada", NOW))
    sign(lone, number, 1, By("ada", NOW))
    with writing(lone) as connection:
        connection.execute(SNAPSHOTS.update().values(events_bad=7.0))
    again = remake(lone, number)

    assert again.digest != again.signed_digest
    assert "objectives" in again.differs


def test_an_action_is_carried_over_into_later_reviews_until_it_is_closed(lone: Engine):
    """Of a week's meeting, which is in the next one."""
    number = create_review(lone, "chat", PERIOD, By("ada", NOW))
    action = add_action(lone, number, 1, TASK, By("ada", NOW))
    following = parse_period("2026-W40")
    later = read_figures(lone, "chat", following.name, following.end)
    with lone.connect() as connection:
        seen = read_action(connection, action)
    change_action(lone, action, mark(seen), TASK, is_closed=True, by=By("ben", NOW + 60))
    closed = read_figures(lone, "chat", following.name, following.end)

    assert [(True, False)] == [(a["carried_over"], a["closed"]) for a in own(later)]
    assert [(True, True)] == [(a["carried_over"], a["closed"]) for a in own(closed)]
    with lone.connect() as connection:
        left = list_actions(connection, Asked(), is_open=True, service="chat").items
    assert action not in [each["id"] for each in left]
    with pytest.raises(StaleError, match="somebody changed action 2 meanwhile"):
        change_action(lone, action, mark(seen), TASK, is_closed=False, by=By("eve", NOW))


def test_each_change_is_in_the_audit_with_who_made_it(lone: Engine):
    """And how it was before."""
    number = create_review(lone, "chat", PERIOD, By("ada", NOW))
    edit_notes(lone, number, 1, "A switch.", By("ben", NOW))
    decide(lone, number, 2, "We wait.", By("eve", NOW))
    sign(lone, number, 3, By("ada", NOW))

    with lone.connect() as connection:
        every = connection.execute(select(AUDIT).order_by(AUDIT.c.id)).all()
        assert 1 == len(read_whole_review(connection, number)["decisions"])
    assert [
        ("ada", "add", "review 1"),
        ("ben", "edit", "review 1"),
        ("eve", "add", "decision 1"),
        ("eve", "edit", "review 1"),
        ("ada", "sign", "review 1"),
    ] == [(each.actor, each.action, each.subject) for each in every]
    assert ("", "A switch.") == (every[1].before["notes"], every[1].after["notes"])
    assert every[-1].after["figures_digest"] == row(lone, number)["figures_digest"]


def test_what_is_no_review_decision_or_action_is_refused(lone: Engine):
    """In a sentence, and nothing is written."""
    number = create_review(lone, "chat", PERIOD, By("ada", NOW))
    with pytest.raises(ConflictError, match=f"there is a review of chat for {PERIOD.name} already"):
        create_review(lone, "chat", PERIOD, By("ada", NOW))
    with pytest.raises(MissingError, match="there is no review 77"):
        edit_notes(lone, 77, 1, "", By("ada", NOW))
    with pytest.raises(UnusableError, match="found 0 characters, expected a decision"):
        decide(lone, number, 1, "  ", By("ada", NOW))
    with pytest.raises(UnusableError, match="expected a day such as 2026-12-01"):
        add_action(lone, number, 1, Task("x", "y", "20261201"), By("ada", NOW))
    with pytest.raises(ConflictError, match="is a draft"):
        remake(lone, number)
    with writing(lone) as connection:
        connection.execute(ASKED.delete().where(ASKED.c.at == PERIOD.end))
    with pytest.raises(ConflictError, match="is not in the record yet"):
        sign(lone, number, 1, By("ada", NOW))
    with pytest.raises(ConflictError, match="is not over"):
        sign(lone, number, 1, By("ada", PERIOD.end - 1))
    assert 1 == row(lone, number)["revision"]


def test_a_change_told_twice_is_there_once(lone: Engine):
    """Whoever tells it again is not refused."""
    told = Change(NOW, "rollout", "v2", {"region": "eu"})
    first, second = (tell_change(lone, told, By("ci", NOW + each)) for each in (0, 1))

    assert (first[0], True, False) == (second[0], first[1], second[1])
