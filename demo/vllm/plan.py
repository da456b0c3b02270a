"""Plans the demo on real vLLM: two groups of two ranks, a router, a tool gateway, their users.

On CPUs, or on the machine's GPUs where this Python's vLLM can use them (:mod:`demo.vllm.gpus`).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from demo.engine import Child, EnginePlan, Habit
from demo.objectives import AVAILABILITY, FIRST_TOKEN, TOOL_SUCCESS
from demo.traffic.gateway import TOOLS
from demo.traffic.sessions import calls_per_session, requests_per_session
from demo.traffic.users import SESSIONS_PER_SECOND
from demo.vllm.gpus import Gpu, Machine, find_machine, share_out

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

MOST_IN_FLIGHT = 48
"""Of a server; more it answers with 503. A group that hangs has 25 at the usual traffic (what comes
within a first token's deadline), and half as many that users try again."""

TELEMETRY_VARIABLE = "SHARDWATCH_DEMO_DCGM"
"""Holds the address of the page of this machine's dcgm-exporter, if it has one."""

WITHOUT_GPUS = (
    "shardwatch_gpu_",
    "shardwatch_group_gpus_",
    "shardwatch_group_cache_missed_bound_gpu_seconds",
    "shardwatch:cell_gpu",
    "shardwatch:cell_cache_missed_gpus",
    "shardwatch:driver_hosts",
)
"""Series of GPUs, and what is counted in them."""
NOT_SERVED = (
    "shardwatch_metering_",
    "shardwatch_residency_",
    "shardwatch_safety_",
    "shardwatch_weights_",
    "shardwatch:billed_tokens",
    "shardwatch:served_tokens",
    "shardwatch:cell_seen",
)
"""Series of a meter, a filter, residency and a loader of weights: vLLM has none, nor its router."""

SERVER_ARGUMENTS = (
    *("--served-model-name", MODEL),
    *("--dtype", "bfloat16"),
    *("--max-model-len", "2048"),
    *("--block-size", "32"),  # on CPUs a multiple of 32; a shared prefix hits block by block
    *("--kv-cache-memory-bytes", str(128 << 20)),  # a rank; 260,000 tokens
    *("--max-num-queued-reqs", str(MOST_IN_FLIGHT)),
    "--enable-prompt-tokens-details",  # usage tells how many of them were cached
    "--enforce-eager",
    *("--uvicorn-log-level", "warning"),
)


@dataclass(frozen=True)
class _Seat:
    """Where one group runs."""

    port: int
    gpus: tuple[Gpu, ...] = ()
    """None on CPUs."""

    @property
    def ranks(self) -> int:
        return len(self.gpus) or RANKS


def plan_vllm(
    ports: Iterator[int], *, directory: Path, machine: Machine | None = None
) -> EnginePlan:
    """Return the plan of a demo on real vLLM.

    Args:
        ports: free ones; the first is the control interface's.
        directory: for the model, caches and notes of who runs what.
        machine: by default this one's GPUs with this Python, or the checkout's environment for
            CPUs.

    Raises:
        InputError: there is no such environment.
    """
    machine = machine or find_machine()
    control, router, gateway, site = (next(ports) for _ in range(4))
    seats = _seats(machine, ports)
    engines = {name: seat.port for name, seat in seats.items()}
    folder = directory / "vllm"
    return EnginePlan(
        name="vllm",
        topology=_topology(seats, router, gateway, os.environ.get(TELEMETRY_VARIABLE)),
        children=(
            *(_server(name, seat, machine.python, folder) for name, seat in seats.items()),
            _router(router, engines),
            _gateway(gateway, site),
            _users(
                control,
                engines,
                router=router,
                gateway=gateway,
                folder=folder,
                python=machine.python,
            ),
        ),
        control_url=_url(control),
        habits=_habits(),
        tools=TOOLS,
        lacks=NOT_SERVED if machine.gpus else (*WITHOUT_GPUS, *NOT_SERVED),
    )


def _seats(machine: Machine, ports: Iterator[int]) -> dict[str, _Seat]:
    if not machine.gpus:
        return {name: _Seat(next(ports)) for name in GROUPS}
    shared = share_out(machine.gpus, GROUPS, RANKS)
    return {name: _Seat(next(ports), gpus) for name, gpus in shared.items()}


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


def _topology(
    seats: Mapping[str, _Seat], router: int, gateway: int, telemetry: str | None
) -> dict[str, Any]:
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
                "metrics": f"{_url(seat.port)}/metrics",
                "members": [_member(seat, telemetry)],
            }
            for name, seat in seats.items()
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


def _member(seat: _Seat, telemetry: str | None) -> dict[str, Any]:
    member: dict[str, Any] = {"host": MEMBER, "gpus": [gpu.uuid for gpu in seat.gpus]}
    return {**member, "telemetry": telemetry} if seat.gpus and telemetry else member


def _server(name: str, seat: _Seat, python: str, folder: Path) -> Child:
    health = f"{_url(seat.port)}/health"
    return Child(
        name=f"vllm-{name}",
        command=(
            *(sys.executable, "-m", "demo.vllm.serve"),
            *("--python", python, "--model", str(folder / "model"), "--seed", str(SEED)),
            *("--note", str(note_file(folder, name)), "--ready", health, "--"),
            *("--host", HOST, "--port", str(seat.port)),
            *("--tensor-parallel-size", str(seat.ranks)),
            *SERVER_ARGUMENTS,
        ),
        ready_url=health,
        ready_within_seconds=START_WITHIN_SECONDS,
        environment={
            **_environment(folder / "cache"),
            **(_gpu_environment(seat.gpus) if seat.gpus else _CPU_ENVIRONMENT),
        },
    )


def _environment(cache: Path) -> dict[str, str]:
    """Return variables that keep vLLM off the network and in its folder."""
    return {
        "VLLM_SERVER_DEV_MODE": "1",  # cache resets and weights in place: loopback alone listens
        "VLLM_HOST_IP": HOST,
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


_CPU_ENVIRONMENT = {
    "OMP_NUM_THREADS": "1",
    "VLLM_CPU_OMP_THREADS_BIND": "nobind",  # two servers share the cores, whatever their number
    "TORCH_COMPILE_DISABLE": "1",  # else the first request waits 16 s for a C++ compiler
    "GLOO_SOCKET_IFNAME": "lo",
}
"""One thread a rank."""


def _gpu_environment(gpus: tuple[Gpu, ...]) -> dict[str, str]:
    """Return variables that let a server see its own GPUs, counted as NVML counts them."""
    return {
        "CUDA_DEVICE_ORDER": "PCI_BUS_ID",
        "CUDA_VISIBLE_DEVICES": ",".join(str(gpu.index) for gpu in gpus),
        "VLLM_PLUGINS": "",  # ours is for machines with fewer cores than processes
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


def _users(
    port: int, engines: Mapping[str, int], *, router: int, gateway: int, folder: Path, python: str
) -> Child:
    described = (
        ("--engine", f"{name}={note_file(folder, name)}={_url(engine)}")
        for name, engine in engines.items()
    )
    return Child(
        name="traffic",
        command=(
            *(sys.executable, "-m", "demo.traffic.drive", "--port", str(port)),
            *("--region", REGION, "--model", MODEL),
            *("--router", _url(router), "--gateway", _url(gateway), "--python", python),
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
