"""A VictoriaMetrics, which tells neither targets nor flags, is adopted by what its series say."""

import asyncio
import time
import urllib.request

import numpy as np
import pytest

from exporters.config import read_config
from exporters.problems import InputError
from slo.adopt import asking
from slo.adopt.asking import Asking
from slo.adopt.command import Wanted, adopt
from slo.prometheus import PrometheusClient
from slo.testing import running_victoria_metrics
from tests.slo.adopt.conftest import counter

LWS = "label_leaderworkerset_sigs_k8s_io_"
LLM = {"job": "llm", "cluster": "prod", "region": "eu"}
ENGINE = {**LLM, "instance": "10.0.0.1:8000", "engine": "0", "model_name": "chat",
          "namespace": "llm", "pod": "chat-0"}  # fmt: skip
GONE = {**ENGINE, "instance": "10.0.0.3:8000", "pod": "chat-1"}
RAY = {**LLM, "instance": "10.0.0.2:8080", "model_name": "draft", "ReplicaId": "r1"}
EPP = {**LLM, "job": "epp", "instance": "10.0.0.8:9090", "model_name": "chat",
       "target_model_name": "r1"}  # fmt: skip


def series():
    """Return what the server has: half a minute apart, of the last twenty minutes and the next."""
    now = time.time()
    times = np.arange(now - 1200, now + 600, 30)
    since = times - times[0]
    gauges = [
        ("vllm:num_requests_running", ENGINE),
        ("ray_vllm_num_requests_running", RAY),
        ("vllm:num_requests_running", {**LLM, "instance": "10.0.0.9:8001", "server": "x"}),
        ("vllm:kv_cache_usage_perc", ENGINE),
        ("ray_vllm_gpu_cache_usage_perc", RAY),
        (
            "DCGM_FI_DEV_SM_CLOCK",
            {"job": "dcgm", "instance": "10.1.0.1:9400", "UUID": "GPU-a", "gpu": "0",
             "hostname": "n1", "namespace": "llm", "pod": "chat-0"},
        ),
        ("kube_pod_info", {"exported_namespace": "llm", "exported_pod": "chat-0", "node": "n1",
                           "namespace": "monitoring", "pod": "ksm-0"}),
        ("kube_pod_labels", {"exported_namespace": "llm", "exported_pod": "chat-0",
                             f"{LWS}name": "big", f"{LWS}group_index": "4"}),
        ("kube_node_labels", {"node": "n1", "label_topology_kubernetes_io_region": "us"}),
    ]  # fmt: skip
    ttft = "llm_d_epp_request_ttft_seconds"
    counters = [
        ("llm_d_epp_request_duration_seconds_count", EPP),
        *((f"{ttft}_bucket", {**EPP, "le": bound}) for bound in ("2.0", "3.0", "+Inf")),
        (f"{ttft}_count", EPP),
        ("gen_ai_execute_tool_duration_seconds_count",
         {**LLM, "job": "tools", "instance": "10.0.0.5:9464", "gen_ai_tool_name": "browse"}),
    ]  # fmt: skip
    ended = times < now - 600
    return [
        counter("vllm:num_requests_running", GONE, times[ended], times[ended] * 0),
        *(counter(name, labels, times, since * 0 + 1) for name, labels in gauges),
        *(counter(name, labels, times, since) for name, labels in counters),
    ]


@pytest.fixture(scope="module")
def server(victoria_metrics, tmp_path_factory):
    """Give the address of the server."""

    async def write(url):
        async with PrometheusClient(url) as client:
            await client.remote_write(series())

    with running_victoria_metrics(victoria_metrics, tmp_path_factory.mktemp("victoria")) as url:
        asyncio.run(write(url))
        with urllib.request.urlopen(f"{url}/internal/force_flush", timeout=10):  # noqa: S310
            pass
        yield url


async def ask(url, **where: str):
    """Return what a server has."""
    async with PrometheusClient(url) as client:
        return await Asking(client, url, where).ask()


async def test_everything_is_found_by_its_names(server):
    """Ray's spelling as well; a router's gauge is no engine."""
    found = await ask(server)

    assert {"chat", "draft"} == {each["model_name"] for each in found.engines}
    assert 1 == found.router_gauges
    assert ["GPU-a"] == [each["UUID"] for each in found.gpus]
    assert [("llm-d", "10.0.0.8:9090")] == [
        (each.dialect, each.labels["instance"]) for each in found.routers
    ]
    assert ["10.0.0.5:9464"] == [each["instance"] for each in found.tools]
    assert {"vllm:kv_cache_usage_perc", "vllm:gpu_cache_usage_perc"} == set(found.speaks)


async def test_an_engine_that_ended_a_while_ago_is_gone(server):
    """As the last hour tells it; a router's gauge is no engine."""
    [gone] = (await ask(server)).gone

    assert {"job": "llm", "instance": "10.0.0.3:8000", "cluster": "prod"} == gone


async def test_kubernetes_is_read_where_its_labels_lost_against_those_of_the_target(server):
    """``exported_pod`` is the pod; ``pod`` that of kube-state-metrics."""
    found = await ask(server)

    assert {("llm", "chat-0")} == set(found.pods)
    pod = found.pods["llm", "chat-0"]
    assert ("n1", "big", "4") == (
        pod.node, pod.labels[f"{LWS}name"], pod.labels[f"{LWS}group_index"])  # fmt: skip
    assert {"n1": {"label_topology_kubernetes_io_region": "us"}} == found.nodes


async def test_what_the_server_does_not_tell_is_said(server):
    """And its scrape interval is measured."""
    found = await ask(server)

    assert found.retention_seconds is None
    assert {"llm": 30.0} == found.intervals_seconds
    assert [True] == [
        each.startswith("the server scrapes nothing itself") for each in found.unasked
    ]


async def test_kinds_that_have_far_too_many_series_are_refused(server, monkeypatch):
    """With what to do; their number alone was asked for."""
    monkeypatch.setattr(asking, "MOST_SERIES", 0)

    with pytest.raises(InputError) as refused:
        await ask(server)

    [problem] = refused.value.problems
    assert "expected at most 0 of one topology" in problem.message
    assert "name a part of them by --where LABEL=VALUE" == problem.fix


async def test_a_server_without_an_engine_is_refused_with_what_it_has(server):
    """It may be the one beside it that scrapes them."""
    with pytest.raises(InputError) as refused:
        await ask(server, job="dcgm")

    [problem] = refused.value.problems
    assert "no vLLM is scraped here; of the names that are looked for it has DCGM_FI_DEV_SM_CLOCK" \
        in problem.message  # fmt: skip


def test_it_is_adopted_with_addresses_by_instance_and_objectives_at_the_router(server, tmp_path):
    """The bound nearest to 2.5 s that the router has is another, and that is said."""
    adopted, files = adopt(Wanted(server, tmp_path / "out"))

    config = read_config(tmp_path / "out/shardwatch.yaml", needs_routing_key=False)
    assert [("10.0.0.2", "r1"), ("llm/big-4", "0")] == [
        (each.name, each.engine) for each in config.topology.groups
    ]
    group = config.topology.groups[1]
    assert ("http://10.0.0.1:8000/metrics", "eu") == (group.metrics, group.region)
    assert [("n1", ["GPU-a"])] == [(each.host, each.gpus) for each in group.members]
    assert 30.0 == config.file.prometheus.scrape_interval
    text = (tmp_path / "out/objectives/raw.yaml").read_text()
    assert 'llm_d_epp_request_ttft_seconds_bucket{le="2.0"}' in text
    about = {each.about: each.found for each in adopted.doubts}
    assert "has no bound of 2.5 s in 1 of 1 series" in about["missing bucket"]
    assert "does not tell how long it keeps samples" in about["retention"]
    assert ("engine", "10.0.0.3:8000 of job llm") in {
        (each.kind, each.what) for each in adopted.placed.notes.left_out
    }
    assert 4 == len(files)
