"""TLS of a server, from what ``web-config.yml`` says of it to the standard library's context."""

from __future__ import annotations

import ssl
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from exporters.documents import Document
from exporters.problems import InputError

VERSIONS = {
    "TLS10": ssl.TLSVersion.TLSv1,
    "TLS11": ssl.TLSVersion.TLSv1_1,
    "TLS12": ssl.TLSVersion.TLSv1_2,
    "TLS13": ssl.TLSVersion.TLSv1_3,
}
CIPHERS: Mapping[str, str | None] = {
    "TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256": "ECDHE-ECDSA-AES128-GCM-SHA256",
    "TLS_ECDHE_ECDSA_WITH_AES_256_GCM_SHA384": "ECDHE-ECDSA-AES256-GCM-SHA384",
    "TLS_ECDHE_ECDSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-ECDSA-CHACHA20-POLY1305",
    "TLS_ECDHE_RSA_WITH_AES_128_GCM_SHA256": "ECDHE-RSA-AES128-GCM-SHA256",
    "TLS_ECDHE_RSA_WITH_AES_256_GCM_SHA384": "ECDHE-RSA-AES256-GCM-SHA384",
    "TLS_ECDHE_RSA_WITH_CHACHA20_POLY1305_SHA256": "ECDHE-RSA-CHACHA20-POLY1305",
    "TLS_ECDHE_ECDSA_WITH_AES_128_CBC_SHA": "ECDHE-ECDSA-AES128-SHA",
    "TLS_ECDHE_ECDSA_WITH_AES_256_CBC_SHA": "ECDHE-ECDSA-AES256-SHA",
    "TLS_ECDHE_RSA_WITH_AES_128_CBC_SHA": "ECDHE-RSA-AES128-SHA",
    "TLS_ECDHE_RSA_WITH_AES_256_CBC_SHA": "ECDHE-RSA-AES256-SHA",
    "TLS_RSA_WITH_AES_128_GCM_SHA256": "AES128-GCM-SHA256",
    "TLS_RSA_WITH_AES_256_GCM_SHA384": "AES256-GCM-SHA384",
    "TLS_RSA_WITH_AES_128_CBC_SHA": "AES128-SHA",
    "TLS_RSA_WITH_AES_256_CBC_SHA": "AES256-SHA",
    # Of TLS 1.3: neither Go nor Python lets one choose among them.
    "TLS_AES_128_GCM_SHA256": None,
    "TLS_AES_256_GCM_SHA384": None,
    "TLS_CHACHA20_POLY1305_SHA256": None,
}
"""Go's names (crypto/tls), which the toolkit uses, and OpenSSL's."""
CURVES = {
    "CurveP256": "prime256v1",
    "CurveP384": "secp384r1",
    "CurveP521": "secp521r1",
    "X25519": "X25519",
}
"""Likewise."""
_SECTION = "tls_server_config"


@dataclass(frozen=True)
class TlsSettings:
    """What a context is made of. Certificates and keys are PEM: a file, or the text itself."""

    cert: Path | str
    key: Path | str
    client_ca: Path | str | None
    """None: the system's."""
    verifies_clients: bool
    requires_clients: bool
    versions: tuple[str, str]
    """The oldest and the newest."""
    cipher_suites: tuple[str, ...]
    prefers_own_order: bool
    curve: str | None


def make_context(settings: TlsSettings, document: Document) -> ssl.SSLContext:
    """Return the context of a server.

    Raises:
        InputError: if a file cannot be read, or is not what it is to be; at its place in the
            document.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    with warnings.catch_warnings():
        # Python deprecates TLS 1.0 and 1.1; who writes them down wants them.
        warnings.simplefilter("ignore", DeprecationWarning)
        context.minimum_version, context.maximum_version = (
            VERSIONS[version] for version in settings.versions
        )
    if settings.prefers_own_order:
        context.options |= ssl.OP_CIPHER_SERVER_PREFERENCE
    suites = [name for suite in settings.cipher_suites if (name := CIPHERS[suite])]
    if suites:
        context.set_ciphers(":".join(suites))
    if settings.curve:
        context.set_ecdh_curve(CURVES[settings.curve])
    with (
        _as_file(settings.cert, document, "cert") as cert,
        _as_file(settings.key, document, "key") as key,
    ):
        try:
            # A password would be asked for on the terminal: there is none.
            context.load_cert_chain(cert, key, password=lambda: "")
        except (ssl.SSLError, ValueError) as error:
            _refuse(document, "cert", settings.cert, f"no certificate that fits the key: {error}")
    if settings.verifies_clients:
        context.verify_mode = ssl.CERT_REQUIRED if settings.requires_clients else ssl.CERT_OPTIONAL
        if settings.client_ca is None:
            context.load_default_certs(ssl.Purpose.CLIENT_AUTH)
        else:
            with _as_file(settings.client_ca, document, "client_ca") as file:
                try:
                    context.load_verify_locations(file)
                except ssl.SSLError as error:
                    found = f"no certificate of a CA: {error}"
                    _refuse(document, "client_ca", settings.client_ca, found)
    return context


def has_allowed_name(certificate: Mapping[str, Any], allowed: tuple[str, ...]) -> bool:
    """Return whether a certificate has one of some names, as an alternative name of its subject.

    Args:
        certificate: as ``ssl.SSLSocket.getpeercert`` gives it.
        allowed: names of hosts, addresses, mail addresses or URIs.
    """
    return any(name in allowed for _, name in certificate.get("subjectAltName", ()))


@contextmanager
def _as_file(source: Path | str, document: Document, key: str) -> Iterator[Path]:
    """Yield a file of what may stand in the document itself: OpenSSL reads files only."""
    if isinstance(source, Path):
        try:
            with source.open("rb"):
                pass
        except OSError as error:
            _refuse(document, key, source, f"cannot be read: {error.strerror}")
        yield source
        return
    with tempfile.NamedTemporaryFile("w", encoding="utf-8") as file:  # nobody else may read it
        file.write(source)
        file.flush()
        yield Path(file.name)


def _refuse(document: Document, key: str, source: Path | str, message: str) -> None:
    is_file = isinstance(source, Path)
    place = (_SECTION, f"{key}_file" if is_file else key)
    found = f"{source}: {message}" if is_file else f"found {message}"
    raise InputError([document.problem(place, found, "correct the file or its path")])
