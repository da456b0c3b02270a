"""Links of alerts that lead whoever is told to their own machine."""

from __future__ import annotations

from collections.abc import Iterator
from urllib.parse import urlsplit

from alerts.routing.names import PAGERDUTY, fallback_of
from exporters.addresses import is_loopback, parse_address
from exporters.config import ConfigFile, Links
from exporters.notifying import Receiver

WHAT_IS_THERE = {"grafana": "boards", "runbooks": "runbooks", "reviews": "reviews"}
"""What each link of ``links`` leads to."""


def links_to_own_machine(file: ConfigFile) -> dict[str, str]:
    """Return the links that nobody can follow from elsewhere, by their names in ``links``.

    None, if nobody is told elsewhere: all of it may be on one machine, with whoever tries it out.
    """
    if not any(map(_is_elsewhere, _told(file))):
        return {}
    links = {name: getattr(file.links, name) for name in Links.model_fields}
    return {
        name: str(url)
        for name, url in links.items()
        if url is not None and is_loopback(urlsplit(str(url)).hostname or "")
    }


def _told(file: ConfigFile) -> Iterator[Receiver]:
    """Yield the people who are told of pages."""
    ours = file.alertmanager
    fallback = fallback_of(file)
    for name in {fallback, *ours.owners.values()}:
        if name in ours.receivers:
            yield ours.receivers[name]
    if fallback == PAGERDUTY and ours.fallback is None:
        yield Receiver(pagerduty=file.pagerduty)


def _is_elsewhere(told: Receiver) -> bool:
    urls = [each.url for each in (told.pagerduty, told.webhook) if each]
    hosts = [urlsplit(each or "").hostname or "" for each in urls]
    if told.email:
        hosts.append(parse_address(told.email.smarthost).host)
    return told.slack is not None or not all(map(is_loopback, hosts))
