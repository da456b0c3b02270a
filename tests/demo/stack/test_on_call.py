"""The person on call takes pages, and sleeps through tickets."""

from demo.stack.on_call import NAME, TAKES_AFTER_SECONDS, OnCall
from demo.stack.report import Page


class _Telephone:
    def __init__(self) -> None:
        self.taken: list[tuple[str, str]] = []

    async def acknowledge(self, dedup_key: str, by: str) -> bool:
        self.taken.append((dedup_key, by))
        return True


def event(action: str, key: str, severity: str = "page") -> Page:
    """Return an event of PagerDuty's."""
    payload = {} if action == "resolve" else {"custom_details": {"severity": severity}}
    return Page(1.0, {"event_action": action, "dedup_key": key, "payload": payload})


async def test_a_page_is_taken_once_and_some_time_after_it_came():
    """Told again of the same incident, it rings no second time."""
    telephone = _Telephone()
    person = OnCall(telephone)
    for now in (100.0, 110.0):
        person.hear(event("trigger", "k"), now)

    assert 0 == await person.take(100 + TAKES_AFTER_SECONDS - 1)
    assert 1 == await person.take(100 + TAKES_AFTER_SECONDS)
    person.hear(event("trigger", "k"), 200.0)
    assert 0 == await person.take(999)
    assert [("k", NAME)] == telephone.taken


async def test_tickets_and_what_is_over_are_left_alone():
    """Nobody is woken by them."""
    telephone = _Telephone()
    person = OnCall(telephone)
    person.hear(event("trigger", "ticket", "ticket"), 100.0)
    person.hear(event("trigger", "short"), 100.0)
    person.hear(event("resolve", "short"), 110.0)

    assert 0 == await person.take(999)
    assert [] == telephone.taken


async def test_an_incident_that_comes_back_is_taken_again():
    """It pages anew."""
    person = OnCall(_Telephone())
    for action, now in (("trigger", 100.0), ("resolve", 200.0), ("trigger", 300.0)):
        await person.take(now)
        person.hear(event(action, "k"), now)

    assert 1 == await person.take(300 + TAKES_AFTER_SECONDS)
