"""Where Alertmanagers are: ``HOST:PORT``, or a URL where one is behind TLS or a path."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Annotated, Any
from urllib.parse import urlsplit

from pydantic import AfterValidator

from exporters.addresses import DEFAULT_PORTS, parse_address
from exporters.secrecy import has_user


@dataclass(frozen=True, order=True)
class Place:
    """Of one Alertmanager."""

    scheme: str
    path: str
    """Before ``/api/v2``, without a slash at its end; empty at the root."""
    target: str
    """``HOST:PORT``."""

    @property
    def url(self) -> str:
        """Return what comes before ``/api/v2``."""
        return f"{self.scheme}://{self.target}{self.path}"

    @property
    def written(self) -> str:
        """Return it as ``addresses`` has it."""
        return self.target if (self.scheme, self.path) == ("http", "") else self.url


def read_place(text: str) -> Place:
    """Return where an Alertmanager is.

    Args:
        text: ``HOST:PORT`` or ``http(s)://HOST[:PORT][/PATH]``.

    Raises:
        ValueError: if it is neither; says what was found and what was expected.
    """
    expected = "expected HOST:PORT, or http(s)://HOST:PORT/PATH without credentials and query"
    if has_user(text) or "?" in text:  # either may have a secret: not shown
        raise ValueError(f"found credentials or a query in an address, {expected}")
    if "://" not in text:
        if parse_address(text).port == 0:
            raise ValueError(f"found {text!r}, expected a port above 0, for others connect to it")
        return Place("http", "", text)
    try:
        url = urlsplit(text)
        port = url.port or DEFAULT_PORTS.get(url.scheme)
    except ValueError:
        raise ValueError(f"found {text!r}, {expected}") from None
    is_more = url.fragment or " " in text
    if url.scheme not in DEFAULT_PORTS or not port or not url.hostname or is_more:
        raise ValueError(f"found {text!r}, {expected}")
    host = f"[{url.hostname}]" if ":" in url.hostname else url.hostname
    return Place(url.scheme, url.path.rstrip("/"), f"{host}:{port}")


def _checked(text: str) -> str:
    read_place(text)
    return text


AlertmanagerAddress = Annotated[str, AfterValidator(_checked)]
"""As users write it."""


def alerting_entries(addresses: Iterable[str]) -> list[dict[str, Any]]:
    """Return ``alerting: alertmanagers:`` of Prometheus: an entry for each scheme and path."""
    return [
        {
            **({"scheme": scheme} if scheme != "http" else {}),
            **({"path_prefix": path} if path else {}),
            "static_configs": [{"targets": targets}],
        }
        for (scheme, path), targets in _by_way(addresses).items()
    ]


def scrape_targets(addresses: Iterable[str]) -> list[dict[str, Any]]:
    """Return ``static_configs`` by which Prometheus scrapes them."""
    return [
        {"targets": targets}
        if (scheme, path) == ("http", "")
        else {
            "targets": targets,
            "labels": {"__scheme__": scheme, "__metrics_path__": f"{path}/metrics"},
        }
        for (scheme, path), targets in _by_way(addresses).items()
    ]


def _by_way(addresses: Iterable[str]) -> dict[tuple[str, str], list[str]]:
    found: dict[tuple[str, str], list[str]] = {}
    for each in sorted(map(read_place, addresses)):
        found.setdefault((each.scheme, each.path), []).append(each.target)
    return found
