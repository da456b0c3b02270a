"""A stand-in for the Python that has vLLM: a server with two workers, as processes."""

import sys
from pathlib import Path

import pytest

FAKE = '''\
"""Stands in for vLLM's server: an engine core with two workers that do not heed SIGTERM."""
import json, os, signal, subprocess, sys, time

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
    workers = []
    for rank in range(2):
        shared = f"/dev/shm/shardwatch-test-{os.getpid()}-{rank}"
        command = [f"VLLM::Worker_TP{rank}", __file__, "worker", shared]
        worker = subprocess.Popen(command, executable=sys.executable, stdout=subprocess.PIPE)
        worker.stdout.readline()
        workers.append({"pid": worker.pid, "shared": shared})
    print(json.dumps(workers), flush=True)
    time.sleep(600)
else:
    core = subprocess.Popen([sys.executable, __file__, "core"], stdout=subprocess.PIPE)
    workers = json.loads(core.stdout.readline())
    tree = {"server": os.getpid(), "core": core.pid, "workers": workers, "arguments": sys.argv[1:]}
    new = os.environ["FAKE_TREE"] + ".new"
    with open(new, "w") as file:
        json.dump(tree, file)
    os.rename(new, os.environ["FAKE_TREE"])
    time.sleep(600)
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
