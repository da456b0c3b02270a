"""The page of a router, and of what stands beside it: metering, safety filter, weights."""

from __future__ import annotations

from hashlib import sha256
from itertools import product

import numpy as np

from demo.sim.exposition import PageFamily, Template, histograms, make_template
from demo.sim.fleet import Fleet, Indices
from demo.sim.routers.safety import CHECK_SECONDS, STAGES, VERDICTS
from demo.sim.state import State
from exporters.catalog import ATTEMPTS, OUTCOMES, PHASES, TIERS
from exporters.dialects import read_dialect

MOST_GROUPS_NAMED = 1000
"""Of a region: the weights of more are not listed one by one."""


class RouterPages:
    """The texts of the routers' pages, made once, to be filled. A router sees its region."""

    def __init__(self, fleet: Fleet) -> None:
        self._fleet = fleet
        regions = [fleet.regions.index(region) for _, region in fleet.routers]
        self._cells = [np.flatnonzero(fleet.region_of_cell == at) for at in regions]
        many = len(fleet.revisions)
        self._lanes = [(cells[:, None] * many + np.arange(many)).ravel() for cells in self._cells]
        self._groups = [np.flatnonzero(fleet.region_of_group == at) for at in regions]
        self._templates: list[tuple[bytes, Template] | None] = [None for _ in regions]

    def page(self, state: State, router: int) -> bytes:
        """Return the page of a router, by its place in ``Fleet.routers``."""
        cells, lanes, routers = self._cells[router], self._lanes[router], state.routers
        checks, loads = state.safety.checks[cells], state.loads
        named = self._named(router)
        parts = (
            routers.requests[lanes],
            routers.attempts[lanes],
            routers.in_flight[lanes],
            histograms(routers.first_token_counts[lanes], routers.first_token_sums[lanes]),
            np.floor(routers.billed_tokens[lanes]),
            np.floor(checks),
            checks[:, :, :2].sum(axis=(1, 2)) * CHECK_SECONDS,
            routers.from_outside[cells],
            loads.ended[cells],
            loads.seconds[cells],
            loads.retries[cells],
            np.ones(len(named)),
        )
        values = np.concatenate([part.astype(float).ravel() for part in parts])
        return self._template(state, router).fill(values.tolist())

    def _named(self, router: int) -> Indices:
        groups = self._groups[router]
        return groups if len(groups) <= MOST_GROUPS_NAMED else groups[:0]

    def _template(self, state: State, router: int) -> Template:
        """Return the page's text, made again when a group has got another revision."""
        named = self._named(router)
        revisions = state.engines.revision[named]
        made = self._templates[router]
        if made is None or made[0] != revisions.tobytes():
            template = _make(self._fleet, self._cells[router], named, revisions)
            made = self._templates[router] = (revisions.tobytes(), template)
        return made[1]


def weights_hash(model: str, revision: str) -> str:
    """Return what identifies the weights of a revision, as a store of weights has it."""
    return sha256(f"{model}@{revision}".encode()).hexdigest()[:12]


def _make(fleet: Fleet, cells: Indices, named: Indices, revisions: Indices) -> Template:
    models = [fleet.cells[cell][1] for cell in cells.tolist()]
    lanes: list[tuple[str, ...]] = list(product(models, fleet.revisions, TIERS))
    weights: list[tuple[str, ...]] = []
    for group, at in zip(named.tolist(), revisions.tolist(), strict=True):
        model, revision = fleet.cells[fleet.cell_of_group[group]][1], fleet.revisions[at]
        weights.append((model, fleet.names.group(group), revision, weights_hash(model, revision)))
    children: dict[str, list[tuple[str, ...]]] = {
        "router_requests_total": [(*lane, each) for lane, each in product(lanes, OUTCOMES)],
        "router_request_attempts_total": [(*lane, each) for lane, each in product(lanes, ATTEMPTS)],
        "metering_tokens_billed_total": [(*lane, each) for lane, each in product(lanes, PHASES)],
        "safety_checks_total": list(product(models, STAGES, VERDICTS)),
        "residency_requests_total": list(product(models, TIERS, fleet.regions)),
        "weights_info": weights,
    }
    for family in read_dialect("router_demo").families:
        children.setdefault(family.name, lanes)
    by_model: list[tuple[str, ...]] = [(model,) for model in models]
    families = [
        *read_dialect("router_demo").families,
        *read_dialect("router_demo_services").families,
    ]
    return make_template(
        PageFamily(family, tuple(children.get(family.name, by_model)), family.bounds)
        for family in families
    )
