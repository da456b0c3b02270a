"""Kinds of fields that users' files have in several places."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import AfterValidator, BeforeValidator, Field

from exporters.addresses import parse_address
from exporters.durations import LONGEST_SECONDS, parse_duration

_SHORTEST_SECONDS = 0.001
"""What Prometheus's durations can tell."""


def _seconds(value: Any) -> Any:
    if isinstance(value, str):
        return parse_duration(value)
    if isinstance(value, bool):
        found = str(value).lower()
        raise ValueError(  # noqa: TRY004 - pydantic takes no TypeError
            f"found {found}, expected a duration such as 15s"
        )
    if isinstance(value, int | float):
        is_held = -LONGEST_SECONDS <= value <= LONGEST_SECONDS  # neither is NaN
        if not is_held or 0 < value < _SHORTEST_SECONDS:
            raise ValueError(
                f"found {value}, expected a duration such as 15s, from 1ms to 292 years"
            )
    return value


def _host_port(text: str) -> str:
    if parse_address(text).port == 0:
        raise ValueError(f"found {text!r}, expected a port above 0, for others connect to it")
    return text


Seconds = Annotated[float, BeforeValidator(_seconds), Field(gt=0)]
"""Written as a Prometheus duration (``15s``), held in seconds."""
HostPort = Annotated[str, AfterValidator(_host_port)]
