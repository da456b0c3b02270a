"""Fixtures of the exporters' tests."""

import os
from pathlib import Path
from urllib.parse import urlsplit

import hypothesis
import pytest

from demo.setup import programs
from exporters.fetching import HttpFetcher
from exporters.rendering import Renderer
from exporters.testing import Clock, PageServer
from exporters.topology import Topology
from exporters.version import VERSION

GOLDEN = Path(__file__).parent / "golden"

# How long an example takes says more about the machine than about the code.
hypothesis.settings.register_profile("unhurried", deadline=None)
hypothesis.settings.load_profile("unhurried")


@pytest.fixture
def clock():
    """A clock that is set."""
    return Clock()


@pytest.fixture
def assert_golden():
    """Compares a page with the golden one of a name; with ``GOLDEN=write``, writes it first."""

    def compare(name, page):
        text = Renderer().render(page).replace(f'version="{VERSION}"', 'version="VERSION"')
        golden = GOLDEN / f"{name}.prom"
        if os.environ.get("GOLDEN") == "write":
            golden.write_text(text)
        assert golden.read_text() == text

    return compare


@pytest.fixture
def pages():
    """A server of pages on loopback."""
    with PageServer() as server:
        yield server


@pytest.fixture
async def fetch_page(pages):
    """Fetches from the server of pages: in haste what is slow, else however long it takes."""
    async with HttpFetcher(0.2) as hasty, HttpFetcher(60.0) as patient:

        async def fetch(url):
            return await (hasty if pages.is_slow(urlsplit(url).path) else patient)(url)

        yield fetch


@pytest.fixture
def find_program():
    """Finds promtool and its like."""
    return lambda name: str(programs.find_program(name))


@pytest.fixture
def make_topology():
    """Makes a topology of cluster `demo` without GPUs."""

    def make(groups, routers=(), tools=()) -> Topology:
        return Topology.model_validate(
            {
                "version": 1,
                "cluster": "demo",
                "groups": [
                    {
                        "name": f"{region}-{model}-{index}",
                        "region": region,
                        "model": model,
                        "revision": revision,
                        "metrics": f"http://h/{index}/metrics",
                        "members": [{"host": f"h{index}"}],
                    }
                    for index, (region, model, revision) in enumerate(groups)
                ],
                "routers": [
                    {"name": r, "region": r, "dialect": "demo", "metrics": f"http://h/{r}"}
                    for r in routers
                ],
                "tools": [
                    {"name": f"gateway-{t}", "region": t, "metrics": f"http://h/{t}"} for t in tools
                ],
            }
        )

    return make
