"""Where causes are, as PromQL and templates say it."""

from __future__ import annotations

from collections.abc import Iterable

from exporters import catalog

HOST_LABELS = (*catalog.GROUP_LABELS, catalog.HOST)
IN_CELL = "({{ $labels.region }}, {{ $labels.model }})"


def by(labels: Iterable[str]) -> str:
    """Return labels as ``by`` and ``on`` take them."""
    return ", ".join(labels)
