"""The exporters as processes."""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import pytest
import yaml

from exporters.addresses import Address
from exporters.running import CORES
from exporters.server import bind
from exporters.testing import Reply, telemetry_page, write_config

ROOT = Path(__file__).parents[2]
PATIENCE_SECONDS = 30.0


@pytest.fixture
def config(tmp_path, pages):
    """A configuration of one GPU; PagerDuty's key is not on this machine."""
    pages.serve("/host/metrics", telemetry_page({"GPU-a": {}}))
    member = {"host": "h", "gpus": ["GPU-a"], "telemetry": pages.url("/host/metrics")}
    topology = {
        "version": 1,
        "cluster": "demo",
        "groups": [
            {"name": "g", "region": "eu", "model": "chat", "revision": "r1",
             "metrics": pages.url("/engine/metrics"), "members": [member]}
        ],
    }  # fmt: skip
    return write_config(tmp_path, topology, pagerduty={"routing_key_file": "not-here"})


class Exporter:
    """An exporter as a process."""

    def __init__(self, name: str, config: Path, *options: str) -> None:
        self._file = config.with_name(f"{name}.address")
        self._file.unlink(missing_ok=True)
        self.process = subprocess.Popen(
            [sys.executable, "-m", "shardwatch", "exporter", name, "--config", config,
             "--address-file", self._file, *options],
            cwd=ROOT, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip

    @property
    def address(self) -> str:
        """The address it took, once it has."""
        until = time.monotonic() + PATIENCE_SECONDS
        while not self._file.exists():
            assert self.process.poll() is None, self.process.communicate()
            assert time.monotonic() < until
            time.sleep(0.02)
        return self._file.read_text().strip()

    def get(self, path: str) -> str:
        """The body of a page."""
        url = f"http://{self.address}{path}"
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as response:
            return response.read().decode()

    def end(self, how: signal.Signals) -> tuple[int, str]:
        """End it; return its exit code and what it logged."""
        self.process.send_signal(how)
        return self.finish()

    def finish(self) -> tuple[int, str]:
        """Wait for its end; return its exit code and what it logged."""
        _, said = self.process.communicate(timeout=PATIENCE_SECONDS)
        return self.process.returncode, said


@pytest.fixture
def start(config):
    """Starts exporters, which are gone in the end."""
    started = []

    def start_one(name, *options: str) -> Exporter:
        started.append(Exporter(name, config, *options))
        return started[-1]

    yield start_one
    for each in started:
        if each.process.poll() is None:
            each.end(signal.SIGKILL)


@pytest.mark.parametrize("name", CORES)
def test_an_exporter_serves_until_sigterm(start, name):
    """And leaves in order: exit code 0, nothing but log lines."""
    exporter = start(name, "--listen", "127.0.0.1:0")
    assert f'shardwatch_exporter_build_info{{exporter="{name}"' in exporter.get("/metrics")
    assert exporter.get("/healthz") == "ok\n"
    assert exporter.get("/readyz") == "ok\n"
    page = exporter.get("/metrics")
    answers = re.search(rf'http_requests_total{{exporter="{name}",code="200"}} (.*)', page)
    assert answers
    assert float(answers[1]) >= 3.0
    assert "process_resident_memory_bytes{} " in page
    address = exporter.address
    code, said = exporter.end(signal.SIGTERM)
    assert code == 0
    assert f"exporter {name}: listening on http://{address}/metrics\n" in said
    assert said.endswith(f"exporter {name}: stopping\n")
    assert "Traceback" not in said


def test_an_interrupted_exporter_says_nothing(start):
    """Ctrl-C is no error."""
    exporter = start("gpu", "--listen", "127.0.0.1:0")
    exporter.get("/metrics")
    code, said = exporter.end(signal.SIGINT)
    assert code == 130
    assert "Traceback" not in said


def test_an_exporter_whose_port_is_taken_ends_with_the_reason(start):
    """At the next port Prometheus would take it for another exporter."""
    taken, address = bind(Address("127.0.0.1", 0))
    with taken:
        code, said = start("gpu", "--listen", str(address)).finish()
    assert code == 2
    assert (
        said == f"{address}: the port is taken; end what listens there, or give another address\n"
    )


@pytest.mark.parametrize(("level", "is_said"), [("info", True), ("warn", False)])
def test_as_much_is_logged_as_is_asked_for(start, level, is_said):
    """Spelt as by Prometheus's own exporters."""
    exporter = start("gpu", "--listen", "127.0.0.1:0", "--log.level", level)
    exporter.get("/metrics")
    _, said = exporter.end(signal.SIGTERM)
    assert ("listening on" in said) == is_said


def test_a_killed_and_restarted_exporter_has_its_port_again(start):
    """Prometheus knows that one."""
    first = start("gpu", "--listen", "127.0.0.1:0")
    first.get("/metrics")
    address = first.address
    first.end(signal.SIGKILL)
    second = start("gpu", "--listen", address)
    assert 'uuid="GPU-a"' in second.get("/metrics")


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("shardwatch.yaml", "topology: [", "{file}:2:1: not YAML: "),
        ("shardwatch.yaml", "topology: topology.yaml\n", "{file}:1:1: prometheus: missing"),
        ("topology.yaml", "version: 1\nclusters: demo\n", "{file}:2:1: clusters: unknown field"),
    ],
)
def test_bad_input_is_said_and_nothing_is_started(start, config, name, content, message):
    """One message a problem, with file, line and place; exit code 2."""
    file = config.with_name(name)
    file.write_text(content)
    code, said = start("gpu", "--listen", "127.0.0.1:0").finish()
    assert code == 2
    assert message.format(file=file) in said
    assert "Traceback" not in said


def test_what_is_no_address_to_listen_at_is_bad_input(start):
    """Said before anything is started."""
    code, said = start("gpu", "--listen", "19801").finish()
    assert code == 2
    assert said == "--listen: found '19801', expected HOST:PORT such as 127.0.0.1:19801\n"


def test_without_an_option_an_exporter_listens_where_the_configuration_has_it(start, config):
    """So that the scrape configuration, built from the same file, finds it."""
    free, address = bind(Address("127.0.0.1", 0))
    free.close()
    content = yaml.safe_load(config.read_text())
    config.write_text(yaml.safe_dump({**content, "exporters": {"gpu": [str(address)]}}))
    exporter = start("gpu")
    exporter.get("/healthz")
    assert exporter.address == str(address)


def eventually(condition) -> None:
    """Wait until something is true."""
    until = time.monotonic() + PATIENCE_SECONDS
    while not condition():
        assert time.monotonic() < until
        time.sleep(0.1)


def test_a_changed_topology_is_followed_without_a_restart_and_a_bad_one_is_not(start, config):
    """What is counted goes on; the bad one is counted, and said once."""
    file = config.with_name("topology.yaml")
    topology = json.loads(file.read_text())
    exporter = start("groups", "--listen", "127.0.0.1:0")
    folded = 'folded_values{exporter="groups",label="finish_reason"}'
    assert 'group="g",' in exporter.get("/metrics")
    assert folded in exporter.get("/metrics")
    file.write_text("groups: [")
    failures = 'shardwatch_exporter_reload_failures_total{exporter="groups",file="topology"} 1.0\n'
    eventually(lambda: failures in exporter.get("/metrics"))
    page = exporter.get("/metrics")
    assert 'reload_success{exporter="groups",file="topology"} 0.0\n' in page
    assert 'group="g",' in page
    topology["groups"].append({**topology["groups"][0], "name": "g2", "members": [{"host": "i"}]})
    file.write_text(json.dumps(topology))
    eventually(lambda: 'group="g2",' in exporter.get("/metrics"))
    page = exporter.get("/metrics")
    assert 'reload_success{exporter="groups",file="topology"} 1.0\n' in page
    assert 'group="g",' in page
    _, said = exporter.end(signal.SIGTERM)
    assert said.count("not YAML") == 1


def test_targets_without_a_place_are_counted_by_reason_and_named_in_the_log(start, config, pages):
    """Who looks for a missing group finds it there."""
    labels = {"group": "found", "region": "eu", "model": "chat"}
    targets = [
        {"targets": [pages.address], "labels": labels},
        {"targets": ["odd:1"], "labels": {"group": "odd"}},
    ]
    config.with_name("targets.json").write_text(json.dumps(targets))
    content = yaml.safe_load(config.read_text())
    content["topology"] = {"file_sd": ["*.json"], "cluster": "demo"}
    config.write_text(yaml.safe_dump(content))
    exporter = start("groups", "--listen", "127.0.0.1:0")
    page = exporter.get("/metrics")
    assert 'unplaced_targets{exporter="groups",reason="no_region"} 1.0\n' in page
    assert 'group="found",' in page
    _, said = exporter.end(signal.SIGTERM)
    assert "targets.json: [1].targets[0]: odd:1: no_region: found none of region" in said


def test_a_service_that_tells_the_topology_is_asked_again_and_again(start, config, pages):
    """While it does not answer, what it said last holds."""

    def tell(*names: str):
        labels = {"region": "eu", "model": "chat"}
        groups = [{"targets": [f"{name}:1"], "labels": {**labels, "group": name}} for name in names]
        return pages.serve("/sd", json.dumps(groups))

    content = yaml.safe_load(config.read_text())
    content["topology"] = {"http_sd": tell("a"), "cluster": "demo", "refresh_interval": "300ms"}
    config.write_text(yaml.safe_dump(content))
    exporter = start("groups", "--listen", "127.0.0.1:0")
    assert 'group="a",' in exporter.get("/metrics")
    pages.serve("/sd", Reply(status=500))
    eventually(lambda: 'reload_success{exporter="groups",file="topology"} 0.0' in exporter.get(
        "/metrics"))  # fmt: skip
    assert 'group="a",' in exporter.get("/metrics")
    tell("b", "a")
    eventually(lambda: 'group="b",' in exporter.get("/metrics"))
    assert 'group="a",' in exporter.get("/metrics")
    _, said = exporter.end(signal.SIGTERM)
    assert said.count("found HTTP 500, expected 200") == 1


def test_a_service_that_does_not_answer_at_the_start_is_asked_again(start, config, pages):
    """It is alive meanwhile, but not ready; a restart would not make the service answer."""
    pages.serve("/sd", Reply(status=500))
    content = yaml.safe_load(config.read_text())
    content["topology"] = {"http_sd": pages.url("/sd"), "refresh_interval": "1h"}
    config.write_text(yaml.safe_dump(content))
    exporter = start("groups", "--listen", "127.0.0.1:0")
    page = exporter.get("/metrics")
    assert 'reload_success{exporter="groups",file="topology"} 0.0\n' in page
    assert 'reload_failures_total{exporter="groups",file="topology"} 1.0\n' in page
    assert exporter.get("/healthz") == "ok\n"
    with pytest.raises(urllib.error.HTTPError, match="503"):
        exporter.get("/readyz")
    labels = {"group": "a", "cluster": "demo", "region": "eu", "model": "chat"}
    pages.serve("/sd", json.dumps([{"targets": ["a:1"], "labels": labels}]))
    exporter.process.send_signal(signal.SIGHUP)
    eventually(lambda: 'group="a",' in exporter.get("/metrics"))
    assert exporter.get("/readyz") == "ok\n"
    _, said = exporter.end(signal.SIGTERM)
    assert "topology: there is none yet:\n" in said


def test_sighup_reads_everything_again_at_once(start, config):
    """As every server of Prometheus's does; it must not be the end of one that goes on well."""
    web_config = config.with_name("web-config.yml")
    web_config.write_text("")
    exporter = start("gpu", "--listen", "127.0.0.1:0", "--web.config.file", str(web_config))
    success = r"(reload_last_success_timestamp_seconds{.*) (.*)"
    before = dict(re.findall(success, exporter.get("/metrics")))
    exporter.process.send_signal(signal.SIGHUP)

    def are_read_again() -> bool:
        now = dict(re.findall(success, exporter.get("/metrics")))
        return len(now) == 2 and all(float(now[each]) > float(before[each]) for each in now)

    eventually(are_read_again)
    code, said = exporter.end(signal.SIGTERM)
    assert code == 0
    assert "SIGHUP: everything is read again\n" in said


def test_an_exporter_is_served_as_its_web_configuration_says(start, config):
    """Spelt as by every exporter of Prometheus's own toolkit."""
    web_config = config.with_name("web-config.yml")
    web_config.write_text("http_server_config: {headers: {X-Frame-Options: deny}}\n")
    exporter = start("gpu", "--listen", "127.0.0.1:0", "--web.config.file", str(web_config))
    with urllib.request.urlopen(f"http://{exporter.address}/healthz") as response:
        assert response.headers["X-Frame-Options"] == "deny"
    page = exporter.get("/metrics")
    assert 'reload_success{exporter="gpu",file="web_config"} 1.0\n' in page


def test_a_bad_web_configuration_is_said_and_nothing_is_served(start, config):
    """An exporter that was to be locked must not stand open."""
    web_config = config.with_name("web-config.yml")
    web_config.write_text("basic_auth_user: {a: b}\n")
    exporter = start("gpu", "--listen", "127.0.0.1:0", "--web.config.file", str(web_config))
    code, said = exporter.finish()
    assert code == 2
    assert said.startswith(f"{web_config}:1:1: basic_auth_user: unknown field")


def test_starting_imports_neither_numpy_nor_the_other_packages():
    """An exporter on every host must stay small."""
    code = "import sys, shardwatch, exporters.running; print(*sys.modules)"
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    modules = subprocess.run(
        [sys.executable, "-c", code], env=environment, check=True, capture_output=True, text=True
    ).stdout.split()
    formats = {"slo", "slo.rules_format"}  # choices of the command's options
    packages = {module.partition(".")[0] for module in set(modules) - formats}
    assert packages.isdisjoint(
        {"numpy", "slo", "alerts", "dashboards", "demo", "rich", "prometheus_client", "fastapi"}
    )
