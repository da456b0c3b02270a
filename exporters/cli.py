"""``shardwatch exporter gpu|groups|router|tools|probe``: each a process of its own."""

from __future__ import annotations

from collections.abc import Callable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from exporters.config import Config
    from exporters.running import Plan

app = typer.Typer(help="Read the cluster, serve Prometheus.", no_args_is_help=True)


class LogLevel(StrEnum):
    """How much is logged, in the words of Prometheus's own exporters."""

    DEBUG = "debug"
    INFO = "info"
    WARN = "warn"
    ERROR = "error"


_Config = Annotated[
    Path,
    typer.Option("--config", metavar="FILE", help="shardwatch.yaml, which names the topology."),
]
_Listen = Annotated[
    str | None,
    typer.Option(
        "--listen",
        metavar="HOST:PORT",
        help="Where to serve; port 0 is any free one. By default as the configuration says.",
    ),
]
_AddressFile = Annotated[
    Path | None,
    typer.Option(
        "--address-file", metavar="FILE", help="A file to write HOST:PORT into, once it listens."
    ),
]
_WebConfigFile = Annotated[
    Path | None,
    typer.Option(
        "--web.config.file",
        metavar="FILE",
        help="TLS, passwords and headers, as for the Prometheus exporter toolkit.",
    ),
]
_LogLevel = Annotated[
    LogLevel,
    typer.Option(
        "--log.level", metavar="LEVEL", help="Log no less than debug, info, warn or error."
    ),
]
_Local = Annotated[
    str | None,
    typer.Option(
        "--local",
        metavar="HOST",
        help="The topology's name of this host: its GPUs are read here, with NVML and, where its "
        "Python bindings are installed, DCGM; no page is read, and no other host is served.",
    ),
]
_DcgmNames = Annotated[
    bool,
    typer.Option(
        "--dcgm-names",
        help="Serve the local GPUs under dcgm-exporter's names too; not where one is scraped.",
    ),
]
_DEFAULT_CONFIG = Path("shardwatch.yaml")


@app.command()
def gpu(
    config: _Config = _DEFAULT_CONFIG,
    listen: _Listen = None,
    address_file: _AddressFile = None,
    web_config_file: _WebConfigFile = None,
    log_level: _LogLevel = LogLevel.INFO,
    *,
    local: _Local = None,
    dcgm_names: _DcgmNames = False,
) -> None:
    """Serve every GPU of the topology, from the hosts' dcgm-exporters or this host's driver."""
    if dcgm_names and local is None:
        raise typer.BadParameter("it goes with --local", param_hint="--dcgm-names")

    def plan(read: Config) -> Plan:
        from exporters.gpu.local.plan import make_plan  # noqa: PLC0415 - as in _run

        return make_plan(read, str(local), dcgm_names=dcgm_names)

    _run(
        "gpu", config, listen, address_file, web_config_file,
        log_level=log_level, make_plan=None if local is None else plan,
    )  # fmt: skip


@app.command()
def groups(
    config: _Config = _DEFAULT_CONFIG,
    listen: _Listen = None,
    address_file: _AddressFile = None,
    web_config_file: _WebConfigFile = None,
    log_level: _LogLevel = LogLevel.INFO,
) -> None:
    """Serve every shard group: its engine's counters, its state and the reason."""
    _run("groups", config, listen, address_file, web_config_file, log_level=log_level)


@app.command()
def router(
    config: _Config = _DEFAULT_CONFIG,
    listen: _Listen = None,
    address_file: _AddressFile = None,
    web_config_file: _WebConfigFile = None,
    log_level: _LogLevel = LogLevel.INFO,
) -> None:
    """Serve what users felt: requests by outcome and time to first token, from the routers."""
    _run("router", config, listen, address_file, web_config_file, log_level=log_level)


@app.command()
def tools(
    config: _Config = _DEFAULT_CONFIG,
    listen: _Listen = None,
    address_file: _AddressFile = None,
    web_config_file: _WebConfigFile = None,
    log_level: _LogLevel = LogLevel.INFO,
    *,
    otlp: Annotated[
        str | None,
        typer.Option(
            "--otlp",
            metavar="HOST:PORT",
            help="Take OTLP over HTTP there from agent runtimes (its usual port is 4318), "
            "instead of reading the gateways. Stateful: run one.",
        ),
    ] = None,
    tool: Annotated[
        list[str] | None,
        typer.Option(
            "--tool",
            metavar="NAME",
            help="With --otlp: a tool to tell by name; the rest is 'other'.",
        ),
    ] = None,
) -> None:
    """Serve tool calls by outcome and their durations, from the tool gateways or from OTLP."""
    if tool and otlp is None:
        raise typer.BadParameter("it goes with --otlp", param_hint="--tool")

    def plan(read: Config) -> Plan:
        from exporters.tools.otlp.plan import make_plan  # noqa: PLC0415 - as in _run

        return make_plan(read, str(otlp), tool or ())

    _run(
        "tools", config, listen, address_file, web_config_file,
        log_level=log_level, make_plan=None if otlp is None else plan,
    )  # fmt: skip


@app.command()
def probe(
    config: _Config = _DEFAULT_CONFIG,
    listen: _Listen = None,
    address_file: _AddressFile = None,
    web_config_file: _WebConfigFile = None,
    log_level: _LogLevel = LogLevel.INFO,
    *,
    interval: Annotated[
        str, typer.Option("--interval", metavar="DURATION", help="Between two probes of a group.")
    ] = "10s",
    deadline: Annotated[
        str, typer.Option("--deadline", metavar="DURATION", help="Of a probe.")
    ] = "10s",
    at_once: Annotated[
        int, typer.Option("--at-once", metavar="NUMBER", help="Probes under way.")
    ] = 16,
) -> None:
    """Put known prompts to every group: serve times and success from outside, and who disagrees."""

    def plan(read: Config) -> Plan:
        from exporters.probe.plan import make_plan  # noqa: PLC0415 - as in _run

        return make_plan(read, interval, deadline, at_once)

    _run(
        "probe", config, listen, address_file, web_config_file,
        log_level=log_level, make_plan=plan,
    )  # fmt: skip


def _run(
    name: str,
    config: Path,
    listen: str | None,
    address_file: Path | None,
    web_config_file: Path | None,
    *,
    log_level: LogLevel,
    make_plan: Callable[[Config], Plan] | None = None,
) -> None:
    # Late, so that other commands do not pay for the HTTP library.
    from exporters.running import Place, run  # noqa: PLC0415

    run(name, config, Place(listen, address_file, web_config_file, log_level), make_plan)
