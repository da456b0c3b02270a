"""A stand-in for the Python that has vLLM: a server with two workers, as processes."""

import json
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from demo.vllm.launching import UP, read_state
from demo.vllm.workers import Engine
from tests.demo.vllm.waiting import wait_until

FAKE = '''\
"""Stands in for vLLM's server: an engine core with two workers that do not heed SIGTERM.

As vLLM's, the core ends when a worker does, and the server when the core does.
"""
import http.server, json, os, signal, subprocess, sys, threading, time

# A Python that was started by another name does not know where it is.
python = os.environ.setdefault("FAKE_PYTHON", sys.executable)


def start(title, *arguments):
    command = [title, __file__, *arguments]
    return subprocess.Popen(command, executable=python, stdout=subprocess.PIPE)


if sys.argv[1:2] == ["worker"]:
    import mmap

    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    with open(sys.argv[2], "w+b") as file:
        file.truncate(4096)
        mapped = mmap.mmap(file.fileno(), 4096)
    print("mapped", flush=True)
    os.close(1)
    time.sleep(600)
elif sys.argv[1:2] == ["core"]:
    workers, told = [], []
    for rank in range(2):
        shared = f"/dev/shm/shardwatch-test-{os.getpid()}-{rank}"
        worker = start(f"VLLM::Worker_TP{rank}", "worker", shared)
        worker.stdout.readline()
        workers.append(worker)
        told.append({"pid": worker.pid, "shared": shared})
    print(json.dumps(told), flush=True)
    while all(worker.poll() is None for worker in workers):
        time.sleep(0.02)
else:
    core = start("VLLM::EngineCore", "core")
    workers = json.loads(core.stdout.readline())
    tree = {"server": os.getpid(), "core": core.pid, "workers": workers, "arguments": sys.argv[1:],
            "variable": os.environ.get("FAKE_VARIABLE")}
    new = os.environ["FAKE_TREE"] + ".new"
    with open(new, "w") as file:
        json.dump(tree, file)
    os.rename(new, os.environ["FAKE_TREE"])

    class Health(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_):
            pass

    port = int(sys.argv[sys.argv.index("--port") + 1])
    if port:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", port), Health)
        threading.Thread(target=server.serve_forever, daemon=True).start()
    core.wait()
    sys.exit(1)
'''


@pytest.fixture
def fake_python(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A Python in which ``vllm.entrypoints.openai.api_server`` is the stand-in.

    The server writes who is who to the file that the variable FAKE_TREE names.
    """
    package = tmp_path / "site/vllm/entrypoints/openai"
    package.mkdir(parents=True)
    (package / "api_server.py").write_text(FAKE)
    monkeypatch.setenv("FAKE_TREE", str(tmp_path / "tree.json"))
    script = tmp_path / "python"
    script.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path / "site"} exec {sys.executable} "$@"\n')
    script.chmod(0o755)
    return script


@dataclass
class Kept:
    """A stand-in for a group's server with its keeper."""

    engine: Engine
    log: Path
    keeper: subprocess.Popen[bytes]
    folder: Path
    python: Path
    _waited: set[int] = field(default_factory=set)

    def tree(self) -> dict:
        """Return who is who now."""
        return json.loads((self.folder / "tree.json").read_text())

    def worker(self, rank: int) -> int:
        """Return the process id of a worker."""
        return self.tree()["workers"][rank]["pid"]

    def is_up(self, launch: int) -> bool:
        """Tell whether a launch of the server is up."""
        now = read_state(self.engine.note)
        return (now.launch, now.state) == (launch, UP)


@pytest.fixture
def kept(tmp_path: Path, fake_python: Path, free_port: int) -> Iterator[Kept]:
    """A server that is up, with two workers, and a keeper that starts it again."""
    (tmp_path / "model").mkdir()
    note, url = tmp_path / "g.process", f"http://127.0.0.1:{free_port}"
    command = [
        *(sys.executable, "-m", "demo.vllm.serve", "--python", str(fake_python)),
        *("--model", str(tmp_path / "model"), "--note", str(note)),
        *("--ready", f"{url}/health", "--", "--port", str(free_port)),
    ]
    log = tmp_path / "g.log"
    with log.open("wb") as file:
        keeper = subprocess.Popen(command, stderr=file)
    made = Kept(Engine(note, url), log, keeper, tmp_path, fake_python)
    try:
        wait_until(lambda: made.is_up(1))
        yield made
    finally:
        keeper.terminate()
        keeper.wait()
