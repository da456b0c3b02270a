"""Collections: all sources at once, shared, one after another."""

import asyncio

import pytest

from exporters import catalog, collecting
from exporters.collecting import Collector
from exporters.fetching import FetchError, Response
from exporters.page import Page
from exporters.sources import Target
from exporters.testing import Clock
from exporters.version import VERSION


class FakeCore:
    """Reads two sources as text and remembers what it observed."""

    name = "gpu"
    cluster = "demo"

    def __init__(self, *, samples_itself=False) -> None:
        self.samples_itself = samples_itself
        self.targets = [
            Target("a", "eu", "http://a", bytes.decode),
            Target("b", "us", "http://b", bytes.decode),
            Target("c", "us", "http://c", bytes.decode, shown=False),
        ]
        self.observed = []

    def observe(self, answers, now) -> Page:
        """Remember."""
        self.observed.append((now, [answers[target].content for target in self.targets]))
        return Page()


class FakeFetch:
    """Answers with the address, all but those that fail, once the gate is open."""

    def __init__(self) -> None:
        self.asked = []
        self.failing = set()
        self.gate = asyncio.Event()
        self.gate.set()

    async def __call__(self, url) -> Response:
        """Answer."""
        self.asked.append(url)
        await self.gate.wait()
        if url in self.failing:
            raise FetchError("timeout", "why")
        return Response(200, url.encode())


@pytest.fixture
def fetch():
    """What answers."""
    return FakeFetch()


async def test_a_collection_asks_every_source_and_feeds_the_core(fetch, clock):
    """Those that fail have no content."""
    core = FakeCore()
    fetch.failing = {"http://b"}
    await Collector(core, fetch, clock).collect()
    assert core.observed == [(100.0, ["http://a", None, "http://c"])]


async def test_the_page_says_of_each_shown_source_whether_it_is_up_why_and_how_long(fetch, clock):
    """The unshown are the exporter's own business."""
    fetch.failing = {"http://b"}
    page = (await Collector(FakeCore(), fetch, clock).collect()).page
    a, b = ("gpu", "demo", "eu", "a"), ("gpu", "demo", "us", "b")
    assert page.of(catalog.SOURCE_UP) == {a: 1.0, b: 0.0}
    assert page.of(catalog.SOURCE_REASON) == {(*a, "none"): 1.0, (*b, "timeout"): 1.0}
    assert page.of(catalog.SOURCE_DURATION) == {a: 0.0, b: 0.0}


async def test_the_page_says_what_opened_a_circuit(fetch, clock):
    """That it is open tells nobody what to mend."""
    fetch.failing = {"http://b"}
    collector = Collector(FakeCore(), fetch, clock)
    for _ in range(4):
        page = (await collector.collect()).page
    a, b = ("gpu", "demo", "eu", "a"), ("gpu", "demo", "us", "b")
    assert page.of(catalog.SOURCE_REASON) == {
        (*a, "none"): 1.0, (*b, "circuit_open"): 1.0, (*b, "timeout"): 1.0,
    }  # fmt: skip


async def test_the_page_says_what_made_it_and_how_long_it_took(fetch, clock):
    """The time of the whole collection."""
    fetch.gate.clear()
    collector = Collector(FakeCore(), fetch, clock)
    collecting_now = asyncio.create_task(collector.collect())
    await asyncio.sleep(0.01)
    clock.now = 100.75
    fetch.gate.set()
    page = (await collecting_now).page
    assert page.of(catalog.EXPORTER_COLLECTION_DURATION) == {("gpu",): 0.75}
    assert page.of(catalog.EXPORTER_BUILD_INFO) == {("gpu", VERSION): 1.0}


async def test_scrapes_at_once_share_a_collection_and_later_ones_get_their_own(fetch, clock):
    """Two Prometheus servers cost one; nobody gets an old page."""
    collector = Collector(FakeCore(), fetch, clock)
    first, second = await asyncio.gather(collector.collect(), collector.collect())
    third = await collector.collect()
    assert first is second
    assert third is not first
    assert len(fetch.asked) == 6


async def test_a_scrape_that_leaves_does_not_end_the_collection_of_others(fetch, clock):
    """Prometheus gives up at its time-out."""
    fetch.gate.clear()
    collector = Collector(FakeCore(), fetch, clock)
    leaving, staying = (asyncio.create_task(collector.collect()) for _ in range(2))
    await asyncio.sleep(0.01)
    leaving.cancel()
    fetch.gate.set()
    assert (await staying).page is not None


async def test_an_exporter_without_states_collects_once_by_itself(fetch, clock):
    """To be ready; from then on when it is scraped."""
    core = FakeCore()
    collector = Collector(core, fetch, clock)
    assert not collector.is_ready
    await collector.sample_forever()
    assert collector.is_ready
    assert len(core.observed) == 1


async def test_an_exporter_with_states_samples_unless_scrapes_feed_it(fetch, clock, monkeypatch):
    """A stall is noticed whether or not anybody scrapes; a scrape is a sample too."""
    sleeps = []
    core = FakeCore(samples_itself=True)
    collector = Collector(core, fetch, clock)

    go_round = asyncio.sleep

    async def sleep(seconds):
        if not seconds:
            await go_round(0)  # between two pages
            return
        sleeps.append(round(seconds, 3))
        if len(sleeps) == 1:
            clock.now += 4.0
            await collector.collect()  # a scrape
        elif len(sleeps) == 2:
            clock.now += seconds
        else:
            raise asyncio.CancelledError

    with monkeypatch.context() as patched:
        patched.setattr(collecting.asyncio, "sleep", sleep)
        with pytest.raises(asyncio.CancelledError):
            await collector.sample_forever()
    assert [now for now, _ in core.observed] == [100.0, 104.0, 109.5]
    assert sleeps == [5.5, 5.5, 5.5]


async def test_sampling_goes_on_after_a_collection_that_failed(fetch, clock, monkeypatch, caplog):
    """A mistake of ours must not end the watch."""
    core = FakeCore(samples_itself=True)
    collector = Collector(core, fetch, clock)
    observe, sleeps = core.observe, []

    def fail(answers, now):
        raise ZeroDivisionError

    go_round = asyncio.sleep

    async def sleep(seconds):
        if not seconds:
            await go_round(0)  # between two pages
            return
        sleeps.append(seconds)
        clock.now += seconds
        core.observe = observe
        if len(sleeps) == 2:
            raise asyncio.CancelledError

    core.observe = fail
    with monkeypatch.context() as patched:
        patched.setattr(collecting.asyncio, "sleep", sleep)
        with pytest.raises(asyncio.CancelledError):
            await collector.sample_forever()
    assert len(core.observed) == 1
    assert "a collection failed" in caplog.text


async def test_a_collection_that_failed_serves_its_sources_and_says_so(fetch, clock):
    """Since when it fails, too; nothing old is served."""
    core = FakeCore()
    wall = Clock()
    collector = Collector(core, fetch, clock, wall)
    page = (await collector.collect()).page
    assert page.of(catalog.EXPORTER_COLLECTION_SUCCESS) == {("gpu",): 1.0}
    core.observe = None
    wall.now = 200.0
    page = (await collector.collect()).page
    assert page.of(catalog.EXPORTER_COLLECTION_SUCCESS) == {("gpu",): 0.0}
    assert page.of(catalog.EXPORTER_COLLECTION_LAST_SUCCESS) == {("gpu",): 100.0}
    assert page.of(catalog.SOURCE_UP)["gpu", "demo", "eu", "a"] == 1.0


async def test_the_page_says_when_each_source_last_answered(fetch, clock):
    """0 if it never has."""
    fetch.failing = {"http://b"}
    wall = Clock()
    collector = Collector(FakeCore(), fetch, clock, wall)
    await collector.collect()
    fetch.failing = {"http://a", "http://b"}
    wall.now = 200.0
    page = (await collector.collect()).page
    assert page.of(catalog.SOURCE_LAST_SUCCESS) == {
        ("gpu", "demo", "eu", "a"): 100.0,
        ("gpu", "demo", "us", "b"): 0.0,
    }


class RememberingCore(FakeCore):
    """Counts its collections, also those of the core before it."""

    def __init__(self, *names: str) -> None:
        super().__init__()
        self.targets = [Target(name, "eu", f"http://{name}", bytes.decode) for name in names]
        self.count = 0

    def observe(self, answers, now) -> Page:
        """Count."""
        self.count += 1
        return super().observe(answers, now)

    def take_over(self, earlier) -> None:
        """Go on."""
        self.count = earlier.count


async def test_another_topology_counts_from_the_next_collection_on(fetch, clock):
    """What the core remembers goes on; so does what is known of a source that stays."""
    fetch.failing = {"http://b"}
    collector = Collector(RememberingCore("a", "b"), fetch, clock, Clock())
    for _ in range(3):
        await collector.collect()
    core = RememberingCore("b", "c")
    fetch.gate.clear()
    under_way = asyncio.create_task(collector.collect())
    await asyncio.sleep(0.01)
    collector.replace(core)
    fetch.gate.set()
    old = (await under_way).page
    new = (await collector.collect()).page
    assert [labels[3] for labels in old.of(catalog.SOURCE_UP)] == ["a", "b"]
    assert [labels[3] for labels in new.of(catalog.SOURCE_UP)] == ["b", "c"]
    assert core.count == 5
    reasons = {labels[3:] for labels in new.of(catalog.SOURCE_REASON)}
    assert reasons == {("b", "circuit_open"), ("b", "timeout"), ("c", "none")}


async def test_closing_ends_everything_under_way(fetch, clock):
    """No task is left behind."""
    fetch.gate.clear()
    collector = Collector(FakeCore(), fetch, clock)
    collecting_now = asyncio.create_task(collector.collect())
    await asyncio.sleep(0.01)
    await collector.close()
    with pytest.raises(asyncio.CancelledError):
        await collecting_now
    assert asyncio.all_tasks() == {asyncio.current_task()}
