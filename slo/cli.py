"""``shardwatch slo validate|rules|import``."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from exporters.config import read_config
from exporters.problems import EXIT_PROBLEMS_FOUND, InputError, exit_with, print_problems, problem
from slo.checks import check_objectives
from slo.doubts import warnings_of
from slo.objective import Objective
from slo.objectives import (
    ObjectiveFile,
    find_objective_files,
    read_objective_files,
    read_objectives,
)
from slo.render import render_groups
from slo.rules import levels_group, objective_group
from slo.sloth.importing import import_sloth, read_period_seconds, write_texts
from slo.sloth.openslo_text import write_openslo

app = typer.Typer(help="Objectives and their rules.", no_args_is_help=True)

_Config = Annotated[
    Path, typer.Option("--config", help="shardwatch.yaml, which names the objectives.")
]
_DEFAULT_CONFIG = Path("shardwatch.yaml")


@app.command()
def validate(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            help="OpenSLO or Sloth files, or folders of them, instead of a configuration's."
        ),
    ] = None,
    config: _Config = _DEFAULT_CONFIG,
) -> None:
    """Read objectives, and say what is wrong with them or what their alerts cannot do."""
    objectives = _read_paths(paths) if paths else read_objectives(read_config(config))
    print_problems(doubt for each in objectives for doubt in (*each.notes, *warnings_of(each)))
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


@app.command("import")
def import_(
    paths: Annotated[list[Path], typer.Argument(help="Sloth's specs, or folders of them.")],
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="A folder to write SERVICE.yaml into, not yet there."),
    ] = None,
    period: Annotated[
        str, typer.Option(help="Of the budgets; sloth generate's --default-slo-period.")
    ] = "30d",
) -> None:
    """Turn Sloth's specs into OpenSLO documents, and say what of them is lost."""
    imported = import_sloth(_find_files(paths), read_period_seconds(period))
    texts = write_openslo(imported)
    written = write_texts(out, texts) if out is not None else []
    objectives = [each.objective for each in imported]
    print_problems(doubt for each in objectives for doubt in (*each.notes, *warnings_of(each)))
    if out is None:
        typer.echo("---\n".join(texts.values()), nl=False)
    for path in written:
        typer.echo(f"wrote {path}")


def _read_paths(paths: list[Path]) -> tuple[Objective, ...]:
    return read_objective_files(_find_files(paths))


def _find_files(paths: list[Path]) -> list[ObjectiveFile]:
    missing = [problem(each, "no such file or folder") for each in paths if not each.exists()]
    if missing:
        raise InputError(missing)
    files = [file for path in paths for file in find_objective_files(path, str(path))]
    if not files:
        raise InputError([problem(paths[0], "found no objective file in it")])
    return files
