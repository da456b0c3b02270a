"""Faults strike where they should, or are refused with a sentence."""

import pytest

from demo.faults import FAULTS
from demo.sim.faults import EFFECTS, RefusedFaultError


def test_every_fault_of_the_simulator_has_its_effect():
    """A fault that scenarios may name must not be refused."""
    of_simulator = {k.name for k in FAULTS.values() if "sim" in k.engines and not k.by_stack}
    assert set(EFFECTS) == of_simulator


def test_a_lost_gpu_says_what_was_hit(run):
    """The page must name this very GPU, so the scenario has to know it."""
    run.strike("lost-gpu", group="eu-chat-0")
    (fault,) = run.simulation.faults.active.values()
    (gpu,) = (each for each in run.cluster.gpus if each.uuid == fault.place["uuid"])
    assert fault.place == {"group": "eu-chat-0", "host": gpu.host, "uuid": gpu.uuid}
    assert gpu.group == "eu-chat-0"


@pytest.mark.parametrize(
    "place",
    [
        {"host": "us-code-1-h1"},
        {"uuid": "GPU-us-code-1-1-0"},
        {"host": "us-code-1-h1", "uuid": "GPU-us-code-1-1-1"},
    ],
)
def test_a_gpu_can_be_chosen(run, place):
    """By host, by UUID, or by both."""
    fault = run.simulation.faults.active[run.strike("lost-gpu", group="us-code-1", **place)]
    assert place.items() <= fault.place.items()


@pytest.mark.parametrize(
    ("name", "place", "sentence"),
    [
        (
            "lost-cpu",
            {},
            "found the fault 'lost-cpu', expected one of: engine-restart, lost-gpu, tool-outage",
        ),
        ("lost-gpu", {}, "lost-gpu needs 'group' in its place"),
        (
            "lost-gpu",
            {"group": "eu-chat-9"},
            "found the group 'eu-chat-9', which the topology does not have",
        ),
        (
            "lost-gpu",
            {"group": "eu-chat-0", "gpu": "1"},
            "found 'gpu' in the place of lost-gpu, expected one of: group, host, uuid",
        ),
        ("lost-gpu", {"group": 7}, "found 7 as group, expected a text"),
        (
            "lost-gpu",
            {"group": "eu-chat-0", "host": "us-chat-0-h0"},
            "found group 'eu-chat-0', host 'us-chat-0-h0', where the topology has no GPU",
        ),
        (
            "engine-restart",
            {"group": "nowhere"},
            "found the group 'nowhere', which the topology does not have",
        ),
        (
            "tool-outage",
            {"region": "eu", "tool": "hammer"},
            "found the tool 'hammer' in 'eu', expected one of: browser in eu, browser in us, "
            "code_execution in eu, code_execution in us, search in eu, search in us",
        ),
        ("tool-outage", {"tool": "search"}, "tool-outage needs 'region' in its place"),
        (
            "frozen-worker",
            {"group": "eu-chat-0"},
            "found the fault 'frozen-worker', expected one of: engine-restart, lost-gpu, "
            "tool-outage",
        ),
    ],
)
def test_a_fault_that_cannot_be_is_refused_with_a_sentence(run, name, place, sentence):
    """It says what was found and what was expected, and nothing has happened."""
    with pytest.raises(RefusedFaultError) as refused:
        run.strike(name, **place)
    assert str(refused.value) == sentence
    assert run.simulation.faults.active == {}


@pytest.mark.parametrize(
    ("name", "place", "sentence"),
    [
        (
            "lost-gpu",
            {"group": "eu-chat-0", "uuid": "GPU-eu-chat-0-0-0"},
            "found group 'eu-chat-0', where that GPU is lost already",
        ),
        (
            "engine-restart",
            {"group": "eu-chat-0"},
            "found group 'eu-chat-0', which is restarting already",
        ),
        (
            "tool-outage",
            {"region": "eu", "tool": "search"},
            "found the tool 'search' in 'eu', which is out already",
        ),
    ],
)
def test_what_has_happened_cannot_happen_again(run, name, place, sentence):
    """Two faults on one thing could not be repaired one by one."""
    run.strike(name, **place)
    with pytest.raises(RefusedFaultError) as refused:
        run.strike(name, **place)
    assert str(refused.value) == sentence


def test_a_repair_needs_a_fault(run):
    """Ids are not used again."""
    assert not run.repair("1")
    fault = run.strike("tool-outage", region="eu", tool="search")
    assert run.repair(fault)
    assert not run.repair(fault)
    assert run.strike("tool-outage", region="eu", tool="search") != fault
