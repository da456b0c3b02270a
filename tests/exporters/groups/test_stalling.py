"""Whether an engine stands still, story by story, and in time against engines that misbehave."""

from dataclasses import dataclass, field
from math import inf

import pytest

from exporters.groups.stalling import (
    PROBE_AGAIN_SECONDS,
    PROBE_DEADLINE_SECONDS,
    STALLED_AFTER_SECONDS,
    UNSUPPORTED,
    WARM_UP_SECONDS,
    EngineSighting,
    Probe,
    watch,
)

UP, ASKS, STALLED, STALLED_ASKS = (False, False), (False, True), (True, False), (True, True)
BUSY, IDLE = True, False


def at(seconds, steps, busy, *, ended=0.0, awake=True, probe="none", asked=-inf):
    """What one look sees; ``asked`` is when the last probe was sent."""
    return seconds, EngineSighting(steps, busy, awake, ended=ended), Probe(probe, asked)


STORIES = {
    "one that has work and makes no step is asked, and stalled without an answer": [
        (at(0, 5, BUSY), UP), (at(10, 5, BUSY), UP), (at(15, 5, BUSY), ASKS),
        (at(20, 5, BUSY, probe="unanswered", asked=15), UP),
        (at(30, 5, BUSY, probe="unanswered", asked=15), STALLED)],
    "one that answers is up, though its gauge sticks and its steps stand": [
        (at(0, 5, BUSY), UP), (at(15, 5, BUSY), ASKS),
        (at(20, 5, BUSY, probe="answered", asked=15), UP),
        (at(30, 5, BUSY, probe="answered", asked=15), UP)],
    "and is doubted again 15 s after its answer": [
        (at(0, 5, BUSY), UP), (at(15, 5, BUSY), ASKS),
        (at(20, 5, BUSY, probe="answered", asked=15), UP),
        (at(34, 5, BUSY, probe="answered", asked=15), UP),
        (at(35, 5, BUSY, probe="answered", asked=15), ASKS),
        (at(50, 5, BUSY, probe="unanswered", asked=35), STALLED)],
    "a probe that is under way is waited for": [
        (at(0, 5, BUSY), UP), (at(28, 5, BUSY), ASKS),
        (at(30, 5, BUSY, probe="pending", asked=28), UP),
        (at(33, 5, BUSY, probe="unanswered", asked=28), STALLED)],
    "but not for longer than its deadline": [
        (at(0, 5, BUSY), UP), (at(20, 5, BUSY), ASKS),
        (at(30, 5, BUSY, probe="pending", asked=20), STALLED)],
    "one look after a long gap asks before it judges": [
        (at(0, 5, BUSY), UP), (at(300, 5, BUSY), ASKS)],
    "a probe from before the last step says nothing": [
        (at(0, 5, BUSY), UP), (at(15, 5, BUSY), ASKS),
        (at(20, 6, BUSY, probe="unanswered", asked=15), UP),
        (at(50, 6, BUSY, probe="unanswered", asked=15), ASKS)],
    "a refusal says nothing: the page is believed": [
        (at(0, 5, BUSY), UP), (at(15, 5, BUSY), ASKS),
        (at(30, 5, BUSY, probe="refused", asked=15), STALLED)],
    "but it is asked again: what refused may have been another than the engine": [
        (at(0, 5, BUSY), UP), (at(15, 5, BUSY), ASKS),
        (at(30, 5, BUSY, probe="refused", asked=15), STALLED),
        (at(45, 5, BUSY, probe="refused", asked=15), STALLED_ASKS),
        (at(50, 5, BUSY, probe="answered", asked=45), UP)],
    "one that cannot be asked is judged by its page": [
        (at(0, 5, BUSY, probe="unsupported"), UP), (at(15, 5, BUSY, probe="unsupported"), UP),
        (at(30, 5, BUSY, probe="unsupported"), STALLED)],
    "a stalled one is asked again, and stays stalled meanwhile": [
        (at(0, 5, BUSY), UP), (at(15, 5, BUSY), ASKS),
        (at(30, 5, BUSY, probe="unanswered", asked=15), STALLED),
        (at(45, 5, BUSY, probe="unanswered", asked=15), STALLED_ASKS),
        (at(47, 5, BUSY, probe="pending", asked=45), STALLED),
        (at(51, 5, BUSY, probe="answered", asked=45), UP)],
    "a step ends a stall": [
        (at(0, 5, BUSY), UP), (at(15, 5, BUSY), ASKS),
        (at(30, 5, BUSY, probe="unanswered", asked=15), STALLED),
        (at(35, 6, BUSY, probe="unanswered", asked=15), UP)],
    "the end of its work ends a stall": [
        (at(0, 5, BUSY), UP), (at(30, 5, BUSY, probe="unanswered", asked=15), STALLED),
        (at(35, 5, IDLE, probe="unanswered", asked=15), UP)],
    "an idle one is never asked": [
        (at(0, 5, IDLE), UP), (at(30, 5, IDLE), UP), (at(3600, 5, IDLE), UP)],
    "a sleeping one is neither asked nor stalled, whatever its gauge says": [
        (at(0, 5, BUSY), UP), (at(20, 5, BUSY, awake=False), UP),
        (at(60, 5, BUSY, awake=False, probe="unsupported"), UP)],
    "a long prefill makes a step for each chunk": [
        *[(at(seconds, 5 + seconds // 10, BUSY), UP) for seconds in range(0, 90, 5)]],
    "the first step after a start may take two minutes": [
        (at(0, 0, BUSY), UP), (at(60, 0, BUSY), UP), (at(105, 0, BUSY), ASKS),
        (at(115, 0, BUSY, probe="unanswered", asked=105), UP),
        (at(120, 0, BUSY, probe="unanswered", asked=105), STALLED)],
    "requests that end and no step serves are work, though the gauges say 0": [
        (at(0, 5, IDLE), UP), (at(5, 5, IDLE), UP), (at(15, 5, IDLE, ended=1), ASKS),
        (at(30, 5, IDLE, ended=1, probe="unanswered", asked=15), STALLED)],
    "a request that ends right after the last step was served by it": [
        (at(0, 5, IDLE), UP), (at(5, 6, IDLE), UP), (at(10, 6, IDLE, ended=1), UP),
        (at(60, 6, IDLE, ended=1), UP)],
    "requests that end prove nothing where nobody can be asked": [
        (at(0, 5, IDLE, probe="unsupported"), UP), (at(5, 5, IDLE, probe="unsupported"), UP),
        (at(15, 5, IDLE, ended=1, probe="unsupported"), UP),
        (at(90, 5, IDLE, ended=1, probe="unsupported"), UP)],
    "nor where the question was refused": [
        (at(0, 5, IDLE), UP), (at(5, 5, IDLE), UP), (at(15, 5, IDLE, ended=1), ASKS),
        (at(30, 5, IDLE, ended=1, probe="refused", asked=15), UP)],
    "an answer refutes requests that ended unserved": [
        (at(0, 5, IDLE), UP), (at(5, 5, IDLE), UP), (at(15, 5, IDLE, ended=1), ASKS),
        (at(20, 5, IDLE, ended=2, probe="answered", asked=15), UP),
        (at(60, 5, IDLE, ended=2, probe="answered", asked=15), UP)],
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_a_stall_follows_from_what_is_seen_and_what_was_known(story):
    """Each story is a row: looks, and after each whether it is stalled and wants to be asked."""
    found, known = [], None
    for (seconds, engine, probe), _ in story:
        known = watch(engine, known, probe, float(seconds))
        found.append((known.is_stalled, known.wants_probe))
    assert found == [expected for _, expected in story]


@dataclass
class Engine:
    """An engine that works at 10 steps a second until it freezes; looked at every 5 s."""

    frozen_at: float = inf
    thawed_at: float = inf
    is_stuck: bool = False
    """Its gauge is, at 99 requests: there is nothing to do."""
    runs_when_frozen: bool = True
    """Requests were in the batch; if not, they wait for it unseen and their clients leave."""
    first_step_at: float = 0.0
    prefill_seconds: float = 0.0
    """One step takes this long, from 40 s on."""
    probes: list[float] = field(default_factory=list)

    def is_hung(self, now):
        """Whether it makes no step at a time."""
        is_in_prefill = 40.0 <= now < 40.0 + self.prefill_seconds
        is_frozen = self.frozen_at <= now < self.thawed_at
        return is_frozen or is_in_prefill or now < self.first_step_at

    def answers_from(self, now):
        """When a probe that is sent now is answered."""
        later = [0.1 * step for step in range(int(10 * now), 6000)]
        return next((moment + 0.1 for moment in later if not self.is_hung(moment)), inf)

    def see(self, now):
        """What its page says."""
        answered = sum(self.answers_from(sent) <= now for sent in self.probes)
        if self.is_stuck:
            return EngineSighting(50.0 + answered, is_busy=not answered)
        moments = (0.1 * step for step in range(int(10 * now)))
        steps = sum(not self.is_hung(moment) for moment in moments)
        left = max(0.0, now - self.frozen_at - 10.0) if now < self.thawed_at else 0.0
        is_busy = self.runs_when_frozen or not self.is_hung(now)
        return EngineSighting(float(steps), is_busy, ended=float(int(left)))


def stalled_looks(engine, *, phase=0.0, until=150.0, can_ask=True):
    """Return at which looks the engine is stalled; asks it as the exporter does."""
    known, asked, found = None, -inf, []
    for look in range(int(until / 5)):
        now = phase + 5.0 * look
        probe = Probe("none") if can_ask else UNSUPPORTED
        if asked > -inf:
            answered_at = engine.answers_from(asked)
            if answered_at <= asked + PROBE_DEADLINE_SECONDS:
                probe = Probe("answered" if answered_at <= now else "pending", asked)
            else:
                is_over = now >= asked + PROBE_DEADLINE_SECONDS
                probe = Probe("unanswered" if is_over else "pending", asked)
        known = watch(engine.see(now), known, probe, now)
        if known.wants_probe:
            asked = now
            engine.probes.append(now)
        if known.is_stalled:
            found.append(now)
    return found


PHASES = (0.0, 0.5, 1.7, 3.2, 4.9)
"""Of the looks against the engine's doings."""


@pytest.mark.parametrize("phase", PHASES)
@pytest.mark.parametrize("can_ask", [True, False])
def test_a_worker_frozen_in_a_request_is_stalled_within_40_seconds(phase, can_ask):
    """5 s until a look finds the steps standing, 30 s, 5 s until the look that says so."""
    found = stalled_looks(Engine(frozen_at=42.0), phase=phase, can_ask=can_ask)
    assert STALLED_AFTER_SECONDS <= found[0] - 42.0 <= STALLED_AFTER_SECONDS + 10.0


@pytest.mark.parametrize("phase", PHASES)
def test_a_worker_frozen_between_two_requests_is_stalled_within_45_seconds(phase):
    """Its gauge says 0; clients leave after 10 s, which is the first that is seen of it."""
    engine = Engine(frozen_at=42.0, runs_when_frozen=False)
    assert stalled_looks(engine, phase=phase)[0] - 42.0 <= 45.0


@pytest.mark.parametrize("phase", PHASES)
def test_a_stall_ends_with_the_first_look_after_the_thaw(phase):
    """Nothing lingers."""
    found = stalled_looks(Engine(frozen_at=42.0, thawed_at=92.0), phase=phase)
    assert 42.0 < found[0] <= found[-1] < 92.0


@pytest.mark.parametrize(
    "engine",
    [
        Engine(),
        Engine(is_stuck=True),
        Engine(prefill_seconds=20.0),
        Engine(first_step_at=WARM_UP_SECONDS - 20.0),
        Engine(frozen_at=42.0, thawed_at=65.0),
    ],
    ids=["working", "stuck gauge", "a step of 20 s", "warming up", "frozen for 23 s"],
)
@pytest.mark.parametrize("phase", PHASES)
def test_what_is_no_stall_is_never_called_one(engine, phase):
    """False alarms of this state wake people up."""
    engine.probes.clear()
    assert stalled_looks(engine, phase=phase) == []


def test_a_frozen_engine_is_asked_now_and_then_and_a_working_one_never():
    """A probe is work for the engine, and a hung one keeps it."""
    frozen, working = Engine(frozen_at=42.0), Engine()
    stalled_looks(frozen)
    stalled_looks(working)
    gaps = [b - a for a, b in zip(frozen.probes, frozen.probes[1:], strict=False)]
    assert (len(frozen.probes), min(gaps)) == (3, PROBE_AGAIN_SECONDS)
    assert working.probes == []
