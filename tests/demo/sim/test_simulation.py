"""A simulation is reproducible, and follows a clock that somebody else has."""

import asyncio

import pytest

from demo.sim.pages import Pages
from demo.sim.simulation import LARGEST_GAP_STEPS, follow_clock


def _everything(run) -> list[bytes]:
    pages, cluster, state = Pages(run.cluster), run.cluster, run.state
    return [
        *(pages.engine(state, at) for at in range(len(cluster.groups))),
        *(pages.host(state, at) for at in range(len(cluster.hosts))),
        *(pages.router(state, at) for at in range(len(cluster.routers))),
        *(pages.gateway(state, at) for at in range(len(cluster.gateways))),
    ]


def _story(run) -> list[bytes]:
    run.steps(30)
    fault = run.strike("lost-gpu", group="eu-chat-0")
    run.strike("tool-outage", region="us", tool="browser")
    run.steps(40)
    run.repair(fault)
    run.steps(30)
    return _everything(run)


def test_the_same_seed_and_the_same_faults_give_the_same_bytes(make_run):
    """On all pages."""
    assert _story(make_run(seed=5)) == _story(make_run(seed=5))


def test_another_seed_gives_others(make_run):
    """On all pages."""
    one, two = _story(make_run(seed=5)), _story(make_run(seed=6))
    assert all(a != b for a, b in zip(one, two, strict=True))


def test_pages_do_not_change_what_they_show(warm):
    """Two scrapes of one state are equal."""
    assert _everything(warm) == _everything(warm)


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self, now: float, monkeypatch: pytest.MonkeyPatch) -> None:
        self.now = now
        self.slept = []
        real = asyncio.sleep

        async def sleep(seconds):
            if seconds:
                self.slept.append(seconds)
                self.now += seconds
            await real(0)

        monkeypatch.setattr(asyncio, "sleep", sleep)

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def follow(run, monkeypatch):
    """Follows a clock until the simulation has taken some steps."""

    async def until(clock, steps):
        task = asyncio.create_task(follow_clock(run.simulation, clock))
        while run.state.steps < steps and not task.done():
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)

    return until


async def test_it_steps_once_a_second(run, follow, monkeypatch):
    """And sleeps in between."""
    clock = Clock(run.state.now, monkeypatch)
    await follow(clock, 5)
    assert clock.slept[:5] == [1.0] * 5
    assert run.state.now == pytest.approx(clock.now, abs=1.0)


async def test_it_catches_up_where_it_was_late(run, follow, monkeypatch):
    """Without sleeping, and without skipping a second."""
    clock = Clock(run.state.now + 20.5, monkeypatch)
    start = run.state.now
    await follow(clock, 20)
    assert clock.slept == []
    assert run.state.now == start + 20


async def test_after_a_long_sleep_it_goes_on_from_now(run, follow, monkeypatch):
    """A laptop that was closed does not replay the night."""
    clock = Clock(run.state.now + 2 * LARGEST_GAP_STEPS, monkeypatch)
    await follow(clock, 1)
    assert run.state.now == pytest.approx(clock.now, abs=0.1)
