"""``python -m demo.sim``: serve the groups of a topology file as a simulated cluster."""

from __future__ import annotations

import argparse
import asyncio
import os
import signal
import time
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

LOOPBACK = "127.0.0.1"
NEXT_REVISION = "r2"
"""What a canary runs."""


def main() -> None:
    """Read the command line and serve until SIGTERM or SIGINT."""
    options = _parse()
    try:
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


if __name__ == "__main__":
    main()
