"""Pages for people: what is now, incidents, reviews to read, changes and maintenance.

What is written into them is in :mod:`slo.review.site_forms`.
"""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import quote

from fastapi import APIRouter, Query, Request
from fastapi.responses import HTMLResponse, RedirectResponse, Response
from sqlalchemy import select

from slo.review import browsing, standing, wording
from slo.review.answers import Desk, Reader, TheDesk
from slo.review.api import Number, Offset, clean
from slo.review.api_writing import Other, figures_of_review, two_reviews
from slo.review.boards import group_of, incident_boards, objective_board
from slo.review.browsing import Asked
from slo.review.days import DAY
from slo.review.graphs import course_of_incident, days_of_review, marks_of
from slo.review.people import ANYBODY, Person, Role
from slo.review.policy import OURS, read_policy
from slo.review.reading import known_services
from slo.review.refusals import MissingError
from slo.review.reviews import REVIEWS, remake
from slo.review.showing import report_content
from slo.review.timeline import timeline
from slo.web.pages import Pages

TEMPLATES = Path(__file__).with_name("templates")
_PAGES = Pages(TEMPLATES)
_WORDS = (
    "attained", "count", "duration", "moment", "percent", "place", "points", "share_of", "target",
    "verdict",
)  # fmt: skip
_RANGES = (28, 90, 365)
_ROWS = 50

reading = APIRouter(include_in_schema=False)
Days = Annotated[int, Query(ge=1, le=400)]


def write(template: str, title: str, person: Person = ANYBODY, **content: Any) -> str:
    """Return the text of a page; what stands in the record is escaped."""
    words = {name: getattr(wording, name) for name in _WORDS}
    words["clock"] = browsing.moment
    may = {"may_write": person.role >= Role.WRITE, "may_sign": person.role >= Role.SIGN}
    whole = {
        "here": "",
        **may,
        "where": where,
        "objective_path": objective_path,
        **words,
        **content,
    }
    return _PAGES.write(template, title=title, person=person, **whole)


def where(labels: dict[str, str]) -> str:
    """Return labels as a place, without what every alert has."""
    told = {name: text for name, text in labels.items() if name not in ("alertname", "severity")}
    return wording.place(told)


def objective_path(service: str, slo: str) -> str:
    """Return where an objective's page is."""
    return f"/objectives/{quote(service, safe='')}/{quote(slo, safe='')}"


@reading.get("/")
def show_now(desk: TheDesk, person: Reader) -> HTMLResponse:
    """Where objectives stand, what lasts, and what is to do."""
    policy = read_policy(desk.policy or OURS)
    with desk.engine.connect() as connection:
        content = {
            "objectives": standing.objectives_now(connection, policy, desk.clock()),
            "incidents": browsing.list_incidents(connection, Asked(), is_open=True).items,
            "drafts": browsing.list_reviews(connection, Asked(), is_signed=False).items,
            "actions": browsing.list_actions(connection, Asked(), is_open=True).items,
        }
    return _page("now.html", "Now", person, here="/", today=_now(desk)[:10], **content)


@reading.get("/objectives/{service}/{slo}")
def show_objective(
    desk: TheDesk, person: Reader, service: str, slo: str, days: Days = 28
) -> HTMLResponse:
    """One objective: its days, and its cells."""
    names = {"service": clean(service) or "", "slo": clean(slo) or ""}
    since = int(desk.clock()) // DAY * DAY - (days - 1) * DAY
    with desk.engine.connect() as connection:
        versions = browsing.list_objectives(connection, Asked(), **names).items
        if not versions:
            raise MissingError(f"there is no objective {slo!r} of {service!r}")
        found = standing.days_of(connection, **names, target=versions[0]["target"], since=since)
        cells = standing.cells_now(connection, **names)
        hit = browsing.incidents_of(connection, Asked(_ROWS, since=since), **names)
    return _page(
        "objective.html", slo, person, service=service, versions=versions, days=found, cells=cells,
        ranges=_RANGES, shown=days, incidents=hit, marks=marks_of(hit, desk.clock()),
        lasting=[each for each in hit if each["ended_at"] is None],
        board=objective_board(desk.boards, slo, days),
    )  # fmt: skip


@reading.get("/objectives")
def find_objective(
    desk: TheDesk,
    _: Reader,
    slo: Annotated[str, Query(max_length=500)] = "",
    chosen: Annotated[str, Query(alias="var-slo", max_length=500)] = "",
) -> Response:
    """Lead to an objective: what boards know of it is its name, and what is chosen on them."""
    name = clean(slo or chosen)
    with desk.engine.connect() as connection:
        found = browsing.list_objectives(connection, Asked(), slo=name).items if name else []
    services = {each["service"] for each in found}
    if len(services) != 1:
        return RedirectResponse("/", 303)
    return RedirectResponse(objective_path(services.pop(), found[0]["slo"]), 303)


@reading.get("/incidents")
def show_incidents(
    desk: TheDesk,
    person: Reader,
    offset: Offset = 0,
    region: Annotated[str, Query(alias="var-region", max_length=500)] = "",
    model: Annotated[str, Query(alias="var-model", max_length=500)] = "",
) -> HTMLResponse:
    """All of them, or those of a place that is chosen on a board; the latest first."""
    chosen = {"region": clean(region) or "", "model": clean(model) or ""}
    place = {name: text for name, text in chosen.items() if text not in ("", "$__all", "All")}
    with desk.engine.connect() as connection:
        found = browsing.list_incidents(connection, Asked(_ROWS, offset), place=place)
    return _list("incidents", person, found, chosen=place)


@reading.get("/incidents/{number}")
def show_incident(desk: TheDesk, person: Reader, number: Number) -> HTMLResponse:
    """One of them, from its first alert to its end, with evidence."""
    with desk.engine.connect() as connection:
        found = browsing.read_incident(connection, number)
        courses = course_of_incident(connection, found)
    place = {**found["labels"], **group_of(found["alerts"])}
    boards = incident_boards(desk.boards, place, found["started_at"], found["ended_at"])
    return _page(
        "incident.html", f"Incident {number}", person, i=found, boards=boards, courses=courses,
        alerts=timeline(found["alerts"]), marks=marks_of([found], desk.clock()),
    )  # fmt: skip


@reading.get("/reviews")
def show_reviews(desk: TheDesk, person: Reader, offset: Offset = 0) -> HTMLResponse:
    """All of them, the latest period first."""
    with desk.engine.connect() as connection:
        found = browsing.list_reviews(connection, Asked(_ROWS, offset))
    return _list("reviews", person, found, services=known_services(desk.engine))


@reading.get("/reviews/{number}")
def show_review(
    desk: TheDesk, person: Reader, number: Number, *, again: bool = False
) -> HTMLResponse:
    """One review: figures as signed, of a draft those of now; and what is written into it."""
    with desk.engine.connect() as connection:
        row = browsing.read_whole_review(connection, number)
    figures = figures_of_review(desk, number)
    remade = remake(desk.engine, number) if again and row["signed_at"] else None
    title = f"{row['service']}: SLO review {row['period']}"
    content = report_content(figures)
    with desk.engine.connect() as connection:
        days = days_of_review(connection, figures, content["objectives"])
        others = browsing.list_reviews(connection, Asked(_ROWS), service=row["service"]).items
    return _page(
        "review.html", title, person, r=row, remade=remade, days=days, today=_now(desk)[:10],
        is_over=row["ends_at"] <= browsing.moment(int(desk.clock())),
        marks=marks_of(figures["incidents"], desk.clock()),
        others=[each for each in others if each["id"] != number], **content,
    )  # fmt: skip


@reading.get("/reviews/{number}/compared")
def show_comparison(desk: TheDesk, person: Reader, number: Number, other: Other) -> HTMLResponse:
    """Hold a review beside another one."""
    compared = two_reviews(desk, number, other)
    title = f"{compared['service']}: two reviews"
    return _page("compared.html", title, person, c=compared, number=number, other=other)


@reading.get("/reviews/{service}/{period}")
def find_review(desk: TheDesk, _: Reader, service: str, period: str) -> Response:
    """Lead to the review of a service's period: what links from elsewhere know."""
    asked = select(REVIEWS.c.id).where(
        REVIEWS.c.service == clean(service), REVIEWS.c.period == clean(period)
    )
    with desk.engine.connect() as connection:
        number = connection.execute(asked).scalar()
    if number is None:
        raise MissingError(f"there is no review of {service!r} for {period!r}")
    return RedirectResponse(f"/reviews/{number}", 303)


@reading.get("/changes")
def show_changes(desk: TheDesk, person: Reader, offset: Offset = 0) -> HTMLResponse:
    """What somebody changed, the latest first."""
    with desk.engine.connect() as connection:
        found = browsing.list_changes(connection, Asked(_ROWS, offset))
    return _list("changes", person, found, now=_now(desk))


@reading.get("/maintenance")
def show_maintenance(desk: TheDesk, person: Reader, offset: Offset = 0) -> HTMLResponse:
    """Hours that do not count, the latest first."""
    with desk.engine.connect() as connection:
        found = browsing.list_maintenance(connection, Asked(_ROWS, offset))
    return _list("maintenance", person, found, now=_now(desk))


def tell_problem(request: Request, status: int, detail: str, given: dict[str, str]) -> HTMLResponse:
    """Return a problem as a page, with what somebody wrote: it is not lost."""
    path = request.url.path
    back = path.rpartition("/")[0] if given and path.count("/") > 1 else path if given else "/"
    for part in ("/actions/", "/decisions/"):
        if given and part in path:
            back = path.partition(part)[0]
    shown = [(name, text) for name, text in given.items() if name not in ("revision", "mark")]
    page = write("problem.html", f"Problem {status}", detail=detail, given=shown, back=back)
    return HTMLResponse(page, status)


def _page(template: str, title: str, person: Person, **content: Any) -> HTMLResponse:
    return HTMLResponse(
        write(template, title, person, **content), headers={"Cache-Control": "private, no-cache"}
    )


def _list(name: str, person: Person, found: browsing.Listed, **content: Any) -> HTMLResponse:
    rows = {"rows": found.items, "following": found.next, "here": f"/{name}"}
    return _page(f"{name}.html", name.capitalize(), person, **rows, **content)


def _now(desk: Desk) -> str:
    return datetime.fromtimestamp(desk.clock(), UTC).strftime("%Y-%m-%dT%H:%MZ")
