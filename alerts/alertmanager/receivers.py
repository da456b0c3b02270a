"""Receivers and what they are made of: each integration is told by itself."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_SUFFIX = "_configs"
_TOLD_OF_ENDS = {"email": False, "slack": False, "wechat": False}
"""Whether an integration hears of resolved alerts where it does not say (config/notifiers.go);
all others do."""


@dataclass(frozen=True)
class Integration:
    """One way in which a receiver is told."""

    receiver: str
    name: str
    """``pagerduty``, ``webhook``, ``email``, ..."""
    index: int
    """Among those of its name."""
    sends_resolved: bool


def read_integrations(config: Mapping[str, Any]) -> dict[str, tuple[Integration, ...]]:
    """Return the integrations of each receiver of a configuration."""
    return {
        str(receiver["name"]): tuple(
            Integration(
                str(receiver["name"]), name, index,
                bool(each.get("send_resolved", _TOLD_OF_ENDS.get(name, True))),
            )
            for key, configs in receiver.items()
            if key.endswith(_SUFFIX)
            for name in [key.removesuffix(_SUFFIX)]
            for index, each in enumerate(configs or ())
        )
        for receiver in config.get("receivers") or ()
    }  # fmt: skip
