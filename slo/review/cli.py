"""``shardwatch review serve|report|migrate``: the record of SLO reviews."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exporters.problems import InputError, problem

app = typer.Typer(help="SLO reviews: the record, and the report.", no_args_is_help=True)

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
    from slo.review.serving import Service, serve_reviews  # noqa: PLC0415
    from slo.servers import access_to  # noqa: PLC0415

    try:
        address = parse_address(listen)
    except ValueError as error:
        raise InputError([problem("--listen", str(error))]) from None
    read = read_config(config, needs_routing_key=False) if config is not None else None
    url = prometheus or (read.file.prometheus.url if read is not None else None)
    access = access_to(url, http_config, read) if url is not None else None
    reach_seconds = int(read_duration("--reach", reach))
    serve_reviews(
        Service(database, address, webhook_token_file, url, access, reach_seconds), typer.echo
    )


@app.command()
def migrate(database: _Database = _DEFAULT_DATABASE) -> None:
    """Bring a database to this version; an empty one gets its tables."""
    from slo.review.database import open_database, upgrade  # noqa: PLC0415 - not for --help

    engine = open_database(database)
    upgrade(engine)
    typer.echo(f"{engine.url.render_as_string()} is up to date")
