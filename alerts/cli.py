"""``shardwatch alerts``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from alerts.lint.command import Lint, ReportFormat, print_lint
from alerts.lint.rules import SEVERITIES, Setting
from alerts.lint.scenarios import read_expected
from exporters.options import read_duration

app = typer.Typer(help="Rule files checked.", no_args_is_help=True)


@app.callback()
def _commands() -> None:
    """Rule files checked."""


@app.command()
def lint(
    paths: Annotated[
        list[Path],
        typer.Argument(
            metavar="FILES",
            help="Prometheus's rule files, PrometheusRule manifests, or folders of them. What "
            "rules read of each other is only known if all are given.",
        ),
    ],
    *,
    scrape_interval: Annotated[
        str, typer.Option(metavar="DURATION", help="Of the series that the rules read.")
    ] = "15s",
    prometheus: Annotated[
        str | None,
        typer.Option(metavar="URL", help="Ask this server which series exist."),
    ] = None,
    http_config: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="How it is asked: credentials, headers, TLS."),
    ] = None,
    scenarios: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER", help="Tell the alerts that none of these scenarios expects."
        ),
    ] = None,
    severity: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="A severity that you have besides the usual."),
    ] = None,
    with_ours: Annotated[
        bool, typer.Option("--with-ours", help="Tell names that shardwatch's rules have, too.")
    ] = False,
    format_: Annotated[
        ReportFormat, typer.Option("--format", help="Text for people, or JSON.")
    ] = ReportFormat.TEXT,
) -> None:
    """Say what is wrong with rules, ours or anyone's.

    Exits with 1 if an error or a warning was found, with 2 if something could not be read or asked.
    """
    setting = Setting(
        scrape_interval_seconds=read_duration("--scrape-interval", scrape_interval),
        severities=tuple(sorted({*SEVERITIES, *(severity or ())})),
        expected=None if scenarios is None else read_expected(scenarios),
        with_ours=with_ours,
    )
    asked = Lint(tuple(paths), setting, prometheus, http_config)
    raise SystemExit(print_lint(asked, format_))
