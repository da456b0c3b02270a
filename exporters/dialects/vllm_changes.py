"""What vLLM renamed and removed from 0.6 to 0.33, and how a page tells which names it speaks.

The table is ``vllm_changes.json``. vLLM deprecates a name in one minor version, hides it in the
next and removes it in the one after, so for a while both names are on a page and say the same: the
newer one is read then, the other left alone. Under Ray Serve the same families have other
spellings (``ray_vllm_num_requests_running``), and counters come with and without ``_total``.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path


@dataclass(frozen=True)
class Changes:
    """The table. Names are on the wire, as vLLM's own server spells them."""

    engine_label: str
    """Of the data-parallel rank; absent before vLLM's V1 engine."""
    default_engine: str
    """The rank of an engine that has no such label."""
    router_label: str
    """On series of production-stack's router, which are called as an engine's but are none."""
    ray_prefixes: tuple[str, ...]
    """What Ray may write for ``vllm:``."""
    replica_label: str
    """Ray's, of the replica that an engine is part of."""
    older: Mapping[str, str]
    """Base names as they are now, each with the one before."""
    removed: Mapping[str, str]
    """Names that are gone for good, each with what says the same, in words."""
    marks: tuple[tuple[str, frozenset[str]], ...]
    """Dialects, each with the names whose presence tells it; the first that fits is spoken."""

    def spell(self, name: str) -> tuple[str, bool]:
        """Return a name in vLLM's own spelling, and whether it was Ray's."""
        for prefix in self.ray_prefixes:
            if name.startswith(prefix):
                return f"vllm:{name[len(prefix) :]}", True
        return name, False

    def find_dialect(self, names: Collection[str]) -> str | None:
        """Return the dialect of a page that has these names; None if no mark is there."""
        for dialect, marks in self.marks:
            if all(mark in names for mark in marks):
                return dialect
        return None


@cache
def read_changes() -> Changes:
    """Return the table."""
    file = Path(__file__).parent / "vllm_changes.json"
    content = json.loads(file.read_text(encoding="utf-8"))
    return Changes(
        engine_label=content["engine_label"],
        default_engine=content["default_engine"],
        router_label=content["router_label"],
        ray_prefixes=tuple(content["ray"]["prefixes"]),
        replica_label=content["ray"]["replica_label"],
        older={each["new"]: each["old"] for each in content["renamed"]},
        removed={each["name"]: each["instead"] for each in content["removed"]},
        marks=tuple((each["dialect"], frozenset(each["has"])) for each in content["dialects"]),
    )
