"""An exporter in virtual time serves what its process would have served at the same moments."""

import pytest

from demo.fault_kinds import LAB
from demo.faults import FAULTS
from demo.lab.exporting import (
    MISTAKE,
    SLOW_SCRAPES,
    STALE_CONFIG,
    UNPLACED,
    LabExporter,
    make_cores,
)
from demo.lab.probing import StallProber, path_of
from demo.sim.fleet import fleet_of
from demo.sim.simulation import Simulation
from demo.sim.site import Site
from exporters import catalog
from exporters.collecting import Collector
from exporters.fetching import Response
from exporters.page import Page

LOOKS = 6
EVERY_SECONDS = 15.0
ITS_OWN = ("shardwatch_exporter_", "process_", "shardwatch_source_duration")
"""What a process says of its own time, which the lab has none of."""


@pytest.fixture(params=["gpu", "groups", "router", "tools"])
def name(request) -> str:
    """Of an exporter that reads sources."""
    return request.param


def series(page: Page) -> dict[tuple[str, tuple[str, ...]], object]:
    """Return what is on a page but for what a process says of itself."""
    every = {**page.values, **page.distributions}
    return {
        (name, labels): value
        for name, values in every.items()
        if not name.startswith(ITS_OWN)
        for labels, value in values.items()
    }


async def test_it_serves_what_the_process_would_have_served(setting, name: str) -> None:
    """A collector of the real process, on the same pages at the same moments."""
    topology = setting.config.topology
    simulation = Simulation(fleet_of(topology, step_seconds=1.0), seed=1, now=1.79e9)
    state = simulation.state
    site = Site(state)

    async def fetch(url: str) -> Response:
        return Response(*site.get(*path_of(url)))

    def clock() -> float:
        return state.now

    makers = make_cores(topology, StallProber(state), lambda: state.now)
    lab = LabExporter(name, makers[name], state, site)
    process = Collector(makers[name](state.now), fetch, clock, clock)
    try:
        simulation.faults.strike(state, "lost-gpu", {"group": "us-code-0"})
        simulation.faults.strike(state, "lost-region", {"region": "us-gov"})
        for _ in range(LOOKS):
            for _ in range(round(EVERY_SECONDS)):
                simulation.step()
            served = series((await process.collect()).page)
            found = series(lab.scrape(state.now))
            assert served.keys() == found.keys()
            differing = {key[0] for key in served if served[key] != found[key]}
            # Of hosts on which nothing is odd, the last reading stands for two minutes.
            assert not differing or name == "gpu"
            assert not {each for each in differing if each.endswith(("_state", "_reason", "_up"))}
    finally:
        await process.close()


async def test_it_is_gone_while_it_restarts_and_has_forgotten_all_after(setting) -> None:
    """Its core is made anew."""
    topology = setting.config.topology
    simulation = Simulation(fleet_of(topology, step_seconds=1.0), seed=1, now=1.79e9)
    state = simulation.state
    made = []
    make = make_cores(topology, StallProber(state), lambda: state.now)["router"]
    lab = LabExporter("router", lambda now: made.append(now) or make(now), state, Site(state))
    lab.scrape(state.now)
    lab.restart(state.now, 3.0)

    assert lab.scrape(state.now + 2.9) is None
    assert lab.scrape(state.now + 3.0) is not None
    assert 2 == len(made)


def ailing(setting, *faults: str) -> LabExporter:
    """Return an exporter of routers that ails, on a simulated cluster that is well."""
    topology = setting.config.topology
    state = Simulation(fleet_of(topology, step_seconds=1.0), seed=1, now=1.79e9).state
    make = make_cores(topology, StallProber(state), lambda: state.now)["router"]
    return LabExporter("router", make, state, Site(state), ails={*faults})


def test_an_exporter_that_makes_a_mistake_serves_nothing_of_the_cluster(setting) -> None:
    """And says so; what its sources did is still told, as in a process."""
    well, mistaken = ailing(setting), ailing(setting, MISTAKE)
    pages = [each.scrape(1.79e9) for each in (well, mistaken)]
    success = [page.of(catalog.EXPORTER_COLLECTION_SUCCESS)["router",] for page in pages]

    assert [1.0, 0.0] == success
    assert pages[0].of(catalog.ROUTER_UP)
    assert not pages[1].of(catalog.ROUTER_UP)
    assert pages[1].of(catalog.SOURCE_UP)


def test_an_exporter_with_an_invalid_topology_or_unplaced_targets_says_so(setting) -> None:
    """It goes on all the same."""
    page = ailing(setting, STALE_CONFIG, UNPLACED).scrape(1.79e9)

    assert [0.0] == [*page.of(catalog.EXPORTER_RELOAD_SUCCESS).values()]
    assert {("router", "no_group"): 3.0} == page.of(catalog.EXPORTER_UNPLACED_TARGETS)
    assert page.of(catalog.ROUTER_UP)
    assert {} == ailing(setting).scrape(1.79e9).of(catalog.EXPORTER_UNPLACED_TARGETS)


def test_scrapes_of_a_slow_exporter_take_nearly_as_long_as_they_may(setting) -> None:
    """And are in time."""
    assert 9 < ailing(setting, SLOW_SCRAPES).scrape_seconds(10.0) < 10
    assert ailing(setting).scrape_seconds(10.0) < 1


def test_every_fault_of_an_exporter_in_the_lab_is_one_that_a_scenario_can_name() -> None:
    """By the name that it has there."""
    ours = {n for n, kind in FAULTS.items() if kind.engines == LAB and "exporter" in kind.needs}

    assert {MISTAKE, STALE_CONFIG, UNPLACED, SLOW_SCRAPES} == ours
