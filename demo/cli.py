"""``shardwatch demo``: a cluster to try shardwatch on."""

from __future__ import annotations

import asyncio
import signal
import sys
from math import inf
from pathlib import Path
from typing import Annotated

import typer

from demo.fault_kinds import EngineName
from demo.scenario import Scenario, find_scenario, read_scenario, scenario_names
from demo.sim.plan import DEFAULT_GROUPS, DEFAULT_SEED
from demo.stack.compare import to_json, to_table
from demo.stack.look import CATCH_UP_SECONDS, look
from demo.stack.run import Options, run_demo
from demo.stack.terminal import Terminal
from exporters.problems import EXIT_INTERRUPTED, EXIT_PROBLEMS_FOUND, InputError, Problem

app = typer.Typer(
    help="A cluster to try shardwatch on: simulated, or real vLLM.", no_args_is_help=True
)

FEWEST_GROUPS = 2
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
    strength: Annotated[
        float | None,
        typer.Option(help="Of its first fault: one of those that the scenario promises."),
    ] = None,
    groups: Annotated[
        int | None, typer.Option(help=f"Simulated shard groups; by default {DEFAULT_GROUPS}.")
    ] = None,
    seed: Annotated[
        int | None,
        typer.Option(help=f"Of all that the simulator draws; by default {DEFAULT_SEED}."),
    ] = None,
    speed: Annotated[
        float | None,
        typer.Option(help="Simulated seconds a second, to look around; plays no scenario."),
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
        raise _refused("--engine", f"found {engine!r}, expected sim or vllm")
    name = scenario or DEFAULT_SCENARIOS["vllm" if engine == "vllm" else "sim"]
    file = find_scenario(name)
    story = read_scenario(file)
    if story.engine == "lab":
        said = "is for the lab alone, which plays it in virtual time"
        raise _refused(name, said, f"shardwatch lab --scenario {name} -o DIR")
    if engine and story.engine != engine:
        said = f"is a scenario for {story.engine}, not for {engine}"
        raise _refused(name, said, f"add --engine {story.engine}")
    if strength is not None:
        story = _at_strength(story, strength)
    _check_simulation(story, groups=groups, seed=seed, speed=speed, stay=stay)
    options = Options(
        scenario=story,
        scenario_file=file,
        folder=directory,
        out=out,
        stay=stay or (not once and sys.stdout.isatty()),
        groups=DEFAULT_GROUPS if groups is None else groups,
        seed=DEFAULT_SEED if seed is None else seed,
        speed=1.0 if speed is None else speed,
    )
    if asyncio.run(_until_ended(options)):
        raise typer.Exit(EXIT_PROBLEMS_FOUND)


@app.command()
def scenarios() -> None:
    """List the scenarios that come with shardwatch."""
    names = scenario_names()
    width = max(map(len, names))
    for name in names:
        story = read_scenario(find_scenario(name))
        typer.echo(f"{name:<{width}} {story.engine:<5} {' '.join(story.story.split())}")


@app.command()
def truth(
    *,
    directory: Annotated[Path, typer.Option("--dir", help="Folder of a running demo.")],
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, for programs.")] = False,
    within: Annotated[
        float, typer.Option(help="Seconds that the stack may take to see what is true.")
    ] = CATCH_UP_SECONDS,
) -> None:
    """Hold what a running demo's stack says against what really is.

    Exit code 0 if they agree, 1 if not, 2 if no demo runs there.
    """
    rows = asyncio.run(look(directory, within))
    typer.echo(to_json(rows) if as_json else to_table(rows))
    if not all(each.agrees for each in rows):
        raise typer.Exit(EXIT_PROBLEMS_FOUND)


def _at_strength(story: Scenario, strength: float) -> Scenario:
    promised = story.promised_strengths
    if strength in promised:
        return story.at_strength(strength)
    first = story.first_fault.fault
    if not promised:
        raise _refused("--strength", f"{story.name} begins with {first}, which has no strength")
    choice = ", ".join(f"{each:g}" for each in promised)
    said = f"found {strength:g}, expected a strength of {first} at which {story.name} must be seen"
    raise _refused("--strength", said, f"take one of: {choice}")


def _check_simulation(
    story: Scenario, *, groups: int | None, seed: int | None, speed: float | None, stay: bool
) -> None:
    """Refuse what a simulator cannot be, and what only a simulator can be."""
    given = {"--groups": groups, "--seed": seed, "--speed": speed}
    for option, value in given.items():
        if value is not None and story.engine != "sim":
            raise _refused(option, f"is for the simulator, and {story.name} is for {story.engine}")
    if groups is not None and groups < FEWEST_GROUPS:
        raise _refused("--groups", f"found {groups}, expected {FEWEST_GROUPS} or more")
    if seed is not None and seed < 0:
        raise _refused("--seed", f"found {seed}, expected 0 or more")
    if speed is not None and not 0 < speed < inf:
        raise _refused("--speed", f"found {speed:g}, expected a number above 0")
    if speed not in (None, 1) and not stay:
        said = "Prometheus's rules run in real time, so no scenario can be played at another speed"
        raise _refused("--speed", said, "add --stay to look around, or leave it out")


def _refused(what: str, message: str, fix: str = "") -> InputError:
    return InputError([Problem(what, 0, 0, "", message, fix)])


async def _until_ended(options: Options) -> list[str]:
    task = asyncio.ensure_future(run_demo(options, Terminal(sys.stdout)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, task.cancel)
    try:
        return await task
    except asyncio.CancelledError:
        raise typer.Exit(EXIT_INTERRUPTED) from None
