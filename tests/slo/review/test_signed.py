"""What is signed stays as it is: the database itself refuses, whoever asks."""

import pytest
from sqlalchemy import Engine, select, text
from sqlalchemy.exc import DBAPIError

from slo.review.audit import By
from slo.review.database import downgrade, upgrade, writing
from slo.review.reviews import DECISIONS, REVIEWS, create_review, decide, edit_notes, remake, sign
from slo.review.telling import ANNOTATIONS, Remark, remark
from tests.slo.review.histories import PERIOD
from tests.slo.review.test_reporting import fill

NOW = PERIOD.end + 3600
ADA = By("ada", NOW)
SAID = "a signed review stays as it is"


@pytest.fixture
def signed(record: Engine) -> Engine:
    """A record with a signed review, a decision and an annotation of it, and a draft (2)."""
    fill(record)
    number = create_review(record, "chat", PERIOD, ADA)
    decide(record, number, 1, "We wait.", ADA)
    remark(record, Remark(PERIOD.start + 60, "I saw it.", review=number), ADA)
    sign(record, number, 2, ADA)
    with writing(record) as connection:
        connection.execute(
            text("INSERT INTO reviews (service, period, starts_at, ends_at, revision, notes) "
                 "VALUES ('chat', '2026-W38', 1, 2, 1, '')")
        )  # fmt: skip
    return record


CHANGES = (
    "UPDATE reviews SET notes = 'Nothing happened.'",
    "UPDATE reviews SET signed_at = NULL, signed_by = NULL WHERE id = 1",
    "UPDATE reviews SET figures = '{}' WHERE id = 1",
    "DELETE FROM reviews WHERE id = 1",
    "UPDATE decisions SET text = 'We hurry.'",
    "DELETE FROM decisions",
    "INSERT INTO decisions (review_id, decided_at, decided_by, text) VALUES (1, 1, 'b', 'x')",
    "UPDATE annotations SET text = 'I slept.'",
    "UPDATE annotations SET review_id = NULL",
    "DELETE FROM annotations",
    "INSERT INTO annotations (at, review_id, author, text) VALUES (1, 1, 'ben', 'late')",
)

WAYS_AROUND = {
    "sqlite": (
        "INSERT OR REPLACE INTO reviews (id, service, period, starts_at, ends_at, revision, notes) "
        "VALUES (1, 'x', 'y', 1, 2, 1, '')",
        "REPLACE INTO reviews (service, period, starts_at, ends_at, revision, notes) "
        "VALUES ('chat', '2026-W39', 1, 2, 1, '')",
        "UPDATE OR REPLACE reviews SET period = '2026-W39' WHERE id = 2",
        "UPDATE OR REPLACE reviews SET id = 1 WHERE id = 2",
        "INSERT OR REPLACE INTO decisions (id, review_id, decided_at, decided_by, text) "
        "VALUES (1, 2, 1, 'eve', 'We ship.')",
        "UPDATE OR REPLACE decisions SET id = 1 WHERE id = 2",
        "REPLACE INTO annotations (id, at, author, text) VALUES (1, 1, 'eve', 'gone')",
        "UPDATE OR REPLACE annotations SET rowid = 1 WHERE id = 2",
    ),
    "postgresql": (
        "TRUNCATE reviews CASCADE",
        "TRUNCATE decisions",
        "INSERT INTO decisions (id, review_id, decided_at, decided_by, text) "
        "VALUES (1, 2, 1, 'eve', 'We ship.') ON CONFLICT (id) DO UPDATE SET text = 'We ship.'",
    ),
}
"""That tell no trigger of the rows which they take away, or change what is there."""


def contents(record: Engine) -> list[object]:
    """Return all rows that a signature holds."""
    with record.connect() as connection:
        return [
            connection.execute(select(table).order_by(table.c.id)).all()
            for table in (REVIEWS, DECISIONS, ANNOTATIONS)
        ]


def test_nothing_of_a_signed_review_can_be_changed(signed: Engine):
    """By SQL of one's own neither."""
    before = contents(signed)

    for statement in CHANGES:
        with pytest.raises(DBAPIError, match=SAID), writing(signed) as connection:
            connection.execute(text(statement))

    assert before == contents(signed)


def test_a_table_of_signed_reviews_cannot_be_emptied_or_replaced(signed: Engine):
    """By the ways that tell no trigger of rows."""
    edit_notes(signed, 2, 1, "A draft.", ADA)
    decide(signed, 2, 2, "We hurry.", ADA)
    remark(signed, Remark(60, "Of a moment."), ADA)
    before = contents(signed)
    for statement in WAYS_AROUND[signed.dialect.name]:
        with pytest.raises(DBAPIError, match=SAID), writing(signed) as connection:
            connection.execute(text(statement))

    assert before == contents(signed)


def test_a_draft_beside_it_is_edited_decided_and_removed(signed: Engine):
    """As are annotations of incidents or moments."""
    edit_notes(signed, 2, 1, "A switch.", ADA)
    decide(signed, 2, 2, "We wait.", ADA)
    remark(signed, Remark(60, "Of a draft.", review=2), ADA)
    remark(signed, Remark(60, "Of a moment."), ADA)
    with writing(signed) as connection:
        for statement in (
            "UPDATE annotations SET text = 'x' WHERE id > 1",
            "DELETE FROM annotations WHERE id > 1",
            "UPDATE decisions SET text = 'x' WHERE id > 1",
            "DELETE FROM decisions WHERE id > 1",
            "DELETE FROM reviews WHERE id = 2",
        ):
            assert connection.execute(text(statement)).rowcount > 0


def test_it_is_as_it_was_after_the_steps_went_down_and_up(signed: Engine):
    """Only then it can be changed."""
    before = contents(signed)
    downgrade(signed, "0001")
    with writing(signed) as connection:
        connection.execute(text("UPDATE decisions SET text = 'x'"))
        connection.execute(text("UPDATE decisions SET text = 'We wait.'"))
    upgrade(signed)

    assert before == contents(signed)
    assert () == remake(signed, 1).differs
    with pytest.raises(DBAPIError, match=SAID), writing(signed) as connection:
        connection.execute(text("UPDATE decisions SET text = 'x'"))
