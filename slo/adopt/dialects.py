"""Which release of vLLM each page speaks, and which of its names are old."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from exporters import catalog
from exporters.dialects.vllm_changes import read_changes
from slo.adopt.engines import Engine
from slo.adopt.found import Found, Source
from slo.adopt.names import old_names
from slo.adopt.saying import Doubt, counted, some


def dialects_of(found: Found, engines: Sequence[Engine]) -> Counter[str]:
    """Return how many engines speak each of ``catalog.ENGINE_DIALECTS``, or something else."""
    changes = read_changes()
    spoken: dict[Source, str] = {}
    for each in engines:
        if each.source not in spoken:
            names = {name for name, pages in found.speaks.items() if each.source in pages}
            spoken[each.source] = changes.find_dialect(names) or catalog.OTHER
    return Counter(spoken[each.source] for each in engines)


def old_name_doubts(found: Found, engines: Sequence[Engine]) -> list[Doubt]:
    """Return the names that newer releases of vLLM do not have, each with what to use instead."""
    sources = {each.source for each in engines}
    doubts = []
    for name, instead in old_names().items():
        pages = found.speaks.get(name, frozenset()) & sources
        if not pages:
            continue
        new = f"vllm:{instead.removeprefix('vllm:')}" if instead.startswith("vllm:") else instead
        both = pages <= found.speaks.get(instead, frozenset())
        doubts.append(
            Doubt(
                "old names of vLLM",
                f"{name.removesuffix('_count')} is on {len(pages)} of "
                f"{counted(len(sources), 'page')} ({some(instance for _, instance in pages)}); "
                f"newer releases have: {new}",
                (
                    "our exporters read either; change queries of your own to the new name"
                    + (", which is there already" if both else "")
                ),
            )
        )
    return doubts
