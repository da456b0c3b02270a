"""What a cluster to try shardwatch on must offer, be it simulated or real vLLM.

An engine is planned before it is started: its topology, its processes, and the address of its
control interface, which is HTTP with JSON:

``POST /control/faults``
    ``{"name": "lost-gpu", "place": {"group": "eu-chat-0"}}`` starts a fault and answers 201 with
    ``{"id": "1", "name": ..., "place": {...}}``, where ``place`` is completed with what was
    really hit (``host``, ``uuid``, ``pid``). 422 with ``{"error": ...}`` if there is no such fault
    or place.
``DELETE /control/faults/ID``
    repairs it and answers 204; 404 if there is none.
``GET /control/truth``
    ``{"time": UNIX_SECONDS, "classes": [{"slo": "chat-availability", "labels": {"region": "eu",
    "model": "chat"}, "bad": 12.0, "total": 3400.0, "reasons": {"timeout": 12.0}}]}``: events since
    the start, counted from request outcomes before any counter is rounded or scraped.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Child:
    """One process of the demo: how it is started and when it counts as ready."""

    name: str
    command: tuple[str, ...]
    ready_url: str
    """Answers 200 once the process does its work."""
    ready_within_seconds: float = 30.0
    environment: Mapping[str, str] = field(default_factory=dict)
    """Added to the supervisor's own."""


@dataclass(frozen=True)
class Habit:
    """What one cell of one objective does while nothing is wrong: history is made of it."""

    slo: str
    labels: Mapping[str, str]
    """The objective's grouping labels."""
    events_per_second: float
    bad_ratio: float


@dataclass(frozen=True)
class EnginePlan:
    """A cluster that can be started: all that the rest of the demo needs to know of it."""

    name: str
    """``sim`` or ``vllm``."""
    topology: dict[str, Any]
    """The content of ``topology.yaml``."""
    children: tuple[Child, ...]
    """In the order of their start."""
    control_url: str
    """Base address of the control interface, without a slash at the end."""
    habits: tuple[Habit, ...] = ()
