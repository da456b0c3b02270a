"""A stranger's Prometheus after ``NEXT.md`` was followed, and after that was taken back."""

import json
import urllib.request
from pathlib import Path

import pytest
import yaml

import shardwatch
from dashboards.next_steps import servers
from demo.setup.programs import find_program
from exporters.config import read_config
from exporters.generated import write_generated
from slo.testing import running_prometheus
from tests.alerts.routing.configuring import OWNED, assert_takes
from tests.alerts.routing.test_fragment import THEIRS, merged
from tests.dashboards.next_steps.test_next_steps import BLOCK, FORM
from tests.kubernetes.configuring import PLAIN, write

STRANGERS = """\
# A stranger's, with a comment.
global: {scrape_interval: 1m, evaluation_interval: 1m}
rule_files: [theirs.yaml]
scrape_configs:
- {job_name: vllm, static_configs: [{targets: ["127.0.0.1:9"], labels: {pod: chat-0}}]}
"""
THEIR_RULES = "groups: [{name: theirs, rules: [{alert: Watchdog, expr: vector(1)}]}]\n"


def ask(url: str, path: str, method: str = "GET") -> dict:
    """Ask Prometheus; of what has no answer, return nothing."""
    request = urllib.request.Request(f"{url}{path}", method=method)  # noqa: S310 - ours
    with urllib.request.urlopen(request, timeout=30) as answer:  # noqa: S310 - ours
        text = answer.read()
    return json.loads(text) if text else {}


def groups_of(url: str) -> dict[str, set[str]]:
    """Return the rule groups that are loaded, by their files' folder."""
    found: dict[str, set[str]] = {}
    for each in ask(url, "/api/v1/rules")["data"]["groups"]:
        found.setdefault(Path(each["file"]).parent.name, set()).add(each["name"])
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A build in ``out/``, and its ``NEXT.md``."""
    folder = tmp_path_factory.mktemp("followed")
    content = {**PLAIN, "alertmanager": {**OWNED, "addresses": ["127.0.0.1:9"]}}
    config = read_config(write(folder, content), needs_routing_key=False)
    files = shardwatch._build_all(config, FORM, ["alerts.build"])
    files["NEXT.md"] = servers.next_steps(config, FORM, folder / "out")
    write_generated(folder / "out", files)
    return folder


def test_prometheus_evaluates_ours_beside_theirs_and_is_what_it_was_after(folder: Path):
    """The lines are loaded while it runs; with the copy back, nothing of ours is left."""
    place = folder / "strangers"
    place.mkdir()
    (place / "theirs.yaml").write_text(THEIR_RULES)
    text = (folder / "out/NEXT.md").read_text()
    blocks = [yaml.safe_load(each[2]) for each in BLOCK.finditer(text) if each[1] == "yaml"]
    rules, scrapes, alerting = blocks
    lines = {"rule_files": rules, "scrape_configs": scrapes, "alerting": alerting}
    with running_prometheus(
        find_program("prometheus"), place, STRANGERS, ["--web.enable-lifecycle"]
    ) as url:
        assert {"strangers": {"theirs"}} == groups_of(url)
        file = place / "prometheus.yml"
        file.write_text(yaml.safe_dump(merged(yaml.safe_load(STRANGERS), lines)))
        ask(url, "/-/reload", "POST")

        loaded = groups_of(url)
        assert {"theirs"} == loaded["strangers"]
        assert {"shardwatch-alerts", "shardwatch-causes", "slo-chat-ttft"} < loaded["rules"]
        running = yaml.safe_load(ask(url, "/api/v1/status/config")["data"]["yaml"])
        jobs = [each["job_name"] for each in running["scrape_configs"]]
        assert ["vllm", "shardwatch-gpu", "shardwatch-groups"] == jobs[:3]
        (managers,) = running["alerting"]["alertmanagers"]
        assert [{"targets": ["127.0.0.1:9"]}] == managers["static_configs"]

        file.write_text(STRANGERS)
        ask(url, "/-/reload", "POST")
        assert {"strangers": {"theirs"}} == groups_of(url)


def test_alertmanager_takes_the_fragment_before_a_strangers(folder: Path, tmp_path: Path):
    """As ``yq`` merges it: theirs is all there, and ours goes first."""
    fragment = yaml.safe_load((folder / "out/alertmanager-fragment.yml").read_text())
    both = merged(fragment, THEIRS)
    assert_takes(both, tmp_path)
    assert THEIRS["route"]["routes"] == both["route"]["routes"][-2:]
    assert THEIRS["receivers"] == both["receivers"][-3:]
