"""The core of the groups exporter: what it serves, and whom it asks."""

import asyncio
from pathlib import Path

import pytest

from exporters import catalog
from exporters.collecting import Collector
from exporters.fetching import Response
from exporters.groups.core import GroupsCore, probing_core
from exporters.groups.stalling import Probe
from exporters.rendering import Renderer
from exporters.sources import LARGE_PAGE_BYTES
from exporters.testing import Clock, histogram_samples, page_of, telemetry_page
from exporters.topology import Topology

FIXTURES = Path(__file__).parents[2] / "fixtures/vllm"
GROUP = ("demo", "eu", "chat", "eu-chat-0")
LABELS = {"engine": "0", "model_name": "tiny"}


def engine_page(steps=1.0, running=0.0, tokens=0.0, more=()):
    """The least of a vLLM page, and more."""
    return page_of(
        "vllm_0_32",
        [
            ("vllm:num_requests_running", LABELS, running),
            ("vllm:num_requests_waiting", LABELS, 0.0),
            ("vllm:iteration_tokens_total_count", LABELS, steps),
            ("vllm:generation_tokens_total", LABELS, tokens),
            *more,
        ],
    )


class Asked:
    """A prober that writes down whom it was to ask, and how that went."""

    def __init__(self) -> None:
        self.questions = []
        self.outcome = "pending"

    def ask(self, group, question, now):
        """Write it down."""
        self.questions.append((group, question, now))

    def last(self, group):
        """The outcome that was set."""
        return Probe(self.outcome, self.questions[-1][2]) if self.questions else Probe()

    def is_refused(self, group):
        """Whether that was the outcome."""
        return self.outcome == "refused"

    def counts(self, group):
        """Some."""
        return {"answered": 3}


async def looks(core, pages, count=1, scrapers=1):
    """Collect every 5 s from pages by URL, each a function of the time; return what is served.

    Of several scrapers, each comes 20 ms after the one before.
    """
    clock = Clock()

    async def fetch(url):
        return Response(200, pages(url, clock.now).encode())

    collector, served = Collector(core, fetch, clock), []
    for _ in range(count):
        start = clock.now
        for _ in range(scrapers):
            served.append((await collector.collect()).page)
            clock.now += 0.02
        clock.now = start + 5.0
    await collector.close()
    return served


def state_of(page, group=GROUP):
    """The group's state and reason."""
    (reason,) = [labels[-1] for labels in page.of(catalog.GROUP_REASON) if labels[:4] == group]
    states = page.of(catalog.GROUP_STATE)
    (state,) = [each for each in catalog.GROUP_STATES if states[*group, each]]
    return state, reason


def still(url, now):
    """An engine that has work and makes no step."""
    return "" if url.endswith("health") else engine_page(running=1.0)


async def test_an_engine_that_seems_stalled_is_asked_for_its_model(make_topology):
    """Beside its metrics, once 15 s have passed without a step."""
    asked = Asked()
    core = GroupsCore(make_topology(groups=[("eu", "chat", "r1")]), asked)
    served = await looks(core, still, 7)
    ((group, question, now),) = asked.questions
    assert (group, now) == ("eu-chat-0", 115.0)
    assert (question.url, question.model) == ("http://h/0/v1/completions", "tiny")
    assert question.rank is None
    assert state_of(served[-1]) == ("stalled", "no_step")
    assert served[-1].of(catalog.GROUP_PROBES) == {
        (*GROUP, "answered"): 3.0, (*GROUP, "unanswered"): 0.0, (*GROUP, "refused"): 0.0,
    }  # fmt: skip


async def test_an_engine_that_answers_is_up_whatever_its_gauge_says(make_topology):
    """Today's best would call it stalled for ever (vLLM #29928)."""
    asked = Asked()
    asked.outcome = "answered"
    core = GroupsCore(make_topology(groups=[("eu", "chat", "r1")]), asked)
    served = await looks(core, still, 30)
    assert {state_of(page) for page in served} == {("up", "none")}
    assert len(asked.questions) > 1


async def test_an_engine_that_shares_its_address_is_asked_by_its_rank(make_topology):
    """Or another rank would answer for it."""
    asked = Asked()
    core = GroupsCore(make_topology(groups=[("eu", "chat", "r1")]), asked)

    def both(url, now):
        if url.endswith("health"):
            return ""
        page = engine_page(running=1.0)
        return page + page.replace('engine="0"', 'engine="1"')

    await looks(core, both, 5)
    assert [question.rank for _, question, _ in asked.questions] == ["0"]


async def test_without_a_prober_the_page_is_believed(make_topology):
    """And no family of probes is served."""
    core = GroupsCore(make_topology(groups=[("eu", "chat", "r1")]))
    served = await looks(core, still, 7)
    assert state_of(served[-1]) == ("stalled", "no_step")
    assert not served[-1].of(catalog.GROUP_PROBES)


@pytest.mark.parametrize(("has_completions", "expected"), [(True, "up"), (False, "stalled")])
async def test_a_sticking_gauge_over_http(pages, fetch_page, has_completions, expected):
    """The whole way: an engine without completions is asked in vain, and judged by its page."""
    pages.serve("/e/metrics", engine_page(running=99.0))
    pages.serve("/e/health", "")
    if has_completions:
        pages.serve("/e/v1/completions", b"{}")
    topology = Topology.model_validate({
        "version": 1, "cluster": "demo",
        "groups": [{"name": "eu-chat-0", "region": "eu", "model": "chat", "revision": "r1",
                    "metrics": pages.url("/e/metrics"), "members": [{"host": "h"}]}],
    })  # fmt: skip
    clock = Clock()
    collector = Collector(probing_core(topology), fetch_page, clock)
    for _ in range(12):
        page = (await collector.collect()).page
        await asyncio.sleep(0.05)
        clock.now += 5.0
    await collector.close()
    assert state_of(page)[0] == expected
    counted = page.of(catalog.GROUP_PROBES)[*GROUP, "answered" if has_completions else "refused"]
    assert counted == 2.0
    assert len(pages.posted) - counted <= 1
    assert page.of(catalog.GROUP_PROBE_REFUSED) == {GROUP: 0.0 if has_completions else 1.0}


async def test_engines_behind_one_api_server_are_asked_once_for_all(pages, fetch_page):
    """A large page too; what of it is of another rank costs none of them its state."""
    capture = (FIXTURES / "vllm-0.32.0-cpu-tp2.metrics.txt").read_text()
    lines = [
        line.replace('engine="0"', f'engine="{rank}"')
        for line in capture.splitlines()
        for rank in (range(16) if 'engine="0"' in line else range(1))
    ]
    page = "\n".join([*lines, ""])
    assert len(page) > LARGE_PAGE_BYTES
    pages.serve("/metrics", page)
    pages.serve("/health", "")
    topology = Topology.model_validate({
        "version": 1, "cluster": "demo",
        "groups": [{"name": f"g{rank}", "region": "eu", "model": "chat", "revision": "r1",
                    "engine": str(rank), "metrics": pages.url("/metrics"),
                    "members": [{"host": f"h{rank}"}]} for rank in range(17)],
    })  # fmt: skip
    clock = Clock()
    collector = Collector(GroupsCore(topology), fetch_page, clock)
    for _ in range(3):
        served = (await collector.collect()).page
        clock.now += 5.0
    await collector.close()
    states = [state_of(served, ("demo", "eu", "chat", f"g{rank}")) for rank in range(17)]
    # The last one is of a rank that the server does not have.
    assert states == [("up", "none")] * 16 + [("dead", "engine_unreachable")]
    assert (pages.requests("/metrics"), pages.requests("/health")) == (3, 3)


async def test_a_gauge_without_a_number_is_left_out(make_topology):
    """What is served is a number."""
    usage = [("vllm:kv_cache_usage_perc", LABELS, float("nan"))]

    def answer(url, now):
        return "" if url.endswith("health") else engine_page(steps=now, more=usage)

    (page,) = await looks(GroupsCore(make_topology(groups=[("eu", "chat", "r1")])), answer)
    assert state_of(page) == ("up", "none")
    assert not page.of(catalog.GROUP_KV_CACHE_USAGE)
    assert page.of(catalog.GROUP_STEPS)


async def test_groups_of_a_region_without_a_router_say_what_is_missed(make_topology):
    """What users felt is seen at routers only."""
    topology = make_topology(groups=[("eu", "chat", "r1"), ("us", "chat", "r1")], routers=["us"])
    (page,) = await looks(GroupsCore(topology), still)
    assert page.of(catalog.GROUP_ROUTER_MISSING) == {
        GROUP: 1.0, ("demo", "us", "chat", "us-chat-1"): 0.0,
    }  # fmt: skip


async def test_members_are_counted_by_state():
    """All that are expected, those without telemetry too."""

    def member(host, gpus, *, telemetry=True):
        watched = {"telemetry": f"http://{host}/metrics"} if telemetry else {}
        return {"host": host, "gpus": gpus, **watched}

    topology = Topology.model_validate({
        "version": 1, "cluster": "demo",
        "groups": [{"name": "eu-chat-0", "region": "eu", "model": "chat", "revision": "r1",
                    "metrics": "http://e/metrics",
                    "members": [member("h1", ["GPU-a", "GPU-b"]),
                                member("h2", ["GPU-c"], telemetry=False)]}],
    })  # fmt: skip
    lost = 'DCGM_FI_DEV_XID_ERRORS{UUID="GPU-b",err_code="79"} 79\n'
    telemetry = telemetry_page({"GPU-a": {}, "GPU-b": None}) + lost

    def answer(url, now):
        return {"h1": telemetry, "e": "" if url.endswith("health") else engine_page()}[
            url.split("/")[2]
        ]

    (page,) = await looks(GroupsCore(topology), answer)
    members = {labels[-1]: value for labels, value in page.of(catalog.GROUP_MEMBERS).items()}
    assert members == {"lost": 1.0, "hung": 0.0, "degraded": 0.0, "healthy": 1.0, "unknown": 1.0}
    assert sum(members.values()) == page.of(catalog.GROUP_GPUS_EXPECTED)[GROUP]
    assert page.of(catalog.GROUP_CAPACITY)[GROUP] == 0.0


async def test_dialect_and_missing_bounds_are_told(make_topology):
    """Custom buckets (--custom-histogram-buckets) cost quantiles; somebody should know."""
    name = "vllm:request_queue_time_seconds"
    samples = histogram_samples(name, LABELS, [0.3, 0.4], [0.1])

    def answer(url, now):
        return "" if url.endswith("health") else engine_page(more=samples)

    core = GroupsCore(make_topology(groups=[("eu", "chat", "r1")]))
    (page,) = await looks(core, answer)
    missing = float(len(catalog.GROUP_QUEUE_TIME.bounds) - 1)
    assert page.of(catalog.GROUP_MISSING_BOUNDS) == {
        (*GROUP, catalog.GROUP_QUEUE_TIME.name): missing
    }
    assert page.of(catalog.GROUP_DIALECT_INFO) == {(*GROUP, "other", "none"): 1.0}


@pytest.mark.parametrize("scrapers", [1, 2])
async def test_a_straggler_is_degraded_for_it_is_below_its_peers(make_topology, scrapers):
    """No GPU says that anything is wrong; and every Prometheus server is told so."""
    core = GroupsCore(make_topology(groups=[("eu", "chat", "r1")] * 4))

    def answer(url, now):
        if url.endswith("health"):
            return ""
        speed = 100.0 if "/0/" in url else 300.0
        # A step takes a while: two looks within it find the same page.
        steps = now // 0.5
        return engine_page(steps, running=8.0, tokens=speed * steps)

    served = await looks(core, answer, 20, scrapers)
    assert state_of(served[5]) == ("up", "none")
    assert state_of(served[-1]) == ("degraded", "below_peers")
    for page in served[-scrapers:]:
        assert page.of(catalog.GROUP_SPEED_TO_PEERS)[GROUP] == pytest.approx(1 / 3)
    assert served[-1].of(catalog.GROUP_CAPACITY)[GROUP] == 1.0
    other = (*GROUP[:3], "eu-chat-1")
    assert state_of(served[-1], other) == ("up", "none")


async def test_a_group_that_stood_still_is_not_slow_when_it_goes_on(make_topology):
    """Its window holds the time since then, not the stall."""
    core = GroupsCore(make_topology(groups=[("eu", "chat", "r1")] * 4))

    def answer(url, now):
        if url.endswith("health"):
            return ""
        worked = now - min(max(now - 200.0, 0.0), 50.0) if "/0/" in url else now
        return engine_page(steps=worked, running=8.0, tokens=300.0 * worked)

    states = [state_of(page) for page in await looks(core, answer, 60)]
    assert set(states) == {("up", "none"), ("stalled", "no_step")}
    assert states[-1] == ("up", "none")


async def test_an_engine_costs_three_tenths_of_its_series_at_most(make_topology):
    """Every group of a fleet pays for each series; real pages are what counts."""
    capture = (FIXTURES / "vllm-0.32.0-cpu-tp2.metrics.txt").read_text()

    def answer(url, now):
        return "" if url.endswith("health") else capture

    (page,) = await looks(probing_core(make_topology(groups=[("eu", "chat", "r1")] * 4)), answer)
    read = 4 * sum(not line.startswith("#") for line in capture.splitlines())
    served = sum(not line.startswith("#") for line in Renderer().render(page).splitlines())
    assert served / read <= 0.3
