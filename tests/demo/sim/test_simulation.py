"""A simulation is reproducible, and follows a clock that somebody else has."""

import asyncio

import numpy as np
import pytest

from demo.sim.simulation import LARGEST_GAP_STEPS, LATE_SECONDS, follow_clock


def _story(run) -> list[bytes]:
    run.seconds(30)
    fault = run.strike("lost-gpu", group="eu-chat-0")
    run.strike("tool-outage", region="us", tool="browser")
    run.strike("bad-canary", region="us", model="chat")
    run.strike("lost-region", region="us-gov")
    run.seconds(45)
    run.repair(fault)
    run.seconds(30)
    return run.everything()


@pytest.mark.parametrize("step_seconds", [1.0, 15.0])
def test_the_same_seed_and_the_same_faults_give_the_same_bytes(make_run, step_seconds):
    """On all pages, and in truth."""
    one = make_run(seed=5, step_seconds=step_seconds)
    two = make_run(seed=5, step_seconds=step_seconds)
    assert _story(one) == _story(two)
    assert one.told() == two.told()


def test_another_seed_gives_others(make_run):
    """On all pages."""
    one, two = _story(make_run(seed=5)), _story(make_run(seed=6))
    assert all(a != b for a, b in zip(one, two, strict=True))


def test_what_one_part_draws_does_not_shift_the_others(make_run):
    """With more tool calls that fail, blips and failures of hardware come when they would have."""
    one, two = make_run(seed=5), make_run(seed=5)
    two.strike("tool-outage", region="us", tool="browser")
    one.seconds(60)
    two.seconds(60)
    assert one.everything() != two.everything()
    for part in ("blips", "hardware", "failures", "faults"):
        drawn = [run.state.rngs[part].bit_generator.state for run in (one, two)]
        assert drawn[0] == drawn[1]


def test_pages_do_not_change_what_they_show(warm):
    """Two scrapes of one state are equal."""
    assert warm.everything() == warm.everything()


def test_warming_up_leaves_the_truth_empty_and_the_cluster_busy(warm):
    """It ends now."""
    assert warm.state.truth.outcomes.sum() == 0
    assert warm.state.started == warm.state.now
    assert (warm.state.engines.batch > 0).all()


def test_long_and_short_steps_tell_the_same_story(make_run):
    """Ten minutes of an ordinary afternoon: requests, tokens, streams."""
    short = make_run(step_seconds=1.0, warm_up_seconds=600.0)
    long = make_run(step_seconds=15.0, warm_up_seconds=600.0)
    chat = [short.cell(region, "chat") for region in ("eu", "us", "us-gov")]
    streams = []
    for run in (short, long):
        held = []
        for _ in range(20):
            run.seconds(15)
            held.append(run.state.engines.batch.copy())
        groups = np.isin(run.fleet.cell_of_group, chat)
        streams.append(np.mean(held, axis=0)[groups].mean())
    for counts in ("outcomes", "tokens"):
        one, two = (getattr(run.state.truth, counts)[chat].sum() for run in (short, long))
        assert one == pytest.approx(two, rel=0.05)
    assert streams[0] == pytest.approx(streams[1], rel=0.1)


class Clock:
    """Time that passes only while somebody sleeps."""

    def __init__(self, now: float, monkeypatch: pytest.MonkeyPatch, speed: float = 1.0) -> None:
        self.now = now
        self.slept = []
        real = asyncio.sleep

        async def sleep(seconds):
            if seconds:
                self.slept.append(seconds)
                self.now += seconds * speed
            await real(0)

        monkeypatch.setattr(asyncio, "sleep", sleep)

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def follow(run, monkeypatch):
    """Follows a clock until the simulation has taken some steps."""

    async def until(clock, steps, speed=1.0):
        task = asyncio.create_task(follow_clock(run.simulation, clock, speed=speed))
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


async def test_a_fast_clock_is_followed_step_by_step(run, follow, monkeypatch):
    """It is real time that is slept: at 60 x a second of the simulation is a sixtieth of one."""
    clock = Clock(run.state.now, monkeypatch, speed=60.0)
    await follow(clock, 5, speed=60.0)
    assert clock.slept[:5] == pytest.approx([1 / 60] * 5)
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


@pytest.fixture(params=[(0.5, 0), (1.5, 1)], ids=["catches up", "does not"])
def late_run(request, run, monkeypatch):
    """A clock that is far ahead of a simulation, and how often that must say so."""
    step_takes_seconds, messages = request.param
    clock = Clock(run.state.now + 3 * LATE_SECONDS, monkeypatch)
    step = run.simulation.step

    def slowly():
        clock.now += step_takes_seconds
        step()

    monkeypatch.setattr(run.simulation, "step", slowly)
    return clock, messages


async def test_what_cannot_keep_up_says_so_once(follow, late_run, capsys):
    """Not what is late at its start and catches up."""
    clock, messages = late_run
    await follow(clock, 100)
    said = capsys.readouterr().err.splitlines()
    assert len(said) == messages
    assert all("of its time late and cannot keep up" in line for line in said)
