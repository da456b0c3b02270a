"""Faults strike where they should, or are refused with a sentence and nothing changed."""

import numpy as np
import pytest

from demo.faults import FAULTS
from demo.orders import FaultError
from demo.sim.effects import EFFECTS

OF_SIMULATOR = sorted(
    kind.name for kind in FAULTS.values() if "sim" in kind.engines and not kind.by_stack
)
PLACES = {
    "group": "eu-chat-0",
    "host": "eu-chat-0-h1",
    "region": "eu",
    "model": "chat",
    "tool": "browser",
}
NOWHERE = {
    "group": "eu-chat-9",
    "host": "eu-chat-9-h0",
    "region": "moon",
    "model": "oracle",
    "tool": "hammer",
}
TWICE_AT_ONCE = (
    "straggler",
    "nvlink-error",
    "lost-gpu",
    "frozen-worker",
    "traffic-spike",
    "slow-weights",
    "tenant-flood",
    "thermal",
    "silent-corruption",
    "lost-host",
)


def needed_place(name: str) -> dict[str, str]:
    """Return a place that a fault can have."""
    return {key: PLACES[key] for key in FAULTS[name].needs}


def broken(run) -> dict:
    """Return all that faults change and repairs change back, of a state that stands still."""
    state, hardware = run.state, run.state.hardware
    return {
        "groups": run.told()["groups"],
        "gpus": run.told()["gpus"],
        "hung": hardware.hung.tolist(),
        "complete": hardware.complete.tolist(),
        "speed": hardware.speed.round(9).tolist(),
        "dark": hardware.dark.tolist(),
        "racks": {at: list(rack.faults) for at, rack in hardware.racks.items() if rack.faults},
        "frozen": state.engines.frozen.tolist(),
        "corruption": state.engines.corruption.round(9).tolist(),
        "failing": state.engines.failing.round(9).tolist(),
        "weight": state.engines.weight.tolist(),
        "revision": state.engines.next_revision.tolist(),
        "slowness": state.loads.slowness.round(9).tolist(),
        "patches": len(state.patches),
        "tools": [dict(t) for t in (state.tools.failing, state.tools.slowness)],
        "captchas": dict(state.tools.captchas),
        "spikes": state.demand.spikes.round(9).tolist(),
        "floods": state.demand.floods.round(9).tolist(),
        "storms": state.demand.storms.tolist(),
        "dropped": state.locality.dropped.tolist(),
        "misrouted": state.locality.misrouted.tolist(),
        "dark_regions": state.dark_regions.tolist(),
        "unbilled": state.metering.unbilled.tolist(),
        "bypassed": state.safety.bypassed.tolist(),
    }


def test_every_fault_of_the_simulator_has_its_effect():
    """A fault that scenarios may name must not be refused."""
    assert sorted(EFFECTS) == OF_SIMULATOR


@pytest.mark.parametrize("name", OF_SIMULATOR)
def test_a_fault_that_is_repaired_leaves_nothing_behind(warm, name):
    """Two minutes later the state is as if it had never been; engines are up again."""
    before = broken(warm)
    fault = warm.strike(name, **needed_place(name))
    active = warm.simulation.faults.active
    assert (list(active) == [fault]) == FAULTS[name].repaired
    warm.seconds(20)
    assert warm.repair(fault) == FAULTS[name].repaired
    assert active == {}
    warm.seconds(130)
    assert broken(warm) == before


@pytest.mark.parametrize("name", OF_SIMULATOR)
def test_a_place_that_is_nowhere_is_refused(warm, name):
    """For each key that the fault needs; nothing is changed, nothing is drawn."""
    before, drawn = broken(warm), warm.state.rngs["faults"].bit_generator.state
    for key in FAULTS[name].needs:
        place = {**needed_place(name), key: NOWHERE[key]}
        with pytest.raises(FaultError, match=NOWHERE[key]):
            warm.strike(name, **place)
    assert broken(warm) == before
    assert warm.state.rngs["faults"].bit_generator.state == drawn
    assert warm.simulation.faults.active == {}


@pytest.mark.parametrize("name", OF_SIMULATOR)
def test_a_strength_that_cannot_be_is_refused(warm, name):
    """Too little, too much, or any where there is none."""
    before = broken(warm)
    known = FAULTS[name].strength
    for strength in [1.0] if known is None else [known.lowest / 2, known.highest * 2]:
        with pytest.raises(FaultError, match=f"found a strength of {strength:g}"):
            warm.strike(name, strength, **needed_place(name))
    assert broken(warm) == before


@pytest.mark.parametrize("name", OF_SIMULATOR)
def test_a_fault_takes_no_keys_that_are_not_its_own(warm, name):
    """And needs those that are."""
    with pytest.raises(FaultError, match=f"found 'colour' in the place of {name}"):
        warm.strike(name, **needed_place(name), colour="red")
    needed = sorted(FAULTS[name].needs)[0]
    place = {key: value for key, value in needed_place(name).items() if key != needed}
    with pytest.raises(FaultError, match=f"{name} needs '{needed}' in its place"):
        warm.strike(name, **place)


@pytest.mark.parametrize(
    ("name", "strength"),
    [
        (name, strength)
        for name in OF_SIMULATOR
        if (known := FAULTS[name].strength)
        for strength in (known.lowest, known.highest)
    ],
)
def test_the_weakest_and_the_strongest_can_strike(warm, name, strength):
    """And steps are still possible."""
    fault = warm.strike(name, strength, **needed_place(name))
    warm.seconds(3)
    warm.repair(fault)
    warm.seconds(3)
    assert np.isfinite(warm.state.engines.step_seconds).all()


@pytest.mark.parametrize("name", TWICE_AT_ONCE)
def test_of_two_faults_at_one_place_each_is_repaired_by_itself(warm, name):
    """Whichever comes first: what is left is as if there had been the other alone."""
    usual, before = FAULTS[name].strength, broken(warm)
    first = warm.strike(name, usual.usual if usual else None, **needed_place(name))
    second = warm.strike(name, usual.usual if usual else None, **needed_place(name))
    both = broken(warm)
    warm.repair(first)
    one = broken(warm)
    assert before != one != both or name in ("lost-gpu", "lost-host")
    assert one != before
    warm.repair(second)
    warm.seconds(60)
    assert broken(warm) == before


@pytest.mark.parametrize(
    "name", ["metering-loss", "misrouted-data", "safety-bypass", "retry-storm", "lb-blackout",
             "lost-region", "tool-outage", "slow-tool", "captcha-wave"]
)  # fmt: skip
def test_what_is_there_already_cannot_come_again(warm, name):
    """Two of them could not be repaired one by one."""
    warm.strike(name, **needed_place(name))
    before = broken(warm)
    with pytest.raises(FaultError, match="already"):
        warm.strike(name, **needed_place(name))
    assert broken(warm) == before


def test_a_lost_gpu_says_what_was_hit(warm):
    """The page must name this very GPU, so the scenario has to know it."""
    warm.strike("lost-gpu", group="eu-chat-0")
    (fault,) = warm.simulation.faults.active.values()
    names = warm.fleet.names
    places = {
        names.uuid(gpu): names.host(warm.fleet.host_of_gpu(gpu))
        for gpu in warm.fleet.gpus_of_group(warm.group("eu-chat-0"))
    }
    assert fault.place["host"] == places[fault.place["uuid"]]
    assert fault.place["group"] == "eu-chat-0"


@pytest.mark.parametrize(
    "place",
    [
        {"host": "us-code-1-h1"},
        {"uuid": "GPU-us-code-1-1-0"},
        {"host": "us-code-1-h1", "uuid": "GPU-us-code-1-1-1"},
    ],
)
def test_a_gpu_can_be_chosen(warm, place):
    """By host, by UUID, or by both."""
    fault = warm.simulation.faults.active[warm.strike("lost-gpu", group="us-code-1", **place)]
    assert place.items() <= fault.place.items()


@pytest.mark.parametrize(
    ("name", "place", "sentence"),
    [
        ("lost-gpu", {"group": 7}, "found 7 as group, expected a text"),
        (
            "lost-gpu",
            {"group": "eu-chat-0", "host": "us-chat-0-h0"},
            "found group 'eu-chat-0', host 'us-chat-0-h0', where the topology has no GPU",
        ),
        (
            "tool-outage",
            {"region": "eu", "tool": "hammer"},
            "found the tool 'hammer' in 'eu', expected one of browser in eu, browser in us, "
            "code_execution in eu, code_execution in us, search in eu, search in us",
        ),
        (
            "lost-host",
            {"group": "eu-chat-0", "host": "x"},
            "found the host 'x', expected one of eu-chat-0-h0, eu-chat-0-h1",
        ),
        (
            "tenant-flood",
            {"region": "eu", "model": "chat", "tier": "gold"},
            "found the tier 'gold', expected one of enterprise, free, gov, pro",
        ),
        (
            "cache-flush",
            {"region": "eu", "model": "oracle"},
            "found model 'oracle', region 'eu', expected one of agent in eu, agent in us",
        ),
        ("captcha-wave", {"region": "us-gov"}, "found the region 'us-gov', where nobody browses"),
    ],
)
def test_a_refusal_says_what_was_found_and_what_was_expected(warm, name, place, sentence):
    """In a sentence for whoever wrote the scenario."""
    with pytest.raises(FaultError) as refused:
        warm.strike(name, **place)
    words = set(sentence.replace(",", " ").split())
    assert words <= set(str(refused.value).replace(",", " ").split())


def test_a_repair_needs_a_fault(warm):
    """Ids are not used again."""
    assert not warm.repair("1")
    fault = warm.strike("tool-outage", region="eu", tool="search")
    assert warm.repair(fault)
    assert not warm.repair(fault)
    assert warm.strike("tool-outage", region="eu", tool="search") != fault
