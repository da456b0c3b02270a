"""Who asks the server, and whom it is trusted by: options of the command, and the same as YAML."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from exporters.access import HttpAccess, HttpClientConfig, make_access
from exporters.documents import Document, read_document
from exporters.problems import InputError, problem


@dataclass(frozen=True)
class Credentials:
    """What the options say. Paths are as they were given."""

    bearer_token_file: Path | None = None
    username: str | None = None
    password_file: Path | None = None
    ca_file: Path | None = None
    cert_file: Path | None = None
    key_file: Path | None = None
    insecure_skip_verify: bool = False
    http_config: Path | None = None
    """A file of a ``http_client_config``, in place of all the others."""

    @property
    def secret_file(self) -> Path | None:
        """Return the file that says who asks; None if nobody in particular does."""
        return self.http_config or self.bearer_token_file or self.password_file

    def to_config(self) -> dict[str, Any]:
        """Return a ``http_client_config`` as ``shardwatch.yaml`` has it, with absolute paths.

        Raises:
            InputError: if options do not go together, or the file cannot be read.
        """
        config = self._from_file() if self.http_config else self._from_options()
        try:
            HttpClientConfig.model_validate(config, context={"folder": Path()})
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            said = first["msg"].removeprefix("Value error, ")
            raise InputError([problem("options", said, fix="give one of them")]) from None
        return config

    def to_access(self) -> HttpAccess | None:
        """Return how the server is asked; None if nothing is said.

        Raises:
            InputError: if options do not go together, or a file cannot be read.
        """
        config = self.to_config()
        if not config:
            return None
        document = Document("options", config, {})
        return make_access(document.parse(HttpClientConfig), document, Path())

    def _from_file(self) -> dict[str, Any]:
        assert self.http_config is not None  # noqa: S101 - the caller looked
        others = (self.bearer_token_file, self.username, self.ca_file, self.cert_file)
        if any(each is not None for each in others):
            found = "found --http-config and another option of who asks, expected one of them"
            raise InputError([problem("options", found)])
        document = read_document(self.http_config)
        config = document.parse(HttpClientConfig)
        plain = config.model_dump(mode="json", exclude_defaults=True)
        folder = self.http_config.parent.absolute()
        return {key: _with_absolute_paths(value, folder) for key, value in plain.items()}

    def _from_options(self) -> dict[str, Any]:
        if (self.username is None) != (self.password_file is None):
            found = "found one of --username and --password-file, expected both or neither"
            raise InputError([problem("options", found)])
        config: dict[str, Any] = {}
        if self.bearer_token_file:
            config["authorization"] = {"credentials_file": _absolute(self.bearer_token_file)}
        if self.username is not None and self.password_file:
            config["basic_auth"] = {
                "username": self.username,
                "password_file": _absolute(self.password_file),
            }
        tls = {
            name: _absolute(path)
            for name, path in (
                ("ca_file", self.ca_file),
                ("cert_file", self.cert_file),
                ("key_file", self.key_file),
            )
            if path
        }
        if tls or self.insecure_skip_verify:
            skip = {"insecure_skip_verify": True} if self.insecure_skip_verify else {}
            config["tls_config"] = {**tls, **skip}
        return config


def _absolute(path: Path) -> str:
    return str(path.absolute())


def _with_absolute_paths(value: Any, folder: Path) -> Any:
    """Return what is written with the files that it names as paths that hold anywhere."""
    if not isinstance(value, Mapping):
        return value
    absolute: dict[str, Any] = {}
    for key, each in value.items():
        if key == "files":
            absolute[key] = [str(folder / path) for path in each]
        elif key.endswith("_file"):
            absolute[key] = str(folder / each)
        else:
            absolute[key] = _with_absolute_paths(each, folder)
    return absolute
