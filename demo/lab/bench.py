"""The whole lab: ``python -m demo.lab.bench`` plays all, and prints its figures as JSON.

Scenarios at all strengths that they promise, the burn table, the loss of a large region, healthy
days and clusters, and random scenarios held against promtool. What came of it is written to
``out/lab``: ``RESULTS.md``, ``index.html``, ``results.json``.
"""

from __future__ import annotations

import logging
import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer

from demo.lab.bars import broken, figure_blocks
from demo.lab.figures import figures_of
from demo.lab.healthy.clusters import healthy_jobs
from demo.lab.healthy.days import Days
from demo.lab.live import KEPT
from demo.lab.options import Options
from demo.lab.outcome import Outcome
from demo.lab.parts import (
    FAITHFUL_SCENARIOS,
    SEEDS,
    SEEDS_AT_ONCE,
    Part,
    burns_part,
    days_part,
    faithful_figures,
    faithful_part,
    healthy_part,
    storm_part,
)
from demo.lab.results import Results
from demo.lab.running import jobs_of, run_jobs
from demo.scenario import find_scenario, read_scenario, scenario_names
from exporters.benching import Figure, figure, print_figures
from exporters.problems import EXIT_PROBLEMS_FOUND

OUT = Path("out/lab")
AT_ONCE = 2
_FAITHFUL_AT_ONCE = 50
_OF_GO = {"GOGC": "400", "GOMEMLIMIT": "8GiB"}
"""Of every Prometheus and promtool: they clear away less often, which takes a quarter less of the
processor's time, as long as there is memory. The largest, of the storm, holds a million series."""


@dataclass(frozen=True)
class Whole:
    """What the lab came to."""

    outcomes: Sequence[Outcome]
    """Of all scenarios, at the strengths that they promise."""
    healthy: Sequence[Outcome]
    """Of clusters that are well."""
    parts: Sequence[Part]
    figures: Sequence[Figure]
    """All of them."""

    def write(self, results: Results) -> None:
        """Write tables, page and data."""
        results.finish(
            self.outcomes,
            healthy=self.healthy,
            first=figure_blocks(self.figures),
            more=[block for each in self.parts for block in each.blocks],
        )


def main(
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write into.")] = OUT,
    at_once: Annotated[int, typer.Option(help="Plays at the same time.", min=1)] = AT_ONCE,
) -> None:
    """Run the whole lab, print each figure as it comes, and write the tables.

    Exit code 0 if all bars are kept, 1 if one is broken or its figure could not be measured.
    """
    began = time.monotonic()
    for name, value in _OF_GO.items():
        os.environ.setdefault(name, value)
    compared = [KEPT.read_text(encoding="utf-8").strip()]
    results = Results(out)
    parts, days = _parts(at_once)
    scenarios = [read_scenario(find_scenario(each)) for each in scenario_names()]
    simulated = [each for each in scenarios if each.is_simulated]
    jobs = jobs_of(simulated, Options(), sweep=False)
    done = run_jobs([*jobs, *healthy_jobs(SEEDS)], at_once, _tell, results.note)
    plays = done[: len(jobs)]
    outcomes = [each for _, found in plays for each in found]
    healthy = [each for _, found in done[len(jobs) :] for each in found]
    of_days = healthy_part(days, healthy)
    first_faults = {each.name: each.first_fault.fault for each in simulated}
    minutes = figure("lab.minutes", (time.monotonic() - began) / 60, "min", digits=1)
    last = [*of_days.figures, *figures_of(outcomes, first_faults), minutes]
    print_figures(*last)
    figures = [*(of for each in parts for of in each.figures), *last]
    Whole(
        outcomes=outcomes,
        healthy=healthy,
        parts=[*parts, of_days, Part([], compared)],
        figures=figures,
    ).write(results)
    judge(figures)


def judge(figures: Sequence[Figure]) -> None:
    """Say on stderr which bars are broken, and end with exit code 1 if any is."""
    if said := broken(figures):
        for each in said:
            _tell(each)
        raise typer.Exit(EXIT_PROBLEMS_FOUND)


def _parts(at_once: int) -> tuple[list[Part], list[Days]]:
    """Measure what is beside the scenarios; return healthy days apart. The longest begin first."""
    spawned = get_context("spawn")
    with ProcessPoolExecutor(at_once, mp_context=spawned, initializer=_begin_quietly) as pool:
        storm = pool.submit(storm_part)
        days = [pool.submit(days_part, each) for each in range(1, SEEDS + 1, SEEDS_AT_ONCE)]
        burns = pool.submit(burns_part)
        faithful = [
            pool.submit(faithful_part, each, _FAITHFUL_AT_ONCE)
            for each in range(0, FAITHFUL_SCENARIOS, _FAITHFUL_AT_ONCE)
        ]
        parts = []
        for ended in (burns, storm):
            parts.append(ended.result())
            print_figures(*parts[-1].figures)
        parts.append(faithful_figures([each.result() for each in faithful]))
        print_figures(*parts[-1].figures)
        return parts, [each.result() for each in days]


def _begin_quietly() -> None:
    logging.getLogger("shardwatch").setLevel(logging.CRITICAL)  # faults are no news here


def _tell(said: str) -> None:
    typer.echo(said, err=True)


if __name__ == "__main__":
    typer.run(main)
