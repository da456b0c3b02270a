"""Others' rules beside ours in the same plays: a table, and which of their alerts are false."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence

from demo.lab.markdown import seconds, table
from demo.lab.outcome import FORBIDDEN, STANDING, AlertOutcome, Outcome
from demo.lab.waking import first_page, is_page

_PEER_HEAD = ("scenario", "rules", "first alert", "first page", "pages", "reset", "false",
              "samples read")  # fmt: skip


def beside_blocks(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield heading, table and sentences; nothing where no others' rules were played."""
    if all(each.is_judged for each in outcomes):
        return
    yield "## Beside others' rules"
    yield table(_PEER_HEAD, _peer_rows(outcomes))
    yield from _false_ones_said(outcomes)


def _peer_rows(outcomes: Sequence[Outcome]) -> Iterator[tuple[str, ...]]:
    for of in sorted(outcomes, key=lambda each: (each.key, not each.is_judged, each.rules)):
        mine = [each for each in of.alerts if each.role != STANDING]
        page = first_page(of)
        resets = [each.reset_seconds for each in mine if is_page(each)]
        worst = max((each for each in resets if each is not None), default=None)
        yield (
            of.key,
            of.rules,
            seconds(min((each.fired_seconds for each in mine), default=None)),
            seconds(page.paged_seconds if page else None),
            str(sum(each.pages for each in mine if is_page(each))),
            "never" if None in resets else seconds(worst),
            str(false_ones(of)),
            "" if of.samples_read is None else f"{of.samples_read:,}",
        )


def false_ones(outcome: Outcome) -> int:
    """Return how many alerts of a play should not have been.

    Those that the scenario forbids, and those that began while nothing was wrong yet.
    """
    return sum(each.role == FORBIDDEN or _came_before(each) for each in outcome.alerts)


def _came_before(alert: AlertOutcome) -> bool:
    """Tell whether an alert began while nothing was wrong yet."""
    return alert.role == STANDING or alert.fired_seconds < 0


def _false_ones_said(outcomes: Sequence[Outcome]) -> Iterator[str]:
    """Yield what is counted as false beside others' rules, and a sentence for each rules' alerts.

    Those that fired before the fault stand in no other table of a peer's.
    """
    yield (
        "`false` counts alerts that fired before the fault, those among them that stood since "
        "before the play, and alerts that the scenario forbids. `pages` leaves out those that "
        "stood."
    )
    by_rules: dict[tuple[bool, str], list[AlertOutcome]] = defaultdict(list)
    for of in outcomes:
        by_rules[not of.is_judged, of.rules] += of.alerts
    for (_, rules), alerts in sorted(by_rules.items(), key=lambda each: each[0]):
        before = [each for each in alerts if _came_before(each)]
        forbidden = [each for each in alerts if each.role == FORBIDDEN and each not in before]
        said = (("before the fault", _names(before)), ("though forbidden", _names(forbidden)))
        if told := "; ".join(f"{when} {names}" for when, names in said if names):
            yield f"Of {rules} fired {told}."


def _names(alerts: Iterable[AlertOutcome]) -> str:
    return ", ".join(sorted({each.alert for each in alerts}))
