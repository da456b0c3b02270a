"""The configuration of an OpenTelemetry Collector: what its components take, and what they do.

No Collector is at hand in tests. What it takes is written here strictly, from the documentation of
each component; the part that is Prometheus's own is held to promtool.
"""

import subprocess
from pathlib import Path
from typing import Any, Literal

import pytest
import yaml
from pydantic import BaseModel, ConfigDict, Field

from alerts.collector_file import COLLECTOR_PATH, collector_config
from alerts.prometheus_file import prometheus_config
from demo.setup.programs import find_program
from exporters.config import read_config
from tests.kubernetes.configuring import FULL, PLAIN, write


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", strict=True)


class _Scrapes(_Strict):
    scrape_configs: list[dict[str, Any]] = Field(min_length=1)


class _PrometheusReceiver(_Strict):
    config: _Scrapes


class _Endpoint(_Strict):
    endpoint: str = Field(pattern=r"^[^/]+:\d+$")


class _Protocols(_Strict):
    http: _Endpoint


class _OtlpReceiver(_Strict):
    protocols: _Protocols


class _Receivers(_Strict):
    prometheus: _PrometheusReceiver
    otlp: _OtlpReceiver | None = None


class _MemoryLimiter(_Strict):
    check_interval: str = Field(pattern=r"^\d+(ms|s|m)$")
    limit_percentage: int = Field(gt=0, le=100)
    spike_limit_percentage: int = Field(gt=0, le=100)


class _Batch(_Strict):
    pass


class _Processors(_Strict):
    memory_limiter: _MemoryLimiter
    batch: _Batch


class _Tls(_Strict):
    insecure: bool


class _Enabled(_Strict):
    enabled: bool


class _Queue(_Strict):
    enabled: bool
    queue_size: int
    num_consumers: int


class _RemoteWrite(_Strict):
    endpoint: str = Field(pattern=r"^https?://")
    tls: _Tls | None = None
    external_labels: dict[str, str] = {}
    add_metric_suffixes: bool
    target_info: _Enabled
    remote_write_queue: _Queue


class _OtlpHttp(_Strict):
    endpoint: str = Field(pattern=r"^https?://")
    compression: Literal["gzip", "none"]
    tls: _Tls


class _Exporters(_Strict):
    prometheusremotewrite: _RemoteWrite
    tools: _OtlpHttp | None = Field(default=None, alias="otlphttp/shardwatch-tools")


class _Pipeline(_Strict):
    receivers: list[str] = Field(min_length=1)
    processors: list[str]
    exporters: list[str] = Field(min_length=1)


class _Service(_Strict):
    pipelines: dict[str, _Pipeline]


class _Collector(_Strict):
    receivers: _Receivers
    processors: _Processors
    exporters: _Exporters
    service: _Service


def configured(folder: Path, content: dict[str, Any]) -> dict[str, Any]:
    """Return the Collector's configuration for one of shardwatch, as it is read."""
    config = read_config(write(folder, content), needs_routing_key=False)
    return yaml.safe_load(yaml.safe_dump(collector_config(config)))


@pytest.mark.parametrize("content", [PLAIN, FULL, {**PLAIN, "exporters": {"tools": []}}])
def test_each_component_is_configured_as_it_takes_it(content: dict[str, Any], tmp_path: Path):
    """No unknown field; every component of a pipeline is there, and none stands idle."""
    found = configured(tmp_path, content)
    _Collector.model_validate(found)
    for part in ("receivers", "processors", "exporters"):
        used = {name for each in found["service"]["pipelines"].values() for name in each[part]}
        assert used == found[part].keys()
    for each in found["service"]["pipelines"].values():
        assert "memory_limiter" == each["processors"][0]


def test_it_scrapes_what_prometheus_would(tmp_path: Path):
    """The same jobs, to the letter; promtool takes them."""
    config = read_config(write(tmp_path, PLAIN))
    found = collector_config(config)["receivers"]["prometheus"]["config"]
    assert prometheus_config(config)["scrape_configs"] == found["scrape_configs"]
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump(found))
    promtool = [str(find_program("promtool")), "check", "config", str(file)]
    done = subprocess.run(promtool, capture_output=True, text=True, check=False)
    assert 0 == done.returncode, done.stdout + done.stderr


def test_exporters_that_do_not_run_are_no_jobs(tmp_path: Path):
    """A job without a target tells nobody anything; `init` writes no exporter yet."""
    none: dict[str, list[str]] = {name: [] for name in ("gpu", "groups", "router", "tools")}
    config = read_config(write(tmp_path, {**PLAIN, "exporters": {**none, "groups": ["h:1"]}}))
    scrapes = collector_config(config)["receivers"]["prometheus"]["config"]["scrape_configs"]

    assert ["shardwatch-groups", "prometheus", "alertmanager"] == [
        each["job_name"] for each in scrapes
    ]


def test_a_dollar_sign_means_itself(tmp_path: Path):
    """The Collector expands variables in every text."""
    content = {**PLAIN, "prometheus": {"url": "http://prometheus:9090/$tenant"}}
    found = configured(tmp_path, content)
    assert (
        "http://prometheus:9090/$$tenant/api/v1/write"
        == (found["exporters"]["prometheusremotewrite"]["endpoint"])
    )
    scrapes = found["receivers"]["prometheus"]["config"]["scrape_configs"]
    assert "/$$tenant/metrics" in [each.get("metrics_path") for each in scrapes]


def test_names_stay_what_rules_ask_for_and_samples_in_their_order(tmp_path: Path):
    """Suffixes would be added twice; two workers would overtake each other."""
    written = configured(tmp_path, PLAIN)["exporters"]["prometheusremotewrite"]
    assert written["add_metric_suffixes"] is False
    assert 1 == written["remote_write_queue"]["num_consumers"]


def test_agents_telemetry_goes_to_the_exporter_that_counts_it_and_not_in_a_circle(tmp_path: Path):
    """On one host they need two ports."""
    found = configured(tmp_path, PLAIN)
    taken = found["receivers"]["otlp"]["protocols"]["http"]["endpoint"]
    assert ("127.0.0.1:4318", "http://127.0.0.1:14318") == (
        taken,
        found["exporters"]["otlphttp/shardwatch-tools"]["endpoint"],
    )
    for name in ("metrics/agents", "traces/agents"):
        each = found["service"]["pipelines"][name]
        assert (["otlp"], ["otlphttp/shardwatch-tools"]) == (each["receivers"], each["exporters"])


def test_it_is_built_and_says_what_it_needs(built: dict[str, str]):
    """In its first lines, for who opens it."""
    assert "--web.enable-remote-write-receiver" in built[COLLECTOR_PATH]
