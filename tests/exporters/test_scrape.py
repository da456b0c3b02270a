"""Scrape configurations."""

import subprocess

import pytest
import yaml

from exporters.config import SHORTEST_SCRAPE_INTERVAL_SECONDS, read_config
from exporters.fetching import LONGEST_ANSWER_SECONDS
from exporters.scrape import PROBE_JOB, TIMEOUT_SHARE, scrape_configs


@pytest.fixture
def make_config(tmp_path):
    """Makes a configuration with a scrape interval."""
    (tmp_path / "topology.yaml").write_text(
        "version: 1\ncluster: demo\ngroups:\n- {name: g, region: eu, model: chat, revision: r1,"
        ' metrics: "http://h/metrics", members: [{host: h}]}\n'
    )

    def make(interval, **more: object):
        file = tmp_path / "shardwatch.yaml"
        prometheus = {"url": "http://p:9090", "scrape_interval": interval}
        content = {"topology": "topology.yaml", "prometheus": prometheus,
                   "objectives": ["library:chat"], **more}  # fmt: skip
        file.write_text(yaml.safe_dump(content))
        return read_config(file)

    return make


def test_there_is_a_job_for_each_exporter(make_config):
    """At the addresses of the configuration, sorted."""
    config = make_config("5s", exporters={"gpu": ["b:2", "a:1"]})
    assert [(job["job_name"], job["static_configs"]) for job in scrape_configs(config)] == [
        ("shardwatch-gpu", [{"targets": ["a:1", "b:2"]}]),
        ("shardwatch-groups", [{"targets": ["127.0.0.1:19802"]}]),
        ("shardwatch-router", [{"targets": ["127.0.0.1:19803"]}]),
        ("shardwatch-tools", [{"targets": ["127.0.0.1:19804"]}]),
    ]


def test_exporters_behind_tls_and_a_password_are_asked_in_that_way(make_config, tmp_path):
    """The other side of their web-config.yml; paths hold wherever Prometheus runs."""
    config = make_config("5s", exporters={
        "https": {"ca_file": "ca.crt", "server_name": "exporters.example"},
        "basic_auth": {"username": "prometheus", "password_file": "/run/password"},
    })  # fmt: skip
    for job in scrape_configs(config):
        assert job["scheme"] == "https"
        assert job["tls_config"] == {
            "ca_file": str(tmp_path / "ca.crt"),
            "server_name": "exporters.example",
        }
        assert job["basic_auth"] == {"username": "prometheus", "password_file": "/run/password"}


def test_our_labels_win_over_those_of_the_server(make_config):
    """A `cluster` of a federated server must not overwrite the topology's."""
    assert {job["honor_labels"] for job in scrape_configs(make_config("5s"))} == {True}


@pytest.mark.parametrize(
    ("interval", "timeout"), [("5s", "4s"), ("15s", "10s"), ("1m", "10s"), ("6s", "4s800ms")]
)
def test_the_time_out_is_below_the_interval(make_config, interval, timeout):
    """And above what an exporter may take."""
    jobs = scrape_configs(make_config(interval))
    assert {(job["scrape_interval"], job["scrape_timeout"]) for job in jobs} == {
        (interval, timeout)
    }


def test_the_shortest_time_out_is_above_what_an_exporter_may_take():
    """Else one hung source would cost all the series of its exporter."""
    shortest = SHORTEST_SCRAPE_INTERVAL_SECONDS * TIMEOUT_SHARE
    assert shortest > LONGEST_ANSWER_SECONDS
    assert LONGEST_ANSWER_SECONDS == 3.0  # as the configuration's message has it


def test_promtool_takes_them(make_config, tmp_path, find_program):
    """As Prometheus would."""
    file = tmp_path / "prometheus.yml"
    file.write_text(yaml.safe_dump({"scrape_configs": scrape_configs(make_config("5s"))}))
    checked = subprocess.run(
        [find_program("promtool"), "check", "config", file],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert (checked.returncode, checked.stderr) == (0, "")


def test_probes_are_scraped_where_somebody_runs_them(make_config):
    """They are traffic: not every cluster wants it."""
    jobs = scrape_configs(make_config("5s", exporters={"probe": ["b:2", "a:1"]}))
    assert (jobs[-1]["job_name"], jobs[-1]["static_configs"]) == (
        PROBE_JOB,
        [{"targets": ["a:1", "b:2"]}],
    )
