"""``shardwatch slo test``: here and not in ``slo``, for the tests hold the alerts too."""

from __future__ import annotations

import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from alerts.made_tests.run import MadeTests, make_tests, run_made_tests
from exporters.generated import LIST, write_generated
from exporters.problems import EXIT_PROBLEMS_FOUND, InputError, exit_with, problem
from exporters.programs import locate_program
from slo.choosing import choose_objectives

app = typer.Typer()


@app.callback()
def _commands() -> None:
    """Keep ``test`` a command of its own."""


@app.command("test")
def run_tests(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(help="OpenSLO files, or folders of them, instead of a configuration's."),
    ] = None,
    config: Annotated[
        Path, typer.Option("--config", help="shardwatch.yaml; with FILES it may be missing.")
    ] = Path("shardwatch.yaml"),
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="A folder of their own, to keep rules and tests in."),
    ] = None,
    promtool: Annotated[
        Path | None,
        typer.Option(
            "--promtool", help="The program, where it is another than on PATH or of `make setup`."
        ),
    ] = None,
) -> None:
    """Make tests for the objectives' rules and alerts, and run them with promtool."""
    program = locate_program("promtool", promtool)
    made = _make(paths, config)
    with tempfile.TemporaryDirectory(prefix="shardwatch-tests-") as scratch:
        folder = out or Path(scratch)
        _write(folder, made)
        failed = []
        for outcome in run_made_tests(program, folder, made):
            name = outcome.made.objective.name
            failed += [problem(name, str(each)) for each in outcome.failures]
            bad = {each.case for each in outcome.failures}
            for case in outcome.made.cases:
                held = "FAILED" if case.name in bad else f"ok: {'; '.join(case.held)}"
                typer.echo(f"{name}: {case.name}: {held}")
            if outcome.made.not_tested:
                typer.echo(f"{name}: not tested: {outcome.made.not_tested}")
    if failed:
        exit_with(failed, code=EXIT_PROBLEMS_FOUND)


def _make(paths: list[Path] | None, config: Path) -> list[MadeTests]:
    chosen = choose_objectives(paths or [], config)
    return make_tests(
        chosen.objectives, chosen.scrape_interval_seconds, chosen.links, chosen.sources
    )


def _write(folder: Path, made: Sequence[MadeTests]) -> None:
    files = {path: text for each in made for path, text in each.files.items()}
    listed = folder / LIST
    if listed.exists() and not all(
        line.startswith(("rules/slo-", "tests/slo-"))
        for line in listed.read_text(encoding="utf-8", errors="replace").splitlines()
    ):
        fix = "keep the tests in a folder of their own"
        raise InputError([problem(folder, "found what `shardwatch build` wrote", fix=fix)])
    write_generated(folder, files)
