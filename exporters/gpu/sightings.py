"""What one collection saw of a GPU, beside a reading of it, and what the GPU stands in."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import Literal

from exporters.gpu.readings import Reading


class Unread(Enum):
    """Why there is no reading of a GPU."""

    MISSING = "missing"
    """The host's page was read and does not have it."""
    UNREACHABLE = "unreachable"
    """The host's page could not be read."""


@dataclass(frozen=True, slots=True)
class Reported:
    """The verdict of another exporter of ours, which saw the GPU itself."""

    state: str
    """One of ``catalog.GPU_STATES``."""
    reason: str
    answers: bool


class Reports(dict[str, Reported]):
    """What it says of the GPUs of its host, by UUID. Of others it says nothing."""


Sighting = Reading | Reported | Literal[Unread.MISSING, Unread.UNREACHABLE]


@dataclass(frozen=True)
class Setting:
    """What a GPU stands in."""

    gpus_of_group: int = 2
    """Where there is one only, nobody misses its links."""
    has_lost_peer: bool = False
    """Whether another GPU of its host is lost or hung."""
    refreshes: int | None = None
    """How often its source was seen to have measured anew; None if each look sees a new one."""
    blank_seconds: float | None = None
    """For how long no GPU of the host has had a value; None while one has."""


USUAL = Setting()
"""Of a GPU among others that are well, of a source that looks each time."""
