"""``shardwatch review serve|report|maintenance|withdraw|migrate``: the record of SLO reviews."""

from __future__ import annotations

import time
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from exporters.problems import InputError, problem

app = typer.Typer(help="SLO reviews: the record, and the report.", no_args_is_help=True)


class ReportFormat(StrEnum):
    """Of a report."""

    HTML = "html"
    MD = "md"
    JSON = "json"
    CSV = "csv"


_Database = Annotated[
    str,
    typer.Option(
        metavar="URL",
        envvar="SHARDWATCH_REVIEW_DATABASE",
        help="sqlite:///FILE, or postgresql://USER@HOST/NAME with shardwatch[postgres].",
    ),
]
_DEFAULT_DATABASE = "sqlite:///reviews.db"


@app.command()
def serve(
    *,
    database: _Database = _DEFAULT_DATABASE,
    listen: Annotated[
        str, typer.Option(metavar="HOST:PORT", help="Where to serve; port 0 is any free one.")
    ] = "127.0.0.1:19810",
    webhook_token_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="The token that webhooks must have; there must be one if others can reach us.",
        ),
    ] = None,
    pagerduty_secret_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="What PagerDuty signs its webhooks with; it tells who acknowledged a page.",
        ),
    ] = None,
    tokens_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="Who may read, write or sign: a line each with NAME ROLE TOKEN.",
        ),
    ] = None,
    proxy_header: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="A proxy's header that says who somebody is."),
    ] = None,
    proxy_from: Annotated[
        list[str] | None,
        typer.Option(metavar="CIDR", help="Where that proxy asks from; nobody else is believed."),
    ] = None,
    proxy_role: Annotated[
        str, typer.Option(metavar="ROLE", help="Of those it lets in: read, write or sign.")
    ] = "write",
    public_url: Annotated[
        str | None,
        typer.Option(metavar="URL", help="What browsers show before a proxy; or links: reviews."),
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Your error-budget policy, instead of shardwatch's."),
    ] = None,
    prometheus: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Read budgets and alerts of this one."),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option("--config", help="shardwatch.yaml, whose Prometheus is read."),
    ] = None,
    http_config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="How Prometheus is asked: credentials, headers, TLS."),
    ] = None,
    reach: Annotated[
        str, typer.Option(metavar="DURATION", help="How far back Prometheus is asked at first.")
    ] = "28d",
) -> None:
    """Keep the record: take Alertmanager's webhooks, read Prometheus, until told to end.

    Without --config or --prometheus only webhooks are taken.
    """
    from exporters.addresses import parse_address  # noqa: PLC0415 - not for --help
    from exporters.config import read_config  # noqa: PLC0415
    from exporters.options import read_duration  # noqa: PLC0415
    from slo.review.people import read_proxy, read_public_url  # noqa: PLC0415
    from slo.review.serving import Service, serve_reviews  # noqa: PLC0415
    from slo.servers import access_to  # noqa: PLC0415

    try:
        address = parse_address(listen)
    except ValueError as error:
        raise InputError([problem("--listen", str(error))]) from None
    read = None
    if config is not None:
        read = read_config(config, needs_routing_key=False, needs_service=False)
    url = prometheus or (read.file.prometheus.url if read is not None else None)
    access = access_to(url, http_config, read) if url is not None else None
    linked = read.file.links.reviews if read is not None else None
    reach_seconds = int(read_duration("--reach", reach))
    service = Service(
        database,
        address,
        webhook_token_file,
        pagerduty_secret_file=pagerduty_secret_file,
        tokens_file=tokens_file,
        proxy=read_proxy(proxy_header, proxy_from or [], proxy_role),
        public_url=read_public_url(public_url) or (str(linked) if linked else None),
        policy=policy,
        prometheus=url,
        access=access,
        boards=read.file.links.grafana if read is not None else None,
        reach_seconds=reach_seconds,
    )
    serve_reviews(service, typer.echo)


@app.command()
def report(
    *,
    service: Annotated[str, typer.Option(help="Whose review it is, as its objectives name it.")],
    period: Annotated[
        str,
        typer.Option(help="2026-W47, 2026-11, 2026-Q4, or 2026-11-01..2026-11-28; in UTC."),
    ],
    format_: Annotated[ReportFormat, typer.Option("--format", help="Of the report.")] = (
        ReportFormat.MD
    ),
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A file to write, instead of printing.")
    ] = None,
    policy: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="Your error-budget policy, instead of shardwatch's."),
    ] = None,
    database: _Database = _DEFAULT_DATABASE,
) -> None:
    """Write a service's review of a period: what spent which budget, and how good alerts were."""
    from slo.review.database import check_version, open_database  # noqa: PLC0415
    from slo.review.report_formats import write_report  # noqa: PLC0415
    from slo.review.reporting import read_figures  # noqa: PLC0415

    engine = open_database(database)
    check_version(engine)
    figures = read_figures(engine, service, period, time.time(), policy)
    text = write_report(figures, format_)
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError([problem(out, f"cannot be written: {error.strerror}")]) from None


@app.command()
def maintenance(
    *,
    begin: Annotated[str, typer.Option("--from", help="2026-11-16T13:00Z; UTC without a zone.")],
    end: Annotated[str, typer.Option("--to", help="When it ended, or will.")],
    reason: Annotated[str, typer.Option(help="For those who read the report.")],
    author: Annotated[str, typer.Option(help="Who says so.")],
    label: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=VALUE", help="Only cells with it, such as region=eu."),
    ] = None,
    database: _Database = _DEFAULT_DATABASE,
) -> None:
    """Leave the hours that maintenance touches out of reports, which say so."""
    from slo.review.database import check_version, open_database  # noqa: PLC0415
    from slo.review.maintenance import add_window, read_window  # noqa: PLC0415
    from slo.review.refusals import UnusableError  # noqa: PLC0415
    from slo.review.wording import covered  # noqa: PLC0415

    pairs = [each.partition("=") for each in label or []]
    wrong = [name for name, equals, value in pairs if not (name and equals and value)]
    if wrong:
        found = f"found {wrong[0]!r}, expected NAME=VALUE such as region=eu"
        raise InputError([problem("--label", found)])
    try:
        labels = {name: value for name, _, value in pairs}
        window = read_window(begin, end, labels, reason, author)
    except ValueError as error:
        raise InputError([problem("maintenance", str(error))]) from None
    engine = open_database(database)
    check_version(engine)
    try:
        added = add_window(engine, window, int(time.time()))
    except UnusableError as error:
        raise InputError([problem("--label", str(error))]) from None
    typer.echo(f"maintenance {added.id} leaves out {covered(added.cells, added.hours)}")


@app.command()
def withdraw(
    number: Annotated[int, typer.Argument(min=1, max=2**31, help="Of the maintenance.")],
    *,
    author: Annotated[str, typer.Option(help="Who says so.")],
    database: _Database = _DEFAULT_DATABASE,
) -> None:
    """Have the hours of maintenance count again; what was signed stays as it is."""
    from slo.review.audit import By  # noqa: PLC0415 - not for --help
    from slo.review.database import check_version, open_database  # noqa: PLC0415
    from slo.review.maintenance import withdraw_window  # noqa: PLC0415
    from slo.review.refusals import RefusedError  # noqa: PLC0415
    from slo.review.webhook import storable  # noqa: PLC0415

    name = storable(author.strip())
    if not name:
        raise InputError([problem("--author", "found no text, expected who says so")])
    engine = open_database(database)
    check_version(engine)
    try:
        withdraw_window(engine, number, By(name, int(time.time())))
    except RefusedError as error:
        raise InputError([problem("NUMBER", str(error))]) from None
    typer.echo(f"maintenance {number} is withdrawn: its hours count again")


@app.command()
def migrate(database: _Database = _DEFAULT_DATABASE) -> None:
    """Bring a database to this version; an empty one gets its tables."""
    from slo.review.database import open_database, upgrade  # noqa: PLC0415 - not for --help

    engine = open_database(database)
    upgrade(engine)
    typer.echo(f"{engine.url.render_as_string()} is up to date")
