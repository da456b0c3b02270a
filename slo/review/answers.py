"""What the interface answers: problems (RFC 9457), entity tags, and who is let in."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError
from starlette.exceptions import HTTPException

from exporters.problems import InputError
from slo.review.audit import By
from slo.review.facts import digest
from slo.review.people import Gate, Person, Role
from slo.review.refusals import (
    ConflictError,
    MissingError,
    RefusedError,
    StaleError,
    UnusableError,
)
from slo.review.webhook import storable

PROBLEM_TYPE = "application/problem+json"
_LOGIN = {"WWW-Authenticate": 'Basic realm="shardwatch reviews", charset="UTF-8"'}
_STATUS: Mapping[type[RefusedError], int] = {
    MissingError: 404,
    StaleError: 412,
    ConflictError: 409,
    UnusableError: 422,
}


@dataclass(frozen=True)
class Desk:
    """What every answer needs."""

    engine: Engine
    gate: Gate
    clock: Callable[[], float]
    """UNIX seconds."""
    policy: Path | None = None
    """Of error budgets; ours, if None."""
    boards: str | None = None
    """Base address of the boards that pages lead to; they lead to none, if None."""

    def by(self, person: Person, author: str = "") -> By:
        """Return who changes something now: the name that is vouched for, or the one given."""
        given = storable(author.strip())[:200]
        name = person.name if person.is_named or not given else given
        return By(name, int(self.clock()))


def desk_of(request: Request) -> Desk:
    """Return what the application that was asked is of."""
    found: Desk = request.app.state.desk
    return found


def _let_in(request: Request, role: Role) -> Person:
    desk = desk_of(request)
    proxied_as = request.headers.get(desk.gate.proxy.header, "") if desk.gate.proxy else ""
    peer = request.client.host if request.client else ""
    person = desk.gate.person(request.headers.get("authorization", ""), proxied_as, peer)
    if person is None:
        raise HTTPException(401, "Who asks is not known: give a token.", headers=_LOGIN)
    if person.role < role:
        needed = role.name.lower()
        raise HTTPException(403, f"{person.name} may not do this: it takes the role {needed}.")
    return person


def _reader(request: Request) -> Person:
    return _let_in(request, Role.READ)


def _writer(request: Request) -> Person:
    return _let_in(request, Role.WRITE)


def _signer(request: Request) -> Person:
    return _let_in(request, Role.SIGN)


TheDesk = Annotated[Desk, Depends(desk_of)]
Reader = Annotated[Person, Depends(_reader)]
Writer = Annotated[Person, Depends(_writer)]
Signer = Annotated[Person, Depends(_signer)]


def answer(
    request: Request, content: Any, *, status: int = 200, tag: str | None = None
) -> Response:
    """Return content with its tag; 304 without it for whoever has it.

    Args:
        request: that is answered.
        content: that JSON can tell.
        status: of the answer.
        tag: that edits must have seen; of the content, if None. With one there is no 304.
    """
    etag = f'"{tag or digest(content)}"'
    headers = {"ETag": etag, "Cache-Control": "private, no-cache"}
    if (
        tag is None
        and request.method == "GET"
        and etag in _tags(request.headers.get("if-none-match", ""))
    ):
        return Response(status_code=304, headers=headers)
    body = json.dumps(content, ensure_ascii=False, allow_nan=False)
    return Response(body, status, headers, "application/json")


def seen_tag(request: Request) -> str:
    """Return the tag that a change says it saw.

    Raises:
        HTTPException: 428 if it says none.
        StaleError: if it is a weak one: ``If-Match`` compares strongly (RFC 9110, 13.1.1).
    """
    given = request.headers.get("if-match", "")
    tags = _tags(given)
    if any(each.strip().startswith("W/") for each in given.split(",")):
        raise StaleError(f"found If-Match {given[:40]!r}, expected a strong tag, without W/")
    if len(tags) != 1:
        said = "Say by If-Match which state you changed: the ETag that it was read with."
        raise HTTPException(428, said)
    return tags[0].strip('"')


def _tags(header: str) -> list[str]:
    return [each.strip().removeprefix("W/") for each in header.split(",") if each.strip()]


def problem(status: int, detail: str, headers: Mapping[str, str] | None = None) -> Response:
    """Return a problem."""
    return Response(problem_document(status, detail)[1], status, headers, PROBLEM_TYPE)


def problem_document(status: int, detail: str) -> tuple[str, bytes]:
    """Return the type and the text of a problem."""
    content = {"type": "about:blank", "status": status, "detail": detail}
    return PROBLEM_TYPE, json.dumps(content, ensure_ascii=False).encode()


def said_by_database(error: SQLAlchemyError) -> str:
    """Return a database's own words, their first line, without the statement and its values."""
    words = str(getattr(error, "orig", None) or type(error).__name__).strip()
    return " ".join(words.partition("\n")[0].split())[:200]


Problem = Callable[[Request, int, str, Mapping[str, str] | None], Response]


def say_problems(app: FastAPI, tell: Problem) -> None:
    """Have an application tell everything that goes wrong as a problem, and in one way."""

    async def refused(request: Request, error: Exception) -> Response:
        status = _STATUS.get(type(error), 400) if isinstance(error, RefusedError) else 400
        return tell(request, status, f"{str(error)[:1].upper()}{str(error)[1:]}.", None)

    async def no_input(request: Request, error: Exception) -> Response:
        problems = error.problems if isinstance(error, InputError) else ()
        return tell(request, 422, " ".join(str(each) for each in problems), None)

    async def invalid(request: Request, error: Exception) -> Response:
        errors = error.errors() if isinstance(error, RequestValidationError) else []
        said = [
            f"{'.'.join(str(part) for part in each['loc'])}: {each['msg']}" for each in errors[:5]
        ]
        return tell(request, 422, "; ".join(said)[:2000], None)

    async def http(request: Request, error: Exception) -> Response:
        if not isinstance(error, HTTPException):
            return await broken(request, error)
        return tell(request, error.status_code, str(error.detail), error.headers)

    async def database(request: Request, error: Exception) -> Response:
        said = said_by_database(error) if isinstance(error, SQLAlchemyError) else ""
        return tell(request, 503, f"The database did not answer: {said}.", None)

    async def broken(request: Request, _: Exception) -> Response:
        # Who called us is told nothing of it; the server writes it into its log.
        return tell(
            request, 500, "Something is wrong here: the log of the service says what.", None
        )

    app.add_exception_handler(Exception, broken)
    app.add_exception_handler(RefusedError, refused)
    app.add_exception_handler(InputError, no_input)
    app.add_exception_handler(RequestValidationError, invalid)
    app.add_exception_handler(HTTPException, http)
    app.add_exception_handler(SQLAlchemyError, database)
