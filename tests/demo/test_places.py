"""Places that a cluster has not, and faults that contradict each other there."""

from pathlib import Path
from typing import Any

import pytest

from demo.engine import EnginePlan
from demo.places import Places, check_places
from demo.scenario import read_scenario
from exporters.problems import InputError


def _group(region: str, model: str, number: int, gpus: int = 2) -> dict[str, Any]:
    name = f"{region}-{model}-{number}"
    members = [
        {"host": f"{name}-h{host}", "gpus": [f"GPU-{name}-{host}-{gpu}" for gpu in range(gpus)]}
        for host in range(2)
    ]
    return {"name": name, "region": region, "model": model, "members": members}


PLAN = EnginePlan(
    name="sim",
    topology={
        "groups": [
            _group("eu", "chat", 0),
            _group("eu", "chat", 1),
            _group("eu", "code", 0),
            _group("us", "chat", 0),
            _group("us", "cpu", 0, gpus=0),
        ],
        "tools": [{"name": "gateway-eu", "region": "eu"}],
    },
    children=(),
    control_url="",
    tools=("search", "browser"),
)


def _check(folder: Path, *faults: str) -> None:
    text = "name: s\nengine: sim\nstory: Much breaks.\nwatch: 60s\nfaults:\n"
    file = folder / "s.yaml"
    file.write_text(text + "".join(f"- {{fault: {each}}}\n" for each in faults))
    check_places(file, read_scenario(file), PLAN)


def _refusal(folder: Path, *faults: str) -> str:
    with pytest.raises(InputError) as refused:
        _check(folder, *faults)
    return str(refused.value).replace(f"{folder}/", "")


GPU = "GPU-eu-chat-0-1-0"


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        (
            "lost-gpu, at: 1s, length: 9s, place: {group: eu-chat-7}",
            "place.group: found 'eu-chat-7', expected a group of the cluster; take one of: "
            "eu-chat-0, eu-chat-1, eu-code-0, us-chat-0, us-cpu-0",
        ),
        (
            "lost-gpu, at: 1s, length: 9s, place: {group: eu-chat-0, host: eu-chat-1-h0}",
            "place.host: found 'eu-chat-1-h0', which is not in group 'eu-chat-0'; "
            "its group is eu-chat-1",
        ),
        (
            f"lost-gpu, at: 1s, length: 9s, place: {{group: eu-chat-1, uuid: {GPU}}}",
            f"place.uuid: found '{GPU}', which is not in group 'eu-chat-1'; its group is eu-chat-0",
        ),
        (
            f"lost-gpu, at: 1s, length: 9s, "
            f"place: {{group: eu-chat-0, host: eu-chat-0-h0, uuid: {GPU}}}",
            f"place.uuid: found '{GPU}', which is not in host 'eu-chat-0-h0'; "
            "its host is eu-chat-0-h1",
        ),
        (
            "lost-gpu, at: 1s, length: 9s, place: {group: us-cpu-0}",
            "place.group: lost-gpu strikes a GPU, and group us-cpu-0 has none",
        ),
        (
            "thermal, at: 1s, length: 9s, place: {host: h9}",
            "place.host: found 'h9', expected a host of the cluster; take one of: eu-chat-0-h0, "
            "eu-chat-0-h1, eu-chat-1-h0, eu-chat-1-h1, eu-code-0-h0, eu-code-0-h1, us-chat-0-h0, "
            "us-chat-0-h1, us-cpu-0-h0, us-cpu-0-h1",
        ),
        (
            "lost-region, at: 1s, length: 9s, place: {region: ap}",
            "place.region: found 'ap', expected a region of the cluster; take one of: eu, us",
        ),
        (
            "traffic-spike, at: 1s, length: 9s, place: {region: us, model: code}",
            "place.model: found 'code', which no group of region us serves; take one of: chat, cpu",
        ),
        (
            "cache-flush, at: 1s, place: {region: us, group: eu-chat-0}",
            "place.group: found 'eu-chat-0', which is not in region 'us'; its region is eu",
        ),
        (
            "bad-canary, at: 1s, length: 9s, place: {region: eu, model: code, group: eu-chat-0}",
            "place.group: found 'eu-chat-0', which is not in model 'code'; its model is chat",
        ),
        (
            "tenant-flood, at: 1s, length: 9s, place: {region: eu, model: chat, tier: gold}",
            "place.tier: found 'gold', expected a tier of the cluster; "
            "take one of: free, pro, enterprise, gov",
        ),
        (
            "slow-tool, at: 1s, length: 9s, place: {region: eu, tool: shell}",
            "place.tool: found 'shell', expected a tool of the cluster; "
            "take one of: browser, search",
        ),
        (
            "slow-tool, at: 1s, length: 9s, place: {region: us, tool: search}",
            "place.tool: region us has no tools; take a region with tools: eu",
        ),
        (
            "frozen-worker, at: 1s, length: 9s, place: {group: eu-chat-0, rank: first}",
            "place.rank: found 'first', expected a number from 0 on",
        ),
        (
            "exporter-restart, at: 1s, place: {exporter: prober}",
            "place.exporter: found 'prober', expected an exporter of the cluster; "
            "take one of: gpu, groups, router, tools, probe",
        ),
    ],
)
def test_a_place_that_the_cluster_has_not_is_refused(tmp_path: Path, fault: str, message: str):
    """Before anything is started; with what there is instead."""
    refusal = _refusal(tmp_path, fault)
    assert message == refusal.partition("faults[0].")[2]
    assert refusal.startswith("s.yaml:6:")


def test_of_many_places_some_are_named():
    """A cluster may have thousands of groups."""
    topology = {"groups": [_group("eu", "chat", number) for number in range(1000)]}
    [(key, _, fix)] = Places(EnginePlan("sim", topology, (), "")).misfits({"group": "none"})
    assert "group" == key
    assert fix.endswith("eu-chat-11 and 988 more")


def test_a_host_that_groups_share_is_in_each(tmp_path: Path):
    """Two engines on one machine."""
    groups = [
        {**_group("eu", "chat", number), "members": [{"host": "here"}]} for number in range(2)
    ]
    places = Places(EnginePlan("vllm", {"groups": groups}, (), ""))
    for group in ("eu-chat-0", "eu-chat-1"):
        assert [] == list(places.misfits({"group": group, "host": "here"}))


LOST_REGION = "lost-region, at: 10s, length: 60s, place: {region: eu}"
LOST_HOST = "lost-host, at: 10s, length: 60s, place: {group: eu-chat-0, host: eu-chat-0-h1}"
SOME_HOST = "lost-host, at: 10s, length: 60s, place: {group: eu-chat-0}"
LOST_GPU = f"lost-gpu, at: 10s, length: 60s, place: {{group: eu-chat-0, uuid: {GPU}}}"
FROZEN = "frozen-worker, at: 10s, length: 60s, place: {group: eu-chat-0}"
SPIKE = "traffic-spike, at: 10s, length: 60s, place: {region: eu}"


@pytest.mark.parametrize(
    ("earlier", "later", "message"),
    [
        (
            SPIKE,
            "traffic-spike, at: 69s, length: 60s, place: {region: eu, model: chat}",
            "traffic-spike is there already: faults[0], traffic-spike from 10 s to 70 s; "
            "move one of them, or name other places",
        ),
        (
            "traffic-spike, at: 10s, length: 60s, place: {region: eu, model: chat}",
            "traffic-spike, at: 69s, length: 60s, place: {region: eu}",
            "traffic-spike is there already: faults[0], traffic-spike from 10 s to 70 s; "
            "move one of them, or name other places",
        ),
        (
            "cache-flush, at: 10s, place: {region: eu}",
            "cache-flush, at: 10s, place: {region: eu, group: eu-chat-0}",
            "cache-flush is there already: faults[0], cache-flush from 10 s; "
            "move one of them, or name other places",
        ),
        (
            LOST_GPU,
            "lost-gpu, at: 30s, length: 5s, place: {group: eu-chat-0, host: eu-chat-0-h1}",
            "lost-gpu is there already: faults[0], lost-gpu from 10 s to 70 s; "
            "move one of them, or name other places",
        ),
        (
            LOST_REGION,
            "lost-gpu, at: 10s, length: 5s, place: {group: eu-code-0}",
            "nothing to strike in region eu: faults[0], lost-region from 10 s to 70 s; "
            "move one of them",
        ),
        (
            LOST_REGION,
            "tool-outage, at: 20s, length: 5s, place: {region: eu, tool: search}",
            "nothing to strike in region eu: faults[0], lost-region from 10 s to 70 s; "
            "move one of them",
        ),
        (
            LOST_HOST,
            f"lost-gpu, at: 20s, length: 5s, place: {{group: eu-chat-0, uuid: {GPU}}}",
            "nothing to strike in host eu-chat-0-h1: faults[0], lost-host from 10 s to 70 s; "
            "move one of them",
        ),
        (
            SOME_HOST,
            f"lost-gpu, at: 20s, length: 5s, place: {{group: eu-chat-0, uuid: {GPU}}}",
            "may strike the same host of group eu-chat-0: faults[0], lost-host from 10 s to 70 s; "
            "name each host, or move one of them",
        ),
        (
            LOST_HOST,
            "thermal, at: 20s, length: 5s, place: {host: eu-chat-0-h1}",
            "nothing to strike in host eu-chat-0-h1: faults[0], lost-host from 10 s to 70 s; "
            "move one of them",
        ),
        (
            LOST_GPU,
            f"straggler, at: 20s, length: 5s, place: {{group: eu-chat-0, uuid: {GPU}}}",
            f"nothing to strike in uuid {GPU}: faults[0], lost-gpu from 10 s to 70 s; "
            "move one of them",
        ),
        (
            FROZEN,
            "engine-restart, at: 20s, place: {group: eu-chat-0}",
            "nothing to strike in group eu-chat-0: faults[0], frozen-worker from 10 s to 70 s; "
            "move one of them",
        ),
        (
            LOST_GPU,
            "killed-worker, at: 20s, place: {group: eu-chat-0, rank: '1'}",
            "nothing to strike in group eu-chat-0: faults[0], lost-gpu from 10 s to 70 s; "
            "move one of them",
        ),
    ],
)
def test_faults_that_contradict_are_refused(tmp_path: Path, earlier: str, later: str, message: str):
    """The later one, with the earlier one that leaves it nothing to strike."""
    refusal = _refusal(tmp_path, earlier, later)
    assert message == refusal.partition("faults[1].place: ")[2]
    assert refusal.startswith("s.yaml:7:")


def test_the_time_decides_which_fault_is_the_later(tmp_path: Path):
    """Not the order in the file."""
    refusal = _refusal(tmp_path, "engine-restart, at: 20s, place: {group: eu-chat-0}", FROZEN)
    assert "faults[0].place: nothing to strike in group eu-chat-0: faults[1]" in refusal


@pytest.mark.parametrize(
    "fault",
    ["lost-gpu, at: 10s, length: 5s, place: {group: eu-code-0}",
     "traffic-spike, at: 10s, length: 5s, place: {region: eu}"],
)  # fmt: skip
def test_nothing_strikes_in_a_region_in_the_second_in_which_it_goes_dark(
    tmp_path: Path, fault: str
):
    """Whichever stands before the other in the file."""
    said = "place: nothing to strike in region eu: "
    assert f"faults[0].{said}faults[1], lost-region" in _refusal(tmp_path, fault, LOST_REGION)
    assert f"faults[1].{said}faults[0], lost-region" in _refusal(tmp_path, LOST_REGION, fault)


@pytest.mark.parametrize(
    "faults",
    [
        (SPIKE, "traffic-spike, at: 70s, length: 60s, place: {region: eu}"),
        (SPIKE, "traffic-spike, at: 20s, length: 60s, place: {region: us}"),
        ("straggler, at: 1s, length: 90s, place: {group: eu-chat-0}", LOST_REGION),
        (LOST_REGION, "lost-gpu, at: 20s, length: 5s, place: {group: us-chat-0}"),
        (LOST_REGION, "exporter-restart, at: 20s, place: {exporter: gpu}"),
        (LOST_HOST, "thermal, at: 20s, length: 5s, place: {host: eu-chat-0-h0}"),
        (LOST_HOST, "lost-gpu, at: 20s, length: 5s, place: {group: eu-chat-1}"),
        (FROZEN, "thermal, at: 20s, length: 5s, place: {host: eu-chat-0-h0}"),
        (FROZEN, "engine-restart, at: 20s, place: {group: eu-chat-1}"),
        ("engine-restart, at: 10s, place: {group: eu-chat-0}",
         "engine-restart, at: 11s, place: {group: eu-chat-0}"),
        ("retry-storm, at: 10s, length: 60s, place: {region: eu}", SPIKE),
    ],
)  # fmt: skip
def test_faults_that_can_be_together_are_taken(tmp_path: Path, faults: tuple[str, ...]):
    """In other places, one after the other, or what can break at a thing that stands still."""
    _check(tmp_path, *faults)
