"""What Sloth's specs may hold: ``version: prometheus/v1`` and its Kubernetes form.

Source: https://github.com/slok/sloth, ``pkg/prometheus/api/v1`` and
``pkg/kubernetes/api/sloth/v1``, version 0.16. Both say the same; the latter writes its names in
camelCase, and has the whole in ``spec``.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, model_validator
from pydantic.alias_generators import to_camel

from exporters.documents import WrittenFloat
from exporters.problems import CheckedValueError
from slo.numbers import read_decimal

VERSION = "prometheus/v1"
API_VERSION = "sloth.slok.dev/v1"
KIND = "PrometheusServiceLevel"


def _percent(value: Any) -> Any:
    number = read_decimal(value)
    if not 0 < number <= 100:
        raise ValueError(f"found {value!r}, expected percent above 0; write 99.9")
    if number == 100:
        raise CheckedValueError(
            "found 100, which leaves no budget that could burn, expected less; write 99.99, or an "
            'OpenSLO document with the annotation shardwatch.dev/zero-tolerance: "true"',
            "no-budget",
        )
    return number


def _scalar(value: Any) -> Any:
    """Sloth takes any scalar for text: ``tier: 2``, ``generated: true``."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, WrittenFloat):
        return value.text
    return str(value) if isinstance(value, int) else value


def _none_is_empty(value: Any) -> Any:
    return {} if value is None else value


Percent = Annotated[Decimal, BeforeValidator(_percent)]
"""Above 0 and below 100, exactly."""
Text = Annotated[str, BeforeValidator(_scalar)]
Texts = Annotated[dict[str, Text], BeforeValidator(_none_is_empty)]
"""Labels or annotations."""
_NAME = re.compile(r"[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?")


def _check_name(name: str) -> str:
    if not _NAME.fullmatch(name):
        raise ValueError(
            f"found {name!r}, expected letters and digits, and . _ - between them; rename it"
        )
    return name


_Name = Annotated[str, AfterValidator(_check_name)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Events(_Strict):
    """Bad events and all events, within a window."""

    error_query: str
    total_query: str


class Raw(_Strict):
    """A share of bad events that is known already."""

    error_ratio_query: str


class Plugin(_Strict):
    """Code of Sloth's that makes a query."""

    id: str
    options: Texts = {}


class Sli(_Strict):
    """How it is measured: one of the three."""

    events: Events | None = None
    raw: Raw | None = None
    plugin: Plugin | None = None

    @model_validator(mode="after")
    def _one_of_them(self) -> Self:
        there = [name for name in ("events", "raw", "plugin") if getattr(self, name) is not None]
        if len(there) != 1:
            found, advice = (" and ".join(there), "keep one") if there else ("none", "add one")
            raise ValueError(f"found {found}, expected one of events, raw and plugin; {advice}")
        return self


class Alert(_Strict):
    """Alerts of one severity."""

    disable: bool = False
    labels: Texts = {}
    annotations: Texts = {}


_AlertOrNone = Annotated[Alert, BeforeValidator(_none_is_empty)]


class Alerting(_Strict):
    """What alerts are called and carry."""

    name: str = ""
    labels: Texts = {}
    annotations: Texts = {}
    page_alert: _AlertOrNone = Alert()
    ticket_alert: _AlertOrNone = Alert()


class ChainedPlugin(_Strict):
    """Code of Sloth's that changes the rules it makes."""

    id: str
    config: Any = None
    priority: int = 0


class SloPlugins(_Strict):
    """Which, one after the other. Camel case in both forms."""

    override_previous: bool = Field(default=False, alias="overridePrevious")
    chain: list[ChainedPlugin] = []


class Slo(_Strict):
    """A promise."""

    name: _Name
    description: str = ""
    objective: Percent
    labels: Texts = {}
    plugins: SloPlugins = SloPlugins()
    sli: Sli
    alerting: Alerting = Alerting()


class Group(_Strict):
    """The promises of a service."""

    service: _Name
    labels: Texts = {}
    slo_plugins: SloPlugins = SloPlugins()
    slos: Annotated[list[Slo], Field(min_length=1)]


class Spec(Group):
    """A document of Sloth's own form."""

    version: Literal["prometheus/v1"]


class _Camel(_Strict):
    model_config = ConfigDict(alias_generator=to_camel)


class _KubernetesEvents(_Camel, Events):
    pass


class _KubernetesRaw(_Camel, Raw):
    pass


class _KubernetesSli(Sli):
    events: _KubernetesEvents | None = None
    raw: _KubernetesRaw | None = None


class _KubernetesAlerting(_Camel, Alerting):
    pass


class _KubernetesSlo(Slo):
    sli: _KubernetesSli
    alerting: _KubernetesAlerting = _KubernetesAlerting()


class _KubernetesGroup(_Camel, Group):
    slos: Annotated[list[_KubernetesSlo], Field(min_length=1)]  # type: ignore[assignment]


class Resource(_Strict):
    """A document of the Kubernetes form; its metadata and status are Kubernetes's."""

    model_config = ConfigDict(alias_generator=to_camel)

    api_version: Literal["sloth.slok.dev/v1"]
    kind: Literal["PrometheusServiceLevel"]
    metadata: dict[str, Any] = {}
    spec: _KubernetesGroup
    status: Any = None


def is_sloth(data: Any) -> bool:
    """Tell whether a document is meant for Sloth, of whatever version."""
    if not isinstance(data, dict):
        return False
    api = data.get("apiVersion")
    if api is None:
        return "version" in data and "kind" not in data
    return isinstance(api, str) and api.startswith("sloth.slok.dev/")
