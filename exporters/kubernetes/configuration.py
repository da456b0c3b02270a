"""``shardwatch.yaml`` as the exporters in a cluster read it, and the secrets that it speaks of.

They get what they read of it alone. Secrets stay where they are: this says which files of the user
become which keys of which Secret, and nothing reads what stands in them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from exporters.access import HttpClientConfig
from exporters.config import Config, Discovery
from exporters.documents import read_text
from exporters.durations import format_duration
from exporters.generated import header, is_generated
from exporters.kubernetes.names import SOURCES_FOLDER
from exporters.problems import InputError, problem

_NOT_OF_KEYS = re.compile(r"[^-._a-zA-Z0-9]")

MOST_BYTES = 1024 * 1024
"""Of a ConfigMap's data, keys included: Kubernetes refuses more."""


@dataclass
class SecretFiles:
    """Files of the user that become keys of one Secret."""

    name: str
    files: dict[str, Path] = field(default_factory=dict)
    """By key."""

    def key(self, path: Path) -> str:
        """Return the key of a file: its name, with a number where two are called the same."""
        for key, known in self.files.items():
            if known == path:
                return key
        stem, suffix = (_NOT_OF_KEYS.sub("-", each) for each in (path.stem, path.suffix))
        numbers = (f"-{number}" for number in range(2, len(self.files) + 3))
        names = (f"{stem}{number}{suffix}" for number in ("", *numbers))
        key = next(each for each in names if each not in self.files)
        self.files[key] = path
        return key


@dataclass(frozen=True)
class ExporterConfiguration:
    """What the exporters in a cluster are given."""

    content: dict[str, Any]
    """Of ``shardwatch.yaml``."""
    topology_name: str | None
    """The key, and the file, of the topology; None if a service tells it."""
    topology_text: str
    secrets: SecretFiles
    """What they ask their sources with."""


def exporter_configuration(config: Config, secret_name: str) -> ExporterConfiguration:
    """Return what the exporters in a cluster are given of a configuration.

    Raises:
        InputError: if the topology stands in files of service discovery, which no pod sees, or is
            larger than a ConfigMap may be.
    """
    secrets = SecretFiles(secret_name)
    topology, name, text = _topology(config)
    clients = {
        kind: written
        for kind, each in config.file.http_client_config
        if (written := _client_config(each, config.path.parent, secrets))
    }
    content = {
        "topology": topology,
        "prometheus": {
            "url": config.file.prometheus.url,
            "scrape_interval": format_duration(config.file.prometheus.scrape_interval),
        },
        # Exporters read none of them; a path of the user's would lead nowhere.
        "objectives": [each for each in config.file.objectives if each.startswith("library:")]
        or ["library:chat"],
        **({"http_client_config": clients} if clients else {}),
    }
    return ExporterConfiguration(content, name, text, secrets)


def _topology(config: Config) -> tuple[Any, str | None, str]:
    source = config.file.topology
    if isinstance(source, Discovery):
        if source.file_sd:
            raise InputError([config.document.problem(
                ("topology", "file_sd"), "found files of this machine, which no pod sees",
                "name a topology.yaml, or an http_sd that the cluster reaches")])  # fmt: skip
        told = {"http_sd": source.http_sd, "cluster": source.cluster}
        times = {
            "refresh_interval": format_duration(source.refresh_interval),
            "forget_after": format_duration(source.forget_after),
        }
        return {key: value for key, value in told.items() if value} | times, None, ""
    (file,) = config.topology_files
    text = read_text(file)
    name = f"topology{file.suffix or '.yaml'}"
    size = len(name) + len(text.encode())
    if size > MOST_BYTES:
        raise InputError([problem(
            file, f"found {size} bytes, expected at most {MOST_BYTES} in a ConfigMap",
            fix="let an http_sd tell the topology, or build for a part of the cluster each",
        )])  # fmt: skip
    is_json = text.lstrip().startswith("{")
    head = "" if is_json or is_generated(text) else header(config.generated_from)
    return name, name, head + text


def _client_config(client: HttpClientConfig, folder: Path, secrets: SecretFiles) -> dict[str, Any]:
    """Return how a kind of source is asked, with the paths that its secrets have in a pod."""
    return {
        key: _in_a_pod(value, folder, secrets)
        for key, value in client.model_dump(mode="python", exclude_none=True).items()
        if value
    }


def _in_a_pod(value: Any, folder: Path, secrets: SecretFiles) -> Any:
    if isinstance(value, dict):
        return {key: _in_a_pod(each, folder, secrets) for key, each in value.items()}
    if isinstance(value, list | tuple):
        return [_in_a_pod(each, folder, secrets) for each in value]
    if isinstance(value, Path):
        return str(PurePosixPath(SOURCES_FOLDER) / secrets.key((folder / value).absolute()))
    return value


def scrape_secret_files(config: Config) -> Iterator[tuple[str, Path]]:
    """Yield the keys of the Secret that Prometheus asks exporters with, and the user's files.

    The name of its user is a key as well, for which there is no file.
    """
    https, user = config.file.exporters.https, config.file.exporters.basic_auth
    named = {
        "ca.crt": https.ca_file if https else None,
        "tls.crt": https.cert_file if https else None,
        "tls.key": https.key_file if https else None,
        "password": user.password_file if user else None,
    }
    for key, path in named.items():
        if path is not None:
            yield key, config.resolve(path).absolute()
