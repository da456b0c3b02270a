"""The whole of an adoption: a stranger's servers, the lines of ``NEXT.md``, a page, and away again.

Prometheus and Alertmanager are real and somebody else's: their configuration, rules, silences and
receiver. They scrape captures of a real vLLM and dcgm-exporter's pages under the labels of a
LeaderWorkerSet. What is pasted, and where, is read in ``NEXT.md``.
"""

import contextlib
import json
import re
import shlex
import shutil
import subprocess
import sys
import textwrap
import threading
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from alerts.benching.mesh import free_ports
from alerts.doctor.testing.servers import get, request, wait_for
from demo.setup.programs import find_program
from exporters.testing import PageServer
from slo.testing import running_prometheus
from tests.slo.adopt.conftest import NEW_PAGE, Stranger, kubernetes

ROOT = Path(__file__).resolve().parents[2]
KEY = "0123456789abcdef0123456789abcdef"
PATIENCE_SECONDS = 240
BEFORE = ".before-shardwatch"
FLAGS = ["--web.enable-lifecycle", "--rules.alert.resend-delay=1s"]
"""With the second alerts whose rules are gone last 20 s, and not four minutes."""

PROMETHEUS = """\
# Ours since 2019. Ask Jo before you touch it.
global:
    scrape_interval: 5s   # the network is slow
    evaluation_interval: 5s
    external_labels: {cluster: prod}
rule_files:
    - "theirs.yaml"
alerting:
    alertmanagers:
        - static_configs: [{targets: ["%s"]}]
scrape_configs:
"""
RULES = """\
groups:
- name: theirs
  rules:
  - {record: "their:up:count", expr: count(up)}
  - {alert: TheirAlert, expr: vector(1), labels: {severity: page}}
  - {alert: TheirNoise, expr: vector(1), labels: {severity: page}}
"""
ALERTMANAGER = """\
# Theirs.
global: {resolve_timeout: 4m}
route:
  receiver: theirs    # everybody
  group_wait: 1s
  routes:
    - matchers: [team="storage"]
      receiver: storage
receivers:
  - name: theirs
    webhook_configs: [{url: "%s/webhook"}]
  - name: storage
inhibit_rules:
  - source_matchers: [alertname="TheirOutage"]
    target_matchers: [team="storage"]
    equal: [cluster]
"""


class Engines:
    """Serves engines whose requests go on being counted, well or not.

    Args:
        pages: that they are served among.
        paths: of the pages.
    """

    def __init__(self, pages: PageServer, paths: list[str]) -> None:
        self.fail = False
        self._pages, self._paths = pages, paths
        self._counts = {"stop": 1e6, "error": 0.0}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._go_on)

    def __enter__(self) -> "Engines":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self._thread.join()

    def _go_on(self) -> None:
        while not self._ended.wait(1):
            self._counts["error" if self.fail else "stop"] += 50
            page = NEW_PAGE
            for reason, count in self._counts.items():
                page = re.sub(
                    rf'^(vllm:request_success_total\{{.*finished_reason="{reason}".*\}}) .*$',
                    rf"\1 {count}", page, flags=re.MULTILINE,
                )  # fmt: skip
            for path in self._paths:
                self._pages.serve(path, page)


@dataclass
class Place:
    """The stranger's folder, and their servers."""

    folder: Path
    prometheus: str
    alertmanager: str
    inbox: str
    engines: Engines

    @property
    def files(self) -> dict[str, bytes]:
        """All that they wrote, by name."""
        return {name: (self.folder / name).read_bytes()
                for name in ("prometheus.yml", "theirs.yaml", "alertmanager.yml")}  # fmt: skip

    def reload(self) -> None:
        """Let both servers read their files again; they must take them."""
        for url in (self.prometheus, self.alertmanager):
            request(f"{url}/-/reload", method="POST")

    def rule_groups(self) -> dict[str, list[str]]:
        """Return the rules that are loaded, by the folder of their file."""
        found: dict[str, list[str]] = {}
        for each in ask(f"{self.prometheus}/api/v1/rules")["data"]["groups"]:
            found.setdefault(Path(each["file"]).parent.name, []).append(each["name"])
        return found

    def last_evaluation(self) -> str:
        """Return when the first group was evaluated."""
        first, *_ = ask(f"{self.prometheus}/api/v1/rules")["data"]["groups"]
        return str(first["lastEvaluation"])

    def silences(self) -> list[tuple[str, str, str]]:
        """Return each silence: what it is, whether it holds, and until when."""
        return [(each["id"], each["status"]["state"], each["endsAt"])
                for each in ask(f"{self.alertmanager}/api/v2/silences")]  # fmt: skip

    def firing(self) -> set[str]:
        """Return the alerts that nothing silences."""
        every = ask(f"{self.alertmanager}/api/v2/alerts?silenced=false")
        return {each["labels"]["alertname"] for each in every}

    def told(self) -> set[str]:
        """Return the alerts that their receiver was told of, as such that fire."""
        messages = [each["message"] for each in ask(f"{self.inbox}/webhooks")["webhooks"]]
        every = [alert for each in messages for alert in each["alerts"]]
        return {each["labels"]["alertname"] for each in every if each["status"] == "firing"}

    def pages(self) -> list[dict[str, Any]]:
        """Return the events that PagerDuty was sent."""
        return [each["event"] for each in ask(f"{self.inbox}/events")["events"]]


def ask(url: str) -> Any:
    """Return what a server answers."""
    return json.loads(get(url))


def wait_until(is_so: Callable[[], Any], what: str) -> None:
    """Wait for something to become so.

    Raises:
        AssertionError: if it does not.
    """
    until = time.monotonic() + PATIENCE_SECONDS
    while not is_so():
        assert time.monotonic() < until, what
        time.sleep(1)


@contextlib.contextmanager
def running(command: list[str], url: str, cwd: Path) -> Iterator[None]:
    """Run a server until it is left."""
    process = subprocess.Popen(command, cwd=cwd, stderr=subprocess.DEVNULL)
    try:
        wait_for(url)
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    """A stranger's servers, which have run for some scrapes, with a silence."""
    folder = tmp_path / "etc"
    folder.mkdir()
    ours, mesh, inbox = free_ports(3)
    alertmanager, stand_in = f"http://127.0.0.1:{ours}", f"http://127.0.0.1:{inbox}"
    (folder / "theirs.yaml").write_text(RULES)
    (folder / "alertmanager.yml").write_text(ALERTMANAGER % stand_in)
    (tmp_path / "keys").write_text(KEY)
    serving = [sys.executable, "-m", "alerts.testing", "--port", str(inbox),
               "--routing-key-file", str(tmp_path / "keys")]  # fmt: skip
    notifying = [str(find_program("alertmanager")), f"--config.file={folder}/alertmanager.yml",
                 f"--storage.path={tmp_path}/am", f"--web.listen-address=127.0.0.1:{ours}",
                 f"--cluster.listen-address=127.0.0.1:{mesh}",
                 f"--cluster.advertise-address=127.0.0.1:{mesh}"]  # fmt: skip
    with PageServer() as pages, contextlib.ExitStack() as stack:
        stranger = Stranger(pages)
        kubernetes(stranger)
        jobs = [{"job_name": job, "static_configs": each} for job, each in stranger.jobs.items()]
        text = PROMETHEUS % f"127.0.0.1:{ours}" + yaml.safe_dump(jobs)
        engines = [f"/llm/vllm/10.0.{group}.1:8000/metrics" for group in range(2)]
        stack.enter_context(running(serving, f"{stand_in}/healthz", ROOT))
        stack.enter_context(running(notifying, f"{alertmanager}/-/ready", folder))
        counting = stack.enter_context(Engines(pages, engines))
        prometheus = stack.enter_context(
            running_prometheus(find_program("prometheus"), folder, text, FLAGS)
        )
        found = Place(folder, prometheus, alertmanager, stand_in, counting)
        matcher = {"name": "alertname", "value": "TheirNoise", "isRegex": False}
        silence = {"matchers": [matcher], "startsAt": "2020-01-01T00:00:00Z",
                   "endsAt": "2099-01-01T00:00:00Z", "createdBy": "jo", "comment": "c"}  # fmt: skip
        request(f"{alertmanager}/api/v2/silences", method="POST", content=silence)
        query = "count(count_over_time(vllm:request_success_total[1m]) > 3)"
        wait_until(
            lambda: ask(f"{prometheus}/api/v1/query?query={query.replace(' ', '%20')}")["data"][
                "result"
            ],
            "nothing is scraped",
        )
        yield found


def shardwatch(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run the command."""
    command = [sys.executable, "-m", "shardwatch", *arguments]
    return subprocess.run(
        command, cwd=folder, env={"PYTHONPATH": str(ROOT), "PATH": "/usr/bin:/bin"},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def pasted(text: str, under: str, block: str) -> str:
    """Return a file with lines after a key, indented as those that are there; nothing else changes.

    Args:
        text: of the file.
        under: the keys that lead there, such as ``route: routes:``.
        block: a list.
    """
    at = 0
    for key in under.split():
        found = re.search(rf"^ *{re.escape(key)}\n(?P<there> *)", text[at:], re.MULTILINE)
        assert found, f"no {under} in {text}"
        at, indent = at + found.start("there"), found["there"]
    return text[:at] + textwrap.indent(block.rstrip() + "\n", indent) + text[at:]


def part(content: dict[str, Any], under: str) -> str:
    """Return what a fragment has at some keys, as lines to paste."""
    for key in under.split():
        content = content[key.removesuffix(":")]
    return yaml.safe_dump(content, sort_keys=False, width=1000)


def section(text: str, number: int) -> str:
    """Return a step of ``NEXT.md``."""
    return text.partition(f"\n## {number}. ")[2].partition("\n## ")[0]


def shell(text: str) -> list[str]:
    """Return the commands of a step, a line each."""
    lines = "".join(re.findall(r"^```sh\n(.*?)^```$", text, re.MULTILINE | re.DOTALL))
    return [each for each in lines.replace("\\\n", " ").splitlines() if each.strip()]


def follow_prometheus(text: str, place: Place) -> None:
    """Paste what the step of Prometheus says, where it says."""
    file = place.folder / "prometheus.yml"
    step = section(text, 2)
    subprocess.run(shlex.split(re.search(r"`(cp prometheus.yml .*?)`", step)[1]),
                   cwd=place.folder, check=True)  # fmt: skip
    for optional, under, block in re.findall(
        r"^(and )?under `([a-z_]+:)`.*?\n\n```yaml\n(.*?)^```$", step, re.MULTILINE | re.DOTALL
    ):
        if not optional:  # "if it sends its alerts nowhere yet": theirs does
            file.write_text(pasted(file.read_text(), under, block))


def follow_alertmanager(text: str, place: Place, out: Path) -> None:
    """The same, by hand."""
    file = place.folder / "alertmanager.yml"
    step = section(text, 3)
    [copy] = [each for each in shell(step) if each.startswith("cp ")]
    subprocess.run(shlex.split(copy), cwd=place.folder, check=True)
    by_hand = step.partition("Or by hand, from `")[2]
    assert by_hand.startswith(f"{out}/alertmanager-fragment.yml`")
    fragment = yaml.safe_load((out / "alertmanager-fragment.yml").read_text())
    for under in re.findall(r"^- under `([a-z_: ]+:)`", by_hand, re.MULTILINE):
        file.write_text(pasted(file.read_text(), under, part(fragment, under)))


def check(text: str, place: Place) -> None:
    """Run the checks that are told.

    But for what sends signals to every server of the machine, and rules' tests, which have tests of
    their own and take a minute.
    """
    tools = {name: str(find_program(name)) for name in ("promtool", "amtool")}
    for line in shell(section(text, 5)):
        command = line.partition(" && kill")[0]
        if command.startswith("shardwatch") or "promtool test" in command:
            continue
        for name, program in tools.items():
            command = re.sub(rf"\b{name}\b", program, command)
        done = subprocess.run(
            ["/bin/sh", "-c", command], cwd=place.folder, capture_output=True, text=True,
            check=False,
        )  # fmt: skip
        assert 0 == done.returncode, done.stdout + done.stderr


def follow_page(place: Place, home: Path) -> None:
    """Run the commands of ``docs/adopt.md`` but the first, and have both servers reload.

    Of what they make, one thing is changed: PagerDuty's address is that of its stand-in, and it is
    told at once.
    """
    text = (ROOT / "docs/adopt.md").read_text()
    install, *commands, signals = shell(text.partition("\n## ")[2].partition("\n## ")[0])
    assert install.startswith("uv tool install ")
    assert signals.startswith("kill -HUP $(pidof prometheus alertmanager)")
    for line in commands:
        said = line.partition(" #")[0].replace("http://prometheus:9090", place.prometheus)
        said = re.sub(r"\b\w+\.yml", lambda file: f"{place.folder}/{file[0]}", said)
        program, *arguments = shlex.split(said)
        assert "shardwatch" == program
        done = shardwatch(home, *arguments)
        assert 0 == done.returncode, done.stderr
        if arguments[0] == "init":
            _divert(home / "shardwatch.yaml", place)


def _divert(config: Path, place: Place) -> None:
    """Let pages go to PagerDuty's stand-in, and at once."""
    text = config.read_text()
    for key, said in (
        ("\npagerduty: {", f'\npagerduty: {{url: "{place.inbox}/v2/enqueue", '),
        ("\nalertmanager:\n", "\nalertmanager:\n  group_wait: 1s\n  group_interval: 5s\n"),
    ):
        assert 1 == text.count(key), text
        text = text.replace(key, said)
    config.write_text(text)


@pytest.mark.e2e
def test_a_strangers_servers_are_adopted_page_and_are_what_they_were_after(
    place: Place, tmp_path: Path
):
    """Their rules run, their silence holds, and their receiver hears of their alerts alone."""
    theirs, silences = place.files, place.silences()
    home = tmp_path / "shardwatch"
    home.mkdir()
    (home / "pagerduty.key").write_text(KEY)

    follow_page(place, home)

    text = (home / "out/NEXT.md").read_text()
    pasted = place.files
    assert theirs["theirs.yaml"] == pasted["theirs.yaml"]
    for name in ("prometheus.yml", "alertmanager.yml"):
        assert set(theirs[name].splitlines()) <= set(pasted[name].splitlines())
        (place.folder / f"{name}{BEFORE}").replace(place.folder / name)
    assert theirs == place.files
    follow_prometheus(text, place)
    follow_alertmanager(text, place, home / "out")
    assert [yaml.safe_load(each) for each in place.files.values()] == [
        yaml.safe_load(each) for each in pasted.values()
    ]
    for name, content in pasted.items():
        (place.folder / name).write_bytes(content)
    check(text, place)
    place.reload()

    loaded = place.rule_groups()
    assert ["theirs"] == loaded["etc"]
    assert {"shardwatch-alerts", "slo-llm-availability"} <= set(loaded["rules"])
    place.engines.fail = True
    wait_until(place.pages, "no page came")
    page, *_ = place.pages()
    assert ("trigger", KEY) == (page["event_action"], page["routing_key"])
    assert "critical" == page["payload"]["severity"]
    assert "llm-availability burns its error budget" in page["payload"]["summary"]
    assert "region eu-west-1, model tiny" in page["payload"]["summary"].replace(
        "model_name", "model"
    )
    assert {"TheirAlert"} == place.told()
    assert silences == place.silences()
    found = json.loads(shardwatch(home, "doctor", "--json").stdout)
    assert [] == [each["found"] for each in found["findings"] if each["harm_rank"] <= 2]

    undo = re.search(r"`shardwatch (paste --undo)`", text.partition("\n## To remove it again")[2])[
        1
    ]
    shardwatch(home, *undo.split(), str(place.folder / "prometheus.yml"))
    request(f"{place.prometheus}/-/reload", method="POST")
    wait_until(lambda: place.firing() == {"TheirAlert"}, "alerts without rules do not end")
    wait_until(lambda: place.pages()[-1]["event_action"] == "resolve", "the page does not end")
    shardwatch(home, *undo.split(), str(place.folder / "alertmanager.yml"))
    request(f"{place.alertmanager}/-/reload", method="POST")
    shutil.rmtree(home)
    assert theirs == place.files
    assert {"etc": ["theirs"]} == place.rule_groups()
    assert silences == place.silences()
    before = place.last_evaluation()
    wait_until(lambda: place.last_evaluation() != before, "their rules are not evaluated any more")
    assert {"TheirAlert"} == place.told()
