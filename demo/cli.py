"""``shardwatch demo``: a cluster to try shardwatch on."""

from __future__ import annotations

import asyncio
import signal
import sys
from pathlib import Path
from typing import Annotated

import typer

from demo.faults import EngineName
from demo.scenario import find_scenario, read_scenario, scenario_names
from demo.stack.run import Options, run_demo
from demo.stack.terminal import Terminal
from exporters.problems import EXIT_INTERRUPTED, EXIT_PROBLEMS_FOUND, InputError, Problem

app = typer.Typer(
    help="A cluster to try shardwatch on: simulated, or real vLLM.", no_args_is_help=True
)


DEFAULT_SCENARIOS: dict[EngineName, str] = {"sim": "gpu-lost", "vllm": "frozen-worker"}


@app.command()
def up(
    *,
    engine: Annotated[
        str | None, typer.Option(help="sim or vllm; by default the scenario's.")
    ] = None,
    scenario: Annotated[
        str | None, typer.Option(help="A name of `demo scenarios`, or a file.")
    ] = None,
    once: Annotated[
        bool, typer.Option(help="End after the scenario; so where the output is no terminal.")
    ] = False,
    stay: Annotated[
        bool, typer.Option(help="Stay up after the scenario, also without a terminal.")
    ] = False,
    directory: Annotated[
        Path | None, typer.Option("--dir", help="Folder for state; by default a temporary one.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Folder to write report.json to.")] = None,
) -> None:
    """Start a cluster with the whole stack and play a scenario on it.

    Exit code 0 if everything expected was seen, 1 if not, 2 if the demo could not run.
    """
    if engine not in (None, *DEFAULT_SCENARIOS):
        raise InputError([Problem("--engine", 0, 0, "", f"found {engine!r}, expected sim or vllm")])
    name = scenario or DEFAULT_SCENARIOS["vllm" if engine == "vllm" else "sim"]
    file = find_scenario(name)
    story = read_scenario(file)
    if engine and story.engine != engine:
        said = f"is a scenario for {story.engine}, not for {engine}"
        raise InputError([Problem(name, 0, 0, "", said, f"add --engine {story.engine}")])
    stays = stay or (not once and sys.stdout.isatty())
    options = Options(scenario=story, scenario_file=file, folder=directory, out=out, stay=stays)
    if asyncio.run(_until_ended(options)):
        raise typer.Exit(EXIT_PROBLEMS_FOUND)


@app.command()
def scenarios() -> None:
    """List the scenarios that come with shardwatch."""
    for name in scenario_names():
        story = read_scenario(find_scenario(name))
        typer.echo(f"{name:<16} {story.engine:<5} {' '.join(story.story.split())}")


async def _until_ended(options: Options) -> list[str]:
    task = asyncio.ensure_future(run_demo(options, Terminal(sys.stdout)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        raise typer.Exit(EXIT_INTERRUPTED) from None
