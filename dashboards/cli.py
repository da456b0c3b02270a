"""``shardwatch dashboards``: the boards' JSON, and a preview of it."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exporters.addresses import LARGEST_PORT
from exporters.generated import write_generated
from slo.objectives import read_objective_paths

app = typer.Typer(help="Dashboards for Grafana.", no_args_is_help=True)


@app.command()
def build(
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write into.")],
    slo: Annotated[
        list[Path] | None,
        typer.Option(
            "--slo",
            metavar="PATH",
            help="Only the boards of these objectives: OpenSLO or Sloth files, or folders of them; "
            "may be repeated. Their grouping labels become the boards' variables.",
        ),
    ] = None,
) -> None:
    """Write the boards as JSON files that Grafana 12 and 13 import."""
    from dashboards.build import build_boards, build_slo_boards  # noqa: PLC0415 - takes a second

    files = build_slo_boards(read_objective_paths(slo)) if slo else build_boards()
    written = write_generated(out, files)
    for path in (*written.changed, *written.removed):
        typer.echo(f"{'wrote' if path in files else 'removed'} {out / path}")
    typer.echo(f"{len(files)} boards in {out}, {len(written.changed)} of them changed")


@app.command()
def preview(
    *,
    prometheus: Annotated[str, typer.Option(help="Address of the Prometheus that is asked.")],
    boards: Annotated[
        list[Path] | None,
        typer.Option(help="A folder of dashboards, or a file; by default shardwatch's own."),
    ] = None,
    listen: Annotated[str, typer.Option(help="Host to listen at.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=LARGEST_PORT, help="Port to listen at.")] = 19811,
    http_config: Annotated[
        Path | None,
        typer.Option(help="A file of a http_client_config: who asks, and whom we trust."),
    ] = None,
    scrape_interval: Annotated[
        str, typer.Option(help="Of Prometheus: the least that steps and rates are made of.")
    ] = "15s",
) -> None:
    """Show dashboards in a browser, without Grafana, with the data of a Prometheus."""
    from dashboards.preview.command import serve_preview  # noqa: PLC0415 - as late as it is wanted

    serve_preview(
        prometheus=prometheus,
        paths=boards or [],
        host=listen,
        port=port,
        http_config=http_config,
        scrape_interval=scrape_interval,
        tell=typer.echo,
    )
