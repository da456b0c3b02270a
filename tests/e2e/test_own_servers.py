"""A Prometheus and an Alertmanager that really ail say what the lab makes up of them.

Two of each, one pair well and one ailing, which scrape themselves. Rules are slow because what they
read comes from a remote store that takes its time: so it is as slow on a busy machine as on an idle
one. Waits a minute; 80 s in all.
"""

import asyncio
import contextlib
import shutil
import subprocess
import threading
import time
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
import yaml

from alerts.benching.mesh import free_ports, wait_until_ready
from alerts.watch.every import watch_alerts
from alerts.watch.notifications import NOTIFICATIONS_FAILING
from alerts.watch.rules import RULES_FAILING, RULES_LATE
from alerts.watch.storage import STORAGE_SHORT
from demo.lab import own_servers as model
from demo.setup.programs import find_program
from slo.conventions import PAGE, TICKET
from slo.objectives import LIBRARY, ObjectiveFile, read_objective_files
from slo.prometheus import PrometheusClient
from slo.series import Series
from slo.testing import running_prometheus

pytestmark = pytest.mark.e2e

AILING_SECONDS = 60.0
INTERVAL_SECONDS = 1.0
"""Of scrapes, and of rules that ail."""
PATIENT_SECONDS = 5
"""Of the rules of a server that is well: a busy machine misses none of them."""
GIVES_UP_SECONDS = 10.0
"""Alertmanager's shortest time for a message (notify/notify.go: ``MinTimeout``)."""
BLOCKS_DAYS = (60, 40, 34, 10, 2)
"""How old what is stored is, each in a block of its own."""
_DAY = 86400.0


class Neighbour(BaseHTTPRequestHandler):
    """A remote store that is slow and has nothing, and a Slack that is broken."""

    NOTHING = bytes((2, 4, 0x0A, 0))
    """A ``ReadResponse`` of one empty result, as snappy writes it."""

    def do_POST(self) -> None:
        """Answer."""
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        reads, broken = self.path == "/read", self.path == "/broken-slack"
        if reads:
            time.sleep(model.SLOW_SHARE * INTERVAL_SECONDS)
        answer = self.NOTHING if reads else b"ok"
        self.send_response(500 if broken else 200)
        self.send_header("Content-Length", str(len(answer)))
        if reads:
            self.send_header("Content-Type", "application/x-protobuf")
            self.send_header("Content-Encoding", "snappy")
        self.end_headers()
        with contextlib.suppress(ConnectionError):  # who asked has ended
            self.wfile.write(answer)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@dataclass(frozen=True)
class Seen:
    """What was asked of the servers in the end."""

    series: list[Series]
    """What was scraped of the pair that ails, sample by sample."""
    found: dict[tuple[str, str], tuple[int, int]]
    """By alert and severity, how many elements its expression had: ailing, well."""

    def of(self, name: str, **labels: str) -> list[Series]:
        """Return the series of a name that have some labels."""
        return [s for s in self.series if {"__name__": name, **labels}.items() <= s.labels.items()]

    def rules(self, name: str, group: str) -> Series:
        """Return what is told of a group of rules, by its name in the model."""
        own = group.partition(";")[2]
        (found,) = (s for s in self.of(name) if s.labels["rule_group"].endswith(f";{own}"))
        return found


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory, old: Path) -> Seen:
    """Run both pairs for a minute, then ask."""
    folder = tmp_path_factory.mktemp("own-servers")
    with contextlib.ExitStack() as held:
        neighbour = held.enter_context(_running_neighbour())
        urls = [
            held.enter_context(_running_pair(folder / name, old, neighbour, ails=name == "ailing"))
            for name in ("ailing", "well")
        ]
        time.sleep(AILING_SECONDS)
        return asyncio.run(_ask(*urls))


async def _ask(ailing: str, well: str) -> Seen:
    chat = ObjectiveFile(LIBRARY / "chat.yaml", "library:chat")
    alerts = watch_alerts(read_objective_files([chat]), 15.0)
    async with PrometheusClient(ailing) as ill, PrometheusClient(well) as healthy:
        return Seen(
            await ill.points('{job=~"prometheus|alertmanager"}[10m]'),
            {
                (each.name, each.severity): (
                    len(await ill.query(each.expr)),
                    len(await healthy.query(each.expr)),
                )
                for each in alerts
            },
        )


@contextlib.contextmanager
def _running_neighbour() -> Iterator[str]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Neighbour) as server:
        server.daemon_threads = True
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()


@contextlib.contextmanager
def _running_pair(folder: Path, old: Path, neighbour: str, *, ails: bool) -> Iterator[str]:
    """Run an Alertmanager, and a Prometheus that tells it; give the latter's address."""
    shutil.copytree(old, folder / "data")
    ports = free_ports(2)
    own, alertmanager = (f"127.0.0.1:{port}" for port in ports)
    slack = {"channel": "x", "api_url": f"{neighbour}/{'broken' if ails else 'well'}-slack"}
    short = {"group_wait": "1s", "group_interval": "1s"}
    _write(
        folder / "alertmanager.yml",
        {
            "route": {"receiver": "slack", "group_by": ["alertname"], **short},
            "receivers": [{"name": "slack", "slack_configs": [slack]}],
        },
    )
    _write(folder / "rules.yml", {"groups": _groups(ails=ails)})
    config = {
        "global": {"scrape_interval": f"{INTERVAL_SECONDS:g}s", "scrape_timeout": "1s"},
        "rule_files": ["rules.yml"],
        "remote_read": [
            {
                "url": f"{neighbour}/read",
                "read_recent": True,
                "required_matchers": {"kept": "elsewhere"},
            }
        ],
        "alerting": {"alertmanagers": [{"static_configs": [{"targets": [alertmanager]}]}]},
        "scrape_configs": [
            {"job_name": name, "static_configs": [{"targets": [address]}]}
            for name, address in (("prometheus", own), ("alertmanager", alertmanager))
        ],
    }
    command = [str(find_program("alertmanager")), f"--config.file={folder / 'alertmanager.yml'}",
               f"--storage.path={folder / 'alertmanager'}", "--cluster.listen-address=",
               f"--web.listen-address={alertmanager}", "--log.level=error"]  # fmt: skip
    with subprocess.Popen(command) as telling:
        try:
            asyncio.run(wait_until_ready(f"http://{alertmanager}/-/ready"))
            with running_prometheus(
                find_program("prometheus"), folder, yaml.safe_dump(config),
                ("--rules.alert.resend-delay=1s",), address=own,
                retention="3d" if ails else "35d",
            ) as url:  # fmt: skip
                yield url
        finally:
            telling.kill()


def _groups(*, ails: bool) -> list[dict[str, object]]:
    slow = [{"record": "slow", "expr": 'nothing{kept="elsewhere"}'}]
    failing = [
        {"record": "failing", "expr": "up * on () up"},  # many-to-many
        {"record": "fine", "expr": "up"},
    ]
    alerting = [
        {"alert": "Always", "expr": "vector(1)", "for": "10s"}
    ]  # the receiver is known then
    every = {
        model.SLOW_GROUP: slow if ails else alerting,
        model.FAILING_GROUP: failing if ails else alerting,
        model.WELL_GROUP: alerting,
    }
    interval = f"{INTERVAL_SECONDS if ails else PATIENT_SECONDS:g}s"
    return [
        {"name": name.partition(";")[2], "interval": interval, "rules": rules}
        for name, rules in every.items()
    ]


@pytest.fixture(scope="module")
def old(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Data of a Prometheus whose samples go back far."""
    data = tmp_path_factory.mktemp("old") / "data"
    now = int(time.time())
    samples = "".join(f"old 1 {now - days * int(_DAY)}\n" for days in BLOCKS_DAYS)
    text = data.with_suffix(".om")
    text.write_text(f"# TYPE old gauge\n{samples}# EOF\n", encoding="utf-8")
    command = ["tsdb", "create-blocks-from", "openmetrics", str(text), str(data)]
    subprocess.run(
        [str(find_program("promtool")), *command], check=True, capture_output=True, timeout=60
    )
    return data


def _write(path: Path, content: object) -> None:
    path.write_text(yaml.safe_dump(content), encoding="utf-8")


@pytest.fixture(scope="module")
def told() -> Seen:
    """What the model says of a minute of the same ails."""
    servers = model.OwnServers()
    start = float(int(time.time() - AILING_SECONDS))
    for fault in (
        model.SLOW_RULES, model.FAILING_RULES, model.SHORT_STORAGE, model.REFUSED_MESSAGES,
    ):  # fmt: skip
        servers.begin(fault, start)
    end = start + AILING_SECONDS
    return Seen(list(servers.series("p", start, end, INTERVAL_SECONDS)), {})


def gain(of: Series) -> float:
    """Return by how much a counter rose."""
    return float(of.values[-1] - of.values[0])


def seconds(of: Series) -> float:
    """Return for how long a series was scraped."""
    return float(of.times_ms[-1] - of.times_ms[0]) / 1000


def test_all_that_the_model_says_is_said_under_these_names_and_labels(seen: Seen, told: Seen):
    """Kinds of receivers by their names; an Alertmanager by the address that it is told at."""
    missing = []
    for each in told.series:
        name, labels = each.labels["__name__"], dict(each.labels)
        known = [{**found.labels} for found in seen.of(name, job=labels["job"])]
        if "integration" in labels:
            known = [found for found in known if found["integration"] == labels["integration"]]
        if labels.keys() not in [found.keys() for found in known]:
            missing.append((labels, known))
    (address,) = (each.labels["instance"] for each in seen.of("up", job="alertmanager"))
    (errors,) = seen.of("prometheus_notifications_errors_total")

    assert not missing
    assert model.NOTIFIED.replace(model.ALERTMANAGER, address) == errors.labels["alertmanager"]


def test_rules_that_take_longer_than_their_interval_miss_what_there_is_no_time_for(
    seen: Seen, told: Seen
):
    """One evaluation after the other, each at its interval's time: of 1.2 intervals, one of six."""
    for said in (seen, told):
        took = said.rules("prometheus_rule_group_last_duration_seconds", model.SLOW_GROUP)
        taken = took.values[took.values > 0]
        missed = said.rules("prometheus_rule_group_iterations_missed_total", model.SLOW_GROUP)
        due = seconds(missed) / INTERVAL_SECONDS

        assert min(taken) >= model.SLOW_SHARE * INTERVAL_SECONDS
        assert abs(gain(missed) - due * (1 - INTERVAL_SECONDS / taken.mean())) <= 2
        assert gain(missed) >= 5


def test_the_age_of_an_evaluation_is_that_of_the_last_one_that_has_ended(seen: Seen, told: Seen):
    """Between once and twice what one takes: it is told of when it ends, by its begin."""
    for said in (seen, told):
        began = said.rules(
            "prometheus_rule_group_last_evaluation_timestamp_seconds", model.SLOW_GROUP
        )
        took = said.rules("prometheus_rule_group_last_duration_seconds", model.SLOW_GROUP)
        longest = max(took.values)
        ages = (began.times_ms / 1000 - began.values)[began.values > 0]

        assert min(ages) >= model.SLOW_SHARE * INTERVAL_SECONDS - 0.1
        assert max(ages) <= 2 * longest + 0.5
        assert max(ages) - min(ages) >= model.SLOW_SHARE * INTERVAL_SECONDS / 2


def test_a_rule_that_fails_counts_once_an_evaluation(seen: Seen, told: Seen):
    """The other rule of its group, and other groups, count nothing."""
    for said in (seen, told):
        failed = said.rules("prometheus_rule_evaluation_failures_total", model.FAILING_GROUP)
        missed = said.rules("prometheus_rule_group_iterations_missed_total", model.FAILING_GROUP)
        first = int(failed.values.searchsorted(0.5))
        done = (failed.times_ms[-1] - failed.times_ms[first]) / 1000 / INTERVAL_SECONDS

        assert abs(failed.values[-1] - failed.values[first] + gain(missed) - done) <= 2
        for group in (model.SLOW_GROUP, model.WELL_GROUP):
            name = "prometheus_rule_evaluation_failures_total"
            assert gain(said.rules(name, group)) == 0


def test_storage_that_was_cut_goes_back_to_the_oldest_block_that_is_left(seen: Seen, told: Seen):
    """In whole seconds, standing still until another block goes; a deletion counts once."""
    for said, deleted_by in ((seen, "time"), (told, "size")):
        (lowest,) = said.of("prometheus_tsdb_lowest_timestamp_seconds")
        (deletions,) = said.of(f"prometheus_tsdb_{deleted_by}_retentions_total")

        assert {0.0} == {float(each) % 1 for each in lowest.values}
        assert lowest.values[0] == lowest.values[-1]
        assert 0 < lowest.times_ms[0] / 1000 - lowest.values[0] < 4 * _DAY
        assert deletions.values[-1] == 1


def test_storage_that_is_cut_by_size_counts_under_another_name(tmp_path: Path, old: Path):
    """As the model has it: no server is started anew for it."""
    shutil.copytree(old, tmp_path / "data")
    flags = ("--storage.tsdb.retention.size=1KB",)
    with (
        running_prometheus(find_program("prometheus"), tmp_path, "{}", flags) as url,
        urllib.request.urlopen(f"{url}/metrics") as answer,  # noqa: S310 - our own child
    ):
        said = dict(line.rsplit(b" ", 1) for line in answer.read().splitlines())

    assert said[b"prometheus_tsdb_size_retentions_total"] == b"1"
    assert said[b"prometheus_tsdb_time_retentions_total"] == b"0"
    assert float(said[b"prometheus_tsdb_lowest_timestamp_seconds"]) > time.time() - 59 * _DAY


def test_a_message_that_slack_answers_with_a_500_counts_once_when_the_next_is_due(
    seen: Seen, told: Seen
):
    """Tried again and again until then. Of other kinds of receivers none."""
    name = "alertmanager_notifications_failed_total"
    for said, every in ((seen, GIVES_UP_SECONDS), (told, model.MESSAGE_SECONDS)):
        (slack,) = said.of(name, integration="slack")
        begun = 15.0 if said is seen else 0.0  # an alert fires after 10 s, and is sent
        assert abs(slack.values[-1] - (seconds(slack) - begun) / every) <= 1.5
        assert slack.values[-1] >= 1 or said is told
        for other in said.of(name):
            assert other is slack or gain(other) == 0


def test_the_alerts_of_the_watch_find_what_ails_and_nothing_where_all_is_well(seen: Seen):
    """Each by its own expression, asked once; a server alone pages."""
    assert {
        (RULES_LATE, TICKET): (1, 0),
        (RULES_FAILING, PAGE): (1, 0),
        (STORAGE_SHORT, TICKET): (1, 0),
        (NOTIFICATIONS_FAILING, PAGE): (1, 0),
    } == {name: found for name, found in seen.found.items() if any(found)}
