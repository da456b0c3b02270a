"""``shardwatch dashboards preview``: what it serves, and what it refuses."""

import json
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import Any

import pytest

from dashboards.preview.command import serve_preview
from exporters.problems import InputError


def serve(**changes: Any) -> None:
    """Serve a preview with an option changed."""
    options = {
        "prometheus": "http://127.0.0.1:1", "paths": [], "host": "127.0.0.1", "port": 0,
        "http_config": None, "scrape_interval": "15s", "tell": lambda _: None,
    }  # fmt: skip
    serve_preview(**(options | changes))


def test_a_folder_of_boards_is_served_until_the_process_is_ended(tmp_path: Path):
    """It says where, and what is not shown; Prometheus need not be there yet."""
    (tmp_path / "a.json").write_text(json.dumps({"uid": "a", "title": "Mine", "panels": []}))
    (tmp_path / "b.json").write_text("{")
    options = ["--boards", str(tmp_path), "--prometheus", "http://127.0.0.1:1", "--port", "0"]
    command = [sys.executable, "-m", "shardwatch", "dashboards", "preview", *options]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout
        passed_over, said = process.stdout.readline(), process.stdout.readline()
        address = said.split()[-1]
        with urllib.request.urlopen(f"{address}d/a", timeout=60) as answer:  # noqa: S310 - ours
            text = answer.read().decode()
        process.terminate()
        process.wait(60)
    assert said.startswith("1 boards with the data of http://127.0.0.1:1: http://127.0.0.1:")
    assert "Mine" in text
    assert passed_over.startswith(f"not shown: {tmp_path / 'b.json'}:1:2: not JSON")


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"prometheus": "localhost:9090"}, "--prometheus: found 'localhost:9090', expected"),
        ({"prometheus": "file:///etc/passwd"}, "--prometheus: found 'file:///etc/passwd'"),
        ({"scrape_interval": "often"}, "--scrape-interval: 'often' is no duration"),
        ({"paths": [Path("/nowhere.json")]}, "/nowhere.json: "),
        ({"host": "no such host"}, "no such host:0: cannot be listened at"),
    ],
)
def test_what_cannot_be_used_is_refused_with_what_was_found(changes: dict[str, Any], said: str):
    """Before anything is served."""
    with pytest.raises(InputError) as refused:
        serve(**changes)
    assert str(refused.value).startswith(said)


@pytest.mark.parametrize(
    "address", ["http://me:hunter2@p:9090", "me:hunter2@p", "ftp://me:hunter2@p/"]
)
def test_an_address_with_a_password_is_refused_without_repeating_it(address: str):
    """It would stand on the terminal, on every page and in the list of processes."""
    with pytest.raises(InputError) as refused:
        serve(prometheus=address)
    assert "--http-config" in str(refused.value)
    assert "hunter2" not in str(refused.value)


def test_a_port_that_is_taken_is_said_and_what_to_do():
    """Another one is not taken in silence: people would look at the wrong page."""
    with (
        socket.create_server(("127.0.0.1", 0)) as taken,
        pytest.raises(InputError) as refused,
    ):
        serve(port=taken.getsockname()[1])
    assert "cannot be listened at: Address already in use; give another with --port" in str(
        refused.value
    )
