"""Groups that are far slower than their peers, and those that only seem to be."""

import pytest

from exporters.groups.peers import (
    FAST_AGAIN_RATIO,
    FEWEST_PEERS,
    SLOW_BELOW_RATIO,
    WINDOW_SECONDS,
    Load,
    Peers,
    Speed,
)

NAMES = ("a", "b", "c", "d")
KIND = ("chat", "r1")


def compare(speeds, *, running=None, kinds=None, seconds=WINDOW_SECONDS):
    """Look at groups every 5 s; each generates tokens/s for each running request."""
    running = {**dict.fromkeys(speeds, 10.0), **(running or {})}
    peers = Peers({name: (kinds or {}).get(name, KIND) for name in speeds})
    found = {}
    for look in range(int(seconds / 5) + 1):
        now = 5.0 * look
        loads = {
            name: Load(now * speed * running[name], running[name]) for name, speed in speeds.items()
        }
        found = peers.compare(loads, now)
    return found, peers


def test_a_group_is_compared_with_the_median_of_its_peers():
    """Itself left out."""
    found, _ = compare({"a": 5.0, "b": 10.0, "c": 20.0, "d": 30.0})
    assert {name: speed.ratio for name, speed in found.items()} == pytest.approx(
        {"a": 0.25, "b": 0.5, "c": 2.0, "d": 3.0}
    )
    assert {name for name, speed in found.items() if speed.is_slow} == {"a", "b"}


def test_a_group_that_is_a_little_slower_is_not_slow():
    """Prompts and lengths differ by chance."""
    found, _ = compare(dict.fromkeys(NAMES, 20.0) | {"a": 20.0 * SLOW_BELOW_RATIO + 0.1})
    assert not found["a"].is_slow


def test_a_slow_group_is_slow_until_it_is_well_above_the_limit():
    """Between the two limits it stays what it was."""
    peers = Peers(dict.fromkeys(NAMES, KIND))
    between = 20.0 * (SLOW_BELOW_RATIO + FAST_AGAIN_RATIO) / 2
    now, tokens, found = 0.0, 0.0, []
    for speed in (5.0, between, 20.0, between):
        for _ in range(24):
            now += 5.0
            tokens += 5.0 * 10.0 * speed
            loads = {name: Load(now * 200.0, 10.0) for name in NAMES} | {"a": Load(tokens, 10.0)}
            compared = peers.compare(loads, now)
        found.append(compared["a"].is_slow)
    assert found == [True, True, False, False]


def test_nothing_is_said_before_a_whole_window():
    """A minute, for a prefill is a pause of seconds."""
    found, _ = compare(dict.fromkeys(NAMES, 20.0) | {"a": 5.0}, seconds=WINDOW_SECONDS - 5.0)
    assert set(found.values()) == {Speed(None, is_slow=False)}


def test_nothing_is_said_of_too_few_peers():
    """Of two that differ nobody knows which one is wrong."""
    few = dict.fromkeys(NAMES[:FEWEST_PEERS], 20.0) | {"a": 5.0}
    found, _ = compare(few)
    assert set(found.values()) == {Speed(None, is_slow=False)}


def test_peers_are_of_the_same_model_and_revision():
    """A canary is compared with canaries."""
    found, _ = compare(dict.fromkeys(NAMES, 20.0) | {"a": 5.0}, kinds={"a": ("chat", "r2")})
    assert found["a"] == Speed(None, is_slow=False)


@pytest.mark.parametrize(("running", "expected"), [(14.0, True), (16.0, False), (6.0, False)])
def test_peers_are_at_similar_load(running, expected):
    """A fuller batch gives each request less, an emptier one more."""
    found, _ = compare(dict.fromkeys(NAMES, 20.0) | {"a": 5.0}, running={"a": running})
    assert (found["a"].ratio is not None) is expected


def test_a_group_with_hardly_any_work_is_not_compared():
    """Its batch is empty for a part of the time."""
    found, _ = compare(dict.fromkeys(NAMES, 20.0) | {"a": 5.0}, running=dict.fromkeys(NAMES, 0.9))
    assert {speed.ratio for speed in found.values()} == {None}


def test_a_pause_starts_the_window_anew():
    """What a group does while it stalls, restarts or idles is no speed."""
    speeds = dict.fromkeys(NAMES, 20.0)
    peers = Peers(dict.fromkeys(NAMES, KIND))
    tokens, found = 0.0, {}
    for look in range(40):
        now = 5.0 * look
        is_frozen = 50.0 <= now < 90.0
        tokens += 0.0 if is_frozen else 1000.0
        loads = {name: Load(now * 200.0, 10.0) for name in speeds}
        found = peers.compare({**loads, "a": None if is_frozen else Load(tokens, 10.0)}, now)
        assert not found["a"].is_slow
    assert found["a"].ratio == pytest.approx(1.0)


def test_a_restart_starts_the_window_anew():
    """Its counter begins at 0."""
    _, peers = compare(dict.fromkeys(NAMES, 20.0))
    loads = {name: Load(20.0, 10.0) for name in NAMES}
    assert {each.ratio for each in peers.compare(loads, 65.0).values()} == {None}
