"""The tools exporter's OTLP mode as a process: the core, and the receiver beside the scrapes."""

from __future__ import annotations

import time
from collections.abc import Sequence
from functools import partial

from exporters.addresses import parse_address
from exporters.config import Config
from exporters.problems import InputError, problem
from exporters.running import Plan
from exporters.server import bind
from exporters.tools.otlp.core import OtlpCore
from exporters.tools.otlp.receiver import receiving

INTERVALS_AT_ZERO = 2
"""Of scrapes, for which a new series is 0: one of them falls into it, whoever scrapes."""


def make_plan(config: Config, otlp: str, tools: Sequence[str]) -> Plan:
    """Return what to run: clients send to the address ``otlp``.

    Raises:
        InputError: if the address is none, or cannot be had.
    """
    try:
        wanted = parse_address(otlp)
    except ValueError as error:
        raise InputError([problem("--otlp", str(error))]) from None
    listening, address = bind(wanted)
    zero_seconds = INTERVALS_AT_ZERO * config.file.prometheus.scrape_interval
    core = OtlpCore(config.topology, tools, time.time_ns(), zero_seconds)
    return Plan(
        core,
        make=core.follow,
        taking=partial(receiving, core, listening, address),
        reads_targets=False,
    )
