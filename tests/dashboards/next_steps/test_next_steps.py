"""``NEXT.md`` can be followed: its lines are pasted where it says, and taken."""

import re
import shlex
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

import shardwatch
from dashboards.next_steps import cluster, servers
from demo.setup.programs import find_program
from exporters.config import read_config
from exporters.generated import write_generated
from exporters.version import VERSION
from slo.rule_files import RulesForm
from slo.rules_format import RulesFormat
from tests.alerts.routing.configuring import OWNED
from tests.alerts.routing.test_fragment import merged
from tests.kubernetes.configuring import FULL, PLAIN, TOPOLOGY, write

BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
THEIR_PROMETHEUS = {
    "global": {"scrape_interval": "30s"},
    "rule_files": ["theirs.yaml"],
    "scrape_configs": [{"job_name": "prometheus", "static_configs": [{"targets": ["a:9090"]}]}],
}
THEIR_ALERTMANAGER = {"route": {"receiver": "theirs"}, "receivers": [{"name": "theirs"}]}
FORM = RulesForm()
OPERATOR = RulesForm(RulesFormat.OPERATOR)


def blocks(text: str, language: str) -> list[str]:
    """Return the blocks of code of one language."""
    return [found[2] for found in BLOCK.finditer(text) if found[1] == language]


def told(folder: Path, content: dict[str, Any], topology: dict[str, Any] | None = None) -> str:
    """Return what is told of a configuration, where servers have files."""
    config = read_config(write(folder, content, topology), needs_routing_key=False)
    return servers.next_steps(config, FORM, folder / "out")


def told_of_cluster(
    folder: Path, content: dict[str, Any], topology: dict[str, Any] | None = None,
    form: RulesForm = OPERATOR,
) -> str:  # fmt: skip
    """Return the same on Kubernetes."""
    config = read_config(write(folder, content, topology), needs_routing_key=False)
    return cluster.next_steps(config, form, folder / "out")


def test_prometheus_takes_the_lines_pasted_into_a_strangers_file(tmp_path: Path):
    """And what was there before is there as it was."""
    rules, scrapes, alerting = map(yaml.safe_load, blocks(told(tmp_path, PLAIN), "yaml"))
    config = read_config(tmp_path / "shardwatch.yaml")
    write_generated(tmp_path / "out", shardwatch._build_all(config, FORM, ["alerts.build"]))
    (tmp_path / "theirs.yaml").write_text("groups: []\n")
    pasted = merged(
        THEIR_PROMETHEUS, {"rule_files": rules, "scrape_configs": scrapes, "alerting": alerting}
    )
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(pasted))
    promtool = [str(find_program("promtool")), "check", "config", str(file)]
    done = subprocess.run(promtool, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr
    assert done.stdout.count("SUCCESS") > len(list((tmp_path / "out/rules").iterdir()))
    assert THEIR_PROMETHEUS["scrape_configs"] == pasted["scrape_configs"][:1]
    assert THEIR_PROMETHEUS["global"] == pasted["global"]


def test_it_names_what_alertmanager_is_given_and_must_read(tmp_path: Path):
    """The receivers of this build, and the paths of their secrets, as they really are."""
    text = told(tmp_path, {**PLAIN, "alertmanager": OWNED})
    built = yaml.safe_load(
        shardwatch._build_all(
            read_config(tmp_path / "shardwatch.yaml", needs_routing_key=False), FORM,
            ["alerts.build"],
        )["alertmanager-fragment.yml"]
    )  # fmt: skip
    assert "`, `".join(each["name"] for each in built["receivers"]) in text
    for name in ("key", "slack.url", "mail.password", "token"):
        assert f"- `{tmp_path / name}`\n" in text
    assert "under `time_intervals:` 1\n" in text
    assert "under `time_intervals:`" not in told(tmp_path, PLAIN)
    assert "must be able to read" not in told(tmp_path, PLAIN)


@pytest.mark.parametrize("tell", [told, told_of_cluster])
@pytest.mark.parametrize("content", [PLAIN, FULL])
def test_its_commands_are_ones_of_a_shell(tell, content: dict[str, Any], tmp_path: Path):
    """Also where the folder has a space in its name."""
    folder = tmp_path / "a folder"
    folder.mkdir()
    text = tell(folder, content)
    commands = blocks(text, "sh")
    assert commands
    for each in commands:
        subprocess.run(["bash", "-n"], input=each, text=True, check=True)
        assert not any(word.endswith("/a") for word in shlex.split(each, comments=True))


def test_exporters_are_started_where_prometheus_looks_for_them(tmp_path: Path):
    """Those that are wanted."""
    content = {**PLAIN, "exporters": {"gpu": [], "groups": ["obs1:1"], "probe": ["obs1:5"]}}
    first, *_ = blocks(told(tmp_path, content), "sh")
    found = {shlex.split(line)[2]: shlex.split(line)[-1] for line in first.splitlines()}
    assert {
        "groups": "obs1:1", "router": "127.0.0.1:19803", "tools": "127.0.0.1:19804",
        "probe": "obs1:5",
    } == found  # fmt: skip
    assert "job_name: shardwatch-gpu" not in told(tmp_path, content)


def test_vmalert_is_told_of_by_its_own_flags(tmp_path: Path):
    """And nothing of Prometheus's file, which is not there."""
    config = read_config(write(tmp_path, PLAIN), needs_routing_key=False)
    text = servers.next_steps(config, RulesForm(RulesFormat.VMALERT), tmp_path / "out")

    for said in (
        f"-rule='{tmp_path}/out/rules/*.yaml'", "-notifier.url=http://", "-datasource.url=http",
        f"-external.label=cluster={TOPOLOGY['cluster']} ", "-retentionPeriod=29d",
        "job_name: shardwatch-groups", "vmalert -dryRun",
    ):  # fmt: skip
        assert said in text, said
    assert "promtool" not in text
    assert "prometheus.yml" not in text.replace("out/prometheus.yml", "")
    assert "-external.label" not in told(tmp_path, PLAIN)


def test_without_exporters_it_says_what_rules_stand_on(tmp_path: Path):
    """And asks Prometheus to scrape nothing."""
    none = {name: [] for name in ("gpu", "groups", "router", "tools")}
    content = {**PLAIN, "exporters": none}
    text = told(tmp_path, content)
    assert "`exporters:` in" in text
    assert "shardwatch exporter" not in text
    assert "job_name" not in text
    assert f"the line with `{tmp_path}/out`\n" in text
    chosen = f"kubectl apply --server-side -k {tmp_path}/out/kubernetes/overlays/no-gpus\n"
    assert chosen not in told_of_cluster(tmp_path, content)
    content["kubernetes"] = {"exporters": ["groups"]}
    assert chosen in told_of_cluster(tmp_path, content)


def test_the_clusters_external_label_is_asked_for(tmp_path: Path):
    """By the name that each has for it."""
    name = TOPOLOGY["cluster"]
    assert f"`external_labels: {{cluster: {name}}}`" in told(tmp_path, PLAIN)
    assert f"`externalLabels: {{cluster: {name}}}`" in told_of_cluster(tmp_path, PLAIN)


@pytest.mark.parametrize("tell", [told, told_of_cluster])
def test_that_nobody_is_woken_is_said_where_it_is_so(tell, tmp_path: Path):
    """A first page that nobody hears is none."""
    said = "**No page wakes anybody yet.**"
    assert said in tell(tmp_path, PLAIN)
    assert said not in tell(tmp_path, FULL)
    assert said not in tell(tmp_path, {**PLAIN, "pagerduty": {"routing_key_file": "key"}})


def test_retention_is_what_the_longest_objective_needs(tmp_path: Path):
    """28 days and the two hours by which Prometheus drops."""
    assert "--storage.tsdb.retention.time=29d" in told(tmp_path, PLAIN)
    assert "retention: 29d" in told_of_cluster(tmp_path, PLAIN)


def test_every_secret_that_manifests_name_is_one_to_be_made(tmp_path: Path):
    """With the user's files by the keys that manifests ask for."""
    text = told_of_cluster(tmp_path, FULL)
    made = {}
    for each in blocks(text, "sh"):
        for command in each.replace("\\\n", " ").splitlines():
            if "create secret generic" in command:
                words = shlex.split(command)
                made[words[4]] = words[7:]
    assert {
        "shardwatch-receivers": [
            f"--from-file={name}={tmp_path / name}"
            for name in ("token", "mail.password", "key", "slack.url")
        ],
        "shardwatch-sources": [
            f"--from-file=vllm.key={tmp_path / 'keys/vllm.key'}",
            f"--from-file=vllm-2.key={tmp_path / 'hosts/vllm.key'}",
            f"--from-file=ca.pem={tmp_path / 'ca.pem'}",
        ],
        "shardwatch-scrape": [
            f"--from-file=ca.crt={tmp_path / 'ca.pem'}",
            f"--from-file=password={tmp_path / 'scrape.password'}",
            "--from-literal=username=prometheus",
        ],
        "shardwatch-web": ["--from-file=web-config.yml=web-config.yml"],
    } == made


@pytest.mark.parametrize(
    ("image", "built"),
    [
        ("reg:5000/sw:1", "reg:5000/sw:1"),
        ("reg:5000/sw@sha256:0", f"reg:5000/sw:{VERSION}"),
        ("reg/sw:1@sha256:0", "reg/sw:1"),
    ],
)
def test_an_image_is_built_under_a_tag_also_where_pods_name_its_digest(
    image: str, built: str, tmp_path: Path
):
    """It has no digest before it is built."""
    text = told_of_cluster(tmp_path, {**PLAIN, "kubernetes": {"image": image}})
    assert f"podman build -f Containerfile -t {built} .\n" in text
    assert (f"Pods run `{image}`" in text) == (image != built)


def test_the_overlay_is_the_one_that_the_topologys_pages_are_of(tmp_path: Path):
    """dcgm-exporters' if one is named, else one on each node."""
    assert "overlays/dcgm-exporter (this one)" in told_of_cluster(tmp_path, PLAIN).replace("`", "")
    ours = yaml.safe_load(yaml.safe_dump(TOPOLOGY).replace(":9400/", ":19801/"))
    text = told_of_cluster(tmp_path, PLAIN, ours)
    assert "kubectl diff -k" in text
    bare = yaml.safe_load(yaml.safe_dump(TOPOLOGY))
    for group in bare["groups"]:
        group["members"] = [{"host": each["host"]} for each in group["members"]]
    assert "overlays/no-gpus (this one)" in told_of_cluster(tmp_path, PLAIN, bare).replace("`", "")
    assert f"kubectl apply --server-side -k {tmp_path}/out/kubernetes/overlays/gpu-nodes\n" in text


def test_a_namespace_of_others_is_left_alone_and_the_operators_labels_are_told(tmp_path: Path):
    """Nothing makes it, nothing deletes it."""
    content = {**PLAIN, "kubernetes": {"namespace": "monitoring"}}
    text = told_of_cluster(tmp_path, content)
    assert "kubectl get namespace monitoring" in text
    assert "namespace.yaml" not in text
    assert "none of such labels yet" in text
    labelled = RulesForm(RulesFormat.OPERATOR, labels={"release": "kps"})
    assert "`release: kps`" in told_of_cluster(tmp_path, PLAIN, form=labelled)
    assert "/namespace.yaml\n" in told_of_cluster(tmp_path, PLAIN)
