"""The interface's part that people write by, and reviews one by one."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated, Any

from fastapi import APIRouter, Query, Request
from fastapi.responses import Response

from slo.review import reviews
from slo.review.acknowledging import acknowledge
from slo.review.actions import Task, add_action, change_action, mark, read_action
from slo.review.answers import Desk, Reader, Signer, TheDesk, Writer, answer, seen_tag
from slo.review.api import EVERYWHERE, PREFIX, READ, Answers, Number, seconds
from slo.review.api_models import (
    Acknowledging,
    AddedWindow,
    ChangedAction,
    Comparison,
    Created,
    NewAction,
    NewAnnotation,
    NewChange,
    NewDecision,
    NewReview,
    NewWindow,
    Notes,
    Signing,
    ToldAction,
    TwoReviews,
    WholeReview,
    Withdrawing,
)
from slo.review.browsing import read_whole_review, told_action
from slo.review.comparing import compare
from slo.review.maintenance import add_window, read_window, withdraw_window
from slo.review.refusals import StaleError, UnusableError
from slo.review.reporting import read_figures, reviewable
from slo.review.telling import Change, Remark, remark, tell_change

_WRITTEN: Answers = {each: {} for each in (400, 413, *EVERYWHERE)}
_EDITED: Answers = {409: {}, 412: {}, 428: {}}
"""Where the state that was seen is named by If-Match."""
Other = Annotated[int, Query(alias="with", ge=1, le=2**31)]
"""The review that one is compared with."""
writing = APIRouter(prefix=PREFIX, responses=_WRITTEN)
showing = APIRouter(prefix=PREFIX, responses={each: {} for each in EVERYWHERE})
"""One by one, each with the tag that edits must have seen, and never 304."""
figuring = APIRouter(prefix=PREFIX, responses=READ)
"""What is worked out of the record."""


@writing.post(
    "/changes", status_code=201, response_model=Created, responses={200: {"model": Created}}
)
def tell_of_change(request: Request, desk: TheDesk, person: Writer, body: NewChange) -> Response:
    """Tell that something was changed; told again it is there once, and the answer is 200."""
    change = Change(seconds(body.at), body.kind, body.summary, body.labels)
    key, is_new = tell_change(desk.engine, change, desk.by(person, body.author))
    return answer(request, {"id": key}, status=201 if is_new else 200)


@writing.post("/maintenance", status_code=201, response_model=AddedWindow)
def leave_out(request: Request, desk: TheDesk, person: Writer, body: NewWindow) -> Response:
    """Leave hours out of reports, which say so; 422 where no cell has its labels."""
    by = desk.by(person, body.author)
    try:
        window = read_window(body.starts_at, body.ends_at, body.labels, body.reason, by.name)
    except ValueError as error:
        raise UnusableError(str(error)) from None
    return answer(request, asdict(add_window(desk.engine, window, by.now)), status=201)


@writing.post("/maintenance/{number}/withdraw", response_model=Created, responses={409: {}})
def take_back(
    request: Request, desk: TheDesk, person: Writer, number: Number, body: Withdrawing
) -> Response:
    """Have the hours of maintenance count again; it stays in the record, as withdrawn."""
    withdraw_window(desk.engine, number, desk.by(person, body.author))
    return answer(request, {"id": number})


@writing.post("/annotations", status_code=201, response_model=Created, responses={409: {}})
def annotate(request: Request, desk: TheDesk, person: Writer, body: NewAnnotation) -> Response:
    """Write at a moment, of an incident, or of a draft."""
    said = Remark(seconds(body.at), body.text, body.incident, body.review)
    return answer(
        request, {"id": remark(desk.engine, said, desk.by(person, body.author))}, status=201
    )


@writing.post(
    "/incidents/{number}/acknowledge",
    status_code=201,
    response_model=Created,
    responses={200: {"model": Created}},
)
def take_incident(
    request: Request, desk: TheDesk, person: Writer, number: Number, body: Acknowledging
) -> Response:
    """Say that somebody takes an incident; said again by the same it is there once, and 200."""
    key, is_new = acknowledge(desk.engine, number, desk.by(person, body.author))
    return answer(request, {"id": key}, status=201 if is_new else 200)


@writing.post("/reviews", status_code=201, response_model=WholeReview, responses={409: {}})
def begin_review(request: Request, desk: TheDesk, person: Writer, body: NewReview) -> Response:
    """Begin the review of a period; 409 where there is one."""
    by = desk.by(person, body.author)
    period = reviewable(body.period, by.now, "period")
    number = reviews.create_review(desk.engine, body.service, period, by)
    return _review(request, desk, number, 201)


@showing.get("/reviews/{number}", response_model=WholeReview)
def show_review(request: Request, desk: TheDesk, _: Reader, number: Number) -> Response:
    """One review, with its decisions and its service's actions."""
    return _review(request, desk, number)


@writing.patch("/reviews/{number}", response_model=WholeReview, responses=_EDITED)
def edit_review(
    request: Request, desk: TheDesk, person: Writer, number: Number, body: Notes
) -> Response:
    """Replace a draft's notes."""
    by = desk.by(person, body.author)
    reviews.edit_notes(desk.engine, number, _revision(request), body.notes, by)
    return _review(request, desk, number)


@writing.delete("/reviews/{number}", status_code=204, response_class=Response, responses=_EDITED)
def discard_review(request: Request, desk: TheDesk, person: Writer, number: Number) -> Response:
    """Discard a draft that was begun by mistake; 409 once something was written into it."""
    reviews.discard(desk.engine, number, _revision(request), desk.by(person))
    return Response(status_code=204)


@writing.post(
    "/reviews/{number}/decisions", status_code=201, response_model=WholeReview, responses=_EDITED
)
def add_decision(
    request: Request, desk: TheDesk, person: Writer, number: Number, body: NewDecision
) -> Response:
    """Decide something."""
    by = desk.by(person, body.author)
    reviews.decide(desk.engine, number, _revision(request), body.text, by)
    return _review(request, desk, number, 201)


@writing.post(
    "/reviews/{number}/actions", status_code=201, response_model=WholeReview, responses=_EDITED
)
def begin_action(
    request: Request, desk: TheDesk, person: Writer, number: Number, body: NewAction
) -> Response:
    """Have somebody do something."""
    task = Task(body.text, body.owner, body.due_on)
    add_action(desk.engine, number, _revision(request), task, desk.by(person, body.author))
    return _review(request, desk, number, 201)


@writing.post(
    "/reviews/{number}/signature", status_code=201, response_model=WholeReview, responses=_EDITED
)
def sign_review(
    request: Request, desk: TheDesk, person: Signer, number: Number, body: Signing
) -> Response:
    """Sign a draft as it was seen; it stays as it is from then on."""
    by = desk.by(person, body.author)
    reviews.sign(desk.engine, number, _revision(request), by, policy=desk.policy)
    return _review(request, desk, number, 201)


@figuring.get("/reviews/{number}/figures", response_model=dict[str, Any])
def show_figures(request: Request, desk: TheDesk, _: Reader, number: Number) -> Response:
    """Show the figures: as signed, and of a draft as they are now."""
    return answer(request, figures_of_review(desk, number))


@figuring.get("/reviews/{number}/compared", response_model=TwoReviews)
def show_beside(
    request: Request, desk: TheDesk, _: Reader, number: Number, other: Other
) -> Response:
    """Show a review beside another one of its service: what was before, what is now."""
    return answer(request, two_reviews(desk, number, other))


@figuring.get("/reviews/{number}/remade", response_model=Comparison, responses={409: {}})
def make_again(request: Request, desk: TheDesk, _: Reader, number: Number) -> Response:
    """Make a signed review again from the record, and say whether it came out the same."""
    again = reviews.remake(desk.engine, number)
    content = {
        "signed_digest": again.signed_digest,
        "digest": again.digest,
        "differs": list(again.differs),
    }
    return answer(request, content)


@showing.get("/actions/{number}", response_model=ToldAction)
def show_action(request: Request, desk: TheDesk, _: Reader, number: Number) -> Response:
    """Show an action."""
    return _action(request, desk, number)


@writing.patch("/actions/{number}", response_model=ToldAction, responses=_EDITED)
def edit_action(
    request: Request, desk: TheDesk, person: Writer, number: Number, body: ChangedAction
) -> Response:
    """Change an action, close it, or open it again."""
    change_action(
        desk.engine,
        number,
        seen_tag(request),
        Task(body.text, body.owner, body.due_on),
        is_closed=body.closed,
        by=desk.by(person, body.author),
    )
    return _action(request, desk, number)


def figures_of_review(desk: Desk, number: int) -> dict[str, Any]:
    """Return a review's figures: as signed, and of a draft as they are now."""
    with desk.engine.connect() as connection:
        row = reviews.read_review(connection, number)
    if row["figures"] is not None:
        signed: dict[str, Any] = row["figures"]
        return signed
    return read_figures(desk.engine, row["service"], row["period"], desk.clock(), desk.policy)


def two_reviews(desk: Desk, number: int, other: int) -> dict[str, Any]:
    """Return a review beside another one.

    Raises:
        MissingError: if there is no such review.
        UnusableError: if they are of different services.
    """
    own, theirs = (figures_of_review(desk, each) for each in (number, other))
    if own["service"] != theirs["service"]:
        found = f"review {other} is of {theirs['service']!r}"
        raise UnusableError(f"{found}, expected one of {own['service']!r}")
    return compare(theirs, own)


def _review(request: Request, desk: Desk, number: int, status: int = 200) -> Response:
    with desk.engine.connect() as connection:
        content = read_whole_review(connection, number)
    # Never 304: actions change without the review, which has the tag that edits must have seen.
    return answer(request, content, status=status, tag=str(content["revision"]))


def _action(request: Request, desk: Desk, number: int) -> Response:
    with desk.engine.connect() as connection:
        row = read_action(connection, number)
    return answer(request, told_action(row), tag=mark(row))


def _revision(request: Request) -> int:
    """Return the revision that a change says it saw."""
    tag = seen_tag(request)
    if not (tag.isascii() and tag.isdigit()) or len(tag) > 9:
        raise StaleError(f"found If-Match {tag[:40]!r}, expected the ETag of the review")
    return int(tag)
