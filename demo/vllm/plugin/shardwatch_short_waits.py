"""A plugin for vLLM: processes that wait for each other sleep in the kernel instead of spinning.

Made for machines with fewer cores than processes. In vLLM 0.32 engine and workers poll shared
memory for a second after each message before they sleep (``SpinCondition``), and ranks on CPUs
spin in each collective until the others are there, who may not even be scheduled. Here they sleep
after a millisecond, and collectives go through torch.distributed (gloo), which is vLLM's own way
where ranks share no memory. vLLM loads plugins in each of its processes (entry point group
``vllm.general_plugins``).
"""

from contextlib import suppress
from importlib import import_module
from typing import Any

SPIN_SECONDS = 0.001
_PACKAGE = "vllm.distributed.device_communicators"


def register() -> None:
    """Change how vLLM waits; leave alone what a release no longer has."""
    for change in (_spin_shortly, _share_no_memory):
        with suppress(ImportError, AttributeError):
            change()


def _spin_shortly() -> None:
    condition: Any = import_module(f"{_PACKAGE}.shm_broadcast").SpinCondition
    original = condition.__init__

    def shortened(self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        if self.busy_loop_s:
            self.busy_loop_s = SPIN_SECONDS

    condition.__init__ = shortened


def _share_no_memory() -> None:
    communicator: Any = import_module(f"{_PACKAGE}.cpu_communicator").CpuCommunicator
    communicator._all_group_ranks_share_shm_group_name = lambda _: False  # noqa: SLF001
