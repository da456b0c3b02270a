"""What all OpenSLO objects have in common: strict fields, and metadata."""

from __future__ import annotations

import re
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel

from exporters.documents import shown
from slo.spec.annotations import Annotations, ConditionAnnotations, SloAnnotations

API_VERSION = "openslo/v1"
ApiVersion = Annotated[Literal["openslo/v1"], Field(description="Of all objects.")]

NAME = re.compile(r"[a-z0-9]([-a-z0-9]{0,61}[a-z0-9])?")


def _read_name(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(
            f"found {shown(name)}, expected small letters, digits and dashes between them, 63 at "
            "most; rename it, and show people displayName"
        )
    return name


Name = Annotated[str, AfterValidator(_read_name)]
"""An RFC 1123 label, as OpenSLO asks for: it becomes a label's value and a file's name."""

Reference = Annotated[str, Field(pattern=r"^[A-Za-z0-9]([-._A-Za-z0-9]{0,251}[A-Za-z0-9])?$")]
"""The name of an object that is only referred to. OpenSLO's own examples have capitals in it."""

Description = Annotated[
    str, Field(max_length=1050, description="For people. At most 1050 characters.")
]

LabelKey = Annotated[str, Field(pattern=r"^[a-zA-Z0-9]([-._a-zA-Z0-9]{0,61}[a-zA-Z0-9])?$")]


class Strict(BaseModel):
    """Whose unknown fields are errors."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, alias_generator=to_camel, use_attribute_docstrings=True
    )


class Metadata(Strict):
    """What every object carries."""

    name: Reference
    """What others refer to it by. Of an SLO or a Service an RFC 1123 label, for it is the value of
    the label `slo` or `service`."""
    display_name: str = ""
    """For people."""
    labels: dict[LabelKey, str | list[str]] = {}
    """Read, and put nowhere: the labels of series are the grouping labels."""
    annotations: Annotations = Annotations()
    """Any; those under `shardwatch.dev/` are told above."""


class ServiceMetadata(Metadata):
    """Of a service, whose name becomes a label's value."""

    name: Name
    """The label `service` of all its series."""


class SloMetadata(Metadata):
    """Of an SLO."""

    name: Name
    """The label `slo` of all its series; with several objectives, the beginning of it."""
    annotations: SloAnnotations = SloAnnotations()


class ConditionMetadata(Metadata):
    """Of an alert condition."""

    annotations: ConditionAnnotations = ConditionAnnotations()
