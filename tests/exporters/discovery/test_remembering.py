"""Groups that vanish from service discovery."""

import pytest

from exporters.discovery.placing import NO_LEADER
from exporters.discovery.remembering import Remembered
from exporters.discovery.targets import DiscoveredTarget
from exporters.testing import Clock
from exporters.topology import VanishedGroup

FORGET_SECONDS = 600.0


def engine(name, address=None, **labels: str) -> DiscoveredTarget:
    """The leader of a group."""
    more = {"group": name, "region": "eu", "model": "chat", "host": f"{name}-0", **labels}
    return DiscoveredTarget(address or f"{name}:8000", more, "sd.json")


def worker(name, index=1, **labels: str) -> DiscoveredTarget:
    """One of its other hosts, whose labels say no more than that."""
    more = {
        "group": name,
        "shardwatch_role": "worker",
        "host": f"{name}-{index}",
        **labels,
        "__meta_kubernetes_pod_label_leaderworkerset_sigs_k8s_io_worker_index": str(index),
    }
    return DiscoveredTarget(f"{name}-{index}:1", more, "sd.json")  # fmt: skip


class Discovery:
    """What is discovered at one time after another."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.remembered = Remembered(FORGET_SECONDS, self.clock)

    def tell(self, *targets: DiscoveredTarget, seconds_later=5.0):
        """Return the groups, by name."""
        self.clock.now += seconds_later
        placement = self.remembered.place(targets, "demo", "sd.json")
        self.unplaced = [each.reason for each in placement.unplaced]
        return {group.name: group for group in placement.topology.groups}


def fields(groups):
    """What is known of groups, whether they are there or not."""
    return {name: dict(group) for name, group in groups.items()}


@pytest.fixture
def discovery():
    """Nothing is known yet."""
    return Discovery()


def test_a_group_whose_leader_vanished_stays_as_it_was(discovery):
    """Its engine does not answer: that is what dead means. However long it takes."""
    before = discovery.tell(engine("a", gpus="GPU-0"), worker("a", gpus="GPU-1"), engine("b"))
    for _ in range(3):
        after = discovery.tell(worker("a", gpus="GPU-1"), engine("b"), seconds_later=FORGET_SECONDS)
        assert after == before
        assert discovery.unplaced == []


def test_a_group_that_vanished_stays_for_a_while(discovery):
    """Kubernetes tells nothing of it until it is there again."""
    before = discovery.tell(engine("a", gpus="GPU-0"), engine("b"))
    discovery.tell(engine("b"))
    after = discovery.tell(engine("b"), seconds_later=FORGET_SECONDS - 1.0)
    assert fields(after) == fields(before)
    assert discovery.remembered.overdue == frozenset()
    discovery.clock.now += 1.0
    assert discovery.remembered.overdue == {"a"}
    assert set(discovery.tell(engine("b"), seconds_later=0.0)) == {"b"}
    assert discovery.remembered.overdue == frozenset()
    assert set(discovery.tell(engine("b"))) == {"b"}


def test_only_a_group_of_which_nothing_is_left_has_vanished(discovery):
    """As one does that was scaled down. A worker that is left, or one that comes, belongs to it."""
    found = [
        discovery.tell(*targets, engine("b"))["a"]
        for targets in ([engine("a"), worker("a")], [worker("a")], [], [worker("a")], [engine("a")])
    ]
    expected = [False, False, True, False, False]
    assert [isinstance(each, VanishedGroup) for each in found] == expected


def test_a_group_that_is_there_again_is_no_longer_remembered(discovery):
    """At its new address."""
    discovery.tell(engine("a"), engine("b"))
    discovery.tell(engine("b"))
    found = discovery.tell(engine("a", "elsewhere:8000"), engine("b"), seconds_later=300.0)
    assert found["a"].metrics == "http://elsewhere:8000/metrics"
    discovery.tell(engine("b"), seconds_later=400.0)
    assert "a" in discovery.tell(engine("b"), seconds_later=FORGET_SECONDS - 1.0)


def test_another_engine_at_its_address_does_not_bring_a_group_back_to_life(discovery):
    """Pods get each other's addresses."""
    discovery.tell(engine("a"), worker("a"))
    for left in ((), (worker("a"),)):
        found = discovery.tell(engine("b", "a:8000"), *left)
        assert (found["a"].metrics, found["b"].metrics) == (NO_LEADER, "http://a:8000/metrics")


def test_gpus_that_another_group_was_given_are_its_own(discovery):
    """One GPU has one place."""
    page = {"telemetry": "http://h:9400/metrics"}
    discovery.tell(engine("a", gpus="GPU-0,GPU-1", **page), engine("c", gpus="GPU-2", **page))
    found = discovery.tell(engine("b", gpus="GPU-1,GPU-2"))
    assert found["a"].members[0].gpus == ["GPU-0"]
    assert (found["c"].members[0].gpus, found["c"].members[0].telemetry) == ([], None)


def test_telemetry_of_a_group_that_vanished_is_still_read(discovery):
    """Its GPUs may be why."""
    page = DiscoveredTarget("a-0:9400", {"shardwatch_role": "telemetry", "host": "a-0"}, "sd.json")
    discovery.tell(engine("a"), engine("b"), page)
    assert discovery.tell(engine("b"), page)["a"].members[0].telemetry == "http://a-0:9400/metrics"
    assert discovery.unplaced == []
