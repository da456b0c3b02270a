"""From Prometheus to Alertmanager, and from there to whoever is told."""

from __future__ import annotations

import ipaddress
import json
from collections.abc import Iterator

from alerts.doctor.finding import Check, Found, Harm, listed
from alerts.doctor.seen import Seen
from exporters.alertmanagers import alerting_entries, read_place

_SENDING = ("prometheus_notifications_errors_total", "prometheus_notifications_dropped_total")
_TELLING = "alertmanager_notification_requests_total"
FAILING = " or ".join(
    f"(increase({name}[90s]) > 0 and increase({name}[90s] offset 90s) > 0)" for name in _SENDING
)
"""In both halves of three minutes, for the watchdog alone is sent once a minute. Each reload of a
configuration drops one or two, which are sent again."""
RECEIVERS_FAILING = (
    "sum by (integration) (increase(alertmanager_notification_requests_failed_total[5m]))"
    f" > 0.5 * sum by (integration) (increase({_TELLING}[5m]))"
)
"""More than half of what was tried. A few failures are the network's, and are tried again."""


def find_unreachable(seen: Seen) -> Iterator[Found]:
    """Yield the Alertmanagers that do not answer, or do not answer as such."""
    for each in seen.alertmanagers:
        if each.error:
            yield Found(
                each.url,
                each.error.removeprefix(f"{each.url} "),
                "an Alertmanager that answers /api/v2/status",
                f"start it, or correct alertmanager.addresses in {seen.config.path.name}; where it "
                "is only Prometheus that can reach it, name it by --alertmanager URL",
            )


def find_stale_config(seen: Seen) -> Iterator[Found]:
    """Yield the Alertmanagers that could not use their file when they last read it."""
    for each in seen.answering:
        if each.has_reloaded is False:
            yield Found(
                each.url,
                "its configuration file could not be used when it was last read: it runs on an "
                "earlier one",
                "the file in use",
                "run `amtool check-config alertmanager.yml`, mend what it says, and reload it: "
                f"curl -X POST {each.url}/-/reload",
            )


def find_no_alertmanager(seen: Seen) -> Iterator[Found]:
    """Yield a Prometheus that tells nobody."""
    if seen.sends_to == ():
        yield Found(
            seen.url,
            "knows no Alertmanager, so that its alerts are told to nobody",
            listed(seen.config.file.alertmanager.addresses),
            _alerting(seen),
        )


def find_missing(seen: Seen) -> Iterator[Found]:
    """Yield the Alertmanagers that Prometheus does not send to, though it sends to others.

    Discovery may call them otherwise: names are only held against names where all are addresses.
    """
    known = set(seen.sends_to or ())
    configured = {read_place(each).target for each in seen.config.file.alertmanager.addresses}
    missing = sorted(configured - known)
    others = sorted(known - configured)
    are_told = not missing or len(known) >= len(configured)
    if not known or (are_told and not (missing and all(map(_is_address, known | configured)))):
        return
    beside = f", but to {listed(others)}" if others else ""
    yield Found(
        seen.url,
        f"does not send alerts to {listed(missing)}{beside}",
        f"every one of {listed(configured)}: each of a mesh is sent every alert",
        _alerting(seen),
    )


def find_sending_fails(seen: Seen) -> Iterator[Found]:
    """Yield that Prometheus fails to send notifications, once and again."""
    for each in seen.vector(FAILING):
        whom = each.labels.get("alertmanager", "")
        yield Found(
            each.labels.get("instance", seen.url),
            f"could not send about {each.value:.0f} notifications"
            + (f" to {whom}" if whom else ", for it knew nobody or its queue was full,")
            + " within 90 s, and failed before",
            "none: each may be a page",
            f"see that {whom or 'Alertmanager'} runs and that Prometheus's host reaches it; its "
            'log says why, at "Error sending alert"',
        )


def find_receiver_fails(seen: Seen) -> Iterator[Found]:
    """Yield the kinds of receivers that mostly do not take what they are told."""
    failing = {
        each.labels.get("integration", "")
        for each in seen.vector(RECEIVERS_FAILING)
        if each.value > 0
    }
    never = {name for each in seen.answering for name in each.never_told}
    for name in sorted(failing | never):
        how = "no request has succeeded since Alertmanager started" if name in never else (
            "more than half of the requests within 5 minutes have failed"
        )  # fmt: skip
        yield Found(
            listed(each.url for each in seen.answering) or seen.url,
            f"cannot tell {name}: {how}",
            "receivers that answer",
            f'read the log of Alertmanager at "Notify attempt failed", then {_hint(name)}',
        )


def find_mesh(seen: Seen) -> Iterator[Found]:
    """Yield an Alertmanager alone, and those that do not know each other."""
    configured = len(seen.config.file.alertmanager.addresses)
    if configured < 2 and len(seen.alertmanagers) < 2:
        yield Found(
            listed(seen.config.file.alertmanager.addresses),
            "one Alertmanager alone: what resolves while it is down is never told, and stays open",
            "a mesh of two",
            "start a second with --cluster.peer of the first, and add it to "
            "alertmanager.addresses (alerts/routing/README.md)",
        )
        return
    for each in seen.answering:
        if (each.peers or 1) < len(seen.alertmanagers):
            yield Found(
                each.url,
                f"knows {each.peers or 1} of {len(seen.alertmanagers)} Alertmanagers, itself "
                "among them: each that is alone tells everything by itself, so twice",
                f"a mesh of {len(seen.alertmanagers)}",
                "start each with --cluster.peer=HOST:PORT of another's --cluster.listen-address, "
                "and let TCP and UDP through between them",
            )


def _alerting(seen: Seen) -> str:
    entries = json.dumps(alerting_entries(seen.config.file.alertmanager.addresses))
    return (
        f"write into prometheus.yml `alerting: {{alertmanagers: {entries}}}` and reload "
        f"Prometheus, or correct alertmanager.addresses in {seen.config.path.name}"
    )


def _hint(integration: str) -> str:
    if integration == "pagerduty":
        return "check the routing key in its file and that events.pagerduty.com can be reached"
    return "check its address and its credentials"


def _is_address(text: str) -> bool:
    try:
        ipaddress.ip_address(text.rpartition(":")[0].strip("[]"))
    except ValueError:
        return False
    return True


CHECKS = (
    Check("alertmanager/unreachable", Harm.PAGES_LOST, "An Alertmanager that does not answer, or "
          "something else at its address.", find_unreachable),
    Check("alertmanager/stale-config", Harm.PAGES_LOST, "An Alertmanager that could not use its "
          "file and runs on an earlier one.", find_stale_config, needs=("answers",)),
    Check("path/no-alertmanager", Harm.PAGES_LOST, "Prometheus knows no Alertmanager.",
          find_no_alertmanager, needs=("sends_to",)),
    Check("path/alertmanager-missing", Harm.PAGES_LOST, "Prometheus does not send to one of the "
          "configured Alertmanagers, or to others.", find_missing, needs=("sends_to",)),
    Check("path/sending-fails", Harm.PAGES_LOST, "Prometheus cannot send its "
          "notifications.", find_sending_fails, lambda _: [FAILING], series=_SENDING),
    Check("path/receiver-fails", Harm.PAGES_LOST, "More than half of what Alertmanager tells a "
          "kind of receiver fails.", find_receiver_fails, lambda _: [RECEIVERS_FAILING],
          series=(_TELLING,)),
    Check("path/mesh", Harm.LATE, "One Alertmanager alone, or several that do not know each "
          "other.", find_mesh),
)  # fmt: skip
