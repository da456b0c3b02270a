"""All expected GPUs of a topology, from one collection to the next."""

import pytest

from exporters.gpu.members import HostCount, WatchedGpus
from exporters.gpu.readings import GpuReadings, Reading, Xid
from exporters.sources import Answer, Answers
from exporters.topology import Group, Member, Topology


def topology(*members: Member) -> Topology:
    """A group of some members."""
    group = Group(name="g", region="eu", model="chat", revision="r1",
                  metrics="http://e/metrics", members=list(members))  # fmt: skip
    return Topology(version=1, cluster="demo", groups=[group])


def host(name, *gpus: str, page=True, pod=None) -> Member:
    """A member, with GPUs by the last letter of their UUID."""
    telemetry = f"http://{name}/metrics" if page else None
    return Member(host=name, gpus=[f"GPU-{gpu}" for gpu in gpus], telemetry=telemetry, pod=pod)


def well(energy=1.0, **more: object) -> Reading:
    """A GPU that answers."""
    return Reading(temperature_celsius=40.0, energy_joules=energy, **more)


def gpus(*, is_whole=True, **readings: Reading) -> GpuReadings:
    """What a host shows."""
    named = {f"GPU-{name}": each for name, each in readings.items()}
    return GpuReadings(named, is_whole=is_whole)


class Looks:
    """Looks at one topology, each 5 s."""

    def __init__(self, *members: Member, **options: object) -> None:
        self.watched = WatchedGpus(topology(*members), **options)
        self.now = 0.0

    def look(self, seconds=5.0, **shown: GpuReadings | None) -> dict[str, str]:
        """Return the reason of each GPU's state; hosts by name, None for one that is away."""
        self.now += seconds
        answers = Answers({
            target: Answer("timeout" if shown.get(target.name) is None else "none",
                           shown.get(target.name))
            for target in self.watched.targets
        })  # fmt: skip
        verdicts = self.watched.judge(answers, self.now)
        return {uuid[-1]: verdict.reason for uuid, verdict in verdicts.items()}


def test_with_a_local_source_its_host_alone_is_watched():
    """A thousand exporters that all read all pages would be a million reads."""

    class Local:
        host, url, others = "h1", "local://h1", frozenset()
        read, expected = None, None

        def expect(self, uuids, *, all_found):
            self.expected = (uuids, all_found)

    local = Local()
    looks = Looks(host("h1", "a"), host("h2", "b"), local=local)
    assert [target.url for target in looks.watched.targets] == ["local://h1"]
    assert local.expected == (["GPU-a"], False)
    assert looks.look(h1=gpus(a=well())) == {"a": "none"}


def test_a_gpu_that_one_sample_lacks_is_lost_at_the_next_sample_not_at_the_next_look():
    """Others that are there tell when the source has looked again."""
    looks = Looks(host("h1", "a", "b"))
    looks.look(h1=gpus(a=well(1.0), b=well(1.0)))
    assert looks.look(h1=gpus(a=well(2.0)))["b"] == "starting"
    for _ in range(4):
        assert looks.look(h1=gpus(a=well(2.0)))["b"] == "starting"
    assert looks.look(h1=gpus(a=well(3.0)))["b"] == "absent"


def test_what_a_cut_page_lacks_is_unknown():
    """Not lost."""
    looks = Looks(host("h1", "a", "b"))
    looks.look(h1=gpus(a=well(1.0), b=well(1.0)))
    for energy in (2.0, 3.0, 4.0):
        seen = looks.look(h1=gpus(a=well(energy), is_whole=False))
        assert seen == {"a": "none", "b": "telemetry_unreachable"}


def test_a_host_whose_gpus_are_all_blank_has_a_dead_gsp_after_half_a_minute():
    """One of them took DCGM's calls along."""
    looks = Looks(host("h1", "a", "b"), host("h2", "c"))
    looks.look(h1=gpus(a=well(), b=well()), h2=gpus(c=well()))
    seen = [looks.look(h1=gpus(), h2=gpus(c=well())) for _ in range(7)]
    blind = {"a": "telemetry_unreachable", "b": "telemetry_unreachable", "c": "none"}
    assert seen[:6] == [blind] * 6
    assert seen[6] == {"a": "gsp_dead", "b": "gsp_dead", "c": "none"}
    assert looks.look(h1=gpus(a=well(), b=well()), h2=gpus(c=well()))["a"] == "none"


def test_while_the_xid_of_one_is_left_it_is_named_at_once():
    """The others are blind beside it."""
    looks = Looks(host("h1", "a", "b"))
    looks.look(h1=gpus(a=well(), b=well()))
    seen = looks.look(h1=gpus(a=Reading(xids=(Xid(119),))))
    assert seen == {"a": "gsp_dead", "b": "telemetry_unreachable"}


def test_a_host_that_has_some_values_is_not_blind():
    """Then what is missing is missing."""
    looks = Looks(host("h1", "a", "b"))
    looks.look(h1=gpus(a=well(1.0), b=well(1.0)))
    for energy in (2.0, 3.0):
        seen = looks.look(h1=gpus(a=well(energy), b=Reading(xids=(Xid(31),))))
    assert seen == {"a": "none", "b": "absent"}


@pytest.fixture
def discovered():
    """Two pods on two hosts, whose GPUs nobody named."""
    return Looks(host("h1", pod="llm/vllm-0"), host("h2", pod="llm/vllm-0-1"))


def test_gpus_that_nobody_named_are_expected_once_they_were_seen(discovered):
    """Then their loss is a loss."""
    watched = discovered.watched
    assert watched.size("g") == 0
    mine, another = {"pods": ("llm/vllm-0",)}, {"pods": ("llm/other",)}
    shown = gpus(a=well(1.0, **mine), b=well(1.0, **mine), x=well(1.0, **another))
    assert discovered.look(h1=shown, h2=None) == {"a": "none", "b": "none"}
    assert watched.of_group("g") == ["GPU-a", "GPU-b"]
    assert watched.size("g") == 2
    for energy in (2.0, 3.0):
        seen = discovered.look(h1=gpus(a=well(energy, **mine), x=well(energy, **another)))
    assert seen == {"a": "none", "b": "absent"}
    assert watched.hosts == {"h1": HostCount(expected=2, found=1, unexpected=1)}


def test_what_was_seen_is_remembered_while_the_topology_changes(discovered):
    """Pods come and go elsewhere."""
    discovered.look(h1=gpus(a=well(1.0, pods=("llm/vllm-0",))), h2=gpus(b=well(1.0)))
    earlier = discovered.watched
    discovered.watched = WatchedGpus(
        topology(host("h1", pod="llm/vllm-0"), host("h3", pod="llm/vllm-0-1"))
    )
    discovered.watched.take_over(earlier)
    assert discovered.watched.of_group("g") == ["GPU-a"]
    assert discovered.look(h1=gpus(x=well(2.0, pods=("llm/other",))))["a"] == "starting"


def test_hosts_that_cannot_be_read_are_not_counted(discovered):
    """Nobody knows what they have."""
    assert discovered.look(h1=None, h2=gpus(b=well())) == {"b": "none"}
    assert discovered.watched.hosts == {"h2": HostCount(1, 1, 0)}


def test_what_was_not_read_anew_is_judged_as_if_it_were_looked_at_each_time():
    """Also that a counter grew too fast, right after readings that stood for minutes."""
    still = gpus(a=well(nvlink_errors={"crc": 0.0}))
    grown = gpus(a=well(2.0, nvlink_errors={"crc": 2000.0}))
    standing, fresh = Looks(host("h1", "a")), Looks(host("h1", "a"))

    for _ in range(20):
        fresh.look(h1=gpus(a=well(nvlink_errors={"crc": 0.0})))
        assert {"a": "none"} == standing.look(h1=still)
    # In the 5 s since the last look, not in the 100 s since it was read.
    assert {"a": "nvlink"} == fresh.look(h1=grown)
    assert {"a": "nvlink"} == standing.look(h1=grown)


def test_what_is_wrong_lasts_until_it_counts_whether_it_was_read_anew_or_not():
    """A slow-down is one after minutes, though the very same reading is looked at again."""
    slowed = gpus(a=well(clock_events=0x20 | 0x40))
    looks = Looks(host("h1", "a"))

    reasons = [looks.look(60.0, h1=slowed)["a"] for _ in range(40)]

    assert "none" == reasons[0]
    assert "none" != reasons[-1]
