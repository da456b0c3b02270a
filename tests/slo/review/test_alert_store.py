"""Facts in both databases: each once, ends kept, evidence beside."""

from sqlalchemy import Engine, func, select

from slo.review.alert_store import EVIDENCE, read_facts, state_of_facts, write_facts
from slo.review.facts import ALERTMANAGER, AlertFact
from tests.slo.review.messages import NOW


def fact(ends_at_ms: int | None = None, starts_at_ms: int = 1000, said: str = "on") -> AlertFact:
    """Return what Alertmanager tells of one alert."""
    return AlertFact(
        ALERTMANAGER, {"alertname": "Ä"}, starts_at_ms, ends_at_ms, (("summary", said),)
    )


def ends(record: Engine) -> list[int | None]:
    """Return the ends of all alerts, in the order of their starts."""
    with record.connect() as connection:
        return [each.ends_at_ms for each in read_facts(connection)]


def test_an_alert_is_there_once_however_often_it_is_told(record: Engine):
    """Within a batch and over batches."""
    for _ in range(3):
        write_facts(record, [fact(), fact(2000), fact()], NOW)

    assert [2000] == ends(record)


def test_a_late_message_takes_no_end_away(record: Engine):
    """In any order the same."""
    for end in (3000, None, 2000):
        write_facts(record, [fact(end)], NOW)

    assert [3000] == ends(record)


def test_what_fires_again_is_another_alert(record: Engine):
    """Its start says so."""
    write_facts(record, [fact(2000), fact(None, 5000)], NOW)

    assert [2000, None] == ends(record)


def test_each_thing_that_was_said_is_kept_once(record: Engine):
    """What a page said at first is evidence, whatever it says later."""
    for said in ("on", "worse", "on"):
        write_facts(record, [fact(said=said)], NOW)

    with record.connect() as connection:
        assert 2 == connection.execute(select(func.count()).select_from(EVIDENCE)).scalar()


def test_nothing_is_written_of_no_facts(record: Engine):
    """Not even a transaction."""
    write_facts(record, [], NOW)

    assert [] == ends(record)


def test_each_thing_that_is_new_changes_the_state_and_nothing_else_does(record: Engine):
    """By it incidents are worked out again, or not."""
    states = [state_of_facts(record)]
    for new in (fact(), fact(2000), fact(3000), fact(3000, said="worse"), fact(None, 9000)):
        write_facts(record, [new], NOW)
        states.append(state_of_facts(record))
        write_facts(record, [new, fact()], NOW)
        assert states[-1] == state_of_facts(record)

    assert len(set(states)) == len(states)
