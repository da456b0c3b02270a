"""A stand-in for PagerDuty: speaks Events API v2 and keeps what it got, in order.

``python -m alerts.testing --port 19823 --routing-key-file FILE``

``POST /v2/enqueue``
    as PagerDuty: 202, or 400 with ``errors``; 429 or 5xx on demand.
``POST /v2/change/enqueue``, ``GET /changes``
    the same for change events: ``{"changes": [{"received_at": ..., "change": {...}}]}``.
``GET /events``
    ``{"events": [{"received_at": UNIX_SECONDS, "event": {...}}], "refused": [...]}``; a refused one
    has its ``errors``.
``POST /webhook``, ``GET /webhooks``
    takes Alertmanager's webhooks; ``{"webhooks": [{"received_at": ..., "message": {...}}]}``.
``POST /control/answers``
    ``{"status": 429, "times": 2}``: the next two events are answered so, and not kept; with
    ``"of": "changes"`` the next two change events.
``POST /control/acknowledge``
    ``{"dedup_key": "...", "by": "Ada"}``: somebody acknowledges that incident. Where
    ``--webhook-url`` says so it is told there, signed, as PagerDuty's webhooks of version 3 are.
``GET /runbooks/NAME.md``, ``GET /healthz``, and ``GET /`` for people.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, Literal

import aiohttp
import typer
import uvicorn
from fastapi import FastAPI, Request
from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
from pydantic import BaseModel, ConfigDict, Field

from alerts.pagerduty import EVENT_BYTES, acknowledged_event, change_errors, event_errors
from alerts.runbooks import read_runbook
from alerts.testing_page import render_page
from exporters.problems import exit_with, problem
from slo.review.pagerduty import sign

WEBHOOK_BYTES = 64 * 1024 * 1024
"""A message of Alertmanager holds every alert of its group."""

Answer = tuple[int, dict[str, Any]]
"""An HTTP status and what the JSON says."""


class Answers(BaseModel):
    """How the next events are to be answered instead of being taken."""

    model_config = ConfigDict(extra="forbid")

    status: Annotated[int, Field(ge=400, le=599)]
    times: Annotated[int, Field(ge=1)] = 1
    of: Literal["events", "changes"] = "events"


class Acknowledging(BaseModel):
    """Who acknowledges which incident."""

    model_config = ConfigDict(extra="forbid")

    dedup_key: str
    by: str = "On Call"


@dataclass(frozen=True)
class Subscriber:
    """Who is told of acknowledgements."""

    url: str
    secret: bytes

    async def tell(self, event: dict[str, Any]) -> int:
        """Send a webhook; return the status that it was answered with."""
        body = json.dumps(event).encode()
        headers = {"X-PagerDuty-Signature": sign(body, self.secret)}
        async with (
            aiohttp.ClientSession() as session,
            session.post(self.url, data=body, headers=headers) as answer,
        ):
            return answer.status


@dataclass
class Inbox:
    """What PagerDuty's stand-in knows. Times are UNIX seconds."""

    routing_keys: Collection[str]
    clock: Callable[[], float] = time.time
    events: list[dict[str, Any]] = field(default_factory=list)
    """Each event taken, with ``received_at``."""
    refused: list[dict[str, Any]] = field(default_factory=list)
    """Each event or change refused, with ``received_at`` and ``errors``."""
    changes: list[dict[str, Any]] = field(default_factory=list)
    """Each change event taken, with ``received_at``."""
    webhooks: list[dict[str, Any]] = field(default_factory=list)
    _pending: dict[str, list[int]] = field(default_factory=lambda: {"events": [], "changes": []})

    def answer_next(self, answers: Answers) -> None:
        """Answer the next events with a status instead of taking them."""
        self._pending[answers.of] += [answers.status] * answers.times

    def enqueue(self, body: bytes) -> Answer:
        """Take an event, or say why not."""
        event = self._read(body, "events", event_errors)
        if isinstance(event, tuple):
            return event
        event.setdefault("dedup_key", f"generated-{len(self.events) + 1}")
        self.events.append({"received_at": self.clock(), "event": event})
        return 202, {
            "status": "success",
            "message": "Event processed",
            "dedup_key": event["dedup_key"],
        }

    def enqueue_change(self, body: bytes) -> Answer:
        """Take a change event, or say why not."""
        change = self._read(body, "changes", change_errors)
        if isinstance(change, tuple):
            return change
        self.changes.append({"received_at": self.clock(), "change": change})
        return 202, {"status": "success", "message": "Change event processed"}

    def _read(
        self, body: bytes, of: str, find_errors: Callable[[Any, Collection[str]], list[str]]
    ) -> dict[str, Any] | Answer:
        """Return what a request holds; or, if it is not to be taken, the answer that says so."""
        if self._pending[of]:
            status = self._pending[of].pop(0)
            return status, {"status": "error", "message": f"answered {status} on demand"}
        if len(body) > EVENT_BYTES:
            return self._refuse(
                f"{len(body)} bytes", [f"Event has {len(body)} bytes (at most {EVENT_BYTES})"]
            )
        try:
            event = json.loads(body)
        except (ValueError, RecursionError):
            shown = body[:200].decode("utf-8", "replace")
            return self._refuse(
                shown,
                ["JSON parse error"],
                status="Unrecognized object",
                message="Event object format is unrecognized",
            )
        errors = find_errors(event, self.routing_keys)
        if errors:
            return self._refuse(event, errors)
        found: dict[str, Any] = event
        return found

    def acknowledge(self, wanted: Acknowledging) -> dict[str, Any] | None:
        """Have somebody acknowledge an incident; return what webhooks tell, None without it."""
        for each in self.incidents():
            if each["event"]["dedup_key"] == wanted.dedup_key and each["state"] != "resolved":
                now, title = self.clock(), each["event"]["payload"]["summary"]
                own = {"event_action": "acknowledge", "dedup_key": wanted.dedup_key}
                self.events.append({"received_at": now, "event": own})
                return acknowledged_event(title, wanted.dedup_key, wanted.by, now)
        return None

    def take_webhook(self, message: Any) -> None:
        """Keep a message of Alertmanager's webhook receiver."""
        self.webhooks.append({"received_at": self.clock(), "message": message})

    def incidents(self) -> list[dict[str, Any]]:
        """Return the newest trigger of each dedup key with its state, the newest first."""
        found: dict[str, dict[str, Any]] = {}
        states = {"trigger": "triggered", "acknowledge": "acknowledged", "resolve": "resolved"}
        for each in self.events:
            event = each["event"]
            action, key = event["event_action"], event["dedup_key"]
            if action == "trigger":
                found.pop(key, None)
                found[key] = {**each, "state": "triggered"}
            elif key in found:
                found[key]["state"] = states[action]
        return list(reversed(found.values()))

    def _refuse(
        self,
        event: Any,
        errors: list[str],
        status: str = "invalid event",
        message: str = "Event object is invalid",
    ) -> Answer:
        self.refused.append({"received_at": self.clock(), "event": event, "errors": errors})
        return 400, {"status": status, "message": message, "errors": errors}


def application(inbox: Inbox, subscriber: Subscriber | None = None) -> FastAPI:
    """Return the stand-in as a web application; a subscriber is told of acknowledgements."""
    app = FastAPI(title="PagerDuty stand-in", docs_url=None, redoc_url=None, openapi_url=None)

    @app.post("/v2/enqueue")
    async def enqueue(request: Request) -> JSONResponse:
        status, content = inbox.enqueue(await _read(request, EVENT_BYTES))
        return JSONResponse(content, status)

    @app.post("/v2/change/enqueue")
    async def enqueue_change(request: Request) -> JSONResponse:
        status, content = inbox.enqueue_change(await _read(request, EVENT_BYTES))
        return JSONResponse(content, status)

    @app.post("/webhook")
    async def webhook(request: Request) -> JSONResponse:
        body = await _read(request, WEBHOOK_BYTES)
        try:
            message = json.loads(body)
        except (ValueError, RecursionError):
            return JSONResponse({"error": "the body is no JSON"}, 400)
        inbox.take_webhook(message)
        return JSONResponse({"status": "ok"})

    @app.post("/control/answers")
    async def answers(wanted: Answers) -> JSONResponse:
        inbox.answer_next(wanted)
        return JSONResponse(wanted.model_dump(), 201)

    @app.post("/control/acknowledge")
    async def acknowledge(wanted: Acknowledging) -> JSONResponse:
        event = inbox.acknowledge(wanted)
        if event is None:
            return JSONResponse({"error": "there is no such open incident"}, 404)
        told = await subscriber.tell(event) if subscriber else None
        return JSONResponse({"answered": told}, 201)

    @app.get("/events")
    async def events() -> JSONResponse:
        return JSONResponse({"events": inbox.events, "refused": inbox.refused})

    @app.get("/changes")
    async def changes() -> JSONResponse:
        return JSONResponse({"changes": inbox.changes})

    @app.get("/webhooks")
    async def webhooks() -> JSONResponse:
        return JSONResponse({"webhooks": inbox.webhooks})

    @app.get("/runbooks/{name}.md")
    async def runbook(name: str) -> PlainTextResponse:
        text = read_runbook(name)
        return PlainTextResponse(text or "no such runbook\n", 200 if text else 404)

    @app.get("/healthz")
    async def healthz() -> PlainTextResponse:
        return PlainTextResponse("ok\n")

    @app.get("/")
    async def page() -> HTMLResponse:
        taken, refused, hooks = len(inbox.events), len(inbox.refused), len(inbox.webhooks)
        counts = f"{taken} events taken, {refused} refused, {hooks} webhooks."
        return HTMLResponse(render_page(inbox.incidents(), counts))

    return app


async def _read(request: Request, most: int) -> bytes:
    """Return a request's body, or as much of it as shows that it is larger than ``most``."""
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > most:
            break
    return bytes(body)


def main(
    port: Annotated[int, typer.Option(help="Where to listen.")],
    routing_key_file: Annotated[
        Path, typer.Option(help="The routing keys that are known, one a line.")
    ],
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    webhook_url: Annotated[str, typer.Option(help="Where acknowledgements are told.")] = "",
    webhook_secret_file: Annotated[
        Path | None, typer.Option(help="What they are signed with.")
    ] = None,
) -> None:
    """Run the stand-in until it is stopped."""
    try:
        keys = routing_key_file.read_text(encoding="utf-8").split()
    except (OSError, UnicodeDecodeError) as error:
        exit_with(
            [
                problem(
                    routing_key_file, f"cannot be read: {getattr(error, 'strerror', None) or error}"
                )
            ]
        )
    if not keys:
        exit_with([problem(routing_key_file, "found no routing key, expected one a line")])
    subscriber = None
    if webhook_url and webhook_secret_file:
        subscriber = Subscriber(webhook_url, webhook_secret_file.read_bytes().strip())
    app = application(Inbox(frozenset(keys)), subscriber)
    uvicorn.run(app, host=host, port=port, log_level="warning", access_log=False)


if __name__ == "__main__":
    typer.run(main)
