"""The state of a shard group, story by story."""

import pytest

from exporters import catalog
from exporters.groups.stalling import EngineSighting, Probe
from exporters.groups.state import GroupSighting, Members, assess

UP = ("up", "none")
STALLED = ("stalled", "no_step")
STARTING = ("starting", "starting")
SLEEPING = ("sleeping", "sleeping")
GPU_LOST = ("dead", "gpu_lost")
GPU_HUNG = ("dead", "gpu_hung")
UNREACHABLE = ("dead", "engine_unreachable")
UNHEALTHY = ("dead", "engine_unhealthy")
UNREACHED = ("degraded", "engine_unreachable")
DRAINING = ("draining", "draining")
BELOW_PEERS = ("degraded", "below_peers")
UNDISCOVERED = ("dead", "undiscovered")
GPU_DEGRADED = ("degraded", "gpu_degraded")
UNKNOWN = ("degraded", "member_unknown")


def at(seconds, steps=None, *, busy=False, health=200, awake=True, started=None,
       probe=None, slow=False, unasked=False, out=False, gone=False,
       **members: int):  # fmt: skip
    """What a collection sees ``seconds`` after the first; without steps, no page.

    ``probe`` is the outcome of one that was sent at 15 s; without it nobody can be asked.
    """
    engine = None if steps is None else EngineSighting(float(steps), busy, awake, started)
    counted = Members(expected=8, answering=8, **members)
    seen = Probe(probe, 1015.0) if probe else Probe("unsupported")
    seen = Probe() if probe == "none" else seen
    health_status = health if engine else None
    return seconds, GroupSighting(
        engine, health_status, counted, seen, slow, unasked, is_taken_out=out, is_vanished=gone
    )


def states(*sightings: tuple[float, GroupSighting]):
    """State and reason after each of some collections."""
    found, before = [], None
    for seconds, seen in sightings:
        before = assess(seen, before, 1000.0 + seconds)
        found.append((before.state, before.reason))
    return found


STORIES = {
    "one that answers is up from the first look on": [
        (at(0, 5), UP), (at(5, 5), UP)],
    "one that works and steps is up": [
        (at(0, 5, busy=True), UP), (at(40, 6, busy=True), UP), (at(80, 7, busy=True), UP)],
    "one that has work and takes no step for 30 s is stalled, though healthy": [
        (at(0, 5, busy=True), UP), (at(29, 5, busy=True), UP), (at(30, 5, busy=True), STALLED)],
    "one step ends a stall": [
        (at(0, 5, busy=True), UP), (at(30, 5, busy=True), STALLED), (at(35, 6, busy=True), UP)],
    "the end of its work ends a stall": [
        (at(0, 5, busy=True), UP), (at(30, 5, busy=True), STALLED), (at(35, 5), UP)],
    "an idle one is up however long it takes no step": [
        (at(0, 5), UP), (at(3600, 5), UP)],
    "the clock of one that was idle starts with its work": [
        (at(0, 5), UP), (at(3600, 5, busy=True), UP), (at(3629, 5, busy=True), UP),
        (at(3630, 5, busy=True), STALLED)],
    "the clock of one that steps starts with its last step": [
        (at(0, 5, busy=True), UP), (at(20, 6, busy=True), UP), (at(49, 6, busy=True), UP),
        (at(50, 6, busy=True), STALLED)],
    "a page that cannot be had does not hide a stall": [
        (at(0, 5, busy=True), UP), (at(15), UNREACHED), (at(30, 5, busy=True), STALLED)],
    "a stall is not forgotten at the first look that fails": [
        (at(0, 5, busy=True), UP), (at(30, 5, busy=True), STALLED), (at(35), STALLED),
        (at(40), UNREACHABLE)],
    "a page that fails once is suspect, twice is dead": [
        (at(0, 5), UP), (at(5), UNREACHED), (at(10), UNREACHABLE), (at(15), UNREACHABLE)],
    "a gap of one look is forgiven": [
        (at(0, 5), UP), (at(5), UNREACHED), (at(10, 6), UP), (at(15), UNREACHED)],
    "one that is taken out of the router drains, be it idle, until it is put back": [
        (at(0, 5), UP), (at(5, 5, out=True), DRAINING), (at(10, 6, busy=True, out=True), DRAINING),
        (at(15, 6), UP)],
    "one that is taken out is dead or degraded all the same": [
        (at(0, 5, out=True, lost=1), GPU_LOST), (at(5, 5, out=True, impaired=1), GPU_DEGRADED)],
    "one that discovery has forgotten is dead for that": [
        (at(0, 5), UP), (at(5, gone=True), UNREACHED), (at(10, gone=True), UNDISCOVERED)],
    "one that is gone from discovery and answers is up": [
        (at(0, 5), UP), (at(5, 6, gone=True), UP)],
    "one that was not asked, for we had no time, is what it was": [
        (at(0, 5), UP), (at(5, unasked=True), UP), (at(60, unasked=True), UP), (at(65, 6), UP)],
    "nor is a stall ended so": [
        (at(0, 5, busy=True), UP), (at(30, 5, busy=True), STALLED),
        (at(35, unasked=True), STALLED)],
    "one that failed before it was not asked goes on failing": [
        (at(0, 5), UP), (at(5), UNREACHED), (at(10, unasked=True), UNREACHABLE)],
    "one that nobody found the time to ask so far is starting": [
        (at(0, unasked=True), STARTING), (at(60, unasked=True), STARTING), (at(65, 5), UP)],
    "what its members say counts all the same": [
        (at(0, 5), UP), (at(5, unasked=True, lost=1), GPU_LOST), (at(10, 5), UP)],
    "two looks right after another are one": [
        (at(0, 5), UP), (at(5), UNREACHED), (at(6), UNREACHED), (at(7), UNREACHABLE)],
    "one that was never seen is starting, then dead": [
        (at(0), STARTING), (at(1), STARTING), (at(5), UNREACHABLE)],
    "one that comes back is up": [
        (at(0), STARTING), (at(5), UNREACHABLE), (at(10, 0), UP)],
    "a restarted one is starting until /health is 200": [
        (at(0, 50), UP), (at(5), UNREACHED), (at(10), UNREACHABLE),
        (at(15, 0, health=503), STARTING), (at(20, 0, health=503), STARTING),
        (at(25, 0), UP), (at(30, 0, health=503), UNHEALTHY)],
    "a restarted one is starting until it steps": [
        (at(0, 50), UP), (at(5, 0, health=404), STARTING), (at(10, 0, health=404), STARTING),
        (at(15, 1, health=404), UP)],
    "a restart between two looks shows by the process's start": [
        (at(0, 0, started=100.0), UP), (at(5, 0, started=200.0, health=503), STARTING)],
    "a restarted one that is healthy already is up": [
        (at(0, 50), UP), (at(5, 0), UP)],
    "the clock of a restarted one starts anew": [
        (at(0, 5, busy=True), UP), (at(25, 3, busy=True), UP), (at(54, 3, busy=True), UP),
        (at(55, 3, busy=True), STALLED)],
    "one whose /health says 5xx is dead at once": [
        (at(0, 5), UP), (at(5, 5, health=503), UNHEALTHY), (at(10, 5, health=500), UNHEALTHY)],
    "one without a /health is judged without": [
        (at(0, 5, health=404), UP), (at(5, 5, health=None), UP)],
    "one lost GPU is death, whatever the engine says": [
        (at(0, 5, busy=True, lost=1), GPU_LOST), (at(5, lost=1), GPU_LOST), (at(10, 6), UP)],
    "a lost GPU is the reason even when the engine is gone too": [
        (at(0, 5), UP), (at(5, lost=1), GPU_LOST), (at(60, lost=1), GPU_LOST)],
    "a GPU that is dead to its driver is death too, though the engine steps on for now": [
        (at(0, 5, busy=True, hung=1), GPU_HUNG), (at(5, 6, busy=True, hung=1), GPU_HUNG),
        (at(10, hung=1), GPU_HUNG), (at(15, 7), UP)],
    "a GPU that hangs in a kernel is how a stall looks from below": [
        (at(0, 5, busy=True), UP), (at(30, 5, busy=True, spinning=1), STALLED),
        (at(35, 5, spinning=1), GPU_HUNG)],
    "of two reasons the loss is said": [
        (at(0, 5, lost=1, hung=1), GPU_LOST)],
    "a degraded GPU degrades its group": [
        (at(0, 5, impaired=1), GPU_DEGRADED), (at(5, 6), UP)],
    "a GPU that cannot be seen degrades its group": [
        (at(0, 5, unknown=8), UNKNOWN)],
    "what is known of a member is said before what is not": [
        (at(0, 5, unknown=1, impaired=1), GPU_DEGRADED)],
    "a sleeping engine is sleeping": [
        (at(0, 5, awake=False), SLEEPING), (at(5, 5), UP)],
    "death is said before a stall": [
        (at(0, 5, busy=True), UP), (at(30, 5, busy=True, lost=1), GPU_LOST)],
    "a stall is said before degradation": [
        (at(0, 5, busy=True), UP), (at(30, 5, busy=True, impaired=1), STALLED)],
    "a stall that a probe confirms is one": [
        (at(0, 5, busy=True, probe="pending"), UP), (at(30, 5, busy=True, probe="unanswered"),
         STALLED)],
    "a stall that a probe refutes is none": [
        (at(0, 5, busy=True, probe="pending"), UP), (at(20, 5, busy=True, probe="answered"), UP),
        (at(30, 5, busy=True, probe="answered"), UP)],
    "one that is far slower than its peers is degraded": [
        (at(0, 5, slow=True), BELOW_PEERS), (at(5, 6), UP)],
    "a GPU is the better reason for being slow": [
        (at(0, 5, slow=True, impaired=1), GPU_DEGRADED)],
    "one whose /health is 503 while its requests move is draining, then dead": [
        (at(0, 5, busy=True), UP), (at(5, 9, busy=True, health=503), DRAINING),
        (at(10, 12, busy=True, health=503), DRAINING), (at(15, 12, health=503), UNHEALTHY)],
    "one whose /health is 503 and whose requests stand is dead, whatever its gauge says": [
        (at(0, 5, busy=True), UP), (at(5, 5, busy=True, health=503), UNHEALTHY)],
    "another error of /health is no draining": [
        (at(0, 5, busy=True), UP), (at(5, 9, busy=True, health=500), UNHEALTHY)],
    "degradation is said before draining": [
        (at(0, 5, busy=True), UP), (at(5, 9, busy=True, health=503, impaired=1), GPU_DEGRADED)],
    "degradation is said before sleep": [
        (at(0, 5, awake=False, impaired=1), GPU_DEGRADED)],
}  # fmt: skip


@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_the_state_follows_from_what_is_seen_and_what_was_known(story):
    """Each story is a row: sightings, and the state and reason after each."""
    assert states(*(sighting for sighting, _ in story)) == [expected for _, expected in story]


@pytest.mark.parametrize("gap", [0.01, 0.9])
@pytest.mark.parametrize("story", STORIES.values(), ids=STORIES.keys())
def test_two_prometheus_servers_see_the_same_states(story, gap):
    """What the second one finds a moment later is what the first one found."""
    looks = [sighting for sighting, _ in story]
    next_to = [seconds for seconds, _ in looks[1:]] + [float("inf")]
    twice = [
        (moment, seen)
        for (seconds, seen), later in zip(looks, next_to, strict=True)
        for moment in (seconds, min(seconds + gap, (seconds + later) / 2))
    ]
    expected = [state for _, state in story for _ in range(2)]
    assert states(*twice) == expected


def test_every_state_and_reason_of_the_stories_is_in_the_catalogue():
    """Nothing is served that the catalogue does not have."""
    for story in STORIES.values():
        for _, (state, reason) in story:
            assert state in catalog.GROUP_STATES
            assert reason in catalog.GROUP_REASONS


@pytest.mark.parametrize(
    ("sighting", "expected"),
    [
        (at(0, 5), 1.0),
        (at(0, 5, impaired=1), 1.0),
        (at(0, 5, unknown=1), 1.0),
        (at(0, 5, lost=1), 0.0),
        (at(0, 5, hung=1), 0.0),
        (at(0, 5, spinning=1), 0.0),
        (at(0, 5, health=503), 0.0),
        (at(0, 5, awake=False), 0.0),
        (at(0), 0.0),
    ],
)
def test_capacity_is_all_or_nothing(sighting, expected):
    """There is no 7/8 of a group."""
    assert assess(sighting[1], None, 0.0).capacity == expected


def test_the_seconds_since_the_last_step_are_unknown_while_the_page_is_away():
    """An old value is not served as new."""
    first = assess(at(0, 5)[1], None, 0.0)
    away = assess(at(5)[1], first, 5.0)
    back = assess(at(10, 5)[1], away, 10.0)
    assert [each.seconds_since_step for each in (first, away, back)] == [0.0, None, 10.0]


@pytest.mark.parametrize(
    ("seen", "expected"),
    [
        ({}, True),
        ({"impaired": 1}, True),
        ({"lost": 1}, False),
        ({"health": 500}, False),
        ({"awake": False}, False),
    ],
)
def test_only_a_group_that_could_answer_is_asked(seen, expected):
    """Of a dead one the answer would change nothing."""
    first = assess(at(0, 5, busy=True, probe="none")[1], None, 1000.0)
    later = assess(at(20, 5, busy=True, probe="none", **seen)[1], first, 1020.0)
    assert later.wants_probe is expected


def test_nobody_is_asked_while_its_page_is_away():
    """It is the page that is suspect then."""
    first = assess(at(0, 5, busy=True, probe="none")[1], None, 1000.0)
    suspected = assess(at(20, 5, busy=True, probe="none")[1], first, 1020.0)
    away = assess(at(25, probe="none")[1], suspected, 1025.0)
    assert (suspected.wants_probe, away.wants_probe) == (True, False)


def test_that_a_group_is_taken_out_is_known_whatever_its_state():
    """Or what it lacks meanwhile would be somebody's ticket."""
    sightings = (
        at(0, 5, busy=True),
        at(5, 6, busy=True, health=503, impaired=1),  # ends what it has
        at(10, unasked=True),
        at(15, 7, busy=True),
        at(20, out=True),
        at(25, out=True, lost=1),
        at(30, 8),
    )
    found, before = [], None
    for seconds, seen in sightings:
        before = assess(seen, before, 1000.0 + seconds)
        found.append(before.is_draining)
    assert found == [False, True, True, False, True, True, False]
