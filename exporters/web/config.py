"""``web-config.yml``: TLS, passwords and headers, as the Prometheus exporter toolkit has it.

Format: https://github.com/prometheus/exporter-toolkit/blob/master/docs/web-configuration.md.
Paths in it are relative to the file itself. What cannot be done here is refused, not ignored.
"""

from __future__ import annotations

import ssl
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from exporters.documents import read_document
from exporters.web.passwords import HASH
from exporters.web.tls import CIPHERS, CURVES, TlsSettings, make_context

Version = Literal["TLS10", "TLS11", "TLS12", "TLS13"]
ClientAuth = Literal[
    "NoClientCert",
    "RequestClientCert",
    "RequireAnyClientCert",
    "VerifyClientCertIfGiven",
    "RequireAndVerifyClientCert",
]
HeaderName = Literal[
    "Strict-Transport-Security",
    "X-Content-Type-Options",
    "X-Frame-Options",
    "X-XSS-Protection",
    "Content-Security-Policy",
]
"""Headers that the toolkit lets one set."""
_HEADER_TEXTS = {"X-Content-Type-Options": ("nosniff",), "X-Frame-Options": ("deny", "sameorigin")}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


def _client_auth(text: ClientAuth) -> ClientAuth:
    if text == "RequireAnyClientCert":
        raise ValueError(
            "found 'RequireAnyClientCert', which takes certificates of anybody, expected "
            "'RequireAndVerifyClientCert' or another"
        )
    return text


def _one_of(known: Mapping[str, object], what: str) -> AfterValidator:
    def check(text: str) -> str:
        if text not in known:
            example = next(iter(known))
            raise ValueError(f"found {text!r}, expected the name of a {what} such as {example}")
        return text

    return AfterValidator(check)


def _hash(text: str) -> str:
    if not HASH.fullmatch(text):
        # Not what was found: it may be a password.
        raise ValueError("found no bcrypt hash, expected one such as htpasswd -nBC 10 '' prints")
    return text


def _headers(headers: dict[HeaderName, str]) -> dict[HeaderName, str]:
    for name, text in headers.items():
        allowed = _HEADER_TEXTS.get(name)
        if allowed and text not in allowed:
            raise ValueError(f"found {text!r} for {name}, expected {' or '.join(allowed)}")
        if not all(" " <= character <= "~" for character in text):
            raise ValueError(f"found {text!r} for {name}, expected plain characters (ASCII)")
    return headers


class TlsServer(_Strict):
    """``tls_server_config``."""

    cert: str | None = None
    key: str | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    client_auth_type: Annotated[ClientAuth, AfterValidator(_client_auth)] = "NoClientCert"
    client_ca: str | None = None
    client_ca_file: Path | None = None
    client_allowed_sans: list[str] = []
    min_version: Version = "TLS12"
    max_version: Version = "TLS13"
    cipher_suites: list[Annotated[str, _one_of(CIPHERS, "cipher suite")]] = []
    """Of TLS 1.2 and before; those of 1.3 are always on."""
    prefer_server_cipher_suites: bool = True
    curve_preferences: Annotated[
        list[Annotated[str, _one_of(CURVES, "curve")]], Field(max_length=1)
    ] = []
    """One at most: OpenSSL, as Python has it, takes no order of several."""

    @model_validator(mode="after")
    def _is_whole(self) -> Self:
        for name, text, file in (
            ("cert", self.cert, self.cert_file),
            ("key", self.key, self.key_file),
        ):
            if (text is None) == (file is None):
                raise ValueError(f"found {'both' if text else 'neither'} {name} and {name}_file, "
                                 "expected one of them")  # fmt: skip
        if self.client_ca is not None and self.client_ca_file is not None:
            raise ValueError("found both client_ca and client_ca_file, expected one of them")
        has_ca = self.client_ca is not None or self.client_ca_file is not None
        verifies = self.client_auth_type in (
            "VerifyClientCertIfGiven",
            "RequireAndVerifyClientCert",
        )
        if has_ca and not verifies:
            raise ValueError(
                f"found a client CA with client_auth_type {self.client_auth_type!r}, "
                "expected one that verifies, such as 'RequireAndVerifyClientCert'"
            )
        if self.client_allowed_sans and self.client_auth_type != "RequireAndVerifyClientCert":
            raise ValueError("found client_allowed_sans, expected client_auth_type "
                             "'RequireAndVerifyClientCert' with it")  # fmt: skip
        if self.min_version > self.max_version:
            raise ValueError(f"found min_version {self.min_version} above max_version "
                             f"{self.max_version}, expected the order of age")  # fmt: skip
        return self


class HttpServer(_Strict):
    """``http_server_config``."""

    http2: bool = True
    """Taken and without effect: the exporters speak HTTP/1.1, which every client does as well."""
    headers: Annotated[dict[HeaderName, str], AfterValidator(_headers)] = {}


class WebConfigFile(_Strict):
    """The file as it is written."""

    tls_server_config: TlsServer | None = None
    http_server_config: HttpServer = HttpServer()
    basic_auth_users: dict[str, Annotated[str, AfterValidator(_hash)]] = {}


@dataclass(frozen=True)
class WebConfig:
    """How to serve."""

    tls: ssl.SSLContext | None = None
    users: tuple[tuple[str, str], ...] = ()
    """Names and bcrypt hashes."""
    headers: tuple[tuple[str, str], ...] = ()
    """To be sent with every answer."""
    client_names: tuple[str, ...] = ()
    """Of which a client's certificate has to have one, if there are any."""
    files: tuple[Path, ...] = ()
    """What was read: the file and those that it names."""


def read_web_config(path: Path) -> WebConfig:
    """Return the configuration in ``path``.

    Raises:
        InputError: if it, or a certificate or key that it names, cannot be used.
    """
    document = read_document(path, may_be_empty=True)
    file = document.parse(WebConfigFile)
    context, files = None, [path]
    tls = file.tls_server_config
    if tls:
        settings = TlsSettings(
            cert=tls.cert if tls.cert is not None else path.parent / (tls.cert_file or ""),
            key=tls.key if tls.key is not None else path.parent / (tls.key_file or ""),
            client_ca=path.parent / tls.client_ca_file if tls.client_ca_file else tls.client_ca,
            verifies_clients=tls.client_auth_type
            in ("VerifyClientCertIfGiven", "RequireAndVerifyClientCert"),
            requires_clients=tls.client_auth_type == "RequireAndVerifyClientCert",
            versions=(tls.min_version, tls.max_version),
            cipher_suites=tuple(tls.cipher_suites),
            prefers_own_order=tls.prefer_server_cipher_suites,
            curve=tls.curve_preferences[0] if tls.curve_preferences else None,
        )
        context = make_context(settings, document)
        sources = (settings.cert, settings.key, settings.client_ca)
        files += [each for each in sources if isinstance(each, Path)]
    return WebConfig(
        context,
        tuple(file.basic_auth_users.items()),
        tuple(file.http_server_config.headers.items()),
        tuple(tls.client_allowed_sans) if tls else (),
        tuple(files),
    )
