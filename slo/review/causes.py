"""Which cause an incident names: the one that its pages named most, the latest of equals. Pure."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping

ANNOTATION = "probable_cause"
"""Of pages: ``GpuLost: gpu-3 of host h1``, or that none was seen."""
_NAME = re.compile(r"([A-Z][A-Za-z0-9]{2,63}): ")


def named_cause(evidence: Iterable[Mapping[str, str]]) -> str:
    """Return the cause that annotations name, in the order that they were told; empty if none."""
    counts: Counter[str] = Counter()
    last: dict[str, int] = {}
    for index, each in enumerate(evidence):
        found = _NAME.match(each.get(ANNOTATION, ""))
        if found:
            counts[found[1]] += 1
            last[found[1]] = index
    return max(counts, key=lambda name: (counts[name], last[name]), default="")
