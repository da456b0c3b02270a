"""Targets with labels, from files and services in the format of Prometheus's service discovery.

https://prometheus.io/docs/prometheus/latest/configuration/configuration/#file_sd_config and
https://prometheus.io/docs/prometheus/latest/http_sd/: a list of ``{"targets": ["HOST:PORT"],
"labels": {...}}``.
"""

from __future__ import annotations

import http.client
import time
import urllib.error
import urllib.request
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, RootModel

from exporters.documents import Document, WrittenFloat, parse_documents, read_document
from exporters.problems import InputError, problem
from exporters.version import VERSION

LARGEST_ANSWER_BYTES = 64 * 1024 * 1024
"""Of a service; ten thousand engines take 10 MB."""
DEADLINE_SECONDS = 10.0
"""Until a service has answered as a whole."""
_CHUNK_BYTES = 256 * 1024


def _text(value: Any) -> Any:
    """Return what YAML takes for a number or a truth value as the text that it was."""
    if isinstance(value, WrittenFloat):
        return value.text
    if isinstance(value, bool):
        return str(value).lower()
    return str(value) if isinstance(value, int) else value


class TargetGroup(BaseModel):
    """Targets that have the same labels."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    targets: list[str]
    labels: dict[str, Annotated[str, BeforeValidator(_text)]] = {}


class TargetGroups(RootModel[list[TargetGroup]]):
    """All of one file or answer."""


@dataclass(frozen=True)
class DiscoveredTarget:
    """An address with what is known of it."""

    address: str
    """``HOST:PORT``: Prometheus's ``__address__``."""
    labels: dict[str, str]
    origin: str
    """Where it stands, in words."""


def find_files(patterns: Iterable[str], folder: Path) -> list[Path]:
    """Return the files that are there for patterns of ``file_sd``, sorted.

    Args:
        patterns: paths relative to ``folder``, whose last part may have ``*``, as in Prometheus.
        folder: of the configuration.
    """
    found: set[Path] = set()
    for pattern in patterns:
        path = folder / pattern
        found.update(path.parent.glob(path.name) if "*" in path.name else [path])
    return sorted(found)


def read_files(files: Iterable[Path]) -> list[DiscoveredTarget]:
    """Return the targets in YAML or JSON files.

    Raises:
        InputError: if one is missing or wrong.
    """
    return [target for file in files for target in _targets(read_document(file))]


def ask_service(url: str) -> list[DiscoveredTarget]:
    """Return the targets that a service of ``http_sd`` answers, without following redirects.

    Raises:
        InputError: if it does not answer in time and within the limits, or something else.
    """
    request = urllib.request.Request(  # noqa: S310 - a checked address of the configuration
        url, headers={"Accept": "application/json", "User-Agent": f"shardwatch/{VERSION}"}
    )
    until = time.monotonic() + DEADLINE_SECONDS
    try:
        with _OPENER.open(request, timeout=DEADLINE_SECONDS) as response:
            body = _read(response, until)
    except urllib.error.HTTPError as error:
        error.close()
        raise InputError([problem(url, f"found HTTP {error.code}, expected 200")]) from None
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "reason", None) or error
        raise InputError([problem(url, f"no whole answer: {reason}")]) from None
    try:
        documents = parse_documents(body.decode("utf-8"), url)
    except UnicodeDecodeError as error:
        raise InputError([problem(url, f"byte {error.start} is not UTF-8")]) from None
    if len(documents) != 1:
        raise InputError([problem(url, f"found {len(documents)} documents, expected a JSON list")])
    return list(_targets(documents[0]))


class _NoRedirects(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_: Any) -> None:
        """Follow none: the redirect is the error."""


_OPENER = urllib.request.build_opener(urllib.request.ProxyHandler({}), _NoRedirects)


def _read(response: http.client.HTTPResponse, until: float) -> bytes:
    chunks, size = [], 0
    while chunk := response.read1(_CHUNK_BYTES):
        size += len(chunk)
        if size > LARGEST_ANSWER_BYTES:
            raise ValueError(f"more than {LARGEST_ANSWER_BYTES} bytes")
        if time.monotonic() > until:
            raise TimeoutError(f"it took more than {DEADLINE_SECONDS:g} s")
        chunks.append(chunk)
    if response.length:  # of what was announced
        raise ValueError("it was cut")
    return b"".join(chunks)


def _targets(document: Document) -> Iterator[DiscoveredTarget]:
    for index, group in enumerate(document.parse(TargetGroups).root):
        for number, address in enumerate(group.targets):
            origin = f"{document.file}: [{index}].targets[{number}]"
            yield DiscoveredTarget(address, group.labels, origin)
