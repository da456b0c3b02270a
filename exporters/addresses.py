"""Addresses to listen at and to connect to, as users write them: ``HOST:PORT``. Pure."""

from __future__ import annotations

import ipaddress
from dataclasses import dataclass

LARGEST_PORT = 65535
DEFAULT_PORTS = {"http": 80, "https": 443}
"""Of URLs that say none, by their scheme."""


@dataclass(frozen=True)
class Address:
    """A host, by name or by number, and a port."""

    host: str
    port: int
    """0 stands for any free one, where one listens."""

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(text: str) -> Address:
    """Return the address that ``HOST:PORT`` or ``[IPV6]:PORT`` stands for.

    Raises:
        ValueError: if it stands for none.
    """
    host, _, port = text.rpartition(":")
    is_number = port.isascii() and port.isdigit() and len(port) <= len(str(LARGEST_PORT))
    is_host = host and not any(each.isspace() or each in "/@?#" for each in host)
    if not is_host or not is_number or int(port) > LARGEST_PORT:
        raise ValueError(f"found {text!r}, expected HOST:PORT such as 127.0.0.1:19801")
    return Address(host.removeprefix("[").removesuffix("]"), int(port))


def is_loopback(host: str) -> bool:
    """Tell whether a host, by name or by number, is the machine of whoever asks."""
    name = host.rstrip(".").lower()
    if name == "localhost" or name.endswith(".localhost"):  # RFC 6761
        return True
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return False
