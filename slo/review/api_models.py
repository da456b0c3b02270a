"""What the interface takes and tells, as its OpenAPI says. Times are texts in UTC."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field

from slo.review.reviews import LONGEST_TEXT

Text = Annotated[str, Field(min_length=1, max_length=LONGEST_TEXT)]
Name = Annotated[str, Field(min_length=1, max_length=200)]
Moment = Annotated[
    str,
    Field(
        max_length=40,
        examples=["2026-11-16T13:00:00Z"],
        json_schema_extra={"format": "date-time"},
    ),
]
Author = Annotated[
    str, Field(max_length=200, description="Who does it, where nobody has to log in; else unused.")
]
Labels = Annotated[dict[Name, Annotated[str, Field(max_length=1000)]], Field(max_length=50)]
Day = Annotated[
    str, Field(max_length=10, examples=["2026-12-01"], json_schema_extra={"format": "date"})
]


class _Taken(BaseModel):
    model_config = ConfigDict(extra="forbid")

    author: Author = ""


class _Told(BaseModel):
    model_config = ConfigDict(extra="forbid")


class ProblemDocument(BaseModel):
    """RFC 9457."""

    type: str
    status: int
    detail: str


class NewChange(_Taken):
    """Something that somebody changed: a rollout, a patch."""

    at: Moment
    kind: Name
    summary: Text
    labels: Labels = {}


class NewWindow(_Taken):
    """Hours that are not to count."""

    starts_at: Moment
    ends_at: Moment
    reason: Text
    labels: Labels = {}


class Withdrawing(_Taken):
    """Somebody withdraws a window of maintenance."""


class NewAnnotation(_Taken):
    """What somebody writes at a moment, of an incident, or of a review."""

    at: Moment
    text: Text
    incident: Annotated[int, Field(ge=1, le=2**31)] | None = None
    review: Annotated[int, Field(ge=1, le=2**31)] | None = None


class Acknowledging(_Taken):
    """Somebody takes an incident."""


class NewReview(_Taken):
    """The review of a service's period."""

    service: Name
    period: Annotated[str, Field(max_length=40, examples=["2026-W47"])]


class Notes(_Taken):
    """Of a draft."""

    notes: Annotated[str, Field(max_length=LONGEST_TEXT)]


class NewDecision(_Taken):
    """Of a draft."""

    text: Text


class NewAction(_Taken):
    """What somebody is to do."""

    text: Text
    owner: Name
    due_on: Day | None = None


class ChangedAction(NewAction):
    """An action as it is to be from now on."""

    closed: bool = False


class Signing(_Taken):
    """A signature."""


class Created(_Told):
    """What was written: its number, or its key."""

    id: int | str


class AddedWindow(_Told):
    """A window of maintenance, and how much it covers."""

    id: int
    cells: Annotated[int, Field(description="That are in it, of all objectives.")]
    hours: Annotated[int, Field(description="Full hours that it touches: these are left out.")]


class Page(_Told):
    """A part of a list."""

    items: list[dict[str, Any]]
    next: Annotated[int | None, Field(description="The offset of the next part.")]


class ToldObjective(_Told):
    """A version of an objective."""

    id: int
    slo: str
    service: str
    valid_from: str
    target: str
    period_seconds: int


class Objectives(Page):
    """Versions of objectives, the newest of each first."""

    items: list[ToldObjective]  # type: ignore[assignment]


class ToldSnapshot(_Told):
    """A cell at a full hour; null where nothing was recorded."""

    slo: str
    service: str
    labels: dict[str, str]
    cell_id: str
    at: str
    events_bad: float | None
    events: float | None
    coverage: float | None
    events_bad_of_period: float | None
    events_of_period: float | None
    coverage_of_period: float | None
    budget_remaining: float | None


class Snapshots(Page):
    """Snapshots, by hour and cell."""

    items: list[ToldSnapshot]  # type: ignore[assignment]


class ToldDecision(_Told):
    """A decision."""

    id: int
    review_id: int
    decided_at: str
    decided_by: str
    text: str


class ToldAction(_Told):
    """An action; its mark is its ETag."""

    id: int
    service: str
    review_id: int | None
    opened_at: str
    closed_at: str | None
    owner: str
    due_on: str | None
    text: str
    mark: str


class Actions(Page):
    """Actions, the latest first."""

    items: list[ToldAction]  # type: ignore[assignment]


class ToldReview(_Told):
    """A review; its ETag is its revision."""

    id: int
    service: str
    period: str
    starts_at: str
    ends_at: str
    revision: int
    notes: str
    figures_digest: str | None
    signed_by: str | None
    signed_at: str | None


class Reviews(Page):
    """Reviews, the latest period first."""

    items: list[ToldReview]  # type: ignore[assignment]


class WholeReview(ToldReview):
    """A review with what was decided, and its service's actions."""

    decisions: list[ToldDecision]
    actions: list[ToldAction]


class Pair(_Told):
    """A figure of two reviews."""

    before: float | None
    now: float | None
    difference: float | None


class TextPair(_Told):
    """A word of two reviews."""

    before: str | None
    now: str | None


class PairOfCause(Pair):
    """What a cause spent, as shares of the budget."""

    name: str


class PairOfObjective(_Told):
    """An objective in two reviews."""

    slo: str
    target: TextPair
    verdict: TextPair
    attainment: Pair
    spent: Pair
    left: Pair
    unknown: Pair
    target_is: TextPair
    causes: list[PairOfCause]


class PairOfAlerts(_Told):
    """How good pages were in two reviews."""

    pages: Pair
    precision: Pair
    recall: Pair
    detect_seconds: Pair
    acknowledge_seconds: Pair
    resolve_seconds: Pair


class TwoReviews(_Told):
    """Two reviews of a service side by side."""

    service: str
    period: str
    other_period: str
    digest: str
    other_digest: str
    state: str
    other_state: str
    objectives: list[PairOfObjective]
    alerts: PairOfAlerts
    incidents: Pair
    actions: dict[str, list[dict[str, Any]]]
    """Those that are ``done``, ``still_open`` and ``new``."""


class Comparison(_Told):
    """A signed review made again from the record."""

    signed_digest: str
    digest: str
    differs: list[str]
