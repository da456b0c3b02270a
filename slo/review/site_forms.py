"""What people write into pages: plain forms, each with the state that they were made of.

A change leads back to its page (303); one that is refused is told with what had been written.
"""

from __future__ import annotations

from typing import Annotated
from urllib.parse import parse_qsl

from fastapi import APIRouter, Depends, FastAPI, Request
from fastapi.responses import RedirectResponse, Response
from fastapi.staticfiles import StaticFiles
from starlette.exceptions import HTTPException

from slo.review import reviews
from slo.review.acknowledging import acknowledge
from slo.review.actions import Task, add_action, change_action, read_action
from slo.review.answers import Signer, TheDesk, Writer
from slo.review.api import Number, seconds
from slo.review.maintenance import add_window, read_window, withdraw_window
from slo.review.refusals import StaleError, UnusableError
from slo.review.reporting import reviewable
from slo.review.site import TEMPLATES, reading
from slo.review.telling import Change, Remark, remark, tell_change
from slo.web.pages import STATIC, STATIC_PATH

_MOST_FIELDS = 20
writing = APIRouter(include_in_schema=False)


async def _fields(request: Request) -> dict[str, str]:
    """Return a form's fields; kept at the request, so that a refusal can tell them."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded":
        raise HTTPException(415, "A form is sent as application/x-www-form-urlencoded.")
    try:
        text = (await request.body()).decode("utf-8")
        found = dict(parse_qsl(text, keep_blank_values=True, max_num_fields=_MOST_FIELDS))
    except ValueError:
        raise HTTPException(400, "The form is none of ours.") from None
    request.state.given = found
    return found


Form = Annotated[dict[str, str], Depends(_fields)]


@writing.post("/reviews")
def begin(desk: TheDesk, person: Writer, form: Form) -> Response:
    """Begin a review."""
    by = desk.by(person, form.get("author", ""))
    period = reviewable(form.get("period", "").strip(), by.now, "period")
    number = reviews.create_review(desk.engine, form.get("service", ""), period, by)
    return _to(f"/reviews/{number}")


@writing.post("/reviews/{number}/notes")
def edit(desk: TheDesk, person: Writer, number: Number, form: Form) -> Response:
    """Replace its notes."""
    by = desk.by(person, form.get("author", ""))
    reviews.edit_notes(desk.engine, number, _revision(form), form.get("notes", ""), by)
    return _to(f"/reviews/{number}")


@writing.post("/reviews/{number}/decisions")
def decide(desk: TheDesk, person: Writer, number: Number, form: Form) -> Response:
    """Decide something."""
    by = desk.by(person, form.get("author", ""))
    reviews.decide(desk.engine, number, _revision(form), form.get("text", ""), by)
    return _to(f"/reviews/{number}#decisions")


@writing.post("/reviews/{number}/actions")
def begin_action(desk: TheDesk, person: Writer, number: Number, form: Form) -> Response:
    """Have somebody do something."""
    task = Task(form.get("text", ""), form.get("owner", ""), form.get("due_on") or None)
    by = desk.by(person, form.get("author", ""))
    add_action(desk.engine, number, _revision(form), task, by)
    return _to(f"/reviews/{number}#actions")


@writing.post("/reviews/{number}/actions/{action}")
def close(desk: TheDesk, person: Writer, number: Number, action: Number, form: Form) -> Response:
    """Say that something is done, or that it is not."""
    with desk.engine.connect() as connection:
        row = read_action(connection, action)
    task = Task(row["text"], row["owner"], row["due_on"])
    by = desk.by(person, form.get("author", ""))
    seen, is_closed = form.get("mark", ""), bool(form.get("closed"))
    change_action(desk.engine, action, seen, task, is_closed=is_closed, by=by)
    return _to(f"/reviews/{number}#actions")


@writing.post("/reviews/{number}/signature")
def sign(desk: TheDesk, person: Signer, number: Number, form: Form) -> Response:
    """Sign it."""
    by = desk.by(person, form.get("author", ""))
    reviews.sign(desk.engine, number, _revision(form), by, policy=desk.policy)
    return _to(f"/reviews/{number}")


@writing.post("/reviews/{number}/discard")
def discard(desk: TheDesk, person: Writer, number: Number, form: Form) -> Response:
    """Discard a draft."""
    by = desk.by(person, form.get("author", ""))
    reviews.discard(desk.engine, number, _revision(form), by)
    return _to("/reviews")


@writing.post("/incidents/{number}/annotations")
def annotate(desk: TheDesk, person: Writer, number: Number, form: Form) -> Response:
    """Write down what was seen."""
    said = Remark(seconds(form.get("at", "")), form.get("text", ""), incident=number)
    remark(desk.engine, said, desk.by(person, form.get("author", "")))
    return _to(f"/incidents/{number}")


@writing.post("/incidents/{number}/acknowledge")
def take(desk: TheDesk, person: Writer, number: Number, form: Form) -> Response:
    """Take an incident."""
    acknowledge(desk.engine, number, desk.by(person, form.get("author", "")))
    return _to(f"/incidents/{number}")


@writing.post("/changes")
def change(desk: TheDesk, person: Writer, form: Form) -> Response:
    """Tell of a change."""
    told = Change(
        seconds(form.get("at", "")), form.get("kind", ""), form.get("summary", ""), _labels(form)
    )
    tell_change(desk.engine, told, desk.by(person, form.get("author", "")))
    return _to("/changes")


@writing.post("/maintenance")
def leave_out(desk: TheDesk, person: Writer, form: Form) -> Response:
    """Leave hours out."""
    by = desk.by(person, form.get("author", ""))
    bounds = form.get("starts_at", ""), form.get("ends_at", "")
    try:
        window = read_window(*bounds, _labels(form), form.get("reason", ""), by.name)
    except ValueError as error:
        raise UnusableError(str(error)) from None
    add_window(desk.engine, window, by.now)
    return _to("/maintenance")


@writing.post("/maintenance/{number}/withdraw")
def withdraw(desk: TheDesk, person: Writer, number: Number, form: Form) -> Response:
    """Have hours count again."""
    withdraw_window(desk.engine, number, desk.by(person, form.get("author", "")))
    return _to("/maintenance")


def serve_pages(app: FastAPI) -> None:
    """Add the pages, their forms and what they load to an application."""
    app.mount(STATIC_PATH, StaticFiles(directory=STATIC))
    app.mount("/static/review", StaticFiles(directory=TEMPLATES.with_name("static")))
    app.include_router(reading)
    app.include_router(writing)


def _to(path: str) -> Response:
    return RedirectResponse(path, 303)


def _revision(form: dict[str, str]) -> int:
    text = form.get("revision", "")
    if not (text.isascii() and text.isdigit()) or len(text) > 9:
        raise StaleError("the form does not say which state it was made of: read it again")
    return int(text)


def _labels(form: dict[str, str]) -> dict[str, str]:
    pairs = [each.partition("=") for each in form.get("labels", "").split()]
    wrong = [name for name, equals, text in pairs if not (name and equals and text)]
    if wrong:
        raise UnusableError(f"found {wrong[0][:100]!r}, expected NAME=VALUE such as region=eu")
    return {name: text for name, _, text in pairs}
