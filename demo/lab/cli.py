"""``shardwatch lab``: every alert against every fault, in virtual time."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from demo.lab.playing import Options, Rules
from demo.lab.results import Results
from demo.lab.running import jobs_of, run_jobs
from demo.scenario import Scenario, find_scenario, read_scenario, scenario_names
from demo.sim.plan import DEFAULT_SEED
from demo.stack.layout import make_folder
from exporters.problems import EXIT_PROBLEMS_FOUND, InputError, problem
from slo.replay.rule_files import read_rule_files

_SUFFIXES = (".yaml", ".yml")

app = typer.Typer(help="Every alert against every fault, in virtual time, scored.")


@app.callback(invoke_without_command=True)
def lab(
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write into.")],
    *,
    scenario: Annotated[
        list[str] | None,
        typer.Option(help="A name of `demo scenarios`, or a file; by default all simulated ones."),
    ] = None,
    rules: Annotated[
        list[Path] | None,
        typer.Option(help="Rule files, or folders of them, to be scored instead of ours."),
    ] = None,
    peer: Annotated[
        list[Path] | None,
        typer.Option(help="A rule file, or a folder of them, to be scored beside ours."),
    ] = None,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Play weaker faults too: which are still caught?")
    ] = False,
    at_once: Annotated[int, typer.Option(help="Plays at the same time.")] = 2,
    seed: Annotated[int, typer.Option(help="Of all that the simulator draws.")] = DEFAULT_SEED,
) -> None:
    """Play scenarios in virtual time through the real rules, and write what came of them.

    Exit code 0 if all was as the scenarios expect, 1 if not, 2 if something cannot be played.
    """
    _check(at_once, seed)
    stories = _scenarios(scenario)
    options = Options(
        seed=seed,
        rules=Rules("given", _files(rules)) if rules else None,
        peers=_peers(peer or []),
    )
    for each in (options.rules, *options.peers):
        if each:
            read_rule_files(each.files)  # what is wrong with them is said before anything is played
    make_folder(out, "--out")
    results = Results(out)
    jobs = jobs_of(stories, options, sweep=sweep)
    done = run_jobs(jobs, at_once, lambda said: typer.echo(said, err=True), results.note)
    outcomes = [each for job, found in done if not job.is_swept for each in found]
    swept = [each for job, found in done if job.is_swept for each in found]
    sys.stdout.write(results.finish(outcomes, swept))
    if not all(each.is_good for each in outcomes if each.is_judged):
        raise typer.Exit(EXIT_PROBLEMS_FOUND)


def _check(at_once: int, seed: int) -> None:
    wrong = [
        problem(option, f"found {found}, expected {least} or more")
        for option, found, least in (("--at-once", at_once, 1), ("--seed", seed, 0))
        if found < least
    ]
    if wrong:
        raise InputError(wrong)


def _scenarios(names: Sequence[str] | None) -> list[Scenario]:
    """Return the scenarios that were named, or all of the simulator.

    Raises:
        InputError: if one is none, or is for real vLLM, whose time nobody can speed up.
    """
    stories = [read_scenario(find_scenario(each)) for each in names or scenario_names()]
    if not names:
        return [each for each in stories if each.engine == "sim"]
    wrong = [
        problem(each.name, f"is a scenario for {each.engine}, expected one for sim",
                fix="play it with `shardwatch demo up`")
        for each in stories if each.engine != "sim"
    ]  # fmt: skip
    if wrong:
        raise InputError(wrong)
    return stories


def _peers(paths: Sequence[Path]) -> tuple[Rules, ...]:
    names = [path.stem for path in paths]
    wrong = [problem(path, f"another peer is called {path.stem!r} too", fix="rename the file")
             for path in paths if names.count(path.stem) > 1]  # fmt: skip
    if wrong:
        raise InputError(wrong)
    return tuple(Rules(path.stem, _files([path])) for path in paths)


def _files(paths: Sequence[Path]) -> list[Path]:
    """Return rule files: those named, and those in folders that are named, sorted.

    Raises:
        InputError: if a folder has none.
    """
    found: list[Path] = []
    for path in paths:
        if not path.is_dir():
            found.append(path)
            continue
        files = sorted(each for each in path.rglob("*") if each.suffix in _SUFFIXES)
        if not files:
            raise InputError([problem(path, "found no rule file, expected .yaml or .yml")])
        found += files
    return found
