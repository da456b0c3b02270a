"""The preview's server: pages, and what panels show. It asks one Prometheus, and nothing else.

``POST /api/board`` takes what is chosen and names a board and some of its panels; the queries
themselves are the boards', so that nobody can have others asked.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import HTMLResponse, JSONResponse, RedirectResponse, StreamingResponse
from fastapi.staticfiles import StaticFiles
from pydantic import BaseModel, ConfigDict, Field
from starlette.exceptions import HTTPException

from dashboards.interpolation import Standing
from dashboards.preview.asking import ANSWER_WITHIN_SECONDS, LARGEST_ANSWER_BYTES, Asker
from dashboards.preview.links import Carried
from dashboards.preview.loose import text
from dashboards.preview.marks import asked_annotations
from dashboards.preview.model import Board, Panel
from dashboards.preview.outages import Watched
from dashboards.preview.reading import MOST_PANELS
from dashboards.preview.telling import Line, Teller, Wanted, told_of_variables, written
from dashboards.preview.times import MOST_POINTS, QUICK_RANGES, Range, parse_range
from dashboards.preview.variables import Resolved, chosen_alone, resolve, settled
from exporters.access import HttpAccess
from slo.prometheus import PrometheusClient
from slo.web.guard import Application, Guard
from slo.web.pages import STATIC, STATIC_PATH, Pages

_HERE = Path(__file__).parent
REFRESHES = ("", "5s", "10s", "30s", "1m", "5m", "15m")
_MOST_VALUES = 2000

Value = Annotated[str, Field(max_length=1000)]
Values = Annotated[list[Value], Field(max_length=_MOST_VALUES)]
Name = Annotated[str, Field(max_length=200)]


class Room(BaseModel):
    """A panel that is asked for."""

    model_config = ConfigDict(extra="forbid")

    panel: Name
    points: Annotated[int, Field(ge=2, le=MOST_POINTS)] = 400


class Choice(BaseModel):
    """What somebody chose on a board, and what of it is to be told."""

    model_config = ConfigDict(extra="forbid")

    board: Name
    from_: Annotated[str, Field(alias="from", max_length=60)]
    to: Annotated[str, Field(max_length=60)]
    chosen: Annotated[dict[Name, Values], Field(max_length=100)] = {}
    offered: Annotated[dict[Name, Values], Field(max_length=100)] = {}
    """All values of variables of which all are chosen."""

    variables: bool = False
    """Whether what they offer is asked for."""
    marks: Values | None = None
    """Annotations that are asked for."""
    panels: Annotated[list[Room], Field(max_length=MOST_PANELS)] = []


@dataclass(frozen=True)
class Setting:
    """What a preview is of."""

    boards: Mapping[str, Board]
    prometheus_url: str
    host: str
    access: HttpAccess | None = None
    scrape_seconds: float = 15.0
    answer_within_seconds: float = ANSWER_WITHIN_SECONDS
    passed_over: Sequence[str] = ()
    """What is not shown of what was found, and why."""


def preview_application(setting: Setting, clock: Any) -> Application:
    """Return the web application of a preview.

    Args:
        setting: what it is of.
        clock: returns UNIX seconds.
    """
    client = PrometheusClient(
        setting.prometheus_url,
        access=setting.access,
        timeout_seconds=setting.answer_within_seconds,
        largest_bytes=LARGEST_ANSWER_BYTES,
    )
    watched = Watched(client)
    pages = Pages(_HERE / "templates")

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with client:
            yield

    app = FastAPI(lifespan=lifespan, docs_url=None, redoc_url=None, openapi_url=None)
    app.mount(STATIC_PATH, StaticFiles(directory=STATIC))
    app.mount("/static/preview", StaticFiles(directory=_HERE / "static"))
    _say_problems(app)
    _serve_pages(app, setting, pages)
    _serve_answers(app, setting, watched, clock)
    return Guard(app, setting.host)


def _say_problems(app: FastAPI) -> None:
    async def refused(_: Request, error: Exception) -> JSONResponse:
        said = str(error.errors()[0]["msg"]) if isinstance(error, RequestValidationError) else "?"
        return JSONResponse({"problem": f"The request is none of ours: {said}."}, 422)

    async def http(_: Request, error: Exception) -> JSONResponse:
        status = error.status_code if isinstance(error, HTTPException) else 500
        said = error.detail if isinstance(error, HTTPException) else str(error)
        return JSONResponse({"problem": said}, status)

    app.add_exception_handler(RequestValidationError, refused)
    app.add_exception_handler(HTTPException, http)


def _serve_pages(app: FastAPI, setting: Setting, pages: Pages) -> None:
    boards = list(setting.boards.values())

    @app.get("/")
    async def list_boards() -> HTMLResponse:
        return HTMLResponse(
            pages.write(
                "list.html",
                boards=boards,
                prometheus=setting.prometheus_url,
                passed_over=setting.passed_over,
            )
        )

    @app.get("/healthz")
    async def healthz() -> dict[str, str]:
        return {"status": "ok"}

    @app.get("/d/{uid}")
    async def show_board(uid: str) -> HTMLResponse:
        board = _board(setting, uid)
        annotations = [
            {"name": text(each.get("name")), "enabled": each.get("enable") is not False}
            for each in asked_annotations(board.annotations)
        ]
        refreshes = dict.fromkeys((*REFRESHES, board.refresh))
        own = (board.time_from,) if board.time_to == "now" else ()
        quick = dict.fromkeys((*QUICK_RANGES, *own))
        return HTMLResponse(
            pages.write("board.html", board=board, boards=boards, annotations=annotations,
                        quick=list(quick), refreshes=list(refreshes))
        )  # fmt: skip

    @app.get("/d/{uid}/{_name}")
    async def with_name(uid: str, request: Request, _name: str) -> RedirectResponse:
        query = f"?{request.url.query}" if request.url.query else ""
        return RedirectResponse(f"/d/{_board(setting, uid).uid}{query}")


def _serve_answers(app: FastAPI, setting: Setting, prometheus: Watched, clock: Any) -> None:
    asker = Asker(prometheus, setting.scrape_seconds)
    teller = Teller(prometheus, asker, setting.scrape_seconds)

    @app.post("/api/board")
    async def tell(choice: Choice) -> StreamingResponse:
        board = _board(setting, choice.board)
        range_ = _range(choice, clock())
        panels = [(_panel(board, each.panel), each.points) for each in choice.panels]
        wanted = Wanted(board, range_, panels, choice.marks)
        address = setting.prometheus_url

        async def offers() -> Carried:
            found = await resolve(board.variables, choice.chosen, range_, prometheus, address)
            return _carried(choice, found)

        def line_of(carried: Carried) -> Line:
            return told_of_variables(board, setting.boards, carried)

        async def line_of_offers() -> Line:
            return line_of(await offers())

        async def lines() -> AsyncIterator[str]:
            beside = []
            if not choice.variables:
                known = chosen_alone(board.variables, choice.chosen, choice.offered)
                carried = _carried(choice, known)
            elif (early := settled(board.variables, choice.chosen, address)) is not None:
                carried = _carried(choice, early)
                beside.append(line_of_offers())
            else:
                carried = await offers()
                yield written(line_of(carried))
            async for line in teller.tell(wanted, carried, beside):
                yield line

        return StreamingResponse(lines(), media_type="application/x-ndjson")


def _board(setting: Setting, uid: str) -> Board:
    if uid not in setting.boards:
        raise HTTPException(404, f"There is no board {uid!r} among those shown here.")
    return setting.boards[uid]


def _panel(board: Board, key: str) -> Panel:
    if key not in board.panels:
        raise HTTPException(404, f"There is no panel {key!r} on this board.")
    return board.panels[key]


def _range(choice: Choice, now: float) -> Range:
    try:
        return parse_range(choice.from_, choice.to, now)
    except ValueError as error:
        raise HTTPException(422, f"The time range cannot be used: {error}.") from None


def _carried(choice: Choice, variables: list[Resolved]) -> Carried:
    standing: dict[str, Standing] = {each.name: each.standing for each in variables}
    return Carried(variables, choice.from_, choice.to, standing)
