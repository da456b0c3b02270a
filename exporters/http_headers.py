"""Headers of users' own in requests, as Prometheus's ``http_headers`` spells them."""

from __future__ import annotations

from typing import Annotated, ClassVar, Self

from pydantic import AfterValidator, Field, model_validator

from exporters.secrecy import NearSecrets, SecretFile, not_shown


class HttpHeader(NearSecrets):
    """What a header says: as it is written, or what stands in files."""

    secrets: ClassVar[dict[str, str]] = {"secrets": "files"}

    values: Annotated[
        list[Annotated[str, Field(pattern=r"^[ -~]+$")]], not_shown("a list", list)
    ] = Field(default_factory=list)
    files: Annotated[list[SecretFile], not_shown("a list", list)] = Field(default_factory=list)
    """For secrets."""

    @model_validator(mode="after")
    def _says_something(self) -> Self:
        if not self.values and not self.files:
            raise ValueError("found neither values nor files, expected one of them")
        return self


_OURS = frozenset(
    {"authorization", "host", "content-encoding", "content-length", "content-type", "user-agent"}
    | {"accept-encoding", "connection", "transfer-encoding", "x-prometheus-remote-write-version"}
)
"""Headers that are told in another way, or that a request could not do with another value of."""


def _header_name(name: str) -> str:
    if name.lower() in _OURS:
        raise ValueError(f"found {name}, expected another header: this one is set by other means")
    return name


HeaderName = Annotated[
    str, Field(pattern=r"^[!#$%&'*+.^_`|~0-9A-Za-z-]+$"), AfterValidator(_header_name)
]
