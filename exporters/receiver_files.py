"""What is wrong with receivers, all taken together: unknown names, secrets that are none."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Protocol
from urllib.parse import urlsplit

from exporters.documents import Document, Place
from exporters.notifying import Alertmanager, PagerDuty, Receiver, Webhook
from exporters.problems import Problem, problem
from exporters.routing_key import routing_key_problem

_LARGEST_SECRET_BYTES = 64 * 1024


class Notifying(Protocol):
    """The parts of ``shardwatch.yaml`` that name receivers."""

    @property
    def alertmanager(self) -> Alertmanager:
        """With its receivers."""

    @property
    def pagerduty(self) -> PagerDuty | None:
        """The one of those that name nobody else."""

    @property
    def webhook(self) -> Webhook | None:
        """Of every alert."""


def name_problems(alertmanager: Alertmanager, document: Document) -> Iterator[Problem]:
    """Yield what is named and not there."""
    receivers = alertmanager.receivers
    named: list[tuple[Place, str]] = [
        (("owners", owner), name) for owner, name in alertmanager.owners.items()
    ]
    for field in ("fallback", "watchdog"):
        name = getattr(alertmanager, field)
        if name is not None:
            named.append(((field,), name))
    for place, name in named:
        if name not in receivers:
            yield _unknown(document, place, "receiver", name, receivers)
    watchdog = receivers.get(alertmanager.watchdog or "")
    if watchdog is not None and watchdog.webhook is None:
        yield document.problem(
            ("alertmanager", "watchdog"),
            f"found the receiver {alertmanager.watchdog!r}, expected one with a webhook, for it is "
            "told every minute",
        )
    for receiver, told in receivers.items():
        for field in ("tickets_during", "no_tickets_during"):
            for index, name in enumerate(getattr(told, field)):
                if name not in alertmanager.times:
                    place = ("receivers", receiver, field, index)
                    yield _unknown(document, place, "time", name, alertmanager.times)


def secret_problems(file: Notifying, document: Document, folder: Path) -> Iterator[Problem]:
    """Yield what is wrong with files that secrets stand in, without telling these.

    Args:
        file: the configuration.
        document: of it.
        folder: that paths are relative to.
    """
    receivers: dict[Place, Receiver] = {
        ("alertmanager", "receivers", name): each
        for name, each in file.alertmanager.receivers.items()
    }
    pagerduties = {(*place, "pagerduty"): each.pagerduty for place, each in receivers.items()}
    for place, pagerduty in {("pagerduty",): file.pagerduty, **pagerduties}.items():
        if pagerduty is not None:
            key_file = folder / pagerduty.routing_key_file
            wrong = routing_key_problem(key_file, document, (*place, "routing_key_file"))
            if wrong:
                yield wrong
    secrets: dict[Place, Path | None] = {
        ("webhook", "credentials_file"): file.webhook.credentials_file if file.webhook else None
    }
    for place, each in receivers.items():
        slack, mail, hook = each.slack, each.email, each.webhook
        secrets |= {
            (*place, "slack", "api_url_file"): slack.api_url_file if slack else None,
            (*place, "email", "auth_password_file"): mail.auth_password_file if mail else None,
            (*place, "webhook", "credentials_file"): hook.credentials_file if hook else None,
        }
    for place, path in secrets.items():
        if path is not None:
            yield from _secret_problems(folder / path, document, place)


def _secret_problems(path: Path, document: Document, place: Place) -> Iterator[Problem]:
    try:
        with path.open("rb") as opened:
            secret = opened.read(_LARGEST_SECRET_BYTES + 1).strip()
    except FileNotFoundError:
        yield document.problem(place, f"no such file: {path}", "write the secret into it")
        return
    except OSError as error:
        yield document.problem(place, f"{path} cannot be read: {error.strerror}")
        return
    is_url = place[-1] == "api_url_file"
    what = "the address of Slack's incoming webhook" if is_url else "the secret alone"
    fix = f"write {what} into it"
    if not secret:
        yield problem(path, f"found an empty file, expected {what}", fix=fix)
    elif len(secret) > _LARGEST_SECRET_BYTES or b"\n" in secret:
        yield problem(path, f"found more than a line, expected {what}", fix=fix)
    elif is_url and urlsplit(secret).scheme not in (b"http", b"https"):
        yield problem(path, f"found no address, expected {what}", fix=fix)


def _unknown(
    document: Document, place: Place, kind: str, name: str, known: Mapping[str, object]
) -> Problem:
    expected = f"expected one of {', '.join(sorted(known))}" if known else f"and no {kind} at all"
    return document.problem(
        ("alertmanager", *place),
        f"found the {kind} {name!r}, {expected}",
        f"add it under alertmanager.{kind}s, or correct its name",
    )
