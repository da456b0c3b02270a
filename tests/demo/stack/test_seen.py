"""What was seen of a run: which alerts began and ended, which pages are still open."""

from typing import Any

from demo.stack.observe import Firings
from demo.stack.report import Firing, Page
from demo.stack.story import Told

LOST = {"alertname": "GpuLost", "group": "g"}
BURN = {"alertname": "ErrorBudgetBurn", "slo": "s"}


def test_an_alert_is_new_once_and_gone_once():
    """Each look tells only what changed."""
    firings = Firings()

    assert ([Firing(1.0, LOST)], []) == firings.note([LOST], 1.0)
    assert ([Firing(2.0, BURN)], []) == firings.note([LOST, BURN], 2.0)
    assert ([], [Firing(1.0, LOST)]) == firings.note([BURN], 3.0)
    assert ([], []) == firings.note([BURN], 4.0)


def test_an_alert_that_fires_again_is_known_by_its_first_time():
    """Detection is when it was first seen."""
    firings = Firings()
    firings.note([LOST], 1.0)
    firings.note([], 2.0)
    firings.note([LOST], 3.0)

    assert [Firing(1.0, LOST)] == firings.all


def test_a_page_is_open_until_its_own_resolve():
    """By dedup key: another's resolve closes nothing."""
    told = Told(fault_at=0.0)
    assert told.open_pages == set()
    told.pages = [_page("trigger", "a"), _page("trigger", "b"), _page("resolve", "b")]
    assert told.open_pages == {"a"}
    told.pages += [_page("resolve", "a"), _page("trigger", "a"), _page("resolve", "a")]
    assert told.open_pages == set()


def _page(action: str, key: str) -> Page:
    event: dict[str, Any] = {"event_action": action, "dedup_key": key}
    return Page(1.0, event)
