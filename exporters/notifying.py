"""Who is told of alerts: the part of ``shardwatch.yaml`` that Alertmanager's configuration is of.

No secret is ever written into it: each stands in a file of its own, and only the file's path is
passed on.
"""

from __future__ import annotations

import re
from typing import Annotated, Any, ClassVar, Self
from urllib.parse import parse_qsl, urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator

from exporters.alertmanagers import AlertmanagerAddress
from exporters.fields import Seconds
from exporters.secrecy import ALONE, MOVE, NearSecrets, SecretFile
from exporters.topology import HttpUrl

_NAME = re.compile(r"[a-z0-9][a-z0-9_-]{0,62}")
_DAYS = ("sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday")
_TIME = re.compile(r"(?:[01]\d|2[0-3]):[0-5]\d|24:00")
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")
_SECRETS_NAME = re.compile(r"key|token|secret|passw|credential|\bsig", re.IGNORECASE)
_SMARTHOST = re.compile(r"\S+:\d{1,5}")


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _name(text: str) -> str:
    if not _NAME.fullmatch(text):
        raise ValueError(
            f"found {text!r}, expected small letters, digits, - and _, at most 63 of them"
        )
    return text


def _day(text: str) -> str:
    for each in text.split(":", 1):
        if each not in _DAYS:
            raise ValueError(f"found {text!r}, expected a day such as monday, or monday:friday")
    days = [_DAYS.index(each) for each in text.split(":", 1)]
    if days != sorted(days):
        raise ValueError(f"found {text!r}, expected days in order; a week begins with sunday")
    return text


def _time(text: str) -> str:
    if not _TIME.fullmatch(text):
        raise ValueError(f'found {text!r}, expected a time such as "08:00"; put it in quotes')
    return text


def _range(least: int, most: int) -> AfterValidator:
    """Return a check of numbers of a calendar, or ranges of them; negative ones count from its end.

    Args:
        least: negative where Alertmanager counts backwards, too.
        most: likewise the last.
    """

    def check(value: int | str) -> str:
        text = str(value)
        parts = text.split(":")
        numbers = [int(each) for each in parts if re.fullmatch(r"-?\d{1,4}", each)]
        is_range = len(numbers) == len(parts) <= 2 and all(
            least <= each <= most and each for each in numbers
        )
        in_order = is_range and (numbers[0] <= numbers[-1] or numbers[-1] < 0)
        if not in_order:
            raise ValueError(f"found {text!r}, expected {least} to {most}, or a range such as 1:5")
        return text

    return AfterValidator(check)


def _location(text: str) -> str:
    try:
        ZoneInfo(text)
    except (OSError, ValueError):  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(f"found {text!r}, expected a time zone such as Europe/Berlin") from None
    except KeyError:
        raise ValueError(f"found {text!r}, expected a time zone such as Europe/Berlin") from None
    return text


def _email(text: str) -> str:
    if not all(_EMAIL.fullmatch(each.strip()) for each in text.split(",")):
        raise ValueError(f"found {text!r}, expected an address such as serving@example.com")
    return text


def _no_secret(url: Any) -> Any:
    """Go before the check of the address, which tells what it found."""
    try:
        parts = urlsplit(url if isinstance(url, str) else "")
    except ValueError:  # its text has a part of the address
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError(
            "found something else, not shown for it may be a secret, expected an http:// or "
            "https:// address"
        )
    if parts.hostname == "hooks.slack.com":
        raise ValueError(
            "found the address of Slack's incoming webhook, which is a secret, expected slack with "
            f"api_url_file; {MOVE}"
        )
    if any(_SECRETS_NAME.search(name) for name, _ in parse_qsl(parts.query)):
        raise ValueError(
            f"found a secret in the address, expected credentials_file, {ALONE}; {MOVE}"
        )
    return url


def _smarthost(text: str) -> str:
    if "@" in text:  # it may have a password: not shown
        raise ValueError("found a user, expected HOST:PORT; name who sends as auth_username")
    if not _SMARTHOST.fullmatch(text):
        raise ValueError(f"found {text!r}, expected HOST:PORT such as mail:587")
    return text


Name = Annotated[str, AfterValidator(_name)]
"""Of a receiver or of a time: Alertmanager's names are made of it."""
Email = Annotated[str, AfterValidator(_email)]


PAGERDUTY_EVENTS_URL = "https://events.pagerduty.com/v2/enqueue"
"""Where events go if nobody says: the default of Alertmanager's ``global.pagerduty_url``."""


class PagerDuty(NearSecrets):
    """Events API v2. The routing key is read from a file, never written into a configuration."""

    secrets: ClassVar[dict[str, str]] = {
        "routing_key": "routing_key_file",
        "service_key": "routing_key_file",
    }

    routing_key_file: SecretFile
    url: HttpUrl | None = None
    """Where events go; if None, where ``global.pagerduty_url`` of Alertmanager says."""


class Slack(NearSecrets):
    """A channel, through an incoming webhook: whoever knows its address may write."""

    secrets: ClassVar[dict[str, str]] = {"api_url": "api_url_file", "url": "api_url_file"}

    api_url_file: SecretFile
    channel: Annotated[str, Field(min_length=1)]


class Mail(NearSecrets):
    """An e-mail. Several addresses stand between commas."""

    secrets: ClassVar[dict[str, str]] = {
        "auth_password": "auth_password_file",
        "password": "auth_password_file",
        "auth_secret": "auth_password_file",
    }

    to: Email
    from_: Annotated[Email, Field(alias="from")]
    smarthost: Annotated[str, AfterValidator(_smarthost)]
    auth_username: str | None = None
    auth_password_file: SecretFile | None = None
    require_tls: bool = True

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.auth_username is None) != (self.auth_password_file is None):
            raise ValueError(
                "found one of auth_username and auth_password_file, expected both or neither"
            )
        return self


class Webhook(NearSecrets):
    """Anything that takes Alertmanager's JSON: the SLO reviews, a robot, a heartbeat's keeper."""

    secrets: ClassVar[dict[str, str]] = {
        "credentials": "credentials_file",
        "password": "credentials_file",
        "token": "credentials_file",
    }

    url: Annotated[HttpUrl, BeforeValidator(_no_secret)]
    credentials_file: SecretFile | None = None
    """Of a bearer's token."""


class Receiver(NearSecrets):
    """Somebody, and the ways to tell them: all of those that are given."""

    pagerduty: PagerDuty | None = None
    slack: Slack | None = None
    email: Mail | None = None
    webhook: Webhook | None = None
    tickets_during: list[Name] = Field(default_factory=list)
    """Names of ``times``: tickets are told during these alone. Pages always."""
    no_tickets_during: list[Name] = Field(default_factory=list)
    """Names of ``times`` during which no ticket is told, such as holidays."""

    @model_validator(mode="after")
    def _reaches_somebody(self) -> Self:
        if not (self.pagerduty or self.slack or self.email or self.webhook):
            raise ValueError("found no way to tell it, expected pagerduty, slack, email or webhook")
        return self


class TimeRange(_Strict):
    """From a time of the day until another, which is no longer part of it."""

    start_time: Annotated[str, AfterValidator(_time)]
    end_time: Annotated[str, AfterValidator(_time)]

    @model_validator(mode="after")
    def _is_forward(self) -> Self:
        if self.start_time >= self.end_time:
            raise ValueError(
                f"found {self.start_time} to {self.end_time}, expected an end after the start; "
                "a night is two ranges, until 24:00 and from 00:00"
            )
        return self


class TimeInterval(_Strict):
    """When all that is said holds, in Alertmanager's words."""

    weekdays: list[Annotated[str, AfterValidator(_day)]] = []
    times: list[TimeRange] = []
    days_of_month: list[Annotated[int | str, _range(-31, 31)]] = []
    months: list[Annotated[int | str, _range(1, 12)]] = []
    years: list[Annotated[int | str, _range(1970, 9999)]] = []
    location: Annotated[str, AfterValidator(_location)] = "UTC"
    """IANA's name of the time zone."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not (self.weekdays or self.times or self.days_of_month or self.months or self.years):
            raise ValueError("found all of the time, expected weekdays, times, days or months")
        return self


class Alertmanager(_Strict):
    """Where Prometheus sends alerts, the timing of notifications, and who is told of what."""

    addresses: list[AlertmanagerAddress] = ["127.0.0.1:9093"]
    """``HOST:PORT``, or a URL of one behind TLS or a path. Of a mesh, all: each is sent every
    alert, and one of them tells it."""
    group_wait: Seconds = 30.0
    group_interval: Seconds = 60.0
    repeat_interval: Seconds = 4 * 3600.0
    receivers: dict[Name, Receiver] = {}
    """Beside that of ``pagerduty``, those whom ``owners``, ``fallback`` and ``watchdog`` name."""
    owners: dict[Annotated[str, Field(min_length=1)], str] = {}
    """The receiver of the alerts of each owner's objectives."""
    fallback: str | None = None
    """The receiver of all that belongs to no owner here, causes included."""
    watchdog: str | None = None
    """The receiver whose webhook is told every minute that alerts arrive."""
    times: dict[Name, Annotated[list[TimeInterval], Field(min_length=1)]] = {}
    """Named times, for ``tickets_during`` and ``no_tickets_during`` of receivers."""
