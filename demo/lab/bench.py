"""The whole lab: ``python -m demo.lab.bench`` plays all, and prints its figures as JSON.

Scenarios at all strengths that they promise, the burn table, a quiet cell, the loss of a large
region, healthy days and clusters, and random scenarios held against promtool. What came of it is
written to ``out/lab``: ``RESULTS.md``, ``index.html``, ``results.json``.
"""

from __future__ import annotations

import json
import logging
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from typing import Annotated

import typer

from demo.lab.cli import JSON_RESULTS, PAGE, RESULTS
from demo.lab.figures import figures_of
from demo.lab.healthy.clusters import healthy_jobs
from demo.lab.healthy.days import Days
from demo.lab.matrix import results_text
from demo.lab.outcome import Outcome
from demo.lab.page import page_text
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
    quiet_part,
    storm_part,
)
from demo.lab.playing import Options
from demo.lab.running import jobs_of, run_jobs
from demo.scenario import find_scenario, read_scenario, scenario_names
from exporters.benching import figure, print_figures

OUT = Path("out/lab")
AT_ONCE = 2
_FAITHFUL_AT_ONCE = 50


@dataclass(frozen=True)
class Whole:
    """What the lab came to."""

    outcomes: Sequence[Outcome]
    """Of all scenarios, at the strengths that they promise."""
    swept: Sequence[Outcome]
    """At weaker ones."""
    parts: Sequence[Part]

    def write(self, out: Path) -> None:
        """Write tables, page and data into a folder."""
        more = [block for each in self.parts for block in each.blocks]
        content = [each.to_data() for each in (*self.outcomes, *self.swept)]
        out.mkdir(parents=True, exist_ok=True)
        for name, text in (
            (JSON_RESULTS, json.dumps(content, indent=1, sort_keys=True) + "\n"),
            (RESULTS, results_text(self.outcomes, self.swept, more)),
            (PAGE, page_text(self.outcomes, self.swept, more)),
        ):
            (out / name).write_text(text, encoding="utf-8")


def main(
    out: Annotated[Path, typer.Option("-o", "--out", help="The folder to write into.")] = OUT,
    *,
    at_once: Annotated[int, typer.Option(help="Plays at the same time.", min=1)] = AT_ONCE,
    sweep: Annotated[
        bool,
        typer.Option(
            "--sweep",
            envvar="SWEEP",
            help="Play weaker faults than scenarios promise too, each at seven strengths: hours.",
        ),
    ] = False,
) -> None:
    """Run the whole lab, print each figure as it comes, and write the tables."""
    began = time.monotonic()
    parts, days = _parts(at_once)
    scenarios = [read_scenario(find_scenario(each)) for each in scenario_names()]
    simulated = [each for each in scenarios if each.engine == "sim"]
    jobs = jobs_of(simulated, Options(), sweep=sweep)
    done = run_jobs([*jobs, *healthy_jobs(SEEDS)], at_once, _tell)
    plays, healthy = done[: len(jobs)], done[len(jobs) :]
    of_days = healthy_part(days, [each for _, found in healthy for each in found])
    whole = Whole(
        outcomes=[each for job, found in plays if not job.is_swept for each in found],
        swept=[each for job, found in plays if job.is_swept for each in found],
        parts=[*parts, of_days],
    )
    minutes = figure("lab.minutes", (time.monotonic() - began) / 60, "min", digits=1)
    print_figures(*of_days.figures, *figures_of(whole.outcomes), minutes)
    whole.write(out)


def _parts(at_once: int) -> tuple[list[Part], list[Days]]:
    """Measure what is beside the scenarios; return healthy days apart. The longest begin first."""
    spawned = get_context("spawn")
    with ProcessPoolExecutor(at_once, mp_context=spawned, initializer=_begin_quietly) as pool:
        storm = pool.submit(storm_part)
        days = [pool.submit(days_part, each) for each in range(1, SEEDS + 1, SEEDS_AT_ONCE)]
        burns, quiet = pool.submit(burns_part), pool.submit(quiet_part)
        faithful = [
            pool.submit(faithful_part, each, _FAITHFUL_AT_ONCE)
            for each in range(0, FAITHFUL_SCENARIOS, _FAITHFUL_AT_ONCE)
        ]
        parts = []
        for ended in (burns, quiet, storm):
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
