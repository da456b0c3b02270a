"""``report.json``: what a demo run measured, and whether it was what the scenario expects."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import asdict, dataclass, field, replace
from typing import Any

from alerts.messages.pagerduty import ALERTS_DETAIL
from demo.scenario import Allowed, Expectation, Forbidden, Scenario
from slo import conventions

BUDGET_TOLERANCE_RATIO = 0.02
"""How far measured events, the bad ones and all, may be from the truth."""
BUDGET_TOLERANCE_EVENTS = 3.0
"""... and by how many besides. A page that is read too late, or not while its exporter starts
again, leaves ``rate()`` to guess what happened between: a handful of events that came at once may
be taken for fewer."""


_LABEL = re.compile(r"(\w+)=(.*?)(?= \w+=|$)")
"""Of a line of the detail that lists alerts: ``alertname=GpuLost host=h1``."""


@dataclass(frozen=True)
class Budget:
    """Bad events of one objective's cell over the run: what happened and what was measured."""

    slo: str
    labels: dict[str, str]
    truth: float
    measured: float
    budget_left_ratio: float | None
    """Of the whole period, at the end of the run; None where it is unknown."""
    total_truth: float = 0.0
    """All events, bad and good."""
    total_measured: float = 0.0
    budget_events: float | None = None
    """Bad events that the whole period may have at the cell's usual traffic; None if unknown."""
    unsettled: float = 0.0
    """True bad events of one scrape interval, as they come at the end: scrapes and truth are read
    some seconds apart."""
    unsettled_total: float = 0.0
    """The same of all events."""
    seen: bool = True
    """False where the scenario says that nobody can count the cell's events."""

    @property
    def deviation(self) -> float:
        """How far measured and true events are from each other, in multiples of the tolerance."""
        return max(
            _deviation(self.measured, self.truth, self.unsettled),
            _deviation(self.total_measured, self.total_truth, self.unsettled_total),
        )

    @property
    def agrees(self) -> bool:
        """Whether measured and truth agree within the tolerance, if anybody can measure."""
        return not self.seen or self.deviation <= 1

    @property
    def budget_error_ratio(self) -> float | None:
        """How wrong the spent budget is, as a share of the period's budget; None if unknown."""
        if not self.budget_events:
            return None
        return abs(self.measured - self.truth) / self.budget_events


def _deviation(measured: float, truth: float, unsettled: float) -> float:
    allowed = BUDGET_TOLERANCE_EVENTS + BUDGET_TOLERANCE_RATIO * truth + unsettled
    return abs(measured - truth) / allowed


@dataclass(frozen=True)
class Page:
    """A PagerDuty event as the stand-in received it, and when."""

    seconds: float
    """After ``fault_at``."""
    event: dict[str, Any]

    @property
    def action(self) -> str:
        """``trigger`` or ``resolve``."""
        return str(self.event["event_action"])

    @property
    def details(self) -> Mapping[str, str]:
        """The custom details; empty for a resolve that has none."""
        return self.event.get("payload", {}).get("custom_details", {}) or {}

    @property
    def alerts(self) -> list[dict[str, str]]:
        """The labels of the alerts that it tells of; empty where it does not list them."""
        lines = self.details.get(ALERTS_DETAIL, "").splitlines()
        return [dict(_LABEL.findall(line)) for line in lines]

    def has(self, labels: Mapping[str, str]) -> bool:
        """Whether the event is about these label values: itself, or any of its alerts."""
        return any(
            all(each.get(name) == value for name, value in labels.items())
            for each in (self.details, *self.alerts)
        )


@dataclass(frozen=True)
class Firing:
    """An alert that fired: its labels and when Prometheus first showed it firing."""

    seconds: float
    """After ``fault_at``."""
    labels: dict[str, str]

    def matches(self, alert: str, labels: Mapping[str, str]) -> bool:
        """Whether it is this alert, with at least these labels."""
        return self.labels.get("alertname") == alert and labels.items() <= self.labels.items()


@dataclass(frozen=True)
class Report:
    """All that a run measured. Seconds count from ``fault_at``; None: it did not happen."""

    engine: str
    groups: int
    gpus: int
    scenario: str
    first_data_seconds: float | None
    """From the start of the demo until every panel had data; None if some never had, or none was
    asked."""
    panels_without_data: list[str] | None
    """Board and panel of each query that should have had data before the scenario, and had none;
    None if none was asked."""
    fault_at: float
    """UNIX time of the first fault."""
    place: dict[str, str]
    """What the first fault really hit."""
    theory_seconds: float | None
    """What burn arithmetic needs at the error ratio that the fault really caused."""
    detected_seconds: float | None
    """Until the cause's alert fired."""
    paged_seconds: float | None
    """Until PagerDuty had the page."""
    resolved_seconds: float | None
    """Until PagerDuty had the last resolve."""
    cause: str | None
    """What the page names as the probable cause."""
    firings: list[Firing]
    pages: list[Page]
    budgets: list[Budget]
    conditions: dict[str, bool] = field(default_factory=dict)
    """PromQL conditions of the scenario, and whether each held when its alert fired."""
    strength: float | None = None
    """Of the first fault; None where its kind has none."""
    resources: dict[str, float] = field(default_factory=dict)
    """``pss_bytes`` of all processes together, ``cpu_ratio`` of one core before the fault."""

    def with_page(self, page: Page) -> Report:
        """Return the report with the page that the scenario waited for."""
        cause = page.details.get("probable_cause", "").partition(":")[0] or None
        return replace(self, paged_seconds=page.seconds, cause=cause)

    def to_json(self) -> str:
        """Return the report as JSON text."""
        content = asdict(self)
        for budget, told in zip(self.budgets, content["budgets"], strict=True):
            told["budget_error_ratio"] = budget.budget_error_ratio
        return json.dumps(content, indent=2, sort_keys=False) + "\n"


def failures(report: Report, scenario: Scenario) -> list[str]:
    """Return what the scenario expects and the run did not show, each as a sentence."""
    return [
        *(f"no data in {each}" for each in report.panels_without_data or ()),
        *(f"{each} was never so" for each in scenario.shows if not report.conditions.get(each)),
        *(said for each in scenario.expect for said in _unmet(report, each)),
        *(said for each in scenario.forbid for said in _broken(report, each)),
        *(
            f"a page that nobody expects or allows: {each.event['payload']['summary']}"
            for each in unexpected_pages(report.pages, scenario)
            if not any(_is_meant(each, forbidden) for forbidden in scenario.forbid)
        ),
        *(
            f"{each.slo} {_show(each.labels)}: measured {each.measured:.0f} bad events of "
            f"{each.total_measured:.0f}, in truth {each.truth:.0f} of {each.total_truth:.0f}"
            for each in report.budgets
            if not each.agrees
        ),
    ]


def opened_pages(pages: Iterable[Page], scenario: Scenario) -> list[Page]:
    """Return the events that woke somebody: each opens an incident, after the scenario began.

    Args:
        pages: PagerDuty's events, by time.
        scenario: that was played.
    """
    found: list[Page] = []
    open_keys: set[str] = set()
    for page in pages:
        key = str(page.event["dedup_key"])
        if page.action == "resolve":
            open_keys.discard(key)
            continue
        wakes = page.details.get(conventions.SEVERITY) == conventions.PAGE
        if wakes and key not in open_keys and page.seconds >= -scenario.first_fault_at:
            found.append(page)
        open_keys.add(key)
    return found


def unexpected_pages(pages: Iterable[Page], scenario: Scenario) -> list[Page]:
    """Return the pages of a play that its scenario neither expects nor allows, forbidden ones too.

    Args:
        pages: PagerDuty's events, by time.
        scenario: that was played.
    """
    known = [
        *({conventions.ALERTNAME: each.alert, **each.labels} for each in scenario.expect),
        *(_wanted(each) for each in scenario.allow),
    ]
    return [
        page for page in opened_pages(pages, scenario) if not any(page.has(each) for each in known)
    ]


def find_page(report: Report, expected: Expectation) -> Page | None:
    """Return the first page that is about what is expected."""
    for page in report.pages:
        if page.action == "trigger" and page.has({"alertname": expected.alert, **expected.labels}):
            return page
    return None


def _unmet(report: Report, expected: Expectation) -> Iterator[str]:
    wanted = f"{expected.alert} {_show(expected.labels)}"
    if expected.holds and not report.conditions.get(expected.holds):
        yield f"{expected.holds} did not hold when {wanted} fired"
    if not expected.page:
        seconds = min(
            (
                each.seconds
                for each in report.firings
                if each.matches(expected.alert, expected.labels)
            ),
            default=None,
        )
        if seconds is None:
            yield f"{wanted} did not fire"
        elif seconds > expected.within:
            yield f"{wanted} fired after {seconds:.0f} s, expected within {expected.within:.0f} s"
        return
    page = find_page(report, expected)
    if page is None:
        yield f"{wanted} paged nobody"
        return
    if page.seconds > expected.within:
        yield f"{wanted} paged after {page.seconds:.0f} s, expected within {expected.within:.0f} s"
    if expected.within_theory is not None:
        limit = (report.theory_seconds or 0.0) + expected.within_theory
        if page.seconds > limit:
            yield f"{wanted} paged after {page.seconds:.0f} s, theory allows {limit:.0f} s"
    named = page.details.get("probable_cause", "")
    if expected.cause and not named.startswith(expected.cause):
        yield f"{wanted} names as cause {named!r}, expected {expected.cause}"
    for key in expected.evidence:
        if report.place.get(key, "?") not in named:
            yield f"{wanted} does not name the {key} {report.place.get(key)!r}: {named!r}"
    dedup_key = page.event.get("dedup_key")
    if expected.resolves and not any(
        each.action == "resolve" and each.event.get("dedup_key") == dedup_key
        for each in report.pages
    ):
        yield f"{wanted} was not resolved"


def _wanted(meant: Allowed | Forbidden) -> dict[str, str]:
    """Return the details that a page has which is meant."""
    alert = {} if meant.alert is None else {conventions.ALERTNAME: meant.alert}
    return {**alert, **meant.labels}


def _is_meant(page: Page, forbidden: Forbidden) -> bool:
    """Whether it is such a page that is forbidden."""
    return (
        forbidden.page
        and page.has(_wanted(forbidden))
        and (forbidden.text is None or forbidden.text in json.dumps(page.event))
    )


def _broken(report: Report, forbidden: Forbidden) -> Iterator[str]:
    if forbidden.page:
        for page in report.pages:
            if page.action == "trigger" and _is_meant(page, forbidden):
                yield f"a page that must not be: {page.event['payload']['summary']}"
        return
    for each in report.firings:
        if forbidden.alert and each.matches(forbidden.alert, forbidden.labels):
            yield f"{forbidden.alert} fired and must not: {_show(each.labels)}"


def _show(labels: Mapping[str, str]) -> str:
    return "/".join(labels.values())
