"""The page of one vLLM 0.32 engine, and the registers in which engines keep its numbers."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from demo.sim.cluster import Flags
from demo.sim.exposition import PageFamily, Template, children_of, created_name, make_template
from demo.sim.latency import Floats
from demo.sim.workload import MAX_MODEL_LEN
from exporters.dialects import ForeignFamily, read_dialect

Numbers = npt.NDArray[np.floating[Any]] | npt.NDArray[np.int64]

DIALECT = read_dialect("vllm_0_32")
REQUEST_TOKENS = frozenset(
    {
        "vllm:request_prompt_tokens",
        "vllm:request_generation_tokens",
        "vllm:request_max_num_generation_tokens",
        "vllm:request_params_max_tokens",
        "vllm:request_prefill_kv_computed_tokens",
    }
)
"""Histograms whose bounds follow from the longest context."""


def request_token_bounds(max_model_len: int) -> tuple[float, ...]:
    """Return 1, 2, 5, 10 ... up to the longest context in tokens, as vLLM makes them."""
    bounds = (float(mantissa * 10**power) for power in range(12) for mantissa in (1, 2, 5))
    return tuple(bound for bound in bounds if bound <= max_model_len)


def vllm_families(
    engine: str,
    model: str,
    *,
    max_model_len: int = MAX_MODEL_LEN,
    kv_cache_tokens: int | None = None,
) -> list[PageFamily]:
    """Return what stands on an engine's page.

    Args:
        engine: its data-parallel rank.
        model: the served model's name.
        max_model_len: the longest context in tokens.
        kv_cache_tokens: the size of the KV cache; None leaves the dialect's.
    """
    known = {"engine": engine, "model_name": model}
    return [
        PageFamily(
            family,
            children_of(_resize_cache(family, kv_cache_tokens), known),
            bounds_of(family, max_model_len),
        )
        for family in DIALECT.families
    ]


def bounds_of(family: ForeignFamily, max_model_len: int = MAX_MODEL_LEN) -> tuple[float, ...]:
    """Return a histogram's bounds on the page of an engine with this longest context."""
    return request_token_bounds(max_model_len) if family.name in REQUEST_TOKENS else family.bounds


def _resize_cache(family: ForeignFamily, tokens: int | None) -> ForeignFamily:
    if tokens is None or family.name != "vllm:cache_config_info":
        return family
    block = 16
    sizes = {
        "block_size": block,
        "effective_attention_block_size": block,
        "kv_cache_size_tokens": tokens,
        "num_gpu_blocks": tokens // block,
        "kv_cache_max_concurrency": tokens / MAX_MODEL_LEN,
        "kv_cache_memory_bytes": None,
    }
    values = {label: (str(size),) for label, size in sizes.items()}
    return replace(family, values={**family.values, **values})


BOUNDS = {family.name: bounds_of(family) for family in DIALECT.families if family.bounds}
"""Upper bounds of the engines' histograms."""
_CHILDREN = {
    family.name: next(iter(family.values.values()))
    for family in DIALECT.families
    if len(family.values) == 1
}
"""Values of the one label that tells a family's children apart."""


class Registers:
    """The numbers of all engines' pages: a row an engine, in the page's order.

    They are the engine's memory and die with it: :meth:`restart` sets them to 0.
    """

    def __init__(self, groups: int, now: float) -> None:
        self.template: Template = make_template(vllm_families("0", "model"))
        self.values: Floats = np.zeros((groups, self.template.size))
        self._created = [
            self.template.slots[created_name(family)]
            for family in DIALECT.families
            if family.created
        ]
        self.restart(np.ones(groups, bool), now)

    def view(self, name: str) -> Floats:
        """Return a family's values, to be changed in place. [G, values]."""
        return self.values[:, self.template.slots[name]]

    def add(self, name: str, amounts: Numbers) -> None:
        """Add to a counter with one child. ``amounts`` is [G]."""
        self.view(name)[:, 0] += amounts

    def add_to(self, name: str, child: str, amounts: Numbers) -> None:
        """Add to that child of a counter whose own label has the value ``child``."""
        self.view(name)[:, _CHILDREN[name].index(child)] += amounts

    def add_summary(self, name: str, counts: Numbers, sums: Numbers) -> None:
        """Add to a summary's count and sum. [G] each."""
        self.view(name)[:, :2] += np.stack([counts, sums], axis=1)

    def observe(self, name: str, counts: Numbers, sums: Numbers) -> None:
        """Add observations to a histogram.

        Args:
            name: of a family with one child.
            counts: [G, K], observations in each bucket, the last above all bounds.
            sums: [G], of the observed values.
        """
        values, buckets = self.view(name), counts.shape[1]
        running = counts.cumsum(axis=1)
        values[:, :buckets] += running
        values[:, buckets] += running[:, -1]
        values[:, buckets + 1] += sums

    def restart(self, restarted: Flags, now: float) -> None:
        """Set the numbers of restarted engines to those of a new process."""
        values = np.zeros(self.template.size)
        for slot in self._created:
            values[slot] = now
        for name, value in _CONSTANTS.items():
            values[self.template.slots[name]] = value
        values[self.template.slots["process_start_time_seconds"]] = now
        self.values[restarted] = values


_CONSTANTS: dict[str, float | Sequence[float]] = {
    "python_info": 1.0,
    "python_gc_objects_collected_total": (15279.0, 1570.0, 1241.0),
    "python_gc_collections_total": (1552.0, 141.0, 10.0),
    "process_virtual_memory_bytes": 4.2e10,
    "process_resident_memory_bytes": 3.1e9,
    "process_cpu_seconds_total": 41.0,
    "process_open_fds": 135.0,
    "process_max_fds": 1048576.0,
    "vllm:engine_sleep_state": (1.0, 0.0, 0.0),
    "vllm:cache_config_info": 1.0,
}
"""What an engine shows when it has just started."""
