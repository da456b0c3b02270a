"""``shardwatch alerts``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

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
