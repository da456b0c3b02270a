"""Which exporter sees the events of which objective, and what follows from it."""

from dataclasses import replace

import pytest

from alerts.blackout import blind_rule, vanished_rule
from alerts.blackout_alerts import blind_alerts
from alerts.causes.every import causes, explaining
from alerts.causes.gpus import GPU_LOST
from alerts.causes.tools import TOOL_OUTAGE
from alerts.sources import (
    GOVERNANCE,
    GROUPS,
    PROBES,
    ROUTER,
    SOURCES,
    TOOLS,
    WEIGHTS,
    find_source,
)
from exporters.config import Links
from slo.objective import Objective
from slo.objectives import LIBRARY, ObjectiveFile, library_names, read_objective_files

EXPECTED = {
    "chat-availability": ROUTER,
    "chat-ttft": ROUTER,
    "turn-time": ROUTER,
    "goodput": ROUTER,
    "canary-errors": ROUTER,
    "throttled-paid": ROUTER,
    "throttled-free": ROUTER,
    "data-locality": GOVERNANCE,
    "tokens-unbilled": GOVERNANCE,
    "tokens-overbilled": GOVERNANCE,
    "safety-coverage": GOVERNANCE,
    "safety-time": GOVERNANCE,
    "weight-load-time": WEIGHTS,
    "tool-success": TOOLS,
    "tool-time": TOOLS,
    "group-availability": GROUPS,
    "gpu-availability": GROUPS,
    "prefix-cache-efficiency": GROUPS,
    "token-pace": GROUPS,
    "queue-time": GROUPS,
    "probe-success": PROBES,
    "routed-probe-success": PROBES,
}


@pytest.fixture(scope="module")
def library() -> dict[str, Objective]:
    """Every objective of the library, by name."""
    files = [ObjectiveFile(LIBRARY / f"{each}.yaml", f"library:{each}") for each in library_names()]
    return {each.name: each for each in read_objective_files(files)}


def test_every_objective_of_the_library_has_a_source(library: dict[str, Objective]):
    """So that it can be told who does not answer when its events cannot be seen."""
    found = {name: find_source(each) for name, each in library.items()}

    assert EXPECTED == found


def test_no_family_belongs_to_two_sources():
    """Else the order of sources would say what an objective is about."""
    names = [family.name for source in SOURCES for family in source.families]

    assert sorted(set(names)) == sorted(names)


@pytest.mark.parametrize("name", ["data-locality", "safety-coverage", "weight-load-time"])
def test_events_beside_routers_are_unseen_while_their_router_does_not_answer(
    name: str, library: dict[str, Objective]
):
    """All routers of the region, or those that saw most of its requests."""
    expr = blind_rule(library[name]).expr

    assert "and on (region)\n(max by (region) (shardwatch_router_up) == 0)" in expr
    assert "sum by (region, model) (shardwatch:router_requests_usual:avg)\n>= 0.6" in expr


@pytest.mark.parametrize("name", ["group-availability", "token-pace", "probe-success"])
def test_a_dead_group_is_an_event_and_none_that_cannot_be_seen(
    name: str, library: dict[str, Objective]
):
    """Its objective would be blind just when it has something to count."""
    assert "_up == 0" not in blind_rule(library[name]).expr


def test_requests_in_flight_are_no_sign_of_a_governments_that_hang(library: dict[str, Objective]):
    """They are all tiers' together, and a government may have none for an hour."""
    in_flight = "shardwatch_router_requests_in_flight"

    assert in_flight in vanished_rule(library["turn-time"], 15).expr
    assert in_flight not in vanished_rule(library["data-locality"], 15).expr


def test_what_hurts_requests_explains_groups_and_probes_and_no_bill(library: dict[str, Objective]):
    """Nor is a tool that is out a reason for any of them."""
    explained = {
        name: {each.name for each in explaining(causes(15), library[name])}
        for name in ("group-availability", "probe-success", "tokens-unbilled")
    }

    for name in ("group-availability", "probe-success"):
        assert GPU_LOST in explained[name]
        assert TOOL_OUTAGE not in explained[name]
    assert not {GPU_LOST, TOOL_OUTAGE} & explained["tokens-unbilled"]


def test_a_ticket_names_each_exporter_once_that_may_not_answer(library: dict[str, Objective]):
    """Requests and what stands beside them are read by the same one."""
    both = [library["chat-availability"], replace(library["safety-coverage"], service="inference")]

    [alert] = blind_alerts(both, Links())

    assert 'exporter=~"router"' in alert.annotations["description"]
    assert "look at the exporter 'router' itself" in alert.annotations["description"]
