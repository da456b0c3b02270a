"""The interface under ``/api/v1``: what the record has, and what people write into it.

What is read has an ``ETag``; what changes something that is there must say by ``If-Match`` which
state of it was seen: 412 where somebody was faster, 409 where it is signed.
"""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Depends, FastAPI, Path, Query, Request
from fastapi.responses import Response

from slo.review import browsing
from slo.review.answers import Reader, TheDesk, answer
from slo.review.api_models import Actions, Objectives, Page, Reviews, Snapshots
from slo.review.browsing import Asked, Listed
from slo.review.maintenance import parse_moment, told_moment
from slo.review.refusals import UnusableError
from slo.review.webhook import storable

PREFIX = "/api/v1"
Answers = dict[int | str, dict[str, Any]]
"""By status, as OpenAPI tells them; :mod:`slo.review.api_document` adds what they have in common.
"""
EVERYWHERE = (401, 403, 404, 421, 422, 503)
READ: Answers = {each: {} for each in (304, *EVERYWHERE)}

Number = Annotated[int, Path(ge=1, le=2**31)]
Limit = Annotated[int, Query(ge=1, le=1000)]
Offset = Annotated[int, Query(ge=0, le=10_000_000)]
Filter = Annotated[str | None, Query(max_length=500)]
Since = Annotated[str | None, Query(max_length=40, alias="from", description="Included.")]
To = Annotated[str | None, Query(max_length=40, alias="to", description="Not included.")]


def _part(limit: Limit = 100, offset: Offset = 0, since: Since = None, to: To = None) -> Asked:
    """Return which part of a list is asked for."""
    return Asked(limit, offset, *(None if each is None else seconds(each) for each in (since, to)))


Part = Annotated[Asked, Depends(_part)]

reading = APIRouter(prefix=PREFIX, responses=READ)


@reading.get("/objectives", response_model=Objectives)
def objectives(
    request: Request,
    desk: TheDesk,
    _: Reader,
    part: Part,
    *,
    slo: Filter = None,
    service: Filter = None,
) -> Response:
    """Versions of objectives, the newest of each first."""
    with desk.engine.connect() as connection:
        found = browsing.list_objectives(connection, part, slo=clean(slo), service=clean(service))
    return _listed(request, found)


@reading.get("/snapshots", response_model=Snapshots)
def snapshots(
    request: Request,
    desk: TheDesk,
    _: Reader,
    part: Part,
    *,
    slo: Filter = None,
    service: Filter = None,
) -> Response:
    """Budgets at full hours, by hour and cell."""
    with desk.engine.connect() as connection:
        found = browsing.list_snapshots(connection, part, slo=clean(slo), service=clean(service))
    return _listed(request, found)


@reading.get("/incidents", response_model=Page)
def incidents(
    request: Request,
    desk: TheDesk,
    _: Reader,
    part: Part,
    *,
    cause: Filter = None,
    severity: Filter = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
) -> Response:
    """Incidents, the latest first."""
    with desk.engine.connect() as connection:
        found = browsing.list_incidents(
            connection, part, is_open=is_open, cause=clean(cause), severity=clean(severity)
        )
    return _listed(request, found)


@reading.get("/incidents/{number}", response_model=dict[str, Any])
def incident(request: Request, desk: TheDesk, _: Reader, number: Number) -> Response:
    """One incident, with its alerts, their evidence, and what people wrote of it."""
    with desk.engine.connect() as connection:
        return answer(request, browsing.read_incident(connection, number))


@reading.get("/changes", response_model=Page)
def changes(
    request: Request,
    desk: TheDesk,
    _: Reader,
    part: Part,
    *,
    kind: Filter = None,
) -> Response:
    """What somebody changed, the latest first."""
    with desk.engine.connect() as connection:
        return _listed(request, browsing.list_changes(connection, part, kind=clean(kind)))


@reading.get("/maintenance", response_model=Page)
def maintenance(
    request: Request,
    desk: TheDesk,
    _: Reader,
    part: Part,
) -> Response:
    """Hours that do not count, the latest first."""
    with desk.engine.connect() as connection:
        return _listed(request, browsing.list_maintenance(connection, part))


@reading.get("/annotations", response_model=Page)
def remarks(
    request: Request,
    desk: TheDesk,
    _: Reader,
    part: Part,
) -> Response:
    """What people wrote, the latest moment first."""
    with desk.engine.connect() as connection:
        return _listed(request, browsing.list_annotations(connection, part))


@reading.get("/reviews", response_model=Reviews)
def reviews(
    request: Request,
    desk: TheDesk,
    _: Reader,
    part: Part,
    *,
    service: Filter = None,
    is_signed: Annotated[bool | None, Query(alias="signed")] = None,
) -> Response:
    """Reviews without their figures, the latest period first."""
    with desk.engine.connect() as connection:
        found = browsing.list_reviews(connection, part, is_signed=is_signed, service=clean(service))
    return _listed(request, found)


@reading.get("/actions", response_model=Actions)
def actions(
    request: Request,
    desk: TheDesk,
    _: Reader,
    part: Part,
    *,
    service: Filter = None,
    owner: Filter = None,
    is_open: Annotated[bool | None, Query(alias="open")] = None,
) -> Response:
    """What somebody is to do, the latest first."""
    with desk.engine.connect() as connection:
        found = browsing.list_actions(
            connection, part, is_open=is_open, service=clean(service), owner=clean(owner)
        )
    return _listed(request, found)


@reading.get("/audit", response_model=Page)
def audit(
    request: Request,
    desk: TheDesk,
    _: Reader,
    part: Part,
    *,
    actor: Filter = None,
    subject: Filter = None,
) -> Response:
    """Who changed what, the latest first."""
    with desk.engine.connect() as connection:
        found = browsing.list_audit(connection, part, actor=clean(actor), subject=clean(subject))
    return _listed(request, found)


def serve_interface(app: FastAPI) -> None:
    """Add the interface to an application."""
    from slo.review.api_writing import (  # noqa: PLC0415 - it takes its names from here
        figuring,
        showing,
        writing,
    )

    for each in (reading, writing, showing, figuring):
        app.include_router(each)


def seconds(text: str) -> int:
    """Return the UNIX seconds of a text; raises UnusableError where it is no time."""
    try:
        return parse_moment(text)
    except ValueError as error:
        raise UnusableError(str(error)) from None


def seconds_told(text: str, now: float) -> int:
    """Return the UNIX seconds of what people tell of; raises UnusableError for no such time."""
    try:
        return told_moment(text, now)
    except ValueError as error:
        raise UnusableError(str(error)) from None


def clean(text: str | None) -> str | None:
    """Return a filter as the record stores texts."""
    return None if text is None else storable(text)


def _listed(request: Request, found: Listed) -> Response:
    return answer(request, {"items": found.items, "next": found.next})
