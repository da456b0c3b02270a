"""``shardwatch alerts``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from alerts.lint.command import Lint, print_lint
from alerts.lint.options import Format, HttpConfigFile, PrometheusUrl, TargetLabels
from alerts.lint.printing import ReportFormat
from alerts.lint.rules import SEVERITIES, Setting
from alerts.lint.scenarios import read_expected
from exporters.options import read_duration
from exporters.problems import EXIT_PROBLEMS_FOUND

app = typer.Typer(help="Alerts: rule files checked, changes told.", no_args_is_help=True)


@app.callback()
def _commands() -> None:
    """Alerts: rule files checked, changes told."""


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
    prometheus: PrometheusUrl = None,
    http_config: HttpConfigFile = None,
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
    target_label: TargetLabels = None,
    with_ours: Annotated[
        bool, typer.Option("--with-ours", help="Tell names that shardwatch's rules have, too.")
    ] = False,
    format_: Format = ReportFormat.TEXT,
) -> None:
    """Say what is wrong with rules, ours or anyone's.

    Exits with 1 if an error or a warning was found, with 2 if something could not be read or asked.
    """
    setting = Setting(
        scrape_interval_seconds=read_duration("--scrape-interval", scrape_interval),
        severities=tuple(sorted({*SEVERITIES, *(severity or ())})),
        expected=None if scenarios is None else read_expected(scenarios),
        with_ours=with_ours,
        target_labels=None if target_label is None else frozenset(target_label),
    )
    asked = Lint(tuple(paths), setting, prometheus, http_config)
    raise SystemExit(print_lint(asked, format_))


@app.command()
def changes(
    config: Annotated[
        Path, typer.Option("--config", metavar="FILE", help="shardwatch.yaml.")
    ] = Path("shardwatch.yaml"),
    state: Annotated[
        Path,
        typer.Option(
            "--state",
            metavar="FILE",
            help="What is known and yet to be told: a restart neither repeats nor loses.",
        ),
    ] = Path("changes.json"),
    interval: Annotated[
        str, typer.Option("--interval", metavar="DURATION", help="Between two looks.")
    ] = "1m",
    *,
    once: Annotated[
        bool, typer.Option("--once", help="Look once, tell what can be told, and end.")
    ] = False,
) -> None:
    """Tell PagerDuty of rollouts, other weights and other drivers, as change events.

    Runs until it is stopped. With --once, exit code 1 if Prometheus did not answer, events wait
    that could not be told, or PagerDuty refused one.
    """
    from alerts.changes.running import run  # noqa: PLC0415 - as late as the packages

    if not run(config, state, read_duration("--interval", interval), once=once):
        raise typer.Exit(EXIT_PROBLEMS_FOUND)
