"""Adopts a server: asks, gives places, writes. The command and the bench call this."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path

from exporters.config import read_config
from exporters.problems import InputError, problem
from exporters.topology import Topology
from slo.adopt.access import Credentials
from slo.adopt.asking import Asking
from slo.adopt.doubts import choose_interval_seconds, find_doubts, find_missed
from slo.adopt.files import (
    CONFIG_PATH,
    REPORT_PATH,
    Server,
    topology_path,
    write_config,
    write_topology,
)
from slo.adopt.found import Found
from slo.adopt.history import Historian
from slo.adopt.objective_file import PATH as OBJECTIVES_PATH
from slo.adopt.objective_file import choose_period_seconds, write_objectives
from slo.adopt.placing import Placed, place
from slo.adopt.proposing import Proposal, propose
from slo.adopt.raw import find_indicators
from slo.adopt.report import Adopted, write_report
from slo.adopt.writing import write_new
from slo.objectives import read_objectives
from slo.prometheus import (
    PrometheusClient,
    PrometheusDeniedError,
    PrometheusError,
    PrometheusMovedError,
    PrometheusRefusedError,
    PrometheusTooLargeError,
    PrometheusUnreachableError,
)

LARGEST_ANSWER_BYTES = 256 * 1024 * 1024
"""The targets of ten thousand pods with all their labels are some 100 MB."""


@dataclass(frozen=True)
class Wanted:
    """What a user asks for."""

    url: str
    out: Path
    cluster: str = ""
    region: str = ""
    where: dict[str, str] = field(default_factory=dict)
    days: int = 28
    timeout_seconds: float = 30.0
    credentials: Credentials = field(default_factory=Credentials)
    pagerduty_key: Path | None = None
    """The file of a routing key."""


def adopt(wanted: Wanted) -> tuple[Adopted, list[Path]]:
    """Ask a server and write what follows; return what was found, and the files.

    Raises:
        InputError: if it does not answer, or has no engine, or something must be said first, or a
            file is in the way; nothing is written then.
    """
    adopted = asyncio.run(_ask(wanted))
    files = _files(wanted, adopted, time.time())
    write_new(wanted.out, files, _check)
    return adopted, [wanted.out / path for path in files]


async def _ask(wanted: Wanted) -> Adopted:
    url = wanted.url.rstrip("/")
    client = PrometheusClient(
        url,
        timeout_seconds=wanted.timeout_seconds,
        access=wanted.credentials.to_access(),
        largest_bytes=LARGEST_ANSWER_BYTES,
    )
    try:
        async with client as prometheus:
            found = await Asking(prometheus, url, wanted.where).ask()
            placed = place(found, cluster=wanted.cluster, region=wanted.region)
            proposals = await _propose(prometheus, wanted, found, placed)
    except PrometheusError as error:
        said = str(error).removeprefix(f"{url} ")
        fix = how_to_mend(error, url, wanted.credentials)
        raise InputError([problem(url, said, fix=fix)]) from None
    doubts = (*find_doubts(found, placed), *find_missed(proposals))
    return Adopted(found, placed, tuple(sorted(doubts)), tuple(proposals))


async def _propose(
    prometheus: PrometheusClient, wanted: Wanted, found: Found, placed: Placed
) -> list[Proposal]:
    where = {**wanted.where, **placed.where}
    historian = Historian(
        prometheus, where, wanted.days, choose_interval_seconds(found), time.time()
    )
    region = _only_region(placed.topology)
    indicators = find_indicators(found, placed.region_label)
    if not indicators:
        raise InputError([
            problem(
                wanted.url,
                "found engines, and no counter of their requests "
                "(vllm:request_success_total) nor of a router's: nothing can be promised",
                fix="keep these series where vLLM is scraped (metric_relabel_configs)",
            )
        ])  # fmt: skip
    return [propose(await historian.ask(each), region) for each in indicators]


def _only_region(topology: Topology) -> str:
    regions = sorted({each.region for each in topology.groups})
    return regions[0] if len(regions) == 1 else "all"


def _files(wanted: Wanted, adopted: Adopted, now: float) -> dict[str, str]:
    found, placed = adopted.found, adopted.placed
    server = Server(
        found.url,
        wanted.credentials.to_config(),
        choose_interval_seconds(found),
        found.alertmanagers,
        wanted.pagerduty_key,
    )
    period_seconds = choose_period_seconds(found.retention_seconds)
    topology = placed.topology
    return {
        topology_path(topology): write_topology(topology, placed.notes.guesses, found.url, now),
        CONFIG_PATH: write_config(topology, server, now),
        OBJECTIVES_PATH: write_objectives(
            adopted.proposals, {**wanted.where, **placed.where}, period_seconds
        ),
        REPORT_PATH: write_report(adopted),
    }


def _check(folder: Path) -> None:
    """Read what was written as every other command will."""
    read_objectives(read_config(folder / CONFIG_PATH, needs_routing_key=False))


def how_to_mend(error: PrometheusError, url: str, credentials: Credentials) -> str:
    """Return what to do about a server that cannot be asked.

    Args:
        error: that it was.
        url: of the server.
        credentials: that it was asked with.
    """
    if isinstance(error, PrometheusUnreachableError):
        return _how_to_reach(str(error).lower())
    if isinstance(error, PrometheusDeniedError) and (file := credentials.secret_file):
        return f"see that {file} holds what this server knows, and that it may read the API"
    for kind, fix in _FIXES.items():
        if isinstance(error, kind):
            return fix
    if f" {HTTPStatus.NOT_FOUND.value}" in str(error):
        return (
            f"name a Prometheus, or what speaks its HTTP API: nothing is at {url}/api/v1/query; if "
            "it is behind a path, its address has that too: http://HOST:PORT/PATH"
        )
    tls = "; if it wants TLS, its address begins with https://" if url.startswith("http:") else ""
    return (
        f"name a Prometheus, or what speaks its HTTP API: it was asked at {url}/api/v1/query{tls}"
    )


_FIXES: Mapping[type[PrometheusError], str] = {
    PrometheusDeniedError: "say who asks: --bearer-token-file FILE, or --username NAME "
    "--password-file FILE, or --http-config FILE",
    PrometheusMovedError: "name the address that it leads to; if that is a page to log in, an "
    "address that asks for a token or a password instead, with --bearer-token-file or --username",
    PrometheusTooLargeError: "narrow what is asked for: --where LABEL=VALUE",
    PrometheusRefusedError: "raise the server's limit, or narrow what is asked for: "
    "--where LABEL=VALUE",
}


def _how_to_reach(said: str) -> str:
    if "wrong_version_number" in said or "wrong version number" in said:
        return "it speaks no TLS at that port: begin its address with http://, or name another port"
    if "certificate" in said or "[ssl" in said:
        return "name who signed its certificate: --ca-file FILE"
    if "in time" in said:
        return "give it more time: --timeout 2m, or narrow what is asked for: --where LABEL=VALUE"
    return "see that it runs and can be reached from here"
