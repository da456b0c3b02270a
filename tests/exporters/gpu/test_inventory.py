"""Which GPUs are expected where nobody named any."""

import pytest

from exporters.gpu.inventory import MOST_GPUS, Inventory
from exporters.gpu.readings import GpuReadings, Reading


def shown(**pods: str) -> GpuReadings:
    """What a host shows: GPUs by the last letter of their UUID, each with its pod, if any."""
    return GpuReadings({
        f"GPU-{name}": Reading(temperature_celsius=40.0, pods=(pod,) if pod else ())
        for name, pod in pods.items()
    })  # fmt: skip


@pytest.fixture
def mine():
    """That of a pod which shares its host."""
    return Inventory("llm/vllm-0", is_alone=False)


def test_the_gpus_of_a_pod_are_those_that_say_so(mine):
    """Not its neighbours'."""
    mine.look(shown(a="llm/vllm-0", b="llm/vllm-0", c="llm/vllm-1", d=""))
    assert mine.gpus == ("GPU-a", "GPU-b")


def test_one_that_is_gone_is_still_expected(mine):
    """That is what an inventory is for."""
    mine.look(shown(a="llm/vllm-0", b="llm/vllm-0"))
    for later in (shown(a="llm/vllm-0"), shown(), shown(a="", c="llm/other"), shown(c="")):
        mine.look(later)
        assert mine.gpus == ("GPU-a", "GPU-b")


def test_a_pod_that_was_given_others_has_those(mine):
    """It came up again, beside a GPU that is lost."""
    mine.look(shown(a="llm/vllm-0", b="llm/vllm-0"))
    mine.look(shown(b="", c="llm/vllm-0", d="llm/vllm-0"))
    assert mine.gpus == ("GPU-c", "GPU-d")


def test_where_pods_are_not_told_a_member_that_is_alone_has_all_and_others_have_none():
    """dcgm-exporter outside of Kubernetes; a driver."""
    alone, beside = Inventory(None, is_alone=True), Inventory("llm/x", is_alone=False)
    for inventory in (alone, beside):
        inventory.look(shown(a="", b=""))
    assert (alone.gpus, beside.gpus) == (("GPU-a", "GPU-b"), ())


def test_gpus_of_others_and_names_that_lie_are_not_taken():
    """Labels of ours have bounds."""
    inventory = Inventory(None, is_alone=True)
    many = {f"GPU-{number}": Reading() for number in range(2 * MOST_GPUS)}
    inventory.look(GpuReadings({"GPU a": Reading(), "x" * 999: Reading(), "GPU-b": Reading()}))
    assert inventory.gpus == ("GPU-b",)
    inventory.look(GpuReadings(many), taken={"GPU-0"})
    assert len(inventory.gpus) == MOST_GPUS
    assert "GPU-0" not in inventory.gpus
