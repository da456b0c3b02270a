"""The tools exporter's OTLP mode as a process: the core, and the receiver beside the scrapes."""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence

from exporters.addresses import parse_address
from exporters.config import Config
from exporters.problems import InputError, problem
from exporters.running import Plan
from exporters.server import bind
from exporters.tools.otlp.core import OtlpCore
from exporters.tools.otlp.receiver import receiving

_LOG = logging.getLogger("shardwatch")


def make_plan(config: Config, otlp: str, tools: Sequence[str], *, exact_port: bool) -> Plan:
    """Return what to run: clients send to the address ``otlp``.

    Raises:
        InputError: if the address is none, or cannot be had.
    """
    try:
        wanted = parse_address(otlp)
    except ValueError as error:
        raise InputError([problem("--otlp", str(error))]) from None
    listening, address = bind(wanted, exact=exact_port)
    _LOG.info("taking OTLP on http://%s/v1/metrics and /v1/traces", address)
    core = OtlpCore(config.topology, tools, time.time_ns())
    return Plan(core, receiving(core, listening))
