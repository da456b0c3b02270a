"""What a client takes: the text format or OpenMetrics, compressed or not.

As Prometheus's own client library negotiates it (``expfmt.NegotiateIncludingOpenMetrics``): the
clause of the highest quality that we can serve, else the text format.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass


@dataclass(frozen=True)
class Format:
    """A format of pages."""

    content_type: str
    is_openmetrics: bool = False


TEXT = Format("text/plain; version=0.0.4; charset=utf-8")
OPENMETRICS = {
    version: Format(f"application/openmetrics-text; version={version}; charset=utf-8", True)  # noqa: FBT003
    for version in ("0.0.1", "1.0.0")
}
"""By version; what we write is the same in both."""

_LONGEST_HEADER = 4096
"""Characters that are looked at; Prometheus 3 sends 300."""


def choose_format(accept: str) -> Format:
    """Return the format that a header ``Accept`` asks for."""
    for media, parameters in _by_quality(accept):
        version = parameters.get("version", "")
        if media == "text/plain" and version in ("", "0.0.4", "1.0.0"):
            return TEXT
        if media == "application/openmetrics-text" and version in ("", *OPENMETRICS):
            return OPENMETRICS[version or "0.0.1"]
    return TEXT


def accepts_gzip(accept_encoding: str) -> bool:
    """Return whether a header ``Accept-Encoding`` takes gzip."""
    return any(coding == "gzip" for coding, _ in _by_quality(accept_encoding))


def _by_quality(header: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Yield the values that a header accepts with their parameters, the most wanted first."""
    clauses: list[tuple[float, str, dict[str, str]]] = []
    for clause in header[:_LONGEST_HEADER].split(","):
        value, *rest = (part.strip() for part in clause.split(";"))
        parameters = {}
        for part in rest:
            name, _, text = part.partition("=")
            parameters[name.strip().lower()] = text.strip().strip('"')
        try:
            quality = float(parameters.get("q", "1"))
        except ValueError:
            continue
        if quality > 0:
            clauses.append((quality, value.lower(), parameters))
    for _, value, parameters in sorted(clauses, key=lambda each: -each[0]):
        yield value, parameters
