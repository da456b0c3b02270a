"""How a command asks the server that it was told of: as the configuration or a file says."""

from __future__ import annotations

from pathlib import Path

from exporters.access import HttpAccess, read_access
from exporters.config import Config
from exporters.problems import InputError, problem
from exporters.secrecy import has_user

NAME_WHO_ASKS_IN_A_FILE = "say who asks in a file that --http-config names"
"""What to do about a server that does not let us, of which no configuration tells."""
NAME_WHO_ASKS = (
    f"{NAME_WHO_ASKS_IN_A_FILE}, or for the configuration's server in prometheus.http_client_config"
)
"""What to do about a ``PrometheusDeniedError``."""


def access_to(url: str, http_config: Path | None, config: Config | None) -> HttpAccess | None:
    """Return how a server is asked; None if nothing is said of it.

    What the configuration says is for its own server: another address gets no secret of it.

    Args:
        url: of the server.
        http_config: a file of a ``http_client_config``, which stands above the configuration.
        config: ``shardwatch.yaml``, where it was read.

    Raises:
        InputError: if a file cannot be read, or the address itself says who asks.
    """
    refuse_user(url)
    if http_config is not None:
        return read_access(http_config)
    if config is not None and url.rstrip("/") == config.file.prometheus.url.rstrip("/"):
        return config.prometheus_access
    return None


def refuse_user(url: str) -> None:
    """Refuse an address that says who asks: it would stand in messages and lists of processes.

    Raises:
        InputError: if it does; without the address.
    """
    if has_user(url):
        said = "found who asks in the address itself, expected an address such as http://host:9090"
        fix = f"{NAME_WHO_ASKS_IN_A_FILE}: basic_auth with username and password_file"
        raise InputError([problem("the server's address", said, fix=fix)])
