"""Webhooks taken: Alertmanager's and PagerDuty's, answered once what they tell is on disk."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from fastapi import Request
from fastapi.responses import Response
from sqlalchemy import Engine
from sqlalchemy.exc import SQLAlchemyError

from slo.review.access import is_allowed
from slo.review.acknowledging import take_acknowledgement
from slo.review.answers import problem, said_by_database
from slo.review.committing import BusyError, GroupCommit
from slo.review.metrics import ReviewMetrics
from slo.review.pagerduty import SIGNATURE, MalformedEventError, is_signed, read_event
from slo.review.tracing import Told
from slo.review.webhook import MalformedWebhookError, read_webhook

Clock = Callable[[], float]
"""UNIX seconds."""
Taking = Callable[[Request], Awaitable[Response]]


def taking_alerts(
    writer: GroupCommit[Told], token: bytes | None, counted: ReviewMetrics, clock: Clock
) -> Taking:
    """Return what answers Alertmanager; who has not the token is refused, where there is one."""

    async def take(request: Request) -> Response:
        if not is_allowed(request.headers.get("authorization", ""), token):
            counted.webhooks.labels("denied").inc()
            return problem(401, "Webhooks need the token of --webhook-token-file.")
        try:
            message = read_webhook(await request.body(), int(clock() * 1000))
        except MalformedWebhookError as error:
            counted.webhooks.labels("malformed").inc()
            return problem(400, f"No webhook of Alertmanager's: {error}.")
        try:
            if message.facts:
                await writer.put(Told(message.facts))
        except BusyError:
            counted.webhooks.labels("busy").inc()
            return problem(503, "Too many webhooks wait for the database; send it again.")
        except SQLAlchemyError as error:
            counted.webhooks.labels("failed").inc()
            return problem(503, f"The database did not take it: {said_by_database(error)}.")
        counted.webhooks.labels("committed").inc()
        counted.alerts_left_out.inc(message.left_out)
        return Response(status_code=204)

    return take


def taking_acknowledgements(
    engine: Engine, secret: bytes | None, counted: ReviewMetrics, clock: Clock
) -> Taking:
    """Return what answers PagerDuty; without a secret that it signs with, nothing is taken."""

    async def take(request: Request) -> Response:
        body, signature = await request.body(), request.headers.get(SIGNATURE, "")
        if secret is None or not is_signed(signature, body, secret):
            counted.pagerduty_events.labels("denied").inc()
            said = "PagerDuty's webhooks need the signature of --pagerduty-secret-file."
            return problem(401, said)
        try:
            told = read_event(body)
        except MalformedEventError as error:
            counted.pagerduty_events.labels("malformed").inc()
            return problem(400, f"No event of PagerDuty's: {error}.")
        if told is None:
            counted.pagerduty_events.labels("ignored").inc()
            return Response(status_code=204)
        try:
            await asyncio.to_thread(take_acknowledgement, engine, told, int(clock()))
        except SQLAlchemyError as error:
            counted.pagerduty_events.labels("failed").inc()
            return problem(503, f"The database did not take it: {said_by_database(error)}.")
        counted.pagerduty_events.labels("committed").inc()
        return Response(status_code=204)

    return take
