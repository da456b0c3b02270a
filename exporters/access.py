"""How sources that ask who is asking are asked: ``http_client_config``, as Prometheus spells it.

A secret stands in a file of its own, never in the configuration, and is read again when it changes;
so are certificates.
"""

from __future__ import annotations

import base64
import logging
import ssl
from collections.abc import Hashable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from exporters.documents import Document, Place, read_document
from exporters.http_headers import HeaderName, HttpHeader
from exporters.problems import InputError, Problem
from exporters.reloading import stamps
from exporters.secrecy import NearSecrets, SecretFile, not_shown

_LOG = logging.getLogger("shardwatch")
_LARGEST_SECRET_BYTES = 64 * 1024


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class BasicAuth(NearSecrets):
    """A user, and the file that the password stands in."""

    secrets: ClassVar[dict[str, str]] = {"password": "password_file"}

    username: Annotated[str, Field(min_length=1)]
    password_file: SecretFile


class Authorization(NearSecrets):
    """The header of that name: ``Bearer`` and what stands in a file."""

    secrets: ClassVar[dict[str, str]] = {"credentials": "credentials_file"}

    type: Annotated[str, Field(pattern=r"^[!-~]+$")] = "Bearer"
    credentials_file: SecretFile


class Tls(_Strict):
    """How a server is known, and how it knows us."""

    ca_file: Path | None = None
    """Of those who signed its certificate; the system's, if None."""
    cert_file: Path | None = None
    """Our own certificate, where it asks for one."""
    key_file: Path | None = None
    server_name: str | None = None
    """The name in its certificate, where it is not that of its address."""
    insecure_skip_verify: bool = False

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        if (self.cert_file is None) != (self.key_file is None):
            raise ValueError("found one of cert_file and key_file, expected both or neither")
        return self


class HttpClientConfig(NearSecrets):
    """Of one kind of source, or of one server."""

    secrets: ClassVar[dict[str, str]] = {"bearer_token": "authorization with credentials_file"}

    authorization: Authorization | None = None
    basic_auth: BasicAuth | None = None
    tls_config: Tls | None = None
    http_headers: Annotated[dict[HeaderName, HttpHeader], not_shown("a mapping", dict)] = Field(
        default_factory=dict
    )
    """Such as ``X-Scope-OrgID``, which says whose series Mimir is asked for."""

    @model_validator(mode="after")
    def _is_one(self) -> Self:
        if self.authorization and self.basic_auth:
            raise ValueError("found both authorization and basic_auth, expected one of them")
        return self


class HttpClientConfigs(_Strict):
    """By kind of source. Without one, nobody says who asks."""

    engines: HttpClientConfig = HttpClientConfig()
    """vLLM: its metrics, its health, and the tokens that it is asked for."""
    hosts: HttpClientConfig = HttpClientConfig()
    """dcgm-exporters, and gpu exporters of ours."""
    routers: HttpClientConfig = HttpClientConfig()
    tools: HttpClientConfig = HttpClientConfig()
    """Tool gateways."""


@dataclass(frozen=True)
class HttpAccess:
    """Who asks sources of one kind, and whom it trusts.

    The files are looked at for each request, and read when they changed. What cannot be read later
    on is said once, and what was read before goes on.
    """

    authorization: Authorization | None = None
    basic_auth: BasicAuth | None = None
    tls: Tls | None = None
    folder: Path = Path()
    """What paths are relative to."""
    headers: Mapping[str, HttpHeader] = field(default_factory=dict)
    """Besides."""
    _read: dict[str, Any] = field(default_factory=dict, compare=False, repr=False)

    def options(self) -> dict[str, Any]:
        """Return what aiohttp's requests take: headers and TLS, where they are asked for."""
        files = self.files
        if not files and self.tls is None and not self.headers:
            return {}
        seen: Hashable = stamps(files)
        if "seen" not in self._read or self._read["seen"] != seen:
            self._read["seen"] = seen
            try:
                self._read["options"] = self._make_options()
            except (OSError, ValueError) as error:
                _LOG.error("http_client_config: %s; what was there before is used", error)
        options: dict[str, Any] = self._read.get("options", {})
        return options

    @property
    def files(self) -> list[Path]:
        """All that it depends on."""
        found = [
            self.authorization and self.authorization.credentials_file,
            self.basic_auth and self.basic_auth.password_file,
            *((self.tls.ca_file, self.tls.cert_file, self.tls.key_file) if self.tls else ()),
            *(path for header in self.headers.values() for path in header.files),
        ]
        return [self.folder / each for each in found if each]

    def problems(self, document: Document, place: Place) -> Iterator[Problem]:
        """Yield what is wrong with its files now. Not what stands in them: it is secret.

        Args:
            document: the configuration.
            place: where this stands in it.
        """
        seen = stamps(self.files)
        try:
            options = self._make_options()
        except (OSError, ValueError) as error:
            yield document.problem(place, str(error), "correct the file or its path")
        else:
            self._read.update(seen=seen, options=options)

    def _make_options(self) -> dict[str, Any]:
        options: dict[str, Any] = {}
        if self.headers:
            options["headers"] = {
                name: ", ".join(
                    (*each.values, *(_read_secret(self.folder / path) for path in each.files))
                )
                for name, each in self.headers.items()
            }
        if self.authorization:
            secret = _read_secret(self.folder / self.authorization.credentials_file)
            said = f"{self.authorization.type} {secret}"
            options["headers"] = {**options.get("headers", {}), "Authorization": said}
        if self.basic_auth:
            secret = _read_secret(self.folder / self.basic_auth.password_file)
            pair = base64.b64encode(f"{self.basic_auth.username}:{secret}".encode()).decode()
            options["headers"] = {**options.get("headers", {}), "Authorization": f"Basic {pair}"}
        if self.tls:
            options["ssl"] = self._make_context(self.tls)
            if self.tls.server_name:
                options["server_hostname"] = self.tls.server_name
        return options

    def _make_context(self, tls: Tls) -> ssl.SSLContext:
        authority = tls.ca_file and self.folder / tls.ca_file
        try:
            context = ssl.create_default_context(cafile=authority)
        except OSError as error:  # ssl.SSLError is one, and does not name the file
            raise ValueError(f"{authority} is no file of certificates: {error.strerror}") from None
        if tls.insecure_skip_verify:
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        if tls.cert_file and tls.key_file:
            certificate, key = self.folder / tls.cert_file, self.folder / tls.key_file
            try:
                # A password is refused rather than asked for at a terminal.
                context.load_cert_chain(certificate, key, password="")
            except OSError as error:
                raise ValueError(
                    f"{certificate} and {key} are no certificate and its key: {error.strerror}"
                ) from None
        return context


def make_accesses(
    configs: HttpClientConfigs, document: Document, folder: Path
) -> dict[str, HttpAccess]:
    """Return how each kind of source is asked.

    Args:
        configs: of ``shardwatch.yaml``.
        document: that file, for problems.
        folder: that it stands in.

    Raises:
        InputError: if a secret or a certificate cannot be read.
    """
    accesses = {kind: _access(each, folder) for kind, each in configs}
    problems = [
        problem
        for kind, access in accesses.items()
        for problem in access.problems(document, ("http_client_config", kind))
    ]
    if problems:
        raise InputError(problems)
    return accesses


def make_access(
    config: HttpClientConfig, document: Document, folder: Path, place: Place = ()
) -> HttpAccess:
    """Return how one server is asked.

    Args:
        config: how it is written.
        document: the file that it is written in, for problems.
        folder: that its paths are relative to.
        place: where it stands in the file.

    Raises:
        InputError: if a secret or a certificate cannot be read.
    """
    access = _access(config, folder)
    if problems := list(access.problems(document, place)):
        raise InputError(problems)
    return access


def read_access(path: Path) -> HttpAccess:
    """Return how a server is asked, from a file that holds a ``http_client_config`` alone.

    As promtool's ``--http.config.file`` takes it. Paths in it are relative to the file.

    Raises:
        InputError: if it, a secret or a certificate cannot be read.
    """
    document = read_document(path)
    return make_access(document.parse(HttpClientConfig), document, path.parent)


def _access(config: HttpClientConfig, folder: Path) -> HttpAccess:
    return HttpAccess(
        config.authorization, config.basic_auth, config.tls_config, folder, config.http_headers
    )


def _read_secret(path: Path) -> str:
    """Return what stands in a file, without the space around it.

    Raises:
        ValueError: if it cannot be a header's; without telling it.
    """
    try:
        with path.open("rb") as file:
            content = file.read(_LARGEST_SECRET_BYTES + 1)
    except FileNotFoundError:
        raise ValueError(f"no such file: {path}") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be read: {error.strerror}") from None
    secret = content.strip()
    if not secret:
        raise ValueError(f"{path}: found an empty file, expected a secret")
    if len(content) > _LARGEST_SECRET_BYTES or not all(0x20 <= byte < 0x7F for byte in secret):
        raise ValueError(f"{path}: found other characters than a header may have (ASCII, one line)")
    return secret.decode()
