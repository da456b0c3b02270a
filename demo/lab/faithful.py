"""How faithful the lab is, as JSON on standard output: ``python -m demo.lab.faithful``.

Random scenarios are given to promtool and to the replay; ``lab.unfaithful_alerts`` is how many
alerts are pending or firing at other moments by one than by the other. Each scenario has an empty
server of its own, so that nothing of another is remembered.
"""

from __future__ import annotations

import asyncio
import tempfile
from pathlib import Path
from typing import Annotated

import typer

from demo.lab.faithfulness.judging import differing_alerts
from demo.lab.faithfulness.scenarios import random_scenario
from exporters.benching import figure, print_figures
from exporters.programs import locate_program
from slo.benching.server import empty_server


async def judge(seed: int) -> tuple[set[str], int]:
    """Return the alerts of a seed's scenario that differ, and how many it has."""
    promtool = locate_program("promtool")
    with tempfile.TemporaryDirectory() as folder:
        async with empty_server() as client:
            return await differing_alerts(client, promtool, random_scenario(seed), Path(folder))


def main(
    scenarios: Annotated[int, typer.Option(help="How many.", min=1)] = 200,
    seed: Annotated[int, typer.Option(help="Of the first; each has the next.")] = 0,
) -> None:
    """Judge random scenarios, and print how many alerts differ."""
    differing = alerts = 0
    for each in range(seed, seed + scenarios):
        found, of = asyncio.run(judge(each))
        alerts += of
        differing += len(found)
        for said in sorted(found):
            typer.echo(f"scenario {each}: {said}", err=True)
    typer.echo(f"{scenarios} scenarios with {alerts} alerts, {differing} differ", err=True)
    print_figures(figure("lab.unfaithful_alerts", differing, "alerts"))


if __name__ == "__main__":
    typer.run(main)
