"""All that is built for Kubernetes, as kustomize renders it."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from exporters.config import read_config
from exporters.kubernetes.build import OF_PAGES, ON_NODES, ON_NODES_PRIVILEGED
from tests.kubernetes.configuring import PLAIN, TOPOLOGY, write
from tests.kubernetes.rendering import OVERLAYS, build, kustomize, of_kind
from tests.kubernetes.schemas import mistakes

ANNOTATION_BYTES = 262_144
"""Of all annotations of an object together (``TotalAnnotationSizeLimitB``)."""
POD_KINDS = ("Deployment", "DaemonSet")


def pods(objects: list[dict[str, Any]]) -> Iterator[tuple[str, dict[str, Any], dict[str, Any]]]:
    """Yield each pod's exporter, its spec and its container's."""
    for each in of_kind(objects, *POD_KINDS):
        spec = each["spec"]["template"]["spec"]
        (container,) = spec["containers"]
        yield container["name"], spec, container


def test_what_it_is_made_of(rendered):
    """Of each kind as many as there should be; only how GPUs are read differs."""
    kinds = {
        name: sorted(
            f"{each['kind']} {each['metadata']['name'].removeprefix('shardwatch-')}"
            for each in objects
            if each["kind"] not in ("ConfigMap", "PrometheusRule")
        )
        for name, objects in rendered.items()
    }
    once = ("groups", "probe", "router", "tools")
    common = {
        *(f"{kind} {name}" for name in once
          for kind in ("Deployment", "Service", "NetworkPolicy", "ServiceMonitor")),
        "AlertmanagerConfig shardwatch", "Namespace shardwatch", "PodDisruptionBudget shardwatch",
        "ServiceAccount shardwatch",
    }  # fmt: skip
    assert common < set(kinds[OF_PAGES])
    assert {
        "Deployment gpu", "Service gpu", "NetworkPolicy gpu", "ServiceMonitor gpu",
    } == set(kinds[OF_PAGES]) - common  # fmt: skip
    on_nodes = {"DaemonSet gpu", "NetworkPolicy gpu", "PodMonitor gpu"}
    assert on_nodes == set(kinds[ON_NODES]) - common
    assert kinds[ON_NODES] == kinds[ON_NODES_PRIVILEGED]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_all_is_in_one_namespace_and_can_be_found_again(rendered, overlay: str):
    """By a label, in order to be removed."""
    for each in rendered[overlay]:
        assert "shardwatch" == each["metadata"]["labels"]["app.kubernetes.io/part-of"]
        if each["kind"] != "Namespace":
            assert "shardwatch" == each["metadata"]["namespace"]


@pytest.mark.parametrize("overlay", OVERLAYS)
def test_what_objects_refer_to_is_there(rendered, overlay: str):
    """Pods of selectors, ConfigMaps of volumes; Secrets are the user's, and their names told."""
    objects = rendered[overlay]
    maps = {each["metadata"]["name"] for each in of_kind(objects, "ConfigMap")}
    labels = [
        each["spec"]["template"]["metadata"]["labels"] for each in of_kind(objects, *POD_KINDS)
    ]
    for _, spec, container in pods(objects):
        named = {
            source["configMap"]["name"]
            for volume in spec["volumes"]
            for source in volume.get("projected", {"sources": []})["sources"]
        }
        assert named <= maps
        assert {each["name"] for each in spec["volumes"]} == {
            each["name"] for each in container["volumeMounts"]
        }
    for each in of_kind(objects, "Service", "NetworkPolicy", *POD_KINDS):
        spec = each["spec"]
        selector = spec.get("selector") or spec["podSelector"]
        wanted = selector.get("matchLabels", selector)
        assert 1 == sum(wanted.items() <= pod.items() for pod in labels)
    assert [] == of_kind(objects, "Secret")


def test_jobs_are_called_as_rules_ask_for_them(rendered):
    """Of Services and of pods, whose labels name them."""
    targets = {
        "ServiceMonitor": of_kind(rendered[OF_PAGES], "Service"),
        "PodMonitor": [
            each["spec"]["template"] for each in of_kind(rendered[ON_NODES], "DaemonSet")
        ],
    }
    found = set()
    for kind, candidates in targets.items():
        for monitor in of_kind(rendered[OF_PAGES] + rendered[ON_NODES], kind):
            wanted = monitor["spec"]["selector"]["matchLabels"].items()
            found |= {
                each["metadata"]["labels"][monitor["spec"]["jobLabel"]]
                for each in candidates
                if wanted <= each["metadata"]["labels"].items()
            }
    assert {f"shardwatch-{name}" for name in ("gpu", "groups", "router", "tools", "probe")} == found


def test_pods_have_no_more_rights_than_the_namespace_admits(rendered):
    """As the pod security standard ``restricted`` asks: nobody's root, no capability."""
    (namespace,) = of_kind(rendered[OF_PAGES], "Namespace")
    assert "restricted" == namespace["metadata"]["labels"]["pod-security.kubernetes.io/enforce"]
    for _, spec, container in pods(rendered[OF_PAGES]):
        security = container["securityContext"]
        assert {"drop": ["ALL"]} == security["capabilities"]
        assert not security["allowPrivilegeEscalation"]
        assert security["readOnlyRootFilesystem"]
        assert spec["securityContext"]["runAsNonRoot"]
        assert {"type": "RuntimeDefault"} == spec["securityContext"]["seccompProfile"]
        assert not any("hostPath" in each for each in spec["volumes"])
        assert not spec["automountServiceAccountToken"]


def test_gpus_are_read_on_nodes_without_claiming_any(rendered):
    """No resource of the device plugin; no root and no capability, until the kernel's log."""
    gpu = {
        overlay: next((spec, each) for name, spec, each in pods(rendered[overlay]) if name == "gpu")
        for overlay in OVERLAYS
    }
    spec, container = gpu[ON_NODES]
    env = {each["name"]: each.get("value") for each in container["env"]}
    assert "all" == env["NVIDIA_VISIBLE_DEVICES"]
    assert not any("nvidia" in name for each in container["resources"].values() for name in each)
    assert "nvidia" == spec["runtimeClassName"]
    assert {"nvidia.com/gpu.present": "true"}.items() <= spec["nodeSelector"].items()
    assert ["--local", "$(NODE_NAME)"] == container["args"][-2:]
    assert {"drop": ["ALL"]} == container["securityContext"]["capabilities"]
    assert spec["securityContext"]["runAsNonRoot"]

    spec, container = gpu[ON_NODES_PRIVILEGED]
    assert container["securityContext"]["privileged"]
    assert {"add": ["SYSLOG"]} == container["securityContext"]["capabilities"]
    assert 0 == container["securityContext"]["runAsUser"]
    assert "/dev/kmsg" in {each["mountPath"] for each in container["volumeMounts"]}
    assert gpu[OF_PAGES][1]["args"] == [each for each in container["args"] if each not in (
        "--local", "$(NODE_NAME)")]  # fmt: skip


def test_no_object_is_larger_than_anybody_takes(rendered):
    """An object with itself as an annotation beside, as kubectl without --server-side sends it."""
    for each in rendered[OF_PAGES]:
        assert len(json.dumps(each, separators=(",", ":"))) < ANNOTATION_BYTES - 1024


def test_manifests_name_secrets_and_hold_none(folder: Path, rendered):
    """Keys of them: what stands in the user's files is not even read."""
    refs = set()

    def look(value: Any) -> None:
        if isinstance(value, dict):
            if "key" in value and str(value.get("name", "")).startswith("shardwatch-"):
                refs.add((value["name"], value["key"]))
            if "secretName" in value:
                refs.add((value["secretName"], ""))
            for each in value.values():
                look(each)
        elif isinstance(value, list):
            for each in value:
                look(each)

    look(rendered[OF_PAGES])
    assert {
        ("shardwatch-receivers", "key"), ("shardwatch-receivers", "slack.url"),
        ("shardwatch-receivers", "mail.password"), ("shardwatch-receivers", "token"),
        ("shardwatch-scrape", "ca.crt"), ("shardwatch-scrape", "username"),
        ("shardwatch-scrape", "password"),
        ("shardwatch-sources", ""), ("shardwatch-web", ""),
    } == refs  # fmt: skip


def test_the_exporters_configuration_is_one(folder: Path, tmp_path: Path):
    """Exporters read what the ConfigMaps hold, secrets at the paths that they have in a pod."""
    for name in ("shardwatch.yaml", "topology.yaml"):
        shutil.copy(folder / "base/exporters" / name, tmp_path)
    config = read_config(tmp_path / "shardwatch.yaml", needs_routing_key=False)
    assert ["eu-chat-0", "eu-chat-1"] == [each.name for each in config.topology.groups]
    clients = config.file.http_client_config
    assert clients.engines.authorization and clients.hosts.basic_auth  # noqa: PT018 - for types
    assert "/etc/shardwatch-sources/vllm.key" == str(clients.engines.authorization.credentials_file)
    assert "/etc/shardwatch-sources/vllm-2.key" == str(clients.hosts.basic_auth.password_file)


def test_agents_send_their_tool_calls_where_there_is_no_gateway(tmp_path: Path):
    """To a component of its own; where there is a gateway, it is read, and there is none."""
    assert not (build(tmp_path, PLAIN) / "components/tools-otlp").exists()
    folder = build(tmp_path, PLAIN, topology={**TOPOLOGY, "tools": []})
    own = tmp_path / "own"
    own.mkdir()
    content = {
        "resources": ["../out/kubernetes/overlays/no-gpus"],
        "components": ["../out/kubernetes/components/tools-otlp"],
        "namespace": "shardwatch",
    }
    (own / "kustomization.yaml").write_text(yaml.safe_dump(content))
    objects = kustomize(own)

    assert folder.exists()
    assert [] == [said for each in mistakes(objects) for said in each]
    assert {"groups", "router", "tools"} == {name for name, *_ in pods(objects)}
    container = next(each for name, _, each in pods(objects) if name == "tools")
    assert ["--otlp", "0.0.0.0:4318"] == container["args"][-2:]
    for kind in ("Service", "NetworkPolicy", "ServiceMonitor"):
        assert "shardwatch-tools" in {each["metadata"]["name"] for each in of_kind(objects, kind)}


def test_a_component_adds_to_an_overlay_of_ones_own(folder: Path):
    """Beside the build: what is the user's lies in a folder of theirs."""
    own = folder.parents[1] / "own"
    own.mkdir()
    text = yaml.safe_dump({
        "resources": ["../out/kubernetes/overlays/gpu-nodes"],
        "components": [f"../out/kubernetes/components/{name}" for name in (
            "kernel-log", "host-dcgm")],
        "images": [{"name": "registry.example.com/shardwatch", "newTag": "2"}],
    })  # fmt: skip
    (own / "kustomization.yaml").write_text(text)

    ((_, spec, container),) = [each for each in pods(kustomize(own)) if each[0] == "gpu"]

    env = {each["name"]: each.get("value") for each in container["env"]}
    assert "$(NODE_ADDRESS):5555" == env["SHARDWATCH_DCGM_HOST_ENGINE"]
    assert "registry.example.com/shardwatch:2" == container["image"]
    assert {"config", "tmp", "kernel-log", "dcgm", "sources", "web"} == {
        each["name"] for each in spec["volumes"]
    }


def test_a_changed_topology_restarts_nothing_and_a_changed_configuration_does(tmp_path: Path):
    """Exporters follow the one; the other is read at their start."""

    def generated(content: dict[str, Any]) -> set[str]:
        objects = kustomize(build(tmp_path, content) / "base/exporters")
        return {each["metadata"]["name"] for each in of_kind(objects, "ConfigMap")}

    first = generated(PLAIN)
    write(tmp_path, PLAIN)
    slower = {**PLAIN, "prometheus": {**PLAIN["prometheus"], "scrape_interval": "30s"}}
    assert "shardwatch-topology" in first
    assert first == generated(PLAIN)
    assert {"shardwatch-topology"} == first & generated(slower)


def test_a_namespace_of_others_is_neither_changed_nor_deleted(tmp_path: Path):
    """It is no object of ours then."""
    folder = build(tmp_path, {**PLAIN, "kubernetes": {"namespace": "monitoring"}})
    objects = kustomize(folder / "overlays" / OF_PAGES)
    assert [] == of_kind(objects, "Namespace")
    assert {"monitoring"} == {each["metadata"]["namespace"] for each in objects}
