"""Our routes as an AlertmanagerConfig, and what that cannot say of them.

The operator puts it into an Alertmanager's configuration beside others': its route becomes one
below theirs, which always lets go on to the next, and takes alerts of its own namespace alone
unless the Alertmanager says otherwise (``alertmanagerConfigMatcherStrategy``).
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from alerts.kubernetes.translating import inhibition, location_of, mute_times, receiver, route
from alerts.routing.names import equals
from alerts.watchdog import WATCHDOG
from exporters.kubernetes.configuration import SecretFiles
from exporters.kubernetes.names import NAME, PART_OF
from exporters.kubernetes.text import Manifest
from slo import conventions

API = "monitoring.coreos.com/v1alpha1"
RECEIVERS_SECRET = "shardwatch-receivers"  # noqa: S105 - the name of one

GOES_ON = (
    "Its route always lets alerts go on to the next: a receiver of yours that takes everything is "
    "told of ours too."
)
OF_ITS_NAMESPACE = (
    "The operator adds a matcher of this object's namespace to routes and inhibitions, and our "
    "alerts have no label `namespace`: in your Alertmanager's spec, "
    "`alertmanagerConfigMatcherStrategy: {type: None}` leaves it out."
)


@dataclass(frozen=True)
class Routing:
    """Our routes for the operator."""

    manifest: Manifest
    secrets: SecretFiles
    """What receivers are told with."""
    unsaid: tuple[str, ...]
    """What it does not do that Alertmanager's own configuration does, a sentence each."""


def operator_routing(
    fragment: Mapping[str, Any], alerts: Iterable[str], labels: Mapping[str, str]
) -> Routing:
    """Return our routes as an AlertmanagerConfig.

    Args:
        fragment: the same for Alertmanager itself.
        alerts: the names of all alerts.
        labels: by which an Alertmanager of the operator selects such objects.
    """
    secrets = SecretFiles(RECEIVERS_SECRET)

    def secret(path: str) -> dict[str, str]:
        return {"name": RECEIVERS_SECRET, "key": secrets.key(Path(path))}

    named = fragment.get("time_intervals", [])
    elsewhere = {each["name"]: place for each in named if (place := location_of(each))}
    times = {each["name"]: mute_times(each) for each in named if each["name"] not in elsewhere}
    every = tuple(sorted({*alerts, WATCHDOG}))
    top = {**fragment["route"], "matchers": [equals(conventions.ALERTNAME, every)]}
    spec: dict[str, Any] = {
        "route": route(top, times),
        "receivers": [receiver(each, secret) for each in fragment["receivers"]],
        "inhibitRules": [inhibition(each) for each in fragment["inhibit_rules"]],
        **({"muteTimeIntervals": list(times.values())} if times else {}),
    }
    manifest = {
        "apiVersion": API,
        "kind": "AlertmanagerConfig",
        "metadata": {"name": NAME, "labels": {PART_OF: NAME} | dict(labels)},
        "spec": spec,
    }
    unsaid = (
        GOES_ON,
        OF_ITS_NAMESPACE,
        *(_other_zone(name, place) for name, place in elsewhere.items()),
    )
    return Routing(manifest, secrets, unsaid)


def _other_zone(name: str, place: str) -> str:
    return (
        f"The times {name!r} are of {place}, and the operator knows UTC alone: tickets that wait "
        "for them are told at once."
    )
