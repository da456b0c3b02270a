"""``shardwatch dashboards``: the boards' JSON, what is wrong with anybody's, and a preview."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from alerts.lint.options import Format, HttpConfigFile, PrometheusUrl, TargetLabels
from alerts.lint.printing import ReportFormat
from exporters.addresses import LARGEST_PORT
from exporters.generated import write_generated
from exporters.options import read_duration
from slo.objective import Objective
from slo.objectives import read_objective_paths
from slo.spec.annotations import annotation_key

app = typer.Typer(help="Dashboards for Grafana.", no_args_is_help=True)
_NAMED = 5
"""Objectives that a message names."""


class BoardsFormat(StrEnum):
    """What boards are written as."""

    JSON = "json"
    KUBERNETES = "kubernetes"


@app.command()
def build(
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write into.")],
    *,
    slo: Annotated[
        list[Path] | None,
        typer.Option(
            "--slo",
            metavar="PATH",
            help="Only the boards of these objectives: OpenSLO or Sloth files, or folders of them; "
            "may be repeated. Their grouping labels (annotation shardwatch.dev/grouping-labels) "
            "become the boards' variables.",
        ),
    ] = None,
    format_: Annotated[
        BoardsFormat,
        typer.Option(
            "--format",
            help="JSON to import or to provision, or ConfigMaps for the sidecar of a Grafana in "
            "Kubernetes.",
        ),
    ] = BoardsFormat.JSON,
) -> None:
    """Write the boards, which Grafana 12 and 13 import."""
    from dashboards.boards.slo_scope import scope_of  # noqa: PLC0415 - takes a second
    from dashboards.build import build_boards, build_slo_boards  # noqa: PLC0415
    from dashboards.kubernetes import config_maps  # noqa: PLC0415

    part = ["kubernetes"] if format_ is BoardsFormat.KUBERNETES else []
    if slo:
        objectives = read_objective_paths(slo)
        boards = build_slo_boards(objectives)
        part += ["slo", scope_of(objectives).slug]
        _tell_of_ungrouped(objectives)
    else:
        boards = build_boards()
    files = config_maps(boards) if format_ is BoardsFormat.KUBERNETES else boards
    written = write_generated(out, files, "-".join(part))
    for path in (*written.changed, *written.removed):
        typer.echo(f"{'wrote' if path in files else 'removed'} {out / path}")
    typer.echo(f"{len(files)} boards in {out}, {len(written.changed)} of them changed")


def _tell_of_ungrouped(objectives: Sequence[Objective]) -> None:
    if names := [each.name for each in objectives if not each.grouping_labels]:
        named = ", ".join(names[:_NAMED]) + (" and others" if len(names) > _NAMED else "")
        typer.echo(
            f"{named}: no grouping labels, so the boards offer none to choose by. What an OpenSLO "
            "query sums by does not count: name labels in metadata/annotations, "
            f"{annotation_key('grouping_labels')}: zone,team",
            err=True,
        )


@app.command()
def lint(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES",
            help="Dashboards as JSON, or folders of them. Whether links lead anywhere is only "
            "known if all are given.",
        ),
    ],
    *,
    rules: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="FILES",
            help="Rules that record what the dashboards ask for, or folders of them; of "
            "shardwatch's, those of the objectives tell which labels these have.",
        ),
    ] = None,
    scrape_interval: Annotated[
        str, typer.Option(metavar="DURATION", help="Of the series that are asked for.")
    ] = "15s",
    prometheus: PrometheusUrl = None,
    http_config: HttpConfigFile = None,
    target_label: TargetLabels = None,
    format_: Format = ReportFormat.TEXT,
    as_json: Annotated[bool, typer.Option("--json", help="The same as --format json.")] = False,
) -> None:
    """Say what is wrong with dashboards, ours or anyone's.

    Exits with 1 if an error or a warning was found, with 2 if something could not be read or asked.
    """
    from alerts.lint.rules import Setting  # noqa: PLC0415 - as late as the packages
    from dashboards.lint.command import Lint, print_lint  # noqa: PLC0415

    setting = Setting(
        scrape_interval_seconds=read_duration("--scrape-interval", scrape_interval),
        target_labels=None if target_label is None else frozenset(target_label),
    )
    asked = Lint(tuple(paths), tuple(rules or ()), setting, prometheus, http_config)
    raise SystemExit(print_lint(asked, ReportFormat.JSON if as_json else format_))


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
