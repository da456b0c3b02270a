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
) -> None:
    """Take Alertmanager's webhooks into the record until told to end."""
    from exporters.addresses import parse_address  # noqa: PLC0415 - not for --help
    from slo.review.serving import Service, serve_reviews  # noqa: PLC0415

    try:
        address = parse_address(listen)
    except ValueError as error:
        raise InputError([problem("--listen", str(error))]) from None
    serve_reviews(Service(database, address, webhook_token_file), typer.echo)


@app.command()
def migrate(database: _Database = _DEFAULT_DATABASE) -> None:
    """Bring a database to this version; an empty one gets its tables."""
    from slo.review.database import open_database, upgrade  # noqa: PLC0415 - not for --help

    engine = open_database(database)
    upgrade(engine)
    typer.echo(f"{engine.url.render_as_string()} is up to date")
