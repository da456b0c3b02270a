"""What Prometheus says of itself, each part None where a server does not tell it.

VictoriaMetrics, Thanos and Mimir speak the API of queries and not all of this.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping
from typing import Any, TypeVar
from urllib.parse import urlsplit

import yaml

from alerts.doctor.reading.clocks import parse_moment
from alerts.doctor.seen import Group, Rule, Target
from exporters.durations import parse_duration
from slo.prometheus import (
    PrometheusClient,
    PrometheusDeniedError,
    PrometheusError,
    PrometheusUnreachableError,
    Sample,
)

T = TypeVar("T")


class Asking:
    """Asks one server, and remembers what it does not tell, and why."""

    def __init__(self, prometheus: PrometheusClient) -> None:
        self._prometheus = prometheus
        self.unknown: dict[str, str] = {}
        """Reasons by the part or the expression."""

    async def version(self) -> str | None:
        """Return the version of a Prometheus; None of anything else that speaks its API."""
        return await self._told("version", "status/buildinfo", _version)

    async def has_reloaded(self) -> bool | None:
        """Return whether it runs on what its file says."""
        return await self._told(
            "has_reloaded", "status/runtimeinfo", lambda said: bool(said["reloadConfigSuccess"])
        )

    async def targets(self) -> tuple[Target, ...] | None:
        """Return what it scrapes."""
        found = await self._told(
            "targets",
            "targets?state=active",
            lambda said: tuple(map(_target, said["activeTargets"])),
        )
        return self._unless_elsewhere("targets", found)

    async def groups(self) -> tuple[Group, ...] | None:
        """Return the rules that it has loaded."""
        found = await self._told("groups", "rules", lambda said: tuple(map(_group, said["groups"])))
        return self._unless_elsewhere("groups", found)

    async def sends_to(self) -> tuple[str, ...] | None:
        """Return the Alertmanagers that it knows."""
        return await self._told(
            "sends_to",
            "alertmanagers",
            lambda said: tuple(
                sorted(urlsplit(each["url"]).netloc for each in said["activeAlertmanagers"])
            ),
        )

    async def server_config(self) -> Mapping[str, Any] | None:
        """Return what it runs on."""
        return await self._told("server_config", "status/config", _config)

    async def values(self, expressions: Iterable[str]) -> dict[str, list[Sample]]:
        """Return what expressions are now, without those that are refused."""
        found: dict[str, list[Sample]] = {}
        for expr in dict.fromkeys(expressions):
            value = await self._unless_refused(expr, self._prometheus.query(expr))
            if value is not None:
                found[expr] = value
        return found

    def _unless_elsewhere(self, part: str, found: tuple[T, ...] | None) -> tuple[T, ...] | None:
        """Return what was found; None where a server that is no Prometheus has none at all.

        VictoriaMetrics leaves rules to vmalert and may leave scrapes to vmagent.
        """
        if found == () and "version" in self.unknown:
            self.unknown[part] = f"it has no {part}, and is no Prometheus: others may have them"
            return None
        return found

    async def _told(self, part: str, path: str, read: Callable[[Any], T]) -> T | None:
        said = await self._unless_refused(part, self._prometheus.tells(path))
        if said is None:
            return None
        try:
            return read(said)
        except (AttributeError, KeyError, TypeError, ValueError, yaml.YAMLError):
            self.unknown[part] = f"/api/v1/{path} answers in another form than Prometheus's"
            return None

    async def _unless_refused(self, part: str, asked: Awaitable[T]) -> T | None:
        """Return an answer; None, with the reason noted, where the server is there and does not.

        Raises:
            PrometheusUnreachableError: if it does not answer any more.
            PrometheusDeniedError: if it does not let us.
        """
        try:
            return await asked
        except (PrometheusUnreachableError, PrometheusDeniedError):
            raise
        except PrometheusError as error:
            self.unknown[part] = str(error)
            return None


def _version(said: Mapping[str, Any]) -> str:
    """Return the version of a Prometheus.

    VictoriaMetrics gives a version of Prometheus's without a revision, Mimir says which
    application it is, and Thanos has had no major version so far.
    """
    version = str(said["version"])
    if not said.get("revision") or "application" in said or version.lstrip("v").startswith("0."):
        raise ValueError("it is no Prometheus")
    return version


def _target(found: Mapping[str, Any]) -> Target:
    labels = found["labels"]
    return Target(
        job=str(labels.get("job", "")),
        instance=str(labels.get("instance", "")),
        url=str(found["scrapeUrl"]),
        is_up={"up": True, "down": False}.get(str(found["health"])),
        error=str(found.get("lastError", "")),
        interval_seconds=_seconds(found.get("scrapeInterval")),
        timeout_seconds=_seconds(found.get("scrapeTimeout")),
        took_seconds=float(found.get("lastScrapeDuration", 0.0)),
    )


def _seconds(text: Any) -> float | None:
    return parse_duration(str(text)) if text else None


def _group(found: Mapping[str, Any]) -> Group:
    return Group(
        file=str(found["file"]),
        name=str(found["name"]),
        interval_seconds=float(found["interval"]),
        rules=tuple(map(_rule, found["rules"])),
        took_seconds=float(found.get("evaluationTime") or 0.0),
        evaluated_at=parse_moment(str(found.get("lastEvaluation", ""))),
    )


def _rule(found: Mapping[str, Any]) -> Rule:
    return Rule(
        name=str(found["name"]),
        is_alert=found["type"] == "alerting",
        expr=str(found["query"]),
        labels=found.get("labels") or {},
        annotations=found.get("annotations") or {},
        for_seconds=float(found.get("duration") or 0.0),
        error=str(found.get("lastError", "")) if found.get("health") == "err" else "",
    )


def _config(said: Mapping[str, Any]) -> Mapping[str, Any]:
    config = yaml.safe_load(said["yaml"])
    if not isinstance(config, dict):
        raise TypeError("a configuration is a mapping")
    return config
