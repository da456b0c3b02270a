"""Pages of our own gpu exporter as the telemetry of a group's members."""

import pytest

from exporters import catalog
from exporters.exposition import PageError
from exporters.gpu.core import GpuCore
from exporters.gpu.reported import MemberReader
from exporters.gpu.sightings import Reported, Reports
from exporters.groups.core import GroupsCore
from exporters.rendering import Renderer
from exporters.sources import Answer, Answers
from exporters.testing import telemetry_page
from exporters.topology import Topology

UUIDS = tuple(f"GPU-{letter}" for letter in "abc")
HEALTHY: dict[str, dict[str, float]] = {uuid: {} for uuid in UUIDS}
GROUP = ("demo", "eu", "chat", "eu-chat-0")


@pytest.fixture
def topology() -> Topology:
    """One group of one host."""
    return Topology.model_validate({
        "version": 1, "cluster": "demo",
        "groups": [{"name": "eu-chat-0", "region": "eu", "model": "chat", "revision": "r1",
                    "metrics": "http://e/metrics",
                    "members": [{"host": "h1", "gpus": list(UUIDS),
                                 "telemetry": "http://h1/metrics"}]}],
    })  # fmt: skip


@pytest.fixture
def page_of_ours(topology):
    """Makes the page that our gpu exporter serves of what a host's telemetry says, looks long."""

    def make(telemetry, looks=2) -> bytes:
        core = GpuCore(topology)
        (target,) = core.targets
        for look in range(looks):
            answer = Answer("timeout")
            if telemetry is not None:
                moved = telemetry.replace("123456789", f"12345678{look}")  # the energy
                answer = Answer("none", target.read(moved.encode()))
            page = core.observe(Answers({target: answer}), 100.0 + 5.0 * look)
        return Renderer().render(page).encode()

    return make


def observe(core, telemetry: bytes, now=100.0):
    """What the groups exporter makes of a host's page; its engine is not asked."""
    answers = {each: Answer("timeout") for each in core.targets}
    (host,) = [each for each in core.targets if each.url == "http://h1/metrics"]
    answers[host] = Answer("none", host.read(telemetry))
    return core.observe(Answers(answers), now)


def members(page):
    """The members that there are, by state."""
    found = page.of(catalog.GROUP_MEMBERS)
    return {labels[-1]: value for labels, value in found.items() if value}


def test_a_gpu_that_our_exporter_calls_lost_is_a_lost_member(topology, page_of_ours):
    """Without a dcgm-exporter anywhere: the group is dead."""
    telemetry = page_of_ours(telemetry_page({"GPU-a": {}, "GPU-b": None, "GPU-c": {}}))
    page = observe(GroupsCore(topology), telemetry)
    assert members(page) == {"healthy": 2.0, "lost": 1.0}
    assert page.of(catalog.GROUP_STATE)[*GROUP, "dead"] == 1.0
    assert page.of(catalog.GROUP_REASON) == {(*GROUP, "gpu_lost"): 1.0}
    assert page.of(catalog.GROUP_CAPACITY)[GROUP] == 0.0
    assert page.of(catalog.GROUP_GPUS_UP)[GROUP] == 2.0


def test_a_hung_gpu_is_a_hung_member(topology, page_of_ours):
    """XID 119: its system processor is dead, and the group with it."""
    hung = {"GPU-a": {"DCGM_FI_DEV_XID_ERRORS": 0}, "GPU-b": {}, "GPU-c": {}}
    text = page_of_ours(telemetry_page(hung)).decode()
    hung_page = text.replace('uuid="GPU-b",state="hung"} 0', 'uuid="GPU-b",state="hung"} 1')
    hung_page = hung_page.replace(
        'uuid="GPU-b",state="healthy"} 1', 'uuid="GPU-b",state="healthy"} 0'
    )
    hung_page = hung_page.replace('uuid="GPU-b",reason="none"', 'uuid="GPU-b",reason="gsp_dead"')
    page = observe(GroupsCore(topology), hung_page.encode())
    assert members(page) == {"healthy": 2.0, "hung": 1.0}
    assert page.of(catalog.GROUP_REASON) == {(*GROUP, "gpu_hung"): 1.0}
    assert page.of(catalog.GROUP_CAPACITY)[GROUP] == 0.0


def test_what_our_exporter_cannot_see_is_unknown(topology, page_of_ours):
    """And not lost: it says so itself."""
    page = observe(GroupsCore(topology), page_of_ours(None))
    assert members(page) == {"unknown": 3.0}


def test_a_gpu_that_our_exporter_does_not_list_is_unknown_however_often_one_looks(
    topology, page_of_ours
):
    """Its topology is another; what it knows of it lists, lost or not."""
    text = page_of_ours(telemetry_page(HEALTHY))
    less = b"\n".join(line for line in text.split(b"\n") if b'uuid="GPU-c"' not in line)
    core = GroupsCore(topology)
    for look in range(4):
        page = observe(core, less, 100.0 + 5.0 * look)
    assert members(page) == {"healthy": 2.0, "unknown": 1.0}


def test_a_page_with_both_kinds_of_names_is_believed_for_the_verdicts(page_of_ours):
    """They know of processes, the kernel's log and calls that hang."""
    ours = page_of_ours(telemetry_page(HEALTHY))
    both = ours + telemetry_page({"GPU-a": {}}).encode()
    reports = MemberReader().read(both)
    assert isinstance(reports, Reports)
    assert reports["GPU-b"] == Reported("healthy", "none", answers=True)


def test_a_dcgm_exporters_page_is_read_as_before():
    """One reader for both, for a host may change from one to the other."""
    readings = MemberReader().read(telemetry_page({"GPU-a": {}}).encode())
    assert readings["GPU-a"].temperature_celsius == 31.0


def test_a_state_that_no_gpu_of_ours_has_is_malformed():
    """A page of a later version, perhaps; better unknown than wrong."""
    with pytest.raises(PageError, match="found the state 'melted'"):
        MemberReader().read(b'shardwatch_gpu_state{uuid="GPU-a",state="melted"} 1\n')
