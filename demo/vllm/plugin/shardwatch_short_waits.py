"""A plugin for vLLM: processes that wait for each other sleep at once instead of spinning.

vLLM's engine and workers poll shared memory for a second after each message before they sleep
(``SpinCondition``, vLLM 0.32). On many cores that saves microseconds; on two, under steady traffic,
six processes that spin take both cores from everything else, and from each other. vLLM loads
plugins in each of its processes (entry point group ``vllm.general_plugins``).
"""

from importlib import import_module
from typing import Any

SPIN_SECONDS = 0.001


def register() -> None:
    """Shorten the spinning; do nothing where vLLM has no such thing."""
    try:
        condition: Any = import_module(
            "vllm.distributed.device_communicators.shm_broadcast"
        ).SpinCondition
    except (ImportError, AttributeError):
        return
    original = condition.__init__

    def shortened(self: Any, *arguments: Any, **named: Any) -> None:
        original(self, *arguments, **named)
        if self.busy_loop_s:
            self.busy_loop_s = SPIN_SECONDS

    condition.__init__ = shortened
