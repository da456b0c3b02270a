"""An exporter in virtual time serves what its process would have served at the same moments."""

import pytest

from demo.lab.exporting import LabExporter, make_cores
from demo.lab.probing import StallProber, path_of
from demo.sim.fleet import fleet_of
from demo.sim.simulation import Simulation
from demo.sim.site import Site
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
