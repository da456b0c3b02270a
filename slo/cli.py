"""``shardwatch slo validate|rules``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exporters.config import read_config
from exporters.problems import EXIT_PROBLEMS_FOUND, InputError, exit_with, problem
from slo.checks import check_objectives
from slo.objectives import read_objective_paths, read_objectives
from slo.render import render_groups
from slo.rules import levels_group, objective_group

app = typer.Typer(help="Objectives and their rules.", no_args_is_help=True)

_Config = Annotated[
    Path, typer.Option("--config", help="shardwatch.yaml, which names the objectives.")
]
_DEFAULT_CONFIG = Path("shardwatch.yaml")


@app.command()
def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="OpenSLO files, or folders of them, instead of a configuration's."),
    ] = None,
    config: _Config = _DEFAULT_CONFIG,
) -> None:
    """Read objectives, and say what is wrong with them or what their alerts cannot do."""
    objectives = read_objective_paths(paths) if paths else read_objectives(read_config(config))
    problems = check_objectives(objectives)
    if problems:
        exit_with(problems, code=EXIT_PROBLEMS_FOUND)
    typer.echo(f"ok: {', '.join(each.name for each in objectives)}")


@app.command()
def rules(
    config: _Config = _DEFAULT_CONFIG,
    out: Annotated[
        Path | None, typer.Option("-o", "--out", help="A file to write, instead of printing.")
    ] = None,
) -> None:
    """Print the recording rules of a configuration's objectives, without any alert."""
    read = read_config(config)
    interval = read.file.prometheus.scrape_interval
    objectives = read_objectives(read)
    groups = [
        group(each, interval) for each in objectives for group in (objective_group, levels_group)
    ]
    text = render_groups(groups, sorted({config.name, *(each.file for each in objectives)}))
    if out is None:
        typer.echo(text, nl=False)
        return
    try:
        out.write_text(text, encoding="utf-8")
    except OSError as error:
        raise InputError([problem(out, f"cannot be written: {error.strerror}")]) from None
