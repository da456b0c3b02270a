"""``shardwatch dashboards build``: the boards' JSON, for import by hand or by a sidecar."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exporters.generated import write_generated
from slo.objectives import read_objective_paths

app = typer.Typer(help="Dashboards for Grafana.", no_args_is_help=True)


@app.callback()
def _options() -> None:
    # With a callback, a single command keeps its name: `dashboards build`, not `dashboards`.
    pass


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
