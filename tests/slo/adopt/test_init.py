"""``shardwatch init`` adopts a stranger's Prometheus, and refuses what it cannot use."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

import shardwatch
from exporters.config import read_config
from exporters.testing import PageServer, Reply
from slo.adopt.access import Credentials
from slo.adopt.command import how_to_mend
from slo.prometheus import PrometheusUnreachableError

ROOT = Path(__file__).resolve().parents[3]


@pytest.fixture
def run(monkeypatch, capsys):
    """Runs the command in this process; returns its exit code, output and error output."""

    def run_command(*arguments: object):
        monkeypatch.setattr(sys, "argv", ["shardwatch", *map(str, arguments)])
        with pytest.raises(SystemExit) as ended:
            shardwatch.main()
        out, err = capsys.readouterr()
        return ended.value.code or 0, out, err

    return run_command


@pytest.fixture(scope="module")
def adopted(strangers_server, tmp_path_factory):
    """What the command wrote and said of the stranger's cluster."""
    out = tmp_path_factory.mktemp("adopted") / "here"
    command = [sys.executable, "-m", "shardwatch", "init"]
    command += ["--prometheus", strangers_server, "-o", str(out)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert (0, "") == (done.returncode, done.stderr)
    return out, done.stdout


def test_groups_with_their_members_and_gpus_are_written(adopted):
    """Those of the LeaderWorkerSet over two hosts each; the old engine has its host's GPU."""
    config = read_config(adopted[0] / "shardwatch.yaml", needs_routing_key=False)

    assert "prod" == config.topology.cluster
    assert {
        "llm/chat-0": ("tiny", [("n00", ["GPU-n00-a", "GPU-n00-b"], "llm/chat-0"),
                                ("n01", ["GPU-n01-a", "GPU-n01-b"], "llm/chat-0-1")]),
        "llm/chat-1": ("tiny", [("n10", ["GPU-n10-a", "GPU-n10-b"], "llm/chat-1"),
                                ("n11", ["GPU-n11-a", "GPU-n11-b"], "llm/chat-1-1")]),
        "llm/draft-6d5f7c9b8d-x2x7z": (
            "llama", [("n90", ["GPU-n90-a"], "llm/draft-6d5f7c9b8d-x2x7z")]),
    } == {
        group.name: (group.model, [(each.host, each.gpus, each.pod) for each in group.members])
        for group in config.topology.groups
    }  # fmt: skip
    assert {"eu-west-1"} == {group.region for group in config.topology.groups}


def test_what_was_guessed_and_by_what_stands_in_the_topology(adopted):
    """Whoever reads the file sees what to look at."""
    text = (adopted[0] / "topology.yaml").read_text()

    assert "# cluster: by external label cluster (likely; 1)" in text
    assert "# name of groups: by label pod, of a Deployment (guess; 1)" in text
    assert "# workers of groups: by names of pods, NAME-GROUP-WORKER (likely; 2)" in text
    assert "# revision of groups: by no label (guess; 3)" in text


def test_the_configuration_has_the_server_its_alertmanager_and_no_exporter_yet(
    adopted, strangers_server
):
    """The stranger scrapes once a second, which is no interval of rules."""
    file = read_config(adopted[0] / "shardwatch.yaml", needs_routing_key=False).file

    assert (strangers_server, 5.0) == (file.prometheus.url, file.prometheus.scrape_interval)
    assert ["127.0.0.1:9"] == file.alertmanager.addresses
    assert [] == file.exporters.groups == file.exporters.router


@pytest.mark.parametrize(
    ("about", "found"),
    [
        ("old names of vLLM", "vllm:gpu_cache_usage_perc is on 1 of 3 pages "
                              "(10.0.9.1:8000); newer releases have: vllm:kv_cache_usage_perc"),
        ("old names of vLLM", "vllm:time_per_output_token_seconds is on 1 of 3 pages"),
        ("labels that collide", "series of GPUs have exported_namespace, exported_pod"),
        ("router's gauges", "2 series vllm:num_requests_running are a router's"),
        ("no router", "no router's series are there"),
        ("scrape interval", "found 1s; 5s was taken for the rules"),
        ("counters of dcgm-exporter", "DCGM_FI_DEV_CLOCKS_EVENT_REASONS"),
    ],
)  # fmt: skip
def test_what_is_in_doubt_is_told(adopted, about, found):
    """In the report and at the terminal."""
    out, said = adopted

    assert f"| {about} | {found}" in said
    assert f"| {about} | {found}" in (out / "ADOPTION.md").read_text()


def test_a_host_without_an_engine_is_told_with_what_to_do(adopted):
    """Its GPU may be a spare, or a worker that nobody tells of."""
    assert "| GPU | 1 GPU of host n91 | no engine runs on it, as far as labels tell |" in adopted[1]


def test_what_is_missed_without_exporters_is_told(adopted):
    """Beside what works."""
    report = (adopted[0] / "ADOPTION.md").read_text()

    assert "| objective of availability, with burn alerts" in report
    assert "| a stalled engine within 30 s | `groups` |" in report


def test_what_was_written_validates_and_builds(adopted, run, tmp_path):
    """With all other commands, and rules that Prometheus takes."""
    config = adopted[0] / "shardwatch.yaml"

    code, out, _ = run("validate", "--config", config)
    assert (0, True) == (code, out.startswith("ok: 3 groups, 9 GPUs, 0 routers"))
    code, _, _ = run("build", "--config", config, "-o", tmp_path / "out")
    assert code == 0
    rules = yaml.safe_load((tmp_path / "out/rules/slo-llm-availability.yaml").read_text())
    assert "vllm:request_success_total" in json.dumps(rules)


def test_files_that_are_there_are_named_and_kept(strangers_server, run, tmp_path):
    """And nothing is written beside them."""
    (tmp_path / "topology.yaml").write_text("mine")
    (tmp_path / "objectives").mkdir()
    (tmp_path / "objectives/raw.yaml").write_text("mine too")

    code, out, err = run("init", "--prometheus", strangers_server, "-o", tmp_path)

    assert (2, "") == (code, out)
    assert [f"{tmp_path}/{each}: is there already, and is not written over; move it away, or name "
            "another folder by -o" for each in ("objectives/raw.yaml", "topology.yaml")
            ] == err.splitlines()  # fmt: skip
    assert ["objectives", "raw.yaml", "topology.yaml"] == sorted(
        each.name for each in tmp_path.rglob("*")
    )


def test_only_what_has_a_label_is_adopted_and_asked_about(strangers_server, run, tmp_path):
    """By ``--where``, which the objectives keep."""
    code, out, _ = run("init", "--prometheus", strangers_server, "-o", tmp_path,
                       "--where", "pod=chat-0")  # fmt: skip

    assert code == 0
    assert "cluster prod: 1 group of 1 engine, 0 of 0 GPUs" in out
    assert 'vllm:time_to_first_token_seconds_bucket{le="2.5",pod="chat-0"}' in (
        tmp_path / "objectives/raw.yaml"
    ).read_text()  # fmt: skip


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--where", "pod=none"], "found no series vllm:num_requests_running with {'pod': 'none'} "
                                  "of the last hour, nor Ray's spellings of it"),
        (["--where", "pod"], "--where: found 'pod', expected LABEL=VALUE"),
        (["--region", "a b"], "--region: found 'a b', expected plain characters"),
        (["--username", "me"], "options: found one of --username and --password-file"),
        (["--bearer-token-file", "nowhere"], "options: no such file: "),
        (["--pagerduty-key", "nowhere"], "--pagerduty-key: no such file: nowhere; "),
        (["--timeout", "soon"], "--timeout: 'soon' is no duration"),
    ],
)  # fmt: skip
def test_what_was_asked_for_wrongly_is_told(strangers_server, run, tmp_path, arguments, message):
    """Nothing is written."""
    out = tmp_path / "out"
    code, _, err = run("init", "--prometheus", strangers_server, "-o", out, *arguments)

    assert code == 2
    assert message in err
    assert not out.exists()


@pytest.mark.parametrize(
    ("key", "found"),
    [("\n", "an empty file"), ("a" * 32 + "\n" + "b" * 32, "2 lines"), ("a" * 31, "31 characters")],
)
def test_a_file_without_a_routing_key_is_told_before_anything_is_asked(run, tmp_path, key, found):
    """Nothing of it stands in the message."""
    file = tmp_path / "key"
    file.write_text(key)
    code, _, err = run("init", "--prometheus", "http://127.0.0.1:1", "--pagerduty-key", file)

    assert (2, f"{file}: found {found}, expected a routing key of 32 letters and digits; write the "
            "integration's routing key into it\n") == (code, err)  # fmt: skip


@pytest.fixture
def server():
    """A server that answers what a test wants of it."""
    with PageServer() as pages:
        yield pages


@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (Reply(b"<html>Grafana</html>"), ("answered 200 with no JSON", "name a Prometheus")),
        (Reply(b'{"hello": 1}'), ("answered 200, and not as Prometheus", "name a Prometheus")),
        (Reply(b"Unauthorized", status=401), ("answered 401 Unauthorized", "--bearer-token-file")),
        (Reply(b'{"status": "error", "error": "too many samples"}', status=422),
         ("refused: too many samples", "raise the server's limit, or narrow what is asked for")),
        (Reply(b"no", status=403), ("answered 403 Forbidden: no", "--username NAME")),
        (Reply(b"Client sent an HTTP request to an HTTPS server.", status=400),
         ("answered 400 with no JSON", "if it wants TLS, its address begins with https://")),
        (Reply(delay_seconds=3600), ("does not answer: no answer in time", "--timeout 2m")),
    ],
)  # fmt: skip
def test_a_server_that_is_no_prometheus_for_us_is_told(server, run, tmp_path, reply, said):
    """HTML, other JSON, somebody who wants to know who asks, TLS, or silence."""
    server.serve("/api/v1/query", reply)
    out = tmp_path / "out"

    code, _, err = run("init", "--prometheus", server.url(""), "-o", out, "--timeout", "500ms")

    assert code == 2
    assert err.startswith(f"{server.url('')}: {said[0]}")
    assert said[1] in err
    assert not out.exists()


@pytest.mark.parametrize("status", [302, 307])
def test_a_server_that_leads_to_a_page_to_log_in_is_told_with_its_address(
    server, run, tmp_path, status
):
    """Not that it answers with no JSON; what the login is told is left out."""
    server.serve("/login?to=x", Reply(b"<html>Sign in</html>"))
    to = {"Location": server.url("/login?to=x")}
    server.serve("/api/v1/query", Reply(status=status, headers=to))

    code, _, err = run("init", "--prometheus", server.url(""), "-o", tmp_path / "out")

    url = server.url("")
    assert (2, True) == (code, err.startswith(f"{url}: leads on to {url}/login, which is no API; "))
    assert "--bearer-token-file" in err


def test_a_token_that_is_refused_is_told_with_its_file(server, run, tmp_path):
    """Not that there should be one."""
    (tmp_path / "secret").write_text("s3cret\n")
    server.serve("/api/v1/query", Reply(b"no", status=401))
    code, _, err = run("init", "--prometheus", server.url(""), "-o", tmp_path / "out",
                       "--bearer-token-file", tmp_path / "secret")  # fmt: skip

    assert (2, f"{server.url('')}: answered 401 Unauthorized: no; see that {tmp_path}/secret holds "
            "what this server knows, and that it may read the API\n") == (code, err)  # fmt: skip


def test_plain_http_behind_https_is_told_as_such(server, run, tmp_path):
    """No certificate helps there."""
    url = server.url("").replace("http:", "https:")
    code, _, err = run("init", "--prometheus", url, "-o", tmp_path / "out")

    assert code == 2
    assert "it speaks no TLS at that port: begin its address with http://" in err


def test_a_certificate_that_nobody_trusts_is_told_with_the_option_that_names_who_signed_it():
    """As aiohttp says it."""
    said = "https://p does not answer: [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed"

    assert "name who signed its certificate: --ca-file FILE" == how_to_mend(
        PrometheusUnreachableError(said), "https://p", Credentials()
    )


def test_a_path_that_is_missing_is_told_as_such(server, run, tmp_path):
    """And nothing of TLS."""
    server.serve("/api/v1/query", Reply(status=404))
    code, _, err = run("init", "--prometheus", server.url(""), "-o", tmp_path / "out")

    assert code == 2
    assert "if it is behind a path, its address has that too: http://HOST:PORT/PATH" in err
    assert "TLS" not in err


def test_a_server_that_is_down_is_told(run, tmp_path, free_port):
    """Nobody listens there."""
    url = f"http://127.0.0.1:{free_port}"
    code, _, err = run("init", "--prometheus", url, "-o", tmp_path / "out")

    assert (2, True) == (code, err.startswith(f"{url}: does not answer: Connection refused"))
    assert "see that it runs and can be reached from here" in err


@pytest.mark.parametrize(
    ("arguments", "expected"),
    [
        (["--bearer-token-file", "secret"], "Bearer s3cret"),
        (["--username", "me", "--password-file", "secret"], "Basic bWU6czNjcmV0"),
        (["--http-config", "http.yaml"], "Bearer s3cret"),
    ],
)
def test_who_asks_is_said_as_the_options_say(server, run, tmp_path, arguments, expected):
    """Of a file that holds the secret, which is in no option and no output."""
    (tmp_path / "secret").write_text("s3cret\n")
    (tmp_path / "http.yaml").write_text("authorization: {credentials_file: secret}")
    server.serve("/api/v1/query", Reply(status=403))
    files = [tmp_path / each if (tmp_path / each).exists() else each for each in arguments]

    code, out, err = run("init", "--prometheus", server.url(""), "-o", tmp_path / "out", *files)

    assert code == 2
    [(_, headers, _)] = server.posted
    assert expected == headers["Authorization"]
    assert "s3cret" not in out + err
