"""A play judged: by the scenario's expectations, which are the only truth of what must come.

They are written for the demo, which looks every 5 s and waits 5 s before it pages. Where a play
looks less often or waits longer, their times are longer by what that takes and nothing else: three
intervals from a fault to an alert (a scrape, the rule that records, the rule that fires), and the
wait of a new group to a page.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from demo.lab.outcome import ALLOWED, EXPECTED, FORBIDDEN
from demo.scenario import Expectation, Forbidden, Scenario
from demo.stack.files import LIVE, Timing
from demo.stack.report import Firing as ReportedFiring
from demo.stack.report import Page
from exporters.durations import parse_duration
from slo.replay.firing import Firing

INTERVALS_TO_ALERT = 3
WATCHDOG = "Watchdog"


def scenario_at(scenario: Scenario, timing: Timing) -> Scenario:
    """Return a scenario with the times of its expectations at another timing than the demo's."""
    slower = parse_duration(timing.scrape_interval) - parse_duration(LIVE.scrape_interval)
    waits = parse_duration(timing.group_wait) - parse_duration(LIVE.group_wait)
    to_alert = INTERVALS_TO_ALERT * slower

    def later(each: Expectation) -> Expectation:
        more = to_alert + (waits if each.page else 0.0)
        theory = each.within_theory
        update = {
            "within": each.within + more,
            "within_theory": None if theory is None else theory + more,
        }
        return each.model_copy(update=update)

    return scenario.model_copy(update={"expect": [later(each) for each in scenario.expect]})


def fired(firings: Iterable[Firing], since: float, fault_at: float) -> list[ReportedFiring]:
    """Return what looks at the server's alerts would have seen begin, in the order of first sight.

    Args:
        firings: of all alerts.
        since: UNIX seconds, from when on somebody looks.
        fault_at: UNIX seconds.
    """
    first: dict[tuple[tuple[str, str], ...], ReportedFiring] = {}
    for each in sorted(firings, key=lambda each: each.firing_at or 0.0):
        at = each.firing_at
        if at is None or at < since or each.alert == WATCHDOG:
            continue
        key = tuple(sorted(each.labels.items()))
        first.setdefault(key, ReportedFiring(at - fault_at, dict(each.labels)))
    return sorted(first.values(), key=lambda each: (each.seconds, sorted(each.labels.items())))


def role_of(scenario: Scenario, alert: str, labels: Mapping[str, str], *, paged: bool) -> str:
    """Return whether a scenario expects, allows or forbids an alert that fired, or paged."""
    for expected in scenario.expect:
        if expected.alert == alert and expected.labels.items() <= labels.items():
            return EXPECTED
    for forbidden in scenario.forbid:
        if forbidden.text is None and _is_meant(forbidden, alert, labels, paged=paged):
            return FORBIDDEN
    return ALLOWED


def _is_meant(forbidden: Forbidden, alert: str, labels: Mapping[str, str], *, paged: bool) -> bool:
    return (
        forbidden.alert in (None, alert)
        and forbidden.labels.items() <= labels.items()
        and (paged or not forbidden.page)
    )


@dataclass(frozen=True)
class Told:
    """When PagerDuty was told of one alert. Seconds after the fault."""

    triggers: Sequence[float]
    resolved: float | None
    cause: str | None


def told_of(pages: Sequence[Page], told: Mapping[int, Sequence[Firing]], firing: Firing) -> Told:
    """Return what the pages say of an alert.

    Args:
        pages: by time.
        told: by a page's place in them, the alerts that it told of as firing.
        firing: the alert, at any of its times.
    """
    mine = [at for at, alerts in told.items() if any(a.labels == firing.labels for a in alerts)]
    triggers = [pages[at] for at in mine if pages[at].action == "trigger"]
    keys = {each.event["dedup_key"] for each in triggers}
    last = [each for each in pages if each.event["dedup_key"] in keys]
    is_open = not last or last[-1].action == "trigger"
    return Told(
        [each.seconds for each in triggers],
        None if is_open else last[-1].seconds,
        next((each.details["probable_cause"] for each in triggers
              if "probable_cause" in each.details), None),
    )  # fmt: skip
