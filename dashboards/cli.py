"""``shardwatch dashboards build``: the boards' JSON, for import by hand or by a sidecar."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exporters.generated import write_generated

app = typer.Typer(help="Dashboards for Grafana.", no_args_is_help=True)


@app.callback()
def _options() -> None:
    # With a callback, a single command keeps its name: `dashboards build`, not `dashboards`.
    pass


@app.command()
def build(
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write into.")],
) -> None:
    """Write the boards as JSON files that Grafana 12 and 13 import."""
    from dashboards.build import build_boards  # noqa: PLC0415 - grafanalib takes a second

    files = build_boards()
    written = write_generated(out, files)
    for path in (*written.changed, *written.removed):
        typer.echo(f"{'wrote' if path in files else 'removed'} {out / path}")
    typer.echo(f"{len(files)} boards in {out}, {len(written.changed)} of them changed")
