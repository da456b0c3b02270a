"""What people read, as a real Alertmanager writes it: in Slack, by e-mail, through a webhook."""

import asyncio
import email
import email.policy
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import yaml
from aiohttp import web

from alerts.routing import alertmanager_config
from demo.setup.programs import find_program
from tests.alerts.routing.configuring import MAIL, SLACK, file_of, objective
from tests.alerts.test_alertmanager import BEGAN, BURN_ANNOTATIONS, BURN_LABELS, Chain, eventually
from tests.alerts.test_testing import wait_for

GPU_LOST = {"alertname": "GpuLost", "severity": "ticket", "cluster": "demo", "region": "eu",
            "model": "chat", "group": "g", "host": "h"}  # fmt: skip
SINCE = BEGAN.strftime("%Y-%m-%d %H:%M:%S UTC")


@dataclass
class Inbox:
    """What came."""

    posts: list[tuple[dict[str, str], Any]] = field(default_factory=list)
    mails: list[Any] = field(default_factory=list)
    stopped: asyncio.Event = field(default_factory=asyncio.Event)
    loop: asyncio.AbstractEventLoop | None = None

    async def take_post(self, request: web.Request) -> web.Response:
        """Take what Slack or a webhook takes."""
        self.posts.append((dict(request.headers), await request.json()))
        return web.Response(text="ok")

    async def take_mail(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take a mail as a server without TLS or passwords does (RFC 5321)."""
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            verb = line[:4].upper()
            if verb == b"DATA":
                writer.write(b"354 go on\r\n")
                body = await reader.readuntil(b"\r\n.\r\n")
                self.mails.append(email.message_from_bytes(body, policy=email.policy.default))
            writer.write(b"221 bye\r\n" if verb == b"QUIT" else b"250 ok\r\n")
            await writer.drain()
            if verb == b"QUIT":
                break
        writer.close()


@pytest.fixture
def inbox(free_ports: tuple[int, int]) -> Iterator[Inbox]:
    """Both servers, on free ports, in a thread of their own."""
    inbox, ready = Inbox(), threading.Event()

    async def serve() -> None:
        app = web.Application()
        app.router.add_post("/{any}", inbox.take_post)
        runner = web.AppRunner(app)
        await runner.setup()
        await web.TCPSite(runner, "127.0.0.1", free_ports[0]).start()
        async with await asyncio.start_server(inbox.take_mail, "127.0.0.1", free_ports[1]):
            ready.set()
            await inbox.stopped.wait()
        await runner.cleanup()

    def run() -> None:
        with asyncio.Runner() as runner:
            inbox.loop = runner.get_loop()
            runner.run(serve())

    thread = threading.Thread(target=run)
    thread.start()
    ready.wait()
    yield inbox
    inbox.loop.call_soon_threadsafe(inbox.stopped.set)
    thread.join()


@pytest.fixture
def chain(
    inbox: Inbox, free_ports: tuple[int, int], free_port: int, tmp_path: Path
) -> Iterator[Chain]:
    """An Alertmanager that tells all of them."""
    http, smtp = (f"127.0.0.1:{port}" for port in free_ports)
    (tmp_path / "slack.url").write_text(f"http://{http}/slack")
    (tmp_path / "token").write_text("a-token")
    told = {
        "group_wait": "300ms",
        "group_interval": "600ms",
        "receivers": {
            "serving": {
                "slack": SLACK,
                "email": {**MAIL, "smarthost": smtp, "require_tls": False},
            },
            "robot": {"webhook": {"url": f"http://{http}/hook", "credentials_file": "token"}},
            "asleep": {
                "webhook": {"url": f"http://{http}/asleep"},
                "tickets_during": ["never"],
            },
        },
        "owners": {"serving": "serving", "sleeper": "asleep"},
        "fallback": "robot",
        "times": {"never": [{"years": ["1970:1971"]}]},
    }
    config = alertmanager_config(file_of(alertmanager=told), tmp_path, "demo", [objective()])
    built = tmp_path / "alertmanager.yml"
    built.write_text(yaml.safe_dump(config))
    command = [
        str(find_program("alertmanager")), f"--config.file={built}",
        f"--storage.path={tmp_path / 'data'}", "--cluster.listen-address=",
        f"--web.listen-address=127.0.0.1:{free_port}", "--log.level=warn",
    ]  # fmt: skip
    with subprocess.Popen(command) as running:
        try:
            wait_for(free_port)
            yield Chain(f"http://127.0.0.1:{free_port}", f"http://{http}")
        finally:
            running.terminate()


def test_slack_and_e_mail_say_what_a_page_should(chain: Chain, inbox: Inbox):
    """Title, facts, who is hit, since when, where to look; and that it is over."""
    chain.send(BURN_LABELS)
    [[_, slack]] = eventually(lambda: inbox.posts)
    [mail] = eventually(lambda: inbox.mails)
    chain.send(BURN_LABELS, resolved=True)
    resolved = eventually(lambda: inbox.posts[1:])[0][1]["attachments"][0]
    over = eventually(lambda: inbox.mails[1:])[0]

    [said] = slack["attachments"]
    summary = BURN_ANNOTATIONS["summary"]
    assert ("#serving", f"[page] {summary}", "danger") == (
        slack["channel"], said["title"], said["color"])  # fmt: skip
    assert "from=now-3h" not in said["title_link"]
    assert said["title_link"].startswith("http://grafana/d/shardwatch-slo?var-region=eu&from=1")
    assert ["http://runbooks/ErrorBudgetBurn.md"] == [
        each["url"] for each in said["actions"] if each["text"] == "Runbook"
    ]
    assert [
        f"*Burns:* {BURN_ANNOTATIONS['burn_rate']}",
        f"*Budget left:* {BURN_ANNOTATIONS['budget_left']}",
        f"*Budget gone:* {BURN_ANNOTATIONS['budget_gone']}",
        f"*Groups hit:* {BURN_ANNOTATIONS['groups_hit']}",
        f"*Probable cause:* {BURN_ANNOTATIONS['probable_cause']}",
        f"*First:* {BURN_ANNOTATIONS['first_step']}",
        f"*Description:* {BURN_ANNOTATIONS['description']}",
        "alertname `ErrorBudgetBurn` slo `chat-availability` service `inference` region `eu` "
        "model `chat` owner `serving`",
    ] == said["text"].split("\n")
    assert f"since {SINCE}" == said["footer"]
    assert (f"[resolved] {summary}", "good") == (resolved["title"], resolved["color"])

    text = " ".join(mail.get_body(("plain",)).get_content().split())
    assert f"[page] {summary}" == mail["Subject"]
    for fact in (
        f"Budget gone: {BURN_ANNOTATIONS['budget_gone']}",
        f"Probable cause: {BURN_ANNOTATIONS['probable_cause']}",
        f"First: {BURN_ANNOTATIONS['first_step']}",
        "region: eu",
        f"Since: {SINCE}",
        f"Dashboard: {said['title_link']}",
        "Runbook: http://runbooks/ErrorBudgetBurn.md",
    ):
        assert fact in text
    assert f"[resolved] {summary}" == over["Subject"]


def test_what_is_nobody_elses_reaches_the_fallback_which_asks_for_a_token(
    chain: Chain, inbox: Inbox
):
    """The token stands in a file, and in the request alone."""
    chain.send(GPU_LOST)
    [[headers, told]] = eventually(lambda: inbox.posts)

    assert "Bearer a-token" == headers["Authorization"]
    assert [GPU_LOST] == [each["labels"] for each in told["alerts"]]


def test_tickets_wait_for_their_times_and_pages_do_not(chain: Chain, inbox: Inbox):
    """What is told is the page, though the ticket came first."""
    sleeper = {**BURN_LABELS, "owner": "sleeper"}
    chain.send({**sleeper, "severity": "ticket", "burn_tier": "3d", "region": "us"})
    chain.send({**BURN_LABELS, "owner": "serving", "severity": "ticket", "region": "us"})
    eventually(lambda: inbox.posts)
    chain.send(sleeper)
    _, page = eventually(lambda: inbox.posts[1:] and inbox.posts)

    assert [("page", "eu")] == [
        (each["labels"]["severity"], each["labels"]["region"]) for each in page[1]["alerts"]
    ]
