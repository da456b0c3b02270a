"""``shardwatch exporter gpu|groups|router|tools``: each a process of its own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer(help="Read the cluster, serve Prometheus.", no_args_is_help=True)

_Config = Annotated[
    Path, typer.Option("--config", help="shardwatch.yaml, which names the topology.")
]
_Listen = Annotated[
    str | None,
    typer.Option(
        "--listen",
        metavar="HOST:PORT",
        help="Where to serve; port 0 is any free one. By default as the configuration says.",
    ),
]
_ExactPort = Annotated[
    bool,
    typer.Option("--exact-port", help="Fail if the port is taken, instead of taking the next."),
]
_AddressFile = Annotated[
    Path | None,
    typer.Option("--address-file", help="A file to write HOST:PORT into, once it listens."),
]
_Local = Annotated[
    str | None,
    typer.Option(
        "--local",
        metavar="HOST",
        help="The topology's name of this host: its GPUs are read here, from DCGM where its Python "
        "bindings are installed, else from the host's page if it has one, else from NVML.",
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
    *,
    exact_port: _ExactPort = False,
    local: _Local = None,
    dcgm_names: _DcgmNames = False,
) -> None:
    """Serve every GPU of the topology, from the hosts' dcgm-exporters or this host's driver."""
    _run(
        "gpu",
        config,
        listen,
        address_file,
        exact_port=exact_port,
        local=local,
        dcgm_names=dcgm_names,
    )


@app.command()
def groups(
    config: _Config = _DEFAULT_CONFIG,
    listen: _Listen = None,
    address_file: _AddressFile = None,
    *,
    exact_port: _ExactPort = False,
) -> None:
    """Serve every shard group: its engine's counters, its state and the reason."""
    _run("groups", config, listen, address_file, exact_port=exact_port)


@app.command()
def router(
    config: _Config = _DEFAULT_CONFIG,
    listen: _Listen = None,
    address_file: _AddressFile = None,
    *,
    exact_port: _ExactPort = False,
) -> None:
    """Serve what users felt: requests by outcome and time to first token, from the routers."""
    _run("router", config, listen, address_file, exact_port=exact_port)


@app.command()
def tools(
    config: _Config = _DEFAULT_CONFIG,
    listen: _Listen = None,
    address_file: _AddressFile = None,
    *,
    exact_port: _ExactPort = False,
) -> None:
    """Serve tool calls by outcome and their durations, from the tool gateways."""
    _run("tools", config, listen, address_file, exact_port=exact_port)


def _run(
    name: str,
    config: Path,
    listen: str | None,
    address_file: Path | None,
    *,
    exact_port: bool,
    local: str | None = None,
    dcgm_names: bool = False,
) -> None:
    # Late, so that other commands do not pay for the HTTP library.
    from exporters.running import run  # noqa: PLC0415

    run(
        name,
        config,
        listen,
        address_file,
        exact_port=exact_port,
        local_host=local,
        dcgm_names=dcgm_names,
    )
