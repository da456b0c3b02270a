"""What became of test pages."""

from __future__ import annotations

from collections.abc import Iterator

from alerts.doctor.finding import Check, Found, Harm, listed
from alerts.doctor.seen import Seen


def find_held(seen: Seen) -> Iterator[Found]:
    """Yield test pages that were not led to anybody, or were held back."""
    for each in seen.trials or ():
        if each.held_by:
            yield Found(
                f"test page of {each.name}",
                f"was held back: {each.held_by}",
                "a page that is told",
                "see what else this list says of silences and inhibitions",
            )
        elif not each.integrations:
            where = f"was led to {listed(each.receivers)}" if each.receivers else "did not arrive"
            yield Found(
                f"test page of {each.name}",
                f"{where}, where nobody is told",
                "a receiver that wakes somebody",
                "see what else this list says of routes",
            )


def find_not_told(seen: Seen) -> Iterator[Found]:
    """Yield test pages that Alertmanager could not tell in time."""
    for each in seen.trials or ():
        if each.integrations and not each.held_by and each.told_seconds is None:
            why = f"Alertmanager gave up {listed(each.failed)}" if each.failed else (
                f"nothing was told within {each.waited_seconds:.0f} s"
            )  # fmt: skip
            yield Found(
                f"test page of {each.name} to {listed(each.receivers)}",
                why,
                f"word to {listed(each.integrations)}",
                'read the log of Alertmanager at "Notify"; check addresses, keys and credentials '
                "of these receivers",
            )


def find_not_ended(seen: Seen) -> Iterator[Found]:
    """Yield test pages whose end was not told in time."""
    for each in seen.trials or ():
        if each.told_seconds is not None and each.ended_seconds is None:
            yield Found(
                f"test page of {each.name} to {listed(each.receivers)}",
                f"its end was not told within {each.waited_seconds:.0f} s",
                "an end, under the key of the page",
                "see that send_resolved is not false, and resolve the incident by hand",
            )


CHECKS = (
    Check("test-page/held", Harm.PAGES_LOST, "A test page was held back, or led to nobody.",
          find_held, needs=("trials",)),
    Check("test-page/not-told", Harm.PAGES_LOST, "A test page could not be told.", find_not_told,
          needs=("trials",)),
    Check("test-page/not-ended", Harm.LATE, "The end of a test page was not told.",
          find_not_ended, needs=("trials",)),
)  # fmt: skip
