"""A plugin for vLLM: processes that wait for each other sleep in the kernel instead of spinning.

Made for machines with fewer cores than processes. In vLLM 0.32 engine and workers poll shared
memory for a second after each message before they sleep (``SpinCondition``), and ranks on CPUs
spin in each collective until the others are there, who may not even be scheduled. Here they sleep
for milliseconds at a time, and collectives go through torch.distributed (gloo), which is vLLM's
own way where ranks share no memory. vLLM loads plugins in each of its processes (entry point group
``vllm.general_plugins``).
"""

import time
from contextlib import suppress
from importlib import import_module
from typing import Any

NAP_MILLISECONDS = 5
"""A message ends a nap at once. But of two messages within a millisecond the second one's signal
may be lost (ZeroMQ looks only so often whether the first has left), so a nap must be short: vLLM's
own sleep lasts 5 s then."""

_PACKAGE = "vllm.distributed.device_communicators"


def register() -> None:
    """Change how vLLM waits; leave alone what a release no longer has."""
    for change in (_nap, _share_no_memory):
        with suppress(ImportError, AttributeError):
            change()


def _nap() -> None:
    condition: Any = import_module(f"{_PACKAGE}.shm_broadcast").SpinCondition
    no_block = import_module("zmq").NOBLOCK
    sleep_long = condition.wait

    def wait(self: Any, timeout_ms: int | None = None) -> None:
        if time.monotonic() > self.last_read + self.busy_loop_s:
            sleep_long(self, timeout_ms)
        elif self.local_notify_socket in dict(self.poller.poll(timeout=NAP_MILLISECONDS)):
            self.local_notify_socket.recv(flags=no_block, copy=False)

    condition.wait = wait


def _share_no_memory() -> None:
    communicator: Any = import_module(f"{_PACKAGE}.cpu_communicator").CpuCommunicator
    communicator._all_group_ranks_share_shm_group_name = lambda _: False  # noqa: SLF001
