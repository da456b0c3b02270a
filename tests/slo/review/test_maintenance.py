"""Maintenance windows: said with a reason, in the audit, or refused in a sentence."""

import pytest
from sqlalchemy import Engine, select
from typer.testing import CliRunner

from exporters.problems import InputError
from slo.review.audit import AUDIT
from slo.review.cli import app
from slo.review.maintenance import WINDOWS, add_window, read_window


def test_a_window_is_in_the_record_and_in_the_audit(record: Engine):
    """Who left hours out can be asked why."""
    window = read_window(
        "2026-11-16T13:00+01:00", "2026-11-16T15:00", {"region": "eu"}, " a new rack ", "ada"
    )
    number = add_window(record, window, 5)

    with record.connect() as connection:
        row = connection.execute(select(WINDOWS)).one()
        audit = connection.execute(select(AUDIT)).one()
    assert (1, 3 * 3600, "a new rack") == (number, row.ends_at - row.starts_at, row.reason)
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


def test_the_command_adds_one_and_refuses_a_label_that_is_none(sqlite_record: Engine):
    """As its users call it."""
    options = ["maintenance", "--from", "2026-11-16T13:00Z", "--to", "2026-11-16T15:00Z",
               "--reason", "a new rack", "--author", "ada",
               "--database", str(sqlite_record.url.database)]  # fmt: skip
    done = CliRunner().invoke(app, [*options, "--label", "region=eu"])
    wrong = CliRunner().invoke(app, [*options, "--label", "eu"])

    assert (0, "maintenance 1 is left out of reports\n") == (done.exit_code, done.output)
    assert isinstance(wrong.exception, InputError)
    assert "expected NAME=VALUE" in str(wrong.exception.problems[0])
