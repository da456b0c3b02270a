"""``shardwatch alerts``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exporters.problems import EXIT_PROBLEMS_FOUND

app = typer.Typer(help="Alerts: those of any rule files, checked.", no_args_is_help=True)


@app.callback()
def _commands() -> None:
    """Alerts: those of any rule files, checked."""


@app.command()
def lint(
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="FILES", help="Prometheus's rule files, or folders of them."),
    ],
) -> None:
    """Say what is wrong with rules, ours or anyone's."""
    raise NotImplementedError(paths)


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

    Runs until it is stopped. With --once, exit code 1 if Prometheus did not answer, or events
    wait that could not be told.
    """
    from alerts.changes.running import run  # noqa: PLC0415 - as late as the packages
    from exporters.options import read_duration  # noqa: PLC0415

    if not run(config, state, read_duration("--interval", interval), once=once):
        raise typer.Exit(EXIT_PROBLEMS_FOUND)
