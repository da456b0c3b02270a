"""Engines, GPUs, routers and tools get their places, by whatever labels their owners gave them."""

from typing import Any

import pytest

from exporters.problems import InputError
from slo.adopt.found import Found, FoundRouter, KubernetesPod, ScrapedTarget, Targets
from slo.adopt.labels import Sureness
from slo.adopt.placing import place

URL = "http://prometheus:9090"
SET = "leaderworkerset_sigs_k8s_io"


def engine(instance="10.0.0.1:8000", **labels: str):
    """Return the labels of an engine's series, with a region."""
    return {
        "job": "vllm",
        "instance": instance,
        "engine": "0",
        "model_name": "chat",
        "region": "eu",
        **labels,
    }


def gpu(uuid, host="h1", instance="10.0.0.1:9400", index="0", **labels: str):
    """Return the labels of a GPU's series."""
    return {
        "job": "dcgm",
        "instance": instance,
        "UUID": uuid,
        "gpu": index,
        "Hostname": host,
        **labels,
    }


def adopt(*engines: dict[str, str], cluster="prod", region="", **found: Any):
    """Return what is placed of engines."""
    return place(Found(URL, engines=engines, **found), cluster=cluster, region=region)


def members(group):
    """Return hosts with GPUs of a group."""
    return [(each.host, each.gpus) for each in group.members]


def refusal(*engines: dict[str, str], **settings: str):
    """Return message and fix of the only problem."""
    with pytest.raises(InputError) as refused:
        adopt(*engines, **settings)
    [problem] = refused.value.problems
    return problem.message, problem.fix


def test_an_engine_on_a_host_of_its_own_is_called_as_the_host_and_has_its_gpus():
    """Bare metal, joined by the address that both are scraped at."""
    placed = adopt(engine(), gpus=(gpu("GPU-a"), gpu("GPU-b", index="1")))

    [group] = placed.topology.groups
    assert ("10.0.0.1", "eu", "chat", "unknown") == (
        group.name, group.region, group.model, group.revision)  # fmt: skip
    assert "http://10.0.0.1:8000/metrics" == group.metrics
    assert [("h1", ["GPU-a", "GPU-b"])] == members(group)
    assert "http://10.0.0.1:9400/metrics" == group.members[0].telemetry
    assert () == tuple(placed.notes.left_out)


@pytest.mark.parametrize("has_us_gpus", [True, False])
def test_hosts_of_one_short_name_are_told_apart_by_their_full_names(has_us_gpus):
    """``gpu01`` of two regions: neither has the other's GPUs, nor its host."""
    eu, us = "gpu01.eu.example", "gpu01.us.example"
    gpus = [gpu("GPU-eu", eu, f"{eu}:9400"), gpu("GPU-us", us, f"{us}:9400")]
    engines = engine(f"{eu}:8000"), engine(f"{us}:8000", region="us")
    placed = adopt(*engines, gpus=tuple(gpus[: 1 + has_us_gpus]))

    assert [(eu, ["GPU-eu"]), (us, ["GPU-us"] if has_us_gpus else [])] == [
        each for group in placed.topology.groups for each in members(group)
    ]
    assert "short names" in {each.about for each in placed.notes.doubts}


def test_an_engine_and_its_gpus_are_joined_by_the_short_name_of_the_only_host_that_has_it():
    """One side may leave the domain out."""
    gpus = (gpu("GPU-a", "gpu01", "10.0.0.9:9400"),)
    [group] = adopt(engine("gpu01.eu.example:8000"), gpus=gpus).topology.groups

    assert [("gpu01", ["GPU-a"])] == members(group)


def test_a_host_that_is_called_as_the_short_name_of_another_keeps_its_own():
    """Whoever names it means it, and not the other."""
    gpus = (
        gpu("GPU-a", "gpu01", "10.0.0.9:9400"),
        gpu("GPU-b", "gpu01.us.example", "10.1.0.9:9400"),
    )
    [group] = adopt(engine("gpu01:8000"), gpus=gpus).topology.groups

    assert [("gpu01", ["GPU-a"])] == members(group)


def test_gpus_that_another_pod_has_are_not_given_to_the_engine_of_the_host():
    """The exporter tells whose they are: not those of an engine that runs in no pod."""
    placed = adopt(engine(), gpus=(gpu("GPU-a", pod="training-0", namespace="ml"),))

    assert [[("h1", [])]] == [members(group) for group in placed.topology.groups]
    assert ["GPU"] == [each.kind for each in placed.notes.left_out]


def test_two_servers_on_a_host_are_two_groups_and_nobody_guesses_whose_gpus_are_whose():
    """Both would otherwise be said to have all eight."""
    placed = adopt(engine(), engine("10.0.0.1:8001"), gpus=(gpu("GPU-a"), gpu("GPU-b", index="1")))

    assert ["10.0.0.1:8000", "10.0.0.1:8001"] == [each.name for each in placed.topology.groups]
    assert all(not each.gpus and not each.telemetry
               for group in placed.topology.groups for each in group.members)  # fmt: skip
    [left] = placed.notes.left_out
    assert ("2 GPUs of host h1", "2 servers run there, and nothing tells which GPU serves which") \
        == (left.what, left.why)  # fmt: skip


def test_ranks_of_one_server_are_groups_that_fall_together_and_share_its_gpus_in_order():
    """As vLLM gives its data-parallel ranks their GPUs; ten come after nine."""
    ranks = [engine(engine=str(rank)) for rank in (1, 0)]
    gpus = [gpu(f"GPU-{index}", index=str(index)) for index in (3, 1, 0, 2)]
    placed = adopt(*ranks, gpus=tuple(gpus))

    first, second = placed.topology.groups
    assert ("10.0.0.1-dp0", "10.0.0.1-dp1") == (first.name, second.name)
    assert "10.0.0.1" == first.failure_domain == second.failure_domain
    assert [("h1", ["GPU-0", "GPU-1"])] == members(first)
    assert [("h1", ["GPU-2", "GPU-3"])] == members(second)
    guess = next(each for each in placed.notes.guesses if each.what == "GPUs of ranks")
    assert Sureness.GUESS == guess.sureness


def test_gpus_that_ranks_cannot_share_evenly_are_left_out():
    """Three of two ranks."""
    ranks = [engine(engine=str(rank)) for rank in range(2)]
    gpus = [gpu(f"GPU-{index}", index=str(index)) for index in range(3)]
    placed = adopt(*ranks, gpus=tuple(gpus))

    [left] = placed.notes.left_out
    assert "3 GPUs cannot be shared out evenly among the 2 ranks of 10.0.0.1:8000" == left.why


@pytest.mark.parametrize(
    "labels",
    [
        pytest.param({f"{SET}_name": "chat", f"{SET}_group_index": "3"}, id="as relabelled"),
        pytest.param({"lws_name": "chat", "lws_group_index": "3"}, id="short"),
        pytest.param({"leaderworkerset": "chat", "group_index": "3"}, id="shorter"),
        pytest.param({"leader_name": "chat-3"}, id="the leader's name"),
        pytest.param({"pod": "chat-3"}, id="the pod alone"),
    ],
)
def test_a_group_is_called_by_its_leaderworkerset_whatever_the_labels_are_called(labels):
    """``NAMESPACE/SET-INDEX``, as service discovery would."""
    placed = adopt(engine(namespace="llm", **labels))

    assert ["llm/chat-3"] == [each.name for each in placed.topology.groups]


def test_labels_that_were_dropped_by_relabelling_are_read_of_the_target():
    """Prometheus tells them, and its address: the label instance is whatever it was made."""
    meta = "__meta_kubernetes_pod_label_leaderworkerset_sigs_k8s_io_"
    discovered = {
        f"{meta}name": "chat",
        f"{meta}group_index": "0",
        f"{meta}template_revision_hash": "abc",
        "__meta_kubernetes_namespace": "llm",
        "__meta_kubernetes_pod_name": "chat-0",
        "__meta_kubernetes_pod_node_name": "n7",
    }
    labels = {"job": "vllm", "instance": "chat"}
    target = ScrapedTarget(labels, discovered, "https://10.0.0.7:8000/metrics", 15.0)
    placed = adopt(engine("chat"), targets=Targets([target]))

    [group] = placed.topology.groups
    assert ("llm/chat-0", "abc", "https://10.0.0.7:8000/metrics") == (
        group.name, group.revision, group.metrics)  # fmt: skip
    assert [("n7", "llm/chat-0")] == [(each.host, each.pod) for each in group.members]


def test_an_engine_without_an_address_is_left_out_with_what_to_do():
    """A server that tells no targets, and a label instance that is none."""
    placed = adopt(engine("chat-0"), engine("10.0.0.2:8000"))

    assert ["10.0.0.2"] == [each.name for each in placed.topology.groups]
    [left] = placed.notes.left_out
    assert ("engine", "chat-0 of job vllm") == (left.kind, left.what)
    assert "add its group to the topology by hand" == left.to_do


def of_pod(uuid, pod, host, instance, **labels: str):
    """Return the labels of a GPU that a pod has, where dcgm-exporter's own labels lost."""
    return gpu(uuid, host, instance, pod=f"dcgm-exporter-{host}", namespace="gpu",
               exported_pod=pod, exported_namespace="llm", **labels)  # fmt: skip


def test_workers_are_found_by_the_names_of_pods_that_have_gpus():
    """``chat-0-1`` serves ``chat-0``; ``chat-01`` and another namespace's do not."""
    placed = adopt(
        engine(namespace="llm", pod="chat-0"),
        gpus=(
            of_pod("GPU-b", "chat-0-1", "h2", "10.1.0.2:9400"),
            of_pod("GPU-a", "chat-0", "h1", "10.1.0.1:9400"),
            of_pod("GPU-c", "chat-01", "h3", "10.1.0.3:9400"),
            {**of_pod("GPU-d", "chat-0-2", "h4", "10.1.0.4:9400"), "exported_namespace": "x"},
        ),
    )

    [group] = placed.topology.groups
    assert [("h1", ["GPU-a"]), ("h2", ["GPU-b"])] == members(group)
    assert ["llm/chat-0", "llm/chat-0-1"] == [each.pod for each in group.members]
    assert ["1 GPU of host h3", "1 GPU of host h4"] == sorted(
        each.what for each in placed.notes.left_out
    )


def test_a_pod_without_namespace_is_the_only_one_of_its_name():
    """Where there are two, nobody guesses."""
    found = (of_pod("GPU-a", "chat-0", "h1", "10.1.0.1:9400"),)
    other = {**of_pod("GPU-b", "chat-0", "h2", "10.1.0.2:9400"), "exported_namespace": "x"}

    [group] = adopt(engine(pod="chat-0"), gpus=found).topology.groups
    assert [("h1", ["GPU-a"])] == members(group)
    [group] = adopt(engine(pod="chat-0"), gpus=(*found, other)).topology.groups
    assert [("10.0.0.1", [])] == members(group)


def test_engines_of_one_base_name_are_told_apart_whatever_they_share():
    """Two servers in a pod and one in another, of one LeaderWorkerSet."""
    of_set = {"namespace": "llm", f"{SET}_name": "x", f"{SET}_group_index": "0"}
    placed = adopt(
        engine("10.0.0.1:8000", pod="a", **of_set),
        engine("10.0.0.1:8001", pod="a", **of_set),
        engine("10.0.0.2:8000", pod="b", **of_set),
    )

    assert [
        "llm/x-0:llm/a:8000-dp0",
        "llm/x-0:llm/a:8001-dp0",
        "llm/x-0:llm/b:8000-dp0",
    ] == [each.name for each in placed.topology.groups]


def test_workers_are_found_by_the_labels_that_kube_state_metrics_tells():
    """Whatever their names are, and on the nodes that it tells where no GPU is seen."""
    label = f"label_{SET}_"

    def pod(index, node):
        labels = {f"{label}name": "big", f"{label}group_index": "0", f"{label}worker_index": index}
        return KubernetesPod(node, labels)

    placed = adopt(
        engine(namespace="llm", pod="x"),
        pods={("llm", "x"): pod("0", "n1"), ("llm", "z"): pod("1", "n2"),
              ("llm", "y"): pod("2", "n3"), ("other", "q"): pod("3", "n4")},
        gpus=(of_pod("GPU-a", "x", "n1", "10.1.0.1:9400"),
              of_pod("GPU-b", "y", "n3", "10.1.0.3:9400")),
    )  # fmt: skip

    [group] = placed.topology.groups
    assert "llm/big-0" == group.name
    assert [("n1", ["GPU-a"]), ("n2", []), ("n3", ["GPU-b"])] == members(group)


def test_workers_are_found_by_the_labels_of_pods_that_dcgm_exporter_adds():
    """With ``--kubernetes-enable-pod-labels``."""

    def worker(index):
        return {f"{SET}_name": "big", f"{SET}_group_index": "0", f"{SET}_worker_index": index}

    leader = {f"{SET}_name": "big", f"{SET}_group_index": "0"}
    placed = adopt(
        engine(namespace="llm", pod="x", **leader),
        gpus=(of_pod("GPU-a", "x", "n1", "10.1.0.1:9400", **worker("0")),
              of_pod("GPU-b", "w", "n2", "10.1.0.2:9400", **worker("1"))),
    )  # fmt: skip

    assert [("n1", ["GPU-a"]), ("n2", ["GPU-b"])] == members(placed.topology.groups[0])


def test_a_worker_that_two_engines_of_a_set_could_have_is_nobody_s():
    """Two pods of a LeaderWorkerSet serve metrics, and nothing tells whose the third is."""
    of_set = {f"{SET}_name": "big", f"{SET}_group_index": "0"}
    placed = adopt(
        engine("10.0.0.1:8000", namespace="llm", pod="big-0", engine="0", **of_set),
        engine("10.0.0.2:8000", namespace="llm", pod="big-0-1", engine="1", **of_set),
        gpus=tuple(
            of_pod(f"GPU-{pod}", pod, f"n{index}", f"10.1.0.{index}:9400", **of_set,
                   **{f"{SET}_worker_index": str(index)})
            for index, pod in enumerate(("big-0", "big-0-1", "big-0-2"))
        ),
    )  # fmt: skip

    assert [[("n0", ["GPU-big-0"])], [("n1", ["GPU-big-0-1"])]] == [
        members(each) for each in placed.topology.groups
    ]
    assert ["llm/big-0-dp0", "llm/big-0-dp1"] == [each.name for each in placed.topology.groups]
    assert ["1 GPU of host n2"] == [each.what for each in placed.notes.left_out]


def test_gpus_of_idle_hosts_are_left_out_and_their_exporters_pod_is_no_user_of_them():
    """The label pod is then dcgm-exporter's own."""
    idle = gpu("GPU-x", "h9", "10.1.0.9:9400", pod="nvidia-dcgm-exporter-x2x7z", namespace="gpu")
    placed = adopt(engine(), gpus=(idle,))

    [left] = placed.notes.left_out
    assert ("1 GPU of host h9", "no engine runs on it, as far as labels tell") == (
        left.what, left.why)  # fmt: skip


def test_the_region_is_that_of_the_node_where_no_series_tells_it():
    """By kube-state-metrics."""
    series = engine(namespace="llm", pod="chat-0")
    del series["region"]
    region = {"label_topology_kubernetes_io_region": "us-east-1"}
    placed = adopt(series, pods={("llm", "chat-0"): KubernetesPod("n1")}, nodes={"n1": region})

    assert ["us-east-1"] == [each.region for each in placed.topology.groups]
    assert "" == placed.region_label


@pytest.mark.parametrize(
    ("labels", "expected", "sureness"),
    [
        ({"region": "eu", "zone": "eu-1a"}, "eu", Sureness.SURE),
        ({"topology_kubernetes_io_region": "eu"}, "eu", Sureness.SURE),
        ({"datacenter": "fra1", "zone": "z"}, "fra1", Sureness.LIKELY),
        ({"zone": "eu-1a"}, "eu-1a", Sureness.LIKELY),
    ],
)
def test_a_region_is_taken_of_the_label_that_looks_most_like_one(labels, expected, sureness):
    """And it is said how sure that is."""
    series = {**{k: v for k, v in engine().items() if k != "region"}, **labels}
    placed = adopt(series)

    assert expected == placed.topology.groups[0].region
    [guess] = [each for each in placed.notes.guesses if each.what == "region of engines"]
    assert sureness == guess.sureness


def test_a_region_that_nobody_tells_is_asked_for():
    """And the option is enough."""
    series = {k: v for k, v in engine().items() if k != "region"}

    message, fix = refusal(series)
    assert message.startswith("found no label of a region on 1 engines; they have engine, ")
    assert "say it: --region NAME, of all that have none" == fix
    assert "eu" == adopt(series, region="eu").topology.groups[0].region


def test_the_option_does_not_stand_above_a_label():
    """It is for those that say nothing."""
    series = {k: v for k, v in engine("10.0.0.2:8000").items() if k != "region"}
    placed = adopt(engine(region="us"), series, region="eu")

    assert ["us", "eu"] == [each.region for each in placed.topology.groups]


def test_the_option_takes_the_place_of_a_region_that_no_topology_can_have():
    """Else its engines have no place, and it is said what to do."""
    placed = adopt(engine(region="us"), engine("10.0.0.2:8000", region="Europe West"), region="eu")
    assert ["us", "eu"] == [each.region for each in placed.topology.groups]

    placed = adopt(engine(region="us"), engine("10.0.0.2:8000", region="Europe West"))
    assert ["say it by --region NAME, which takes its place"] == [
        each.to_do for each in placed.notes.left_out
    ]


def test_a_cluster_that_no_topology_can_have_is_chosen_by_its_label():
    """And called otherwise."""
    spaced = engine(cluster="dc a")
    _, fix = refusal(spaced, engine("b:1", cluster="b"), cluster="")
    assert fix.endswith("'dc a' is no name here: --where 'cluster=dc a' --cluster OTHER")
    assert (
        "found the cluster 'dc a', expected a name without spaces, of ASCII",
        "say what it is called here: --cluster OTHER",
    ) == refusal(spaced, cluster="")
    assert "dc-a" == adopt(spaced, cluster="dc-a").topology.cluster


def test_a_cluster_that_nobody_tells_is_asked_for():
    """A topology has a name."""
    assert (
        "found no label of a cluster, on engines or among external labels",
        "say its name: --cluster NAME",
    ) == refusal(engine(), cluster="")


def test_external_labels_tell_cluster_and_region():
    """They are on nothing that the server answers."""
    series = {k: v for k, v in engine().items() if k != "region"}
    placed = adopt(series, cluster="", external_labels={"cluster": "prod", "region": "eu"})

    assert ("prod", "eu") == (placed.topology.cluster, placed.topology.groups[0].region)


def test_of_several_clusters_one_is_chosen_and_its_series_alone_are_asked_about():
    """Each has a topology of its own."""
    both = (engine(cluster="a"), engine("10.0.0.2:8000", cluster="b"))

    assert (
        "found engines of 2 clusters: a (1), b (1)",
        "choose one: --cluster NAME; each has a topology of its own",
    ) == refusal(*both, cluster="")
    assert "found engines of 2 clusters: a (1), b (1), and none of 'c'" == refusal(
        *both, cluster="c"
    )[0]  # fmt: skip
    others = (gpu("GPU-a", cluster="a"), gpu("GPU-b", "h2", "10.0.0.2:9400", cluster="b"))
    placed = adopt(*both, cluster="b", gpus=others)
    assert [] == placed.notes.left_out
    assert [("h2", ["GPU-b"])] == members(placed.topology.groups[0])
    assert ["10.0.0.2"] == [each.name for each in placed.topology.groups]
    assert {"cluster": "b"} == placed.where


def test_engines_of_no_cluster_beside_others_are_named_with_their_job():
    """They have no place, and would be missed by nobody else."""
    several = (
        engine("a:1", cluster="a"),
        engine("b:1", cluster="b"),
        engine("c:1", job="staging"),
    )
    said = "beside 1 engine of the job staging (1) without a label of a cluster"
    assert said in refusal(*several, cluster="")[0]
    placed = adopt(*several, cluster="a")
    [doubt] = [each for each in placed.notes.doubts if each.about == "engines of no cluster"]
    assert doubt.found.endswith("left out: 1 engine of the job staging (1)")
    assert [] == [
        each
        for each in adopt(*several[:2], cluster="a").notes.doubts
        if each.about == "engines of no cluster"
    ]


def test_two_clusters_under_one_name_are_refused_with_the_label_that_tells_them_apart():
    """The same pod at two addresses is no pod."""
    one = engine("10.0.0.1:8000", namespace="llm", pod="chat-0", datacenter="a")
    other = engine("10.8.0.1:8000", namespace="llm", pod="chat-0", datacenter="b")

    message, fix = refusal(one, other)
    assert message.startswith("found the engine 'llm/chat-0' twice (datacenter is 'a' and 'b')")
    assert "choose one by --where datacenter=a" == fix


def test_two_clusters_under_one_name_in_two_regions_are_told_apart_by_these():
    """And it is said."""
    one = engine("10.0.0.1:8000", namespace="llm", pod="chat-0")
    other = engine("10.8.0.1:8000", namespace="llm", pod="chat-0", region="us")
    placed = adopt(one, other)

    assert ["eu/llm/chat-0", "us/llm/chat-0"] == [each.name for each in placed.topology.groups]
    [doubt] = placed.notes.doubts
    assert "two clusters under one name" == doubt.about


@pytest.mark.parametrize(
    ("labels", "about"),
    [({"job": "again"}, "scraped twice"), ({"prometheus_replica": "b"}, "replicas")],
)
def test_an_engine_that_is_there_twice_is_one_group(labels, about):
    """Two jobs that scrape it, or two servers that watch it."""
    placed = adopt(engine(prometheus_replica="a"), engine(**{"prometheus_replica": "a", **labels}))

    assert ["10.0.0.1"] == [each.name for each in placed.topology.groups]
    assert [about] == [each.about for each in placed.notes.doubts]


def test_gpus_that_two_hosts_show_are_told():
    """Two clusters whose hosts and GPUs cannot both be."""
    placed = adopt(engine(), gpus=(gpu("GPU-a"), gpu("GPU-a", "h2", "10.8.0.1:9400")))

    assert ["GPUs twice"] == [each.about for each in placed.notes.doubts]


def test_an_engine_under_ray_is_known_by_its_replica():
    """Its engine label is 0, as everybody's."""
    placed = adopt(engine(ReplicaId="r-1"), engine(ReplicaId="r-2"))

    assert ["r-1", "r-2"] == [each.engine for each in placed.topology.groups]


def test_a_name_that_no_label_can_have_leaves_its_engine_out():
    """A model called with spaces."""
    placed = adopt(engine(model_name="my model"), engine("10.0.0.2:8000"))

    [left] = placed.notes.left_out
    assert left.why.startswith("model: found 'my model', expected plain characters")
    message, _ = refusal(engine(model_name="my model"))
    assert message.startswith("found 1 engines and none that can be placed; 10.0.0.1:8000: model:")


def test_routers_and_tools_are_placed_in_their_regions():
    """Envoys are not: any mesh has hundreds of them."""
    at = {"job": "gw", "region": "eu"}
    placed = adopt(
        engine(),
        routers=(
            FoundRouter("llm-d", {**at, "instance": "10.0.0.8:9090", "pod": "epp-0"}),
            FoundRouter("envoy", {**at, "instance": "10.0.0.9:9901"}),
            FoundRouter("production-stack", {"job": "gw", "instance": "10.0.0.7:8001"}),
        ),
        tools=(
            {**at, "instance": "10.0.0.5:9464"},
            {**at, "instance": "10.0.0.6:9464"},
        ),
    )

    topology = placed.topology
    assert [("epp-0", "eu", "llm-d", "http://10.0.0.8:9090/metrics")] == [
        (each.name, each.region, each.dialect, each.metrics) for each in topology.routers
    ]
    assert [("gw", "eu", "http://10.0.0.5:9464/metrics")] == [
        (each.name, each.region, each.metrics) for each in topology.tools
    ]
    assert [
        ("router", "1 Envoy"),
        ("router", "10.0.0.7:8001"),
        ("tools", "http://10.0.0.6:9464/metrics"),
    ] == sorted((each.kind, each.what) for each in placed.notes.left_out)


def target(instance, *, job="vllm", error="", answers=False, **labels: str):
    """Return a target of a job."""
    of_series = {"job": job, "instance": instance, **labels}
    return ScrapedTarget(of_series, {}, f"http://{instance}/metrics", 15.0, answers, error)


def left_out(placed):
    """Return what has no place, each with the reason."""
    return [(each.kind, each.what, each.why) for each in sorted(placed.notes.left_out)]


def test_engines_that_do_not_answer_are_left_out_with_the_reason():
    """Their job has engines, or had some an hour ago; targets of other jobs are nobody's."""
    targets = Targets([
        target("10.0.0.1:8000", answers=True),
        target("10.0.0.2:8000", error="connection refused"),
        target("10.0.0.3:8000"),
        target("10.0.0.4:8000", job="all-down", error="timed out"),
        target("10.0.0.5:80", job="website", error="connection refused"),
    ])  # fmt: skip
    gone = ({"job": "all-down", "instance": "10.0.0.4:8000"},)
    placed = adopt(engine(), targets=targets, gone=gone)

    assert [
        ("engine", "10.0.0.2:8000 of job vllm",
         "its page does not answer the server: connection refused"),
        ("engine", "10.0.0.3:8000 of job vllm", "its page was not scraped yet"),
        ("engine", "10.0.0.4:8000 of job all-down", "its page does not answer the server: "
         "timed out"),
    ] == left_out(placed)  # fmt: skip


def test_hosts_and_routers_that_do_not_answer_are_left_out_as_such():
    """A GPU is missing then, and not an engine."""
    router = FoundRouter("demo", {"job": "router", "instance": "10.0.0.8:80", "region": "eu"})
    targets = Targets([target("10.0.0.9:9400", job="dcgm"), target("10.0.0.9:80", job="router")])
    placed = adopt(engine(), gpus=(gpu("GPU-a"),), routers=(router,), targets=targets)

    assert [("GPU", "10.0.0.9:9400 of job dcgm"), ("router", "10.0.0.9:80 of job router")] == [
        each[:2] for each in left_out(placed)
    ]


def test_engines_that_went_away_are_left_out_where_nobody_tells_targets():
    """Where they are told, what is no target any more ended on purpose."""
    gone = ({"job": "vllm", "instance": "10.0.0.2:8000"},)

    assert [("engine", "10.0.0.2:8000 of job vllm",
             "it had a sample within the last hour, and has none now")] == left_out(
        adopt(engine(), gone=gone))  # fmt: skip
    targets = Targets([target("10.0.0.1:8000", answers=True)])
    assert [] == left_out(adopt(engine(), gone=gone, targets=targets))


def test_what_does_not_answer_of_another_cluster_is_not_told():
    """It will be adopted for itself."""
    engines = (engine(cluster="prod"), engine("10.1.0.1:8000", cluster="other"))
    down = [target(f"10.{each}.0.9:8000", cluster=of) for each, of in ((0, "prod"), (1, "other"))]

    assert [("engine", "10.0.0.9:8000 of job vllm", "its page was not scraped yet")] == left_out(
        adopt(*engines, targets=Targets(down))
    )
    gone = tuple(each.labels for each in down)
    assert ["10.0.0.9:8000 of job vllm"] == [
        what for _, what, _ in left_out(adopt(*engines, gone=gone))
    ]
