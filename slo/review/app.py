"""The record's service: takes Alertmanager's webhooks, and says how it is.

``POST /webhook``
    204 once it is committed; 400 for what is no webhook, 401 without the token, 503 where it could
    not be committed: Alertmanager sends it again.
``POST /pagerduty``
    204 once it is committed, also for an event that tells of something else; 401 without its
    signature, 400 and 503 as above.
``GET /healthz``, ``GET /metrics``
    for Prometheus; ``/healthz`` is 503 while the database does not answer, and
    from a change that it did not take to the next one that it takes, which it tries itself.
``/``
    pages for people (:mod:`slo.review.site`).
``/api/v1``
    for programs (:mod:`slo.review.api`), with its OpenAPI at ``/api/v1/openapi.json``.
"""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from pathlib import Path

from fastapi import FastAPI, Request
from fastapi.responses import JSONResponse, PlainTextResponse, Response
from sqlalchemy import Engine, text
from sqlalchemy.exc import InternalError, OperationalError, SQLAlchemyError

from exporters.version import VERSION
from slo.review.alert_store import write_facts
from slo.review.answers import Desk, problem, problem_document, said_by_database, say_problems
from slo.review.api import PREFIX, serve_interface
from slo.review.api_document import document_answers
from slo.review.committing import GroupCommit
from slo.review.database import last_failure, try_writing
from slo.review.metrics import ReviewMetrics
from slo.review.people import Gate
from slo.review.site import tell_problem
from slo.review.site_forms import serve_pages
from slo.review.taking import taking_acknowledgements, taking_alerts
from slo.review.tracing import Told, Tracing
from slo.review.webhook import LARGEST_BYTES
from slo.web.guard import Application, Guard

NOBODY_ASKED = Gate()
_FOR_PROGRAMS = ("/webhook", "/pagerduty", "/healthz", "/metrics")
ANSWERS_WITHIN_SECONDS = 5.0
"""A database that is well; one that hangs has no other sign."""
METRICS_TYPE = "text/plain; version=0.0.4; charset=utf-8"


def review_application(
    engine: Engine,
    host: str,
    *,
    public_url: str | None = None,
    token: bytes | None = None,
    pagerduty_secret: bytes | None = None,
    gate: Gate = NOBODY_ASKED,
    policy: Path | None = None,
    boards: str | None = None,
    metrics: ReviewMetrics | None = None,
    clock: Callable[[], float] = time.time,
    beside: Sequence[Callable[[], AbstractAsyncContextManager[object]]] = (),
    tracing: Tracing | None = None,
) -> Application:
    """Return the service.

    Args:
        engine: of a record of our version.
        host: that it listens at.
        public_url: that people reach it by, where a proxy stands before it.
        token: that webhooks must have; None for none.
        pagerduty_secret: that PagerDuty signs its webhooks with; without one none is taken.
        gate: who is let in to all but webhooks, health and metrics.
        policy: of error budgets; ours, if None.
        boards: base address of the boards that pages lead to; they lead to none, if None.
        metrics: to count in.
        clock: UNIX seconds.
        beside: what runs while it serves.
        tracing: that makes spans of requests and of batches of webhooks.
    """
    counted = metrics or ReviewMetrics()

    def commit(batch: Sequence[Told]) -> None:
        write_facts(engine, (fact for told in batch for fact in told.facts), int(clock()))

    writer: GroupCommit[Told] = GroupCommit(tracing.batches(commit) if tracing else commit)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            await stack.enter_async_context(writer)
            for each in beside:
                await stack.enter_async_context(each())
            yield

    app = FastAPI(
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
        title="shardwatch reviews",
        version=VERSION,
    )
    app.state.desk = Desk(engine, gate, clock, policy, boards)
    say_problems(app, _tell)

    asked: list[asyncio.Task[None]] = []

    async def healthz(_: Request) -> Response:
        if not asked or asked[-1].done():  # of a database that hangs only one thread waits
            asked[:] = [asyncio.create_task(asyncio.to_thread(_ask, engine))]
        (answer,) = asked
        await asyncio.wait([answer], timeout=ANSWERS_WITHIN_SECONDS)
        if not answer.done():
            said = f"The database does not answer within {ANSWERS_WITHIN_SECONDS:g} s."
            return problem(503, said)
        try:
            answer.result()
        except SQLAlchemyError as error:
            return problem(503, f"The database does not answer: {said_by_database(error)}.")
        failure = last_failure(engine)
        if failure is not None:  # a disk that is full answers whoever reads
            said = said_by_database(failure)
            return problem(503, f"The database did not take the last change: {said}.")
        return JSONResponse({"status": "ok"})

    async def tell_metrics(_: Request) -> Response:
        return PlainTextResponse(counted.page(), media_type=METRICS_TYPE)

    # Before all others, and plain: of each webhook half the time would go into finding its route.
    take = taking_alerts(writer, token, counted, clock)
    take_event = taking_acknowledgements(engine, pagerduty_secret, counted, clock)
    app.add_route("/webhook", take, methods=["POST"], include_in_schema=False)
    app.add_route("/pagerduty", take_event, methods=["POST"], include_in_schema=False)
    app.add_route("/healthz", healthz, include_in_schema=False)
    app.add_route("/metrics", tell_metrics, include_in_schema=False)
    serve_interface(app)
    serve_pages(app)
    document_answers(app)
    guarded = Guard(
        app, host, public_url=public_url, largest_body_bytes=LARGEST_BYTES, tell=problem_document
    )
    return tracing.requests(guarded) if tracing else guarded


def _ask(engine: Engine) -> None:
    with engine.connect() as connection:
        connection.execute(text("SELECT 1"))
    if last_failure(engine) is not None:  # nothing may be there to be written for hours
        with contextlib.suppress(OperationalError, InternalError):  # these last_failure tells
            try_writing(engine)


def _tell(
    request: Request, status: int, detail: str, headers: Mapping[str, str] | None
) -> Response:
    """Return a problem as who asked reads it: a page for people, a document for programs."""
    is_page = not request.url.path.startswith((PREFIX, *_FOR_PROGRAMS))
    if is_page and "text/html" in request.headers.get("accept", ""):
        page = tell_problem(request, status, detail, getattr(request.state, "given", {}))
        page.headers.update(headers or {})
        return page
    return problem(status, detail, headers)
