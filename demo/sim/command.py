"""The command ``python -m demo.sim``: its options, checked, and what it runs."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import time
from math import inf
from pathlib import Path

from aiohttp import web

from demo.sim.fleet import fleet_of
from demo.sim.hardware.run import DCGM_INTERVAL_SECONDS
from demo.sim.past import let_routers_have_served
from demo.sim.server import make_app, make_runner
from demo.sim.simulation import Clock, Simulation, follow_clock
from demo.weektime import read_week_time, second_of_week
from exporters.problems import InputError, exit_with, problem
from exporters.topology import read_topology

MOST_FAILURES = 1000.0
"""Of the published rate: at far more, a step never ends."""
LOOPBACK = "127.0.0.1"
HIGHEST_PORT = 65_535
NEXT_REVISION = "r2"
"""What a canary runs."""
SHORTEST_STEP_SECONDS = 0.1
LONGEST_STEP_SECONDS = 60.0
"""A warm-up of half an hour is some thousands of steps at the most, and some tens at the least."""


def main() -> None:
    """Read the command line and serve until SIGTERM or SIGINT."""
    options = _parse()
    try:
        _check(options)
        topology = read_topology(options.topology)
        fleet = fleet_of(topology, step_seconds=options.step, more_revisions=[NEXT_REVISION])
        started, wall = time.monotonic(), time.time()
        simulation = Simulation(
            fleet,
            seed=options.seed,
            now=wall,
            dcgm_interval=options.dcgm_interval,
            failure_rate=options.failure_rate,
            clock_offset=0.0
            if options.starts_at is None
            else options.starts_at - second_of_week(wall),
        )
        let_routers_have_served(simulation.state)

        def clock() -> float:
            return wall + (time.monotonic() - started) * float(options.speed)

        asyncio.run(_serve(simulation, clock, options.port, options.speed))
    except InputError as error:
        exit_with(error.problems)


def _parse() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m demo.sim", description=__doc__)
    parser.add_argument("--topology", type=Path, required=True, help="topology.yaml")
    parser.add_argument("--port", type=int, required=True, help="on loopback")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--dcgm-interval",
        type=float,
        default=DCGM_INTERVAL_SECONDS,
        metavar="SECONDS",
        help=f"between two collections of a host's dcgm-exporter "
        f"(default: {DCGM_INTERVAL_SECONDS:g})",
    )
    parser.add_argument(
        "--step",
        type=float,
        default=1.0,
        metavar="SECONDS",
        help="the length of a step (default: 1; 15 for the largest fleets)",
    )
    parser.add_argument(
        "--speed", type=float, default=1.0, metavar="N", help="N times real time (default: 1)"
    )
    parser.add_argument(
        "--failure-rate",
        type=float,
        default=1.0,
        metavar="FACTOR",
        help="of the hardware, in multiples of what was published (default: 1; 0 for none)",
    )
    parser.add_argument(
        "--starts-at",
        type=_week_time,
        metavar="TIME",
        help="weekday and time (UTC) at which the users' clock stands, as 'tue 10:00' "
        "(default: this machine's)",
    )
    return parser.parse_args()


def _check(options: argparse.Namespace) -> None:
    """Refuse what a simulator cannot be, all of it at once.

    Raises:
        InputError: one problem for each option.
    """
    shortest, longest = SHORTEST_STEP_SECONDS, LONGEST_STEP_SECONDS
    step, speed, failures = options.step, options.speed, options.failure_rate
    rules = (
        ("--port", options.port, 1 <= options.port <= HIGHEST_PORT, f"1 to {HIGHEST_PORT}"),
        ("--seed", options.seed, options.seed >= 0, "0 or more"),
        ("--step", step, shortest <= step <= longest, f"{shortest:g} to {longest:g} seconds"),
        ("--speed", speed, 0 < speed < inf, "a number above 0"),
        ("--failure-rate", failures, 0 <= failures <= MOST_FAILURES, f"0 to {MOST_FAILURES:g}"),
        ("--dcgm-interval", options.dcgm_interval, 0 < options.dcgm_interval < inf,
         "seconds above 0"),
    )  # fmt: skip
    problems = [
        problem(option, f"found {found:g}, expected {expected}")
        for option, found, is_good, expected in rules
        if not is_good
    ]
    if problems:
        raise InputError(problems)


def _week_time(text: str) -> int:
    try:
        return read_week_time(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


async def _serve(simulation: Simulation, clock: Clock, port: int, speed: float) -> None:
    """Serve and step until a signal comes, or raise what ended the stepping."""
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    runner = make_runner(make_app(simulation, clock, speed=speed))
    await runner.setup()
    stepping = asyncio.create_task(follow_clock(simulation, clock, speed=speed))
    stopped = asyncio.create_task(stop.wait())
    try:
        await _listen(runner, port)
        await asyncio.wait({stepping, stopped}, return_when=asyncio.FIRST_COMPLETED)
        if stepping.done():
            stepping.result()
    finally:
        stepping.cancel()
        stopped.cancel()
        await runner.cleanup()


async def _listen(runner: web.AppRunner, port: int) -> None:
    try:
        await web.TCPSite(runner, LOOPBACK, port).start()
    except OSError as error:
        why = os.strerror(error.errno or 0).lower()
        found = problem("--port", f"{LOOPBACK}:{port} cannot be used: {why}",
                        fix="choose another port")  # fmt: skip
        raise InputError([found]) from None
