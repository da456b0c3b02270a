"""`shardwatch review serve` as its users call it: it starts, or says in a sentence why not."""

import subprocess
import sys
import time
from pathlib import Path

import httpx2 as httpx
import pytest
from typer.testing import CliRunner

from exporters.problems import InputError
from slo.review.cli import app
from slo.review.killing import free_port
from tests.slo.review.messages import alert, webhook


def test_it_serves_until_it_is_told_to_end(tmp_path: Path):
    """An empty database gets its tables, a webhook is taken, and SIGTERM ends it at once.

    Under its public name it is asked, too: a proxy may keep that.
    """
    port, file = free_port(), tmp_path / "a folder of 100%" / "reviews.db"
    file.parent.mkdir()
    command = [sys.executable, "-m", "shardwatch", "review", "serve", "--database", str(file)]
    server = subprocess.Popen(
        [*command, "--listen", f"127.0.0.1:{port}", "--public-url", "https://reviews.example"],
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert f"webhooks go to http://127.0.0.1:{port}/webhook" in server.stdout.readline()
        deadline = time.monotonic() + 30
        while True:
            try:
                answer = httpx.post(f"http://127.0.0.1:{port}/webhook", content=webhook(alert()))
                break
            except httpx.ConnectError:
                assert time.monotonic() < deadline
                time.sleep(0.05)
        public = {"Host": "reviews.example"}
        named = httpx.get(f"http://127.0.0.1:{port}/healthz", headers=public)
        server.terminate()
        assert 200 == named.status_code
        assert 204 == answer.status_code
        server.wait(10)
    finally:
        server.kill()
        server.wait()
        server.stdout.close()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (["--listen", "here"], "--listen: found 'here', expected HOST:PORT"),
        (["--listen", "0.0.0.0:19810"], "and no token that webhooks must have"),
        (["--database", "oracle://x"], "found a database of 'oracle'"),
        (["--reach", "long"], "--reach"),
        (["--public-url", "reviews"], "--public-url: found 'reviews', expected one such as"),
    ],
)
def test_what_it_cannot_serve_is_told(tmp_path: Path, options: list[str], said: str):
    """And nothing is written."""
    database = ["--database", str(tmp_path / "reviews.db")]
    done = CliRunner().invoke(app, ["serve", *database, *options])

    assert isinstance(done.exception, InputError)
    assert said in str(done.exception.problems[0])
    assert not (tmp_path / "reviews.db").exists()
