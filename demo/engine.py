"""What a cluster to try shardwatch on must offer, be it simulated or real vLLM.

An engine is planned before it is started: its topology, its processes, and the address of its
control interface, which is HTTP with JSON:

``POST /control/faults``
    ``{"name": "nvlink-error", "place": {"group": "eu-chat-0"}, "strength": 0.5}`` starts a fault
    and answers 201 with ``{"id": "1", "name": ..., "place": {...}, "strength": ...}``. ``place`` is
    completed with what was really hit (``host``, ``uuid``, ``pid``); ``strength`` may be left out,
    then it is the usual one of :mod:`demo.faults`, and is null where the fault has none. 422 with
    ``{"error": ...}`` if there is no such fault or place, or it cannot be so strong.
``DELETE /control/faults/ID``
    repairs it and answers 204; 404 if there is none.
``GET /control/truth``
    what really is, from request outcomes, before any counter is rounded or scraped::

        {"time": UNIX_SECONDS, "started": UNIX_SECONDS,
         "classes": [{"slo": "chat-availability", "labels": {"region": "eu", "model": "chat"},
                      "bad": 12.0, "total": 3400.0, "reasons": {"timeout": 12.0}}],
         "services": [{"labels": {"region": "eu", "model": "chat", "tier": "pro"},
                       "offered": 900, "admitted": 890, "good": 880, "bad": {"timeout": 4},
                       "first_token_seconds": {"p50": 0.3, "p90": 0.6, "p99": 2.1},
                       "tokens": {"prompt": 1, "cached": 1, "generated": 1, "billed": 1}}],
         "wrong_answers": [{"labels": {"region": "eu", "model": "chat"}, "count": 12}],
         "faults": [{"id": "1", "name": "lost-gpu", "place": {...}, "strength": null,
                     "since": UNIX_SECONDS}],
         "groups": {"eu-chat-0": "dead"}, "gpus": {"GPU-...": "lost"}}

    ``classes`` are the objectives' events and ``services`` the requests of each region, model and
    tier, both since ``started``; a request is counted when its outcome is decided. ``offered``
    are all that were sent; ``admitted`` are those of them that have ended and came to an engine,
    neither rejected nor turned away by their user's limit: what is in flight is only offered.
    ``good`` and ``bad`` are what :mod:`demo.objectives` says, and ``bad`` what never came to a
    router; what a user's own limit turned away is neither. Quantiles of first tokens are null
    before one came.
    ``wrong_answers`` are well-formed, and good by every objective; real vLLM does not tell them.
    ``faults`` are those that are there now. ``groups`` and ``gpus`` have those that are not up or
    not healthy, in the words of :data:`exporters.catalog.GROUP_STATES` and ``GPU_STATES``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

Swing = Callable[[NDArray[np.float64]], NDArray[np.float64]]
"""Traffic at moments (UNIX seconds), in multiples of what is usual. [N] -> [N]."""


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
    """The mean over a week; where there is no ``swing``, what it is now."""
    bad_ratio: float
    swing: Swing | None = None
    """How its traffic comes and goes; None for a plain day and night."""


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
    tools: tuple[str, ...] = ()
    """Names of the external tools that its users call; empty where the engine alone knows."""
    lacks: tuple[str, ...] = ()
    """How names of series begin that it has none of, by the nature of its parts: what only reads
    these may be empty on boards."""
