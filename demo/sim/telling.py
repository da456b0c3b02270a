"""Tells the truth as JSON: the content of ``GET /control/truth`` (see :mod:`demo.engine`)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from demo.first_tokens import FIRST_TOKEN_BOUNDS, tell_quantiles
from demo.objectives import (
    AVAILABILITY,
    BAD_OUTCOMES,
    FIRST_TOKEN,
    NOT_ADMITTED,
    TOOL_SUCCESS,
    UNCOUNTED_CALLS,
    UNCOUNTED_OUTCOMES,
)
from demo.sim.engines.levels import FIRST_TOKENS, first_token_table
from demo.sim.engines.state import Phase
from demo.sim.faults import ActiveFault
from demo.sim.fleet import Counts, Floats
from demo.sim.hardware.state import SLOWED_BELOW_RATIO
from demo.sim.state import State
from demo.sim.tools.ends import TOOL_ERROR_TYPES
from demo.sim.truth import BILLED, CACHED, GENERATED, PROMPT
from exporters.catalog import OUTCOMES, TIERS

_GOOD_OUTCOMES = frozenset(OUTCOMES) - BAD_OUTCOMES - UNCOUNTED_OUTCOMES


def tell_truth(state: State, faults: Iterable[ActiveFault]) -> dict[str, Any]:
    """Return what really happened since the start, and what is broken now."""
    return {
        "time": state.now,
        "started": state.started,
        "classes": tell_classes(state),
        "services": list(_services(state)),
        "wrong_answers": list(_wrong_answers(state)),
        "faults": [
            {"id": each.id, "name": each.name, "place": dict(each.place),
             "strength": each.strength, "since": each.since}
            for each in faults
        ],
        "groups": group_states(state),
        "gpus": gpu_states(state),
    }  # fmt: skip


def tell_classes(state: State) -> list[dict[str, Any]]:
    """Return the objectives' events since the start, by cell."""
    return [*_request_classes(state), *_first_token_classes(state), *_tool_classes(state)]


def group_states(state: State) -> dict[str, str]:
    """Return the state of each group that is not up, in the catalogue's words."""
    engines, names = state.engines, state.fleet.names
    found: dict[str, str] = {}
    gpu_lost = state.hardware.hung & ~state.hardware.complete
    dead = gpu_lost | state.dark | ((engines.phase == Phase.LOADING) & ~state.hardware.complete)
    for flags, name in (
        (engines.phase == Phase.LOADING, "starting"),
        (engines.phase == Phase.DRAINING, "draining"),
        (state.hardware.speed < SLOWED_BELOW_RATIO, "degraded"),
        (engines.stalled_seconds > 0, "stalled"),
        (dead, "dead"),
    ):
        for group in np.flatnonzero(flags).tolist():
            found[names.group(group)] = name
    return dict(sorted(found.items()))


def gpu_states(state: State) -> dict[str, str]:
    """Return the state of each GPU that is not healthy, in the catalogue's words."""
    hardware, fleet = state.hardware, state.fleet
    found: dict[str, str] = {}
    for host, clock in hardware.clocks.items():
        if clock < SLOWED_BELOW_RATIO:
            found |= {fleet.names.uuid(gpu): "degraded" for gpu in fleet.gpus_of_host(host)}
    for gpu, condition in hardware.conditions.items():
        if condition.losses:
            found[fleet.names.uuid(gpu)] = "lost"
        elif condition.uncontained or condition.clock < SLOWED_BELOW_RATIO or condition.nvlink:
            found[fleet.names.uuid(gpu)] = "degraded"
    dark = hardware.dark | state.dark[fleet.group_of_host]
    for host in np.flatnonzero(dark).tolist():
        found |= {fleet.names.uuid(gpu): "lost" for gpu in fleet.gpus_of_host(host)}
    return dict(sorted(found.items()))


def _request_classes(state: State) -> Iterator[dict[str, Any]]:
    for cell, counts in zip(state.fleet.cells, state.truth.outcomes.sum(axis=1), strict=True):
        by_outcome = _named(OUTCOMES, counts, UNCOUNTED_OUTCOMES)
        bad = {name: n for name, n in by_outcome.items() if name in BAD_OUTCOMES}
        yield _class(AVAILABILITY, cell, bad, sum(by_outcome.values()))


def _first_token_classes(state: State) -> Iterator[dict[str, Any]]:
    for cell, counts in zip(state.fleet.cells, state.truth.first_tokens.tolist(), strict=True):
        in_time, late, never = counts
        bad = {"late": float(late), "never": float(never)}
        yield _class(FIRST_TOKEN, cell, bad, in_time + late + never)


def _tool_classes(state: State) -> Iterator[dict[str, Any]]:
    of = state.tools.cells.cell
    for cell in dict.fromkeys(of.tolist()):
        counts = state.truth.tool_calls[of == cell].sum(axis=0)
        by_type = _named(TOOL_ERROR_TYPES, counts, UNCOUNTED_CALLS)
        bad = {name: n for name, n in by_type.items() if name}
        yield _class(TOOL_SUCCESS, state.fleet.cells[cell], bad, sum(by_type.values()))


def _services(state: State) -> Iterator[dict[str, Any]]:
    truth, fleet = state.truth, state.fleet
    quantiles = _first_token_quantiles(state)
    not_admitted = [OUTCOMES.index(name) for name in sorted(NOT_ADMITTED)]
    for at, (region, model) in enumerate(fleet.cells):
        for tier_at, tier in enumerate(TIERS):
            outcomes, tokens = truth.outcomes[at, tier_at], truth.tokens[at, tier_at]
            offered = int(truth.offered[at, tier_at])
            if not offered and not outcomes.any():
                continue
            unreachable = int(truth.unreachable[at, tier_at])
            bad = {
                name: int(count)
                for name, count in zip(OUTCOMES, outcomes, strict=True)
                if name in BAD_OUTCOMES and count
            }
            turned_away = int(outcomes[not_admitted].sum())
            yield {
                "labels": {"region": region, "model": model, "tier": tier},
                "offered": offered,
                "admitted": int(outcomes.sum()) - turned_away,
                "good": int(sum(outcomes[OUTCOMES.index(name)] for name in _GOOD_OUTCOMES)),
                "bad": bad | ({"unreachable": unreachable} if unreachable else {}),
                "first_token_seconds": quantiles[at],
                "tokens": {
                    "prompt": int(tokens[PROMPT]),
                    "cached": int(tokens[CACHED]),
                    "generated": int(tokens[GENERATED]),
                    "billed": int(tokens[BILLED]),
                },
            }


def _wrong_answers(state: State) -> Iterator[dict[str, Any]]:
    for cell, count in zip(state.fleet.cells, state.truth.wrong_answers.tolist(), strict=True):
        if count:
            yield {"labels": {"region": cell[0], "model": cell[1]}, "count": round(count)}


def _first_token_quantiles(state: State) -> Sequence[dict[str, float | None]]:
    """Return the quantiles of first tokens at the client, in seconds, of each cell."""
    cells = len(state.fleet.cells)
    levels: Floats = state.truth.first_token_levels.reshape(cells, -1, FIRST_TOKENS).sum(axis=1)
    return [
        tell_quantiles(counts)
        for counts in levels @ first_token_table(FIRST_TOKEN_BOUNDS, at_client=True)
    ]


def _named(names: tuple[str, ...], counts: Counts, without: frozenset[str]) -> dict[str, float]:
    pairs = zip(names, counts.tolist(), strict=True)
    return {name: float(count) for name, count in pairs if name not in without}


def _class(
    slo: str, cell: tuple[str, str], bad: Mapping[str, float], total: float
) -> dict[str, Any]:
    return {
        "slo": slo,
        "labels": {"region": cell[0], "model": cell[1]},
        "bad": float(sum(bad.values())),
        "total": float(total),
        "reasons": {reason: count for reason, count in bad.items() if count},
    }
