"""Two Prometheus servers that scrape one exporter, while its engines are slow."""

import asyncio
import random

import aiohttp
import pytest
from aiohttp import web

from exporters.addresses import Address
from exporters.collecting import Collector
from exporters.exposition import PageReader
from exporters.fetching import HttpFetcher
from exporters.groups.core import GroupsCore
from exporters.server import application, bind
from exporters.topology import Topology

ENGINES = 4
SCRAPES = 12
STEPS = "shardwatch_group_steps_total"


class SlowEngine:
    """Steps all the time; answers late, with what was true when it was asked."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self.steps = 0
        self.at_once = 0
        self.most_at_once = 0

    async def metrics(self, _) -> web.Response:
        """Answer after up to 0.15 s."""
        self.at_once += 1
        self.most_at_once = max(self.most_at_once, self.at_once)
        self.steps += 1
        steps = self.steps
        await asyncio.sleep(self._chance.uniform(0.0, 0.15))
        self.at_once -= 1
        lines = [
            'vllm:num_requests_running{engine="0"} 1',
            'vllm:num_requests_waiting{engine="0"} 0',
            f'vllm:iteration_tokens_total_count{{engine="0"}} {steps}',
        ]
        return web.Response(body="\n".join([*lines, ""]).encode())


@pytest.fixture
async def serve():
    """Serves applications on loopback."""
    runners = []

    async def start(app) -> str:
        runners.append(web.AppRunner(app))
        await runners[-1].setup()
        listening, address = bind(Address("127.0.0.1", 0))
        await web.SockSite(runners[-1], listening).start()
        return f"http://{address}"

    yield start
    for runner in reversed(runners):
        await runner.cleanup()


async def test_two_prometheus_servers_with_overlapping_scrapes_never_see_a_counter_fall(serve):
    """Neither by itself, nor both together in the order in which their answers came."""
    engines = [SlowEngine(seed) for seed in range(ENGINES)]
    app = web.Application()
    for number, engine in enumerate(engines):
        app.router.add_get(f"/{number}/metrics", engine.metrics)
    base = await serve(app)
    topology = Topology.model_validate({
        "version": 1,
        "cluster": "demo",
        "groups": [
            {"name": f"g{number}", "region": "eu", "model": "chat", "revision": "r1",
             "metrics": f"{base}/{number}/metrics", "members": [{"host": "h"}]}
            for number in range(ENGINES)
        ],
    })  # fmt: skip
    seen: list[tuple[int, dict[str, float]]] = []

    async def scrape_often(server: int, url: str) -> None:
        chance = random.Random(100 + server)
        reader = PageReader({STEPS}.__contains__)
        async with aiohttp.ClientSession() as session:
            for _ in range(SCRAPES):
                async with session.get(url) as response:
                    samples = reader.read(await response.read())
                seen.append((server, {s.labels["group"]: v for s, v in samples.items()}))
                await asyncio.sleep(chance.uniform(0.0, 0.1))

    async with HttpFetcher() as fetch:
        collector = Collector(GroupsCore(topology), fetch)
        url = f"{await serve(application(collector))}/metrics"
        await asyncio.gather(*(scrape_often(server, url) for server in range(2)))
        await collector.close()

    assert len(seen) == 2 * SCRAPES
    for group in (f"g{number}" for number in range(ENGINES)):
        for servers in ((0,), (1,), (0, 1)):
            values = [values[group] for server, values in seen if server in servers]
            assert values == sorted(values)
    # Single flight: two scrapers never cost an engine more than one request at a time.
    assert [engine.most_at_once for engine in engines] == [1] * ENGINES
