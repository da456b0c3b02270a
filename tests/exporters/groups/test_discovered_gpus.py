"""Groups whose GPUs nobody named, and hosts that are gone."""

import pytest

from exporters import catalog
from exporters.groups.core import GroupsCore
from exporters.sources import Answer, Answers
from exporters.testing import telemetry_page
from exporters.topology import Topology

GROUP = ("demo", "eu", "chat", "llm/vllm-0")


@pytest.fixture
def core():
    """A group of one pod, as service discovery tells it."""
    return GroupsCore(Topology.model_validate({
        "version": 1, "cluster": "demo",
        "groups": [{"name": GROUP[-1], "region": "eu", "model": "chat", "revision": "r1",
                    "metrics": "http://e/metrics",
                    "members": [{"host": "h1", "telemetry": "http://h1/t", "pod": "llm/vllm-0"}]}],
    }))  # fmt: skip


def observe(core, now, *uuids: str):
    """The page when a host shows some GPUs, of which each has used as many joules as it is old."""
    answers = {each: Answer("timeout") for each in core.targets}
    if uuids:
        (host,) = [each for each in core.targets if each.url == "http://h1/t"]
        gpus = {uuid: {"DCGM_FI_DEV_TOTAL_ENERGY_CONSUMPTION": now} for uuid in uuids}
        page = telemetry_page(gpus).replace('UUID="', 'namespace="llm",pod="vllm-0",UUID="')
        answers[host] = Answer("none", host.read(page.encode()))
    return core.observe(Answers(answers), now)


def test_a_gpu_that_was_seen_once_is_a_member_whose_loss_is_the_groups(core):
    """The first page tells how many there are."""
    page = observe(core, 0.0, "GPU-a", "GPU-b")
    assert page.of(catalog.GROUP_GPUS_EXPECTED)[GROUP] == 2.0
    assert page.of(catalog.GROUP_GPUS_UP)[GROUP] == 2.0
    observe(core, 5.0, "GPU-a")
    page = observe(core, 10.0, "GPU-a")
    assert page.of(catalog.GROUP_GPUS_EXPECTED)[GROUP] == 2.0
    assert page.of(catalog.GROUP_MEMBERS)[*GROUP, "lost"] == 1.0
    assert page.of(catalog.GROUP_CAPACITY)[GROUP] == 0.0


def test_the_gpus_of_a_host_that_is_gone_are_members_still_of_which_none_is_up(core):
    """Its own exporter went with it: somebody else has to say 0."""
    observe(core, 0.0, "GPU-a", "GPU-b")
    page = observe(core, 5.0)
    assert page.of(catalog.GROUP_GPUS_EXPECTED)[GROUP] == 2.0
    assert page.of(catalog.GROUP_GPUS_UP)[GROUP] == 0.0
    assert page.of(catalog.GROUP_MEMBERS)[*GROUP, "unknown"] == 2.0
