"""Where discovered targets belong."""

import random

import pytest

from exporters.catalog import UNPLACED_REASONS
from exporters.discovery.placing import NO_LEADER, place
from exporters.discovery.targets import DiscoveredTarget
from exporters.problems import InputError

SET = "__meta_kubernetes_pod_label_leaderworkerset_sigs_k8s_io_"


def target(address: str, **labels: str) -> DiscoveredTarget:
    """A target."""
    return DiscoveredTarget(address, labels, "sd.json")


def engine(address: str, group: str = "g", **labels: str) -> DiscoveredTarget:
    """An engine with all that is needed."""
    return target(address, **{"group": group, "region": "eu", "model": "chat", **labels})


def pod(set_index: int, worker: int, **labels: str) -> DiscoveredTarget:
    """A pod of a LeaderWorkerSet, as Prometheus discovers it."""
    return target(
        f"10.0.{set_index}.{worker}:8000",
        **{
            f"{SET}name": "vllm",
            f"{SET}group_index": str(set_index),
            f"{SET}worker_index": str(worker),
            f"{SET}template_revision_hash": "5f8d",
            "__meta_kubernetes_namespace": "serving",
            "__meta_kubernetes_pod_node_name": f"node-{set_index}{worker}",
            "__meta_kubernetes_node_label_topology_kubernetes_io_region": "eu-west-1",
            "__meta_kubernetes_pod_label_llm_d_ai_model": "llama",
            **labels,
        },
    )


def placed(*targets: DiscoveredTarget, cluster: str | None = "demo"):
    """Their topology, after they came in any order."""
    shuffled = random.sample(targets, len(targets))
    return place(shuffled, cluster, "sd.json")


def test_plain_labels_make_a_topology():
    """Engines, workers, telemetry, routers and gateways."""
    placement = placed(
        engine("h1:8000", revision="r7", engine="1", gpus="GPU-a, GPU-b", host="h1",
               failure_domain="rack-1"),
        target("h2:1", shardwatch_role="worker", group="g", worker="1", host="h2", gpus="GPU-c",
               **{f"{SET}worker_index": "1"}),
        target("h1:9400", shardwatch_role="telemetry", host="h1"),
        target("h2:9400", shardwatch_role="telemetry"),
        target("r:9000", shardwatch_role="router", region="eu", dialect="demo", router="front"),
        target("t:9000", shardwatch_role="tools", region="eu", __metrics_path__="/m",
               __scheme__="https", __param_module="all tools"),
    )  # fmt: skip
    assert placement.unplaced == ()
    assert placement.topology.model_dump(exclude_defaults=True) == {
        "version": 1,
        "cluster": "demo",
        "groups": [{
            "name": "g", "region": "eu", "model": "chat", "revision": "r7", "engine": "1",
            "metrics": "http://h1:8000/metrics", "failure_domain": "rack-1",
            "members": [
                {"host": "h1", "gpus": ["GPU-a", "GPU-b"], "telemetry": "http://h1:9400/metrics"},
                {"host": "h2", "gpus": ["GPU-c"], "telemetry": "http://h2:9400/metrics"},
            ],
        }],
        "routers": [{"name": "front", "region": "eu", "dialect": "demo",
                     "metrics": "http://r:9000/metrics"}],
        "tools": [{"name": "eu", "region": "eu", "metrics": "https://t:9000/m?module=all+tools"}],
    }  # fmt: skip


def test_pods_of_leader_worker_sets_make_groups_by_their_kubernetes_labels():
    """The leader is the engine, the others are its members, in the order of their indices."""
    pods = [pod(index, worker) for index in range(2) for worker in range(12)]
    placement = placed(*pods)
    assert placement.unplaced == ()
    first, second = placement.topology.groups
    assert (first.name, second.name) == ("serving/vllm-0", "serving/vllm-1")
    assert (first.region, first.model, first.revision) == ("eu-west-1", "llama", "5f8d")
    assert first.metrics == "http://10.0.0.0:8000/metrics"
    assert [member.host for member in first.members] == [f"node-0{n}" for n in range(12)]


def test_members_are_the_pods_that_kubernetes_calls_so():
    """dcgm-exporter tells which GPUs each of them was given."""
    (group,) = placed(pod(0, 0, __meta_kubernetes_pod_name="vllm-0"), pod(0, 1)).topology.groups
    assert [member.pod for member in group.members] == ["serving/vllm-0", None]


def test_a_group_of_which_only_workers_are_left_is_there_with_an_engine_that_nobody_reaches():
    """Its leader failed before anybody saw it."""
    placement = placed(pod(0, 1), pod(0, 2))
    (group,) = placement.topology.groups
    assert (group.name, group.region, group.model) == ("serving/vllm-0", "eu-west-1", "llama")
    assert group.metrics == NO_LEADER
    assert [member.host for member in group.members] == ["node-01", "node-02"]
    assert placement.unplaced == ()


def test_labels_that_were_written_for_us_come_before_those_of_kubernetes():
    """So that relabelling can say it better."""
    (group,) = placed(pod(0, 0, group="a", region="b", model="c", revision="d")).topology.groups
    assert (group.name, group.region, group.model, group.revision) == ("a", "b", "c", "d")


def test_the_order_in_which_targets_come_makes_no_difference():
    """Services list them as they like; a change of order is no change of topology."""
    targets = [engine(f"h{n}:1", group=f"g{n % 4}", model="m" * (n % 3)) for n in range(12)]
    assert all(placed(*targets) == placed(*targets) for _ in range(5))


UNPLACED = {
    "no group": (target("h:1", region="eu", model="chat"), "no_group", "found none of group"),
    "half a set": (
        target("h:1", region="eu", model="chat", **{f"{SET}name": "vllm"}),
        "no_group",
        "found none of group",
    ),
    "no region": (engine("h:1", region=""), "no_region", "found none of region, __meta_kube"),
    "no model": (engine("h:1", model=""), "no_model", "found none of model, model_name"),
    "no engine": (
        pod(7, 1, __meta_kubernetes_pod_label_llm_d_ai_model=""),
        "no_engine",
        "the group 'serving/vllm-7' has no engine",
    ),
    "an index": (
        pod(7, 1, group="fine", **{f"{SET}worker_index": "one"}),
        "bad_value",
        "found the worker index 'one'",
    ),
    "no host": (
        target("h9:9400", shardwatch_role="telemetry"),
        "no_host",
        "no group is on the host 'h9'",
    ),
    "no dialect": (
        target("r:1", shardwatch_role="router", region="eu"),
        "no_dialect",
        "found no label dialect",
    ),
    "another dialect": (
        target("r:1", shardwatch_role="router", region="eu", dialect="klingon"),
        "bad_value",
        "dialect: Input should be",
    ),
    "a gateway of nowhere": (target("t:1", shardwatch_role="tools"), "bad_value", "name: "),
    "a group twice": (
        engine("z:1", group="fine"),
        "repeated",
        "the group 'fine' has an engine: http://fine:1/metrics",
    ),
    "a GPU twice": (
        engine("z:1", group="h", gpus="GPU-x"),
        "repeated",
        "the GPU 'GPU-x' has another place",
    ),
    "a name with spaces": (engine("h:1", group="my group"), "bad_value", "name: Value error"),
    "an address with spaces": (engine("h: 1"), "bad_value", "expected HOST:PORT"),
    "a role": (
        engine("h:1", shardwatch_role="boss"),
        "unknown_role",
        "found 'boss', expected engine, worker, telemetry, router, tools",
    ),
}


@pytest.mark.parametrize(("wrong", "reason", "detail"), UNPLACED.values(), ids=UNPLACED)
def test_what_cannot_be_placed_is_listed_with_its_reason_and_the_rest_is_there(
    wrong, reason, detail
):
    """One mislabelled pod does not cost the view of the others."""
    placement = placed(engine("fine:1", group="fine", gpus="GPU-x"), wrong)
    assert [group.name for group in placement.topology.groups] == ["fine"]
    (left,) = placement.unplaced
    assert (left.target, left.reason) == (wrong, reason)
    assert left.detail.startswith(detail)
    assert reason in UNPLACED_REASONS
    assert str(left).startswith(f"sd.json: {wrong.address}: {reason}: ")


def test_routers_of_one_region_are_told_apart_by_their_addresses():
    """Where they have no names: replicas have the same labels."""
    placement = placed(
        engine("h:1"),
        *(target(f"r{n}:1", shardwatch_role="router", region="eu", dialect="demo", requests=url)
          for n, url in enumerate(["http://r0/v1", ""])),
    )  # fmt: skip
    assert [router.name for router in placement.topology.routers] == ["r0:1", "r1:1"]
    assert [router.requests for router in placement.topology.routers] == ["http://r0/v1", None]
    assert placement.unplaced == ()


def test_a_second_gateway_of_a_region_is_left_out():
    """The series of gateways carry the region only."""
    placement = placed(
        engine("h:1"),
        *(target(f"t{n}:1", shardwatch_role="tools", region="eu") for n in range(2)),
    )
    assert [gateway.metrics for gateway in placement.topology.tools] == ["http://t0:1/metrics"]
    assert [left.reason for left in placement.unplaced] == ["repeated"]


def test_the_cluster_is_that_of_the_labels_unless_it_is_given():
    """It has to be one."""
    assert placed(engine("h:1", cluster="a"), cluster=None).topology.cluster == "a"
    assert placed(engine("h:1", cluster="a"), cluster="b").topology.cluster == "b"
    with pytest.raises(InputError, match="found no names of the cluster, expected one; give"):
        placed(engine("h:1"), cluster=None)
    with pytest.raises(InputError, match="found 2 names of the cluster"):
        placed(engine("h:1", cluster="a"), engine("i:1", "i", cluster="b"), cluster=None)


def test_no_group_at_all_is_a_problem_that_says_why():
    """An empty topology would make every alert silent."""
    with pytest.raises(
        InputError, match=r"sd\.json: found no group in 0 targets; label the targets"
    ):
        placed()
    with pytest.raises(InputError, match=r"found no group in 1 targets; sd\.json: h:1: no_model: "):
        placed(engine("h:1", model=""))
