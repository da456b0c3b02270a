"""Plans the demo on real vLLM: two groups of two ranks, a router, a tool gateway, their users."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from demo.engine import Child, EnginePlan, Habit
from demo.traffic.sessions import calls_per_session, requests_per_session
from demo.traffic.tally import AVAILABILITY, FIRST_TOKEN, TOOL_SUCCESS
from demo.traffic.users import SESSIONS_PER_SECOND
from demo.vllm.environment import find_vllm_python

CLUSTER, REGION, MODEL, REVISION = "demo", "eu", "chat", "r1"
GROUPS = ("eu-chat-0", "eu-chat-1")
GATEWAY = "gateway-eu"
HOST = "127.0.0.1"
MEMBER = "localhost"
"""The topology's name of this machine."""

RANKS = 2
SEED = 7
START_WITHIN_SECONDS = 420.0
"""Both servers import torch, six processes at once: 50 s on two idle cores, more on busy ones."""

SERVER_ARGUMENTS = (
    *("--served-model-name", MODEL),
    *("--tensor-parallel-size", str(RANKS)),
    *("--dtype", "bfloat16"),
    *("--max-model-len", "2048"),
    *("--block-size", "32"),  # on CPUs a multiple of 32; a shared prefix hits block by block
    *("--kv-cache-memory-bytes", str(128 << 20)),  # a rank; 260,000 tokens
    "--enforce-eager",
    *("--uvicorn-log-level", "warning"),
)


def plan_vllm(ports: Iterator[int], *, directory: Path, python: str | None = None) -> EnginePlan:
    """Return the plan of a demo on real vLLM.

    Args:
        ports: free ones; the first is the control interface's.
        directory: for the model, caches and notes of who runs what.
        python: of an environment that has vLLM; by default the checkout's.

    Raises:
        InputError: there is no such environment.
    """
    python = python or str(find_vllm_python())
    control, router, gateway, site = (next(ports) for _ in range(4))
    engines = {name: next(ports) for name in GROUPS}
    folder = directory / "vllm"
    return EnginePlan(
        name="vllm",
        topology=_topology(engines, router, gateway),
        children=(
            *(_server(name, port, python, folder) for name, port in engines.items()),
            _router(router, engines),
            _gateway(gateway, site),
            _users(control, router, gateway, engines, folder),
        ),
        control_url=_url(control),
        habits=_habits(),
    )


def _habits() -> tuple[Habit, ...]:
    """Return what was seen of the users while nothing was wrong."""
    cell = {"region": REGION, "model": MODEL}
    requests = SESSIONS_PER_SECOND * requests_per_session()
    calls = SESSIONS_PER_SECOND * calls_per_session()
    return (
        Habit(AVAILABILITY, cell, requests, bad_ratio=0.0002),
        Habit(FIRST_TOKEN, cell, requests, bad_ratio=0.002),
        Habit(TOOL_SUCCESS, cell, calls, bad_ratio=0.002),
    )


def _topology(engines: Mapping[str, int], router: int, gateway: int) -> dict[str, Any]:
    return {
        "version": 1,
        "cluster": CLUSTER,
        "groups": [
            {
                "name": name,
                "region": REGION,
                "model": MODEL,
                "revision": REVISION,
                "engine": "0",
                "metrics": f"{_url(port)}/metrics",
                "members": [{"host": MEMBER, "gpus": []}],
            }
            for name, port in engines.items()
        ],
        "routers": [
            {
                "name": REGION,
                "region": REGION,
                "dialect": "demo",
                "metrics": f"{_url(router)}/metrics",
            }
        ],
        "tools": [{"name": GATEWAY, "region": REGION, "metrics": f"{_url(gateway)}/metrics"}],
    }


def _server(name: str, port: int, python: str, folder: Path) -> Child:
    return Child(
        name=f"vllm-{name}",
        command=(
            *(sys.executable, "-m", "demo.vllm.serve"),
            *("--python", python, "--model", str(folder / "model"), "--seed", str(SEED)),
            *("--note", str(note_file(folder, name)), "--"),
            *("--host", HOST, "--port", str(port)),
            *SERVER_ARGUMENTS,
        ),
        ready_url=f"{_url(port)}/health",
        ready_within_seconds=START_WITHIN_SECONDS,
        environment=_environment(folder / "cache"),
    )


def _environment(cache: Path) -> dict[str, str]:
    """Return variables that keep vLLM on one thread a rank, off the network and in its folder."""
    return {
        "OMP_NUM_THREADS": "1",
        "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # two servers share the cores, whatever their number
        "TORCH_COMPILE_DISABLE": "1",  # else the first request waits 16 s for a C++ compiler
        "VLLM_HOST_IP": HOST,
        "GLOO_SOCKET_IFNAME": "lo",
        "HF_HUB_OFFLINE": "1",
        "TRANSFORMERS_OFFLINE": "1",
        "VLLM_NO_USAGE_STATS": "1",
        "DO_NOT_TRACK": "1",
        "HF_HOME": str(cache / "huggingface"),
        "VLLM_CACHE_ROOT": str(cache / "vllm"),
        "VLLM_CONFIG_ROOT": str(cache / "vllm-config"),
        "TORCHINDUCTOR_CACHE_DIR": str(cache / "inductor"),
        "TOKENIZERS_PARALLELISM": "false",
    }


def _router(port: int, engines: Mapping[str, int]) -> Child:
    groups = (("--group", f"{name}={_url(engine)}") for name, engine in engines.items())
    return Child(
        name=f"router-{REGION}",
        command=(
            *(sys.executable, "-m", "demo.vllm.router", "--port", str(port)),
            *("--model", MODEL, "--revision", REVISION),
            *(part for pair in groups for part in pair),
        ),
        ready_url=f"{_url(port)}/healthz",
    )


def _gateway(port: int, site: int) -> Child:
    return Child(
        name=GATEWAY,
        command=(
            *(sys.executable, "-m", "demo.traffic.gateway"),
            *("--port", str(port), "--site-port", str(site)),
        ),
        ready_url=f"{_url(port)}/healthz",
    )


def _users(port: int, router: int, gateway: int, engines: Mapping[str, int], folder: Path) -> Child:
    described = (
        ("--engine", f"{name}={note_file(folder, name)}={_url(engine)}")
        for name, engine in engines.items()
    )
    return Child(
        name="traffic",
        command=(
            *(sys.executable, "-m", "demo.traffic.drive", "--port", str(port)),
            *("--region", REGION, "--model", MODEL),
            *("--router", _url(router), "--gateway", _url(gateway)),
            *(part for pair in described for part in pair),
        ),
        ready_url=f"{_url(port)}/healthz",
        ready_within_seconds=START_WITHIN_SECONDS,
    )


def note_file(folder: Path, group: str) -> Path:
    """Return the file that says which process runs a group."""
    return folder / f"{group}.process"


def _url(port: int) -> str:
    return f"http://{HOST}:{port}"
