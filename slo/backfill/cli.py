"""``shardwatch slo backfill``."""

from __future__ import annotations

import asyncio
import contextlib
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated

import typer

from exporters.access import HttpAccess
from exporters.config import read_config
from exporters.options import read_duration
from exporters.problems import InputError, problem
from slo.backfill.changes import moment, other_objective, other_target
from slo.backfill.fill import Filled, fill, reach_seconds
from slo.backfill.sinks import OpenMetricsFile, RemoteWriteSink, Sink
from slo.backfill.stretches import Stretch, find_stretches
from slo.levels import HOUR
from slo.objective import Objective
from slo.objectives import read_objectives
from slo.prometheus import PrometheusClient, PrometheusDeniedError, PrometheusError
from slo.servers import NAME_WHO_ASKS, access_to, refuse_user

app = typer.Typer()
QUERY_SECONDS = 120.0
"""A query may take so long; Prometheus's own limit is two minutes."""
MAKE_BLOCKS = (
    "promtool tsdb create-blocks-from openmetrics --max-block-duration=240h {file} "
    "PROMETHEUS_DATA_FOLDER"
)


@dataclass(frozen=True)
class _Wanted:
    """Where from, where to, as whom, how far back."""

    source_url: str
    source_access: HttpAccess | None
    target_url: str
    target_access: HttpAccess | None
    write_url: str | None
    folder: Path | None
    reach_seconds: float | None
    interval_seconds: float


@app.callback()
def _commands() -> None:
    """Keep ``backfill`` a command of its own."""


@app.command()
def backfill(
    *,
    config: Annotated[
        Path, typer.Option("--config", help="shardwatch.yaml, which names the objectives.")
    ] = Path("shardwatch.yaml"),
    prometheus: Annotated[
        str | None,
        typer.Option("--prometheus", help="Who has the raw series; the configuration's, if none."),
    ] = None,
    objective: Annotated[
        list[str] | None,
        typer.Option("--objective", help="Only this one; may be given again. All, if none."),
    ] = None,
    since: Annotated[
        str | None,
        typer.Option("--from", help="How far back, such as 28d; each objective's period, if none."),
    ] = None,
    http_config: Annotated[
        Path | None,
        typer.Option(
            "--http-config",
            metavar="FILE",
            help="How that server is asked: credentials, headers, TLS. As the configuration says "
            "of its own, if none.",
        ),
    ] = None,
    to_url: Annotated[
        str | None,
        typer.Option(
            "--to-url",
            help="Who has, and is written, what rules record; --prometheus, if none.",
        ),
    ] = None,
    to_http_config: Annotated[
        Path | None,
        typer.Option("--to-http-config", metavar="FILE", help="How --to-url is asked."),
    ] = None,
    write_url: Annotated[
        str | None,
        typer.Option(
            "--write-url",
            metavar="URL",
            help="Where its remote write is; /api/v1/write below it, if none.",
        ),
    ] = None,
    out: Annotated[
        Path | None,
        typer.Option("-o", "--out", help="A folder for files that promtool makes blocks of."),
    ] = None,
) -> None:
    """Give objectives the history that their rules would have recorded, from raw series.

    Nothing is written where something was recorded. It can be interrupted and run again.
    """
    read = read_config(config)
    for option, given in (("--to-url", to_url), ("--write-url", write_url)):
        if given and out:
            raise InputError([problem(out, f"found both {option} and -o, expected one of them")])
    if to_http_config and not to_url:
        found = "found --to-http-config without --to-url, expected both or neither"
        raise InputError([problem(to_http_config, found)])
    if write_url:
        refuse_user(write_url)
    source = prometheus or read.file.prometheus.url
    source_access = access_to(source, http_config, read)
    wanted = _Wanted(
        source,
        source_access,
        to_url or source,
        access_to(to_url, to_http_config, read) if to_url else source_access,
        write_url,
        out,
        _reach(since) if since else None,
        read.file.prometheus.scrape_interval,
    )
    objectives = _chosen(read_objectives(read), objective or [], config)
    try:
        asyncio.run(_backfill(objectives, wanted))
    except PrometheusDeniedError as error:
        fix = f"{NAME_WHO_ASKS}; for --to-url in a file that --to-http-config names"
        raise InputError([problem("backfill", str(error), fix=fix)]) from None
    except PrometheusError as error:
        fix = "correct the address, or run it again: it goes on where it was interrupted"
        raise InputError([problem("backfill", str(error), fix=fix)]) from None
    except OSError as error:
        reason = f"cannot be written: {error.strerror or error}"
        raise InputError([problem(error.filename or str(out), reason)]) from None


async def _backfill(objectives: Sequence[Objective], wanted: _Wanted) -> None:
    now = time.time()
    async with (
        PrometheusClient(
            wanted.source_url, timeout_seconds=QUERY_SECONDS, access=wanted.source_access
        ) as source,
        PrometheusClient(
            wanted.target_url,
            timeout_seconds=QUERY_SECONDS,
            access=wanted.target_access,
            write_url=wanted.write_url,
        ) as target,
    ):
        others = [
            problem
            for each in objectives
            if (problem := await other_objective(target, each, reach_seconds(each), now))
        ]
        if others:
            raise InputError(others)
        for each in objectives:
            start = now - (wanted.reach_seconds or reach_seconds(each))
            if said := await other_target(target, each, start, now):
                _say(said)
            stretches = await find_stretches(target, each, wanted.interval_seconds, start, now)
            if not stretches:
                typer.echo(f"{each.name}: all of it is recorded")
                continue
            with _sink(each, target, wanted) as sink:
                filled = await fill(
                    each,
                    stretches,
                    source,
                    sink,
                    interval_seconds=wanted.interval_seconds,
                    start=start,
                    now=now,
                    tell=_say,
                )
            _tell(each, stretches, filled, wanted)


def _say(text: str) -> None:
    typer.echo(text, err=True)


def _tell(
    objective: Objective, stretches: Sequence[Stretch], filled: Filled, wanted: _Wanted
) -> None:
    start, seen_from = stretches[0].start, filled.seen_from
    if not filled.samples:
        ends = f"{moment(start)} to {moment(stretches[-1].end)}"
        typer.echo(
            f"{objective.name}: wrote nothing: its raw series say nothing of the time that is not "
            f"recorded, {ends}"
        )
        return
    cells = f"{filled.cells} cell{'s' if filled.cells > 1 else ''}"
    begin = ""
    if seen_from is not None and seen_from > start + HOUR:
        begin = f"; its raw series begin at {moment(seen_from)}, and nothing is known before"
    typer.echo(f"{objective.name}: wrote {filled.samples} samples of {cells}{begin}")
    if wanted.folder:
        typer.echo(f"now run: {MAKE_BLOCKS.format(file=_file(wanted.folder, objective))}")


@contextlib.contextmanager
def _sink(objective: Objective, target: PrometheusClient, wanted: _Wanted) -> Iterator[Sink]:
    if wanted.folder is None:
        yield RemoteWriteSink(target, wanted.write_url or wanted.target_url)
        return
    with OpenMetricsFile(_file(wanted.folder, objective)) as file:
        yield file


def _file(folder: Path, objective: Objective) -> Path:
    return folder / f"slo-{objective.name}.om"


def _chosen(
    objectives: Sequence[Objective], chosen: Sequence[str], config: Path
) -> list[Objective]:
    there = {each.name: each for each in objectives}
    unknown = [each for each in chosen if each not in there]
    if unknown:
        fix = f"take one of: {', '.join(there)}"
        raise InputError(
            [problem(config, f"no objective is called {each!r}", fix=fix) for each in unknown]
        )
    return [there[each] for each in chosen] if chosen else list(objectives)


def _reach(text: str) -> float:
    seconds = read_duration("--from", text)
    if seconds < HOUR:
        expected = "expected at least 1h, for what is recorded is looked for at full hours"
        raise InputError([problem("--from", f"found {text}, {expected}")])
    return seconds
