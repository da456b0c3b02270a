"""The command where servers are down, somebody else's, or want to know who asks."""

import json
import sys
from pathlib import Path

import pytest

import shardwatch
from exporters.testing import PageServer, Reply, write_config
from tests.alerts.doctor.seeing import SERVICES, TOPOLOGY

VECTOR = json.dumps({"status": "success", "data": {"resultType": "vector", "result": []}})
HTML = "<!doctype html><title>Sign in</title>"


@pytest.fixture
def pages():
    """A server of somebody's."""
    with PageServer() as server:
        yield server


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command in this process; returns its exit code, output and error output."""

    def run_command(*arguments: object):
        monkeypatch.setattr(sys, "argv", ["shardwatch", "doctor", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            shardwatch.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run_command


def configured(folder: Path, url: str, **more: object) -> Path:
    """Return a configuration whose Prometheus is at an address."""
    (folder / "key").write_text("0123456789abcdef0123456789abcdef")
    return write_config(folder, TOPOLOGY, **SERVICES, prometheus={"url": url, **more})


def test_a_prometheus_that_is_down_is_bad_input(run, tmp_path, free_port):
    """Nothing can be known without it."""
    code, out, err = run("--config", configured(tmp_path, f"http://127.0.0.1:{free_port}"))

    assert (2, "") == (code, out)
    assert f"http://127.0.0.1:{free_port}: does not answer: " in err
    assert "start it, or correct prometheus.url in shardwatch.yaml" in err


def test_a_page_of_html_is_no_prometheus(run, tmp_path, pages):
    """A proxy asks people to sign in."""
    pages.serve("/api/v1/query", HTML)
    code, _, err = run("--config", configured(tmp_path, pages.url("")))

    assert 2 == code
    assert "answered 200 with no JSON; start it, or correct prometheus.url" in err


def test_a_prometheus_that_wants_to_know_who_asks_says_where_to_say_it(run, tmp_path, pages):
    """401 is not 404."""
    pages.serve("/api/v1/query", Reply(HTML.encode(), status=401))
    code, _, err = run("--config", configured(tmp_path, pages.url("")))

    assert 2 == code
    assert "answered 401 Unauthorized; say who asks as prometheus.http_client_config" in err


def test_bad_input_is_told_to_programs_too(run, tmp_path, free_port):
    """In the same shape, with exit code 2."""
    url = f"http://127.0.0.1:{free_port}"
    code, out, _ = run("--json", "--config", configured(tmp_path, url))
    content = json.loads(out)

    assert (2, 1, {"version", "problems"}) == (code, content["version"], set(content))
    assert [url] == [each["file"] for each in content["problems"]]


def test_without_a_configuration_there_is_nothing_to_hold_servers_against(run, tmp_path):
    """Its path is told."""
    code, _, err = run("--config", tmp_path / "shardwatch.yaml")

    assert 2 == code
    assert "shardwatch.yaml: no such file" in err


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(status=404), "answered 404 Not Found, and not as Alertmanager does; name an"),
        (Reply(HTML.encode()), "answers with a page of HTML; name an"),
        (Reply(b"[]"), "answers, and not as Alertmanager does; name an"),
        (Reply(HTML.encode(), status=401), "answered 401 Unauthorized; say who asks in a file"),
    ],
)
def test_an_alertmanager_that_is_named_and_is_none_is_bad_input(run, tmp_path, pages, reply, said):
    """Whoever names it means it."""
    pages.serve("/api/v1/query", VECTOR)
    pages.serve("/api/v2/status", reply)
    pages.serve("/metrics", "")
    config = configured(tmp_path, pages.url(""))
    code, _, err = run("--config", config, "--alertmanager", pages.url(""))

    assert 2 == code
    assert f"{pages.url('')}: {said}" in err


def test_an_alertmanager_without_a_scheme_is_no_address(run, tmp_path):
    """HOST:PORT is what the configuration has; here it is a URL."""
    config = configured(tmp_path, "http://127.0.0.1:9")
    code, _, err = run("--config", config, "--alertmanager", "am:9093")

    assert 2 == code
    assert "--alertmanager: found 'am:9093', expected an http:// or https:// address" in err


def test_a_server_that_tells_little_is_asked_what_it_tells(run, tmp_path, pages):
    """VictoriaMetrics answers queries; what it does not tell is not looked at, and said so."""
    pages.serve("/api/v1/query", VECTOR)
    code, out, _ = run("--json", "--config", configured(tmp_path, pages.url("")))
    content = json.loads(out)

    assert (1, None) == (code, content["prometheus"]["version"])
    reasons = {each["check"]: each["reason"] for each in content["not_looked_at"]}
    assert {"rules/not-loaded", "scrape/target-down", "path/no-alertmanager"} <= set(reasons)
    assert "answered 404 with no JSON" in reasons["rules/not-loaded"]
    found = [each["check"] for each in content["findings"]]
    assert ["alertmanager/unreachable"] * 2 == found[:2]
    assert "watchdog/not-firing" in found
