"""``shardwatch review serve``: the record's database and a port taken, served until told to end."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import uvicorn
from sqlalchemy import Engine

from exporters.access import HttpAccess
from exporters.addresses import Address
from exporters.server import bind
from slo.prometheus import PrometheusClient
from slo.review.access import read_secret, read_webhook_token
from slo.review.app import review_application
from slo.review.database import open_database, upgrade
from slo.review.keeping import Keeper
from slo.review.metrics import ReviewMetrics
from slo.review.people import Gate, Proxy, read_gate
from slo.review.policy import OURS, read_policy
from slo.review.tracing import Tracing, tracing_as_asked

_END_WITHIN_SECONDS = 5
LARGEST_ANSWER_BYTES = 512 * 1024 * 1024
"""Of Prometheus: a day of all levels of some thousand cells is a tenth of it."""


@dataclass(frozen=True)
class Service:
    """What is served."""

    database: str
    address: Address
    webhook_token_file: Path | None = None
    pagerduty_secret_file: Path | None = None
    """What PagerDuty signs with; none of its webhooks is taken without."""
    tokens_file: Path | None = None
    """Of people who may read, write and sign."""
    proxy: Proxy | None = None
    public_url: str | None = None
    """That people reach it by, where a proxy stands before it."""
    policy: Path | None = None
    """Of error budgets; ours, if None."""
    prometheus: str | None = None
    """Address of the one that budgets and alerts are read from; only webhooks are taken, if None.
    """
    access: HttpAccess | None = None
    """Of that."""
    boards: str | None = None
    """Base address of the boards that pages lead to, if any."""
    reach_seconds: int = 28 * 86_400
    """How far back it is asked at first."""


def serve_reviews(service: Service, tell: Callable[[str], None]) -> None:
    """Serve until the process is told to end.

    Raises:
        InputError: if the database, the address, the policy or a token cannot be used.
    """
    token = read_webhook_token(service.address.host, service.webhook_token_file)
    secret = read_secret(service.pagerduty_secret_file) if service.pagerduty_secret_file else None
    gate = read_gate(service.address.host, service.tokens_file, service.proxy)
    read_policy(service.policy or OURS)  # told now, and not by the first who asks
    engine = open_database(service.database)
    upgrade(engine)
    with tracing_as_asked() as tracing:
        _serve(service, engine, tell, token=token, secret=secret, gate=gate, tracing=tracing)
    engine.dispose()


def _serve(
    service: Service,
    engine: Engine,
    tell: Callable[[str], None],
    *,
    token: bytes | None,
    secret: bytes | None,
    gate: Gate,
    tracing: Tracing | None,
) -> None:
    metrics, beside = ReviewMetrics(), []
    if service.prometheus is not None:
        client = PrometheusClient(
            service.prometheus, access=service.access, largest_bytes=LARGEST_ANSWER_BYTES
        )
        keeper = Keeper(engine, client, metrics, service.reach_seconds)
        if tracing is not None:
            keeper.traced = tracing.span
        beside.append(keeper.keeping)
    if tracing is not None:
        tracing.statements(engine)
    listener, address = bind(service.address)
    with listener:
        shown = engine.url.render_as_string()
        tell(f"reviews are kept in {shown}; webhooks go to http://{address}/webhook")
        application = review_application(
            engine, address.host, public_url=service.public_url, token=token,
            pagerduty_secret=secret, gate=gate,
            policy=service.policy, boards=service.boards, metrics=metrics, beside=beside,
            tracing=tracing,
        )  # fmt: skip
        config = uvicorn.Config(
            application,
            proxy_headers=False,  # of whom we are asked is who connects
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_END_WITHIN_SECONDS,
        )
        uvicorn.Server(config).run(sockets=[listener])
