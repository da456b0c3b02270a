"""``shardwatch lab``: every alert against every fault, in virtual time."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated

import typer

from demo.lab.options import Options, Rules
from demo.lab.peers import GIVEN, doubts_about, read_peers, rule_files
from demo.lab.results import Results
from demo.lab.running import jobs_of, run_jobs
from demo.scenario import Scenario, find_scenario, read_scenario, scenario_names
from demo.sim.plan import DEFAULT_SEED
from demo.stack.layout import make_folder
from exporters.problems import EXIT_PROBLEMS_FOUND, InputError, problem
from slo.replay.rule_files import read_rule_files

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
        list[str] | None,
        typer.Option(
            metavar="[NAME=]PATH",
            help="A rule file, or a folder of them, to be scored beside ours; once for each peer.",
        ),
    ] = None,
    sweep: Annotated[
        bool, typer.Option("--sweep", help="Play weaker faults too: which are still caught?")
    ] = False,
    at_once: Annotated[int, typer.Option(help="Plays at the same time.")] = 2,
    seed: Annotated[int, typer.Option(help="Of all that the simulator draws.")] = DEFAULT_SEED,
) -> None:
    """Play scenarios in virtual time through the real rules, and write what came of them.

    Exit code 0 if all was as the scenarios expect, boards showed what they must and no query of
    theirs failed; 1 if not; 2 if something cannot be played.
    """
    _check(at_once, seed)
    stories = _scenarios(scenario)
    options = Options(
        seed=seed,
        rules=Rules(GIVEN, rule_files(rules)) if rules else None,
        peers=read_peers(peer or []),
    )
    for each in (options.rules, *options.peers):
        if each:
            read_rule_files(each.files)  # what is wrong with them is said before anything is played
    for each in options.peers:
        for doubt in doubts_about(each):
            typer.echo(str(doubt), err=True)
    make_folder(out, "--out")
    results = Results(out)
    jobs = jobs_of(stories, options, sweep=sweep)
    done = run_jobs(jobs, at_once, lambda said: typer.echo(said, err=True), results.note)
    outcomes = [each for job, found in done if not job.is_swept for each in found]
    swept = [each for job, found in done if job.is_swept for each in found]
    sys.stdout.write(results.finish(outcomes, swept))
    if not all(each.is_good and not each.board_failures for each in outcomes if each.is_judged):
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
        return [each for each in stories if each.is_simulated]
    wrong = [
        problem(each.name, f"is a scenario for {each.engine}, expected one for sim",
                fix="play it with `shardwatch demo up`")
        for each in stories if not each.is_simulated
    ]  # fmt: skip
    if wrong:
        raise InputError(wrong)
    return stories
