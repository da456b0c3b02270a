"""Asking the servers of a stack, and writing what they run on."""

from __future__ import annotations

import contextlib
import json
import time
import urllib.request
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

PATIENCE_SECONDS = 120.0


def wait_for(url: str) -> None:
    """Wait until an address answers.

    Raises:
        TimeoutError: if it does not.
    """
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        with contextlib.suppress(OSError):
            get(url)
            return
        time.sleep(0.1)
    raise TimeoutError(f"{url} does not answer")


def get(url: str) -> str:
    """Return what an address answers.

    Raises:
        OSError: if it does not, or with an error.
    """
    return request(url, method="GET")


def reload(url: str) -> None:
    """Let a server read its configuration again; whether it can use it, it says itself."""
    with contextlib.suppress(OSError):
        request(f"{url}/-/reload", method="POST")


def request(url: str, *, method: str, content: Any = None) -> str:
    """Return what an address answers to a request, with JSON if there is any.

    Raises:
        OSError: if it does not, or with an error.
    """
    body = None if content is None else json.dumps(content).encode()
    asked = urllib.request.Request(  # noqa: S310 - ours
        url, body, {"Content-Type": "application/json"}, method=method
    )
    with urllib.request.urlopen(asked, timeout=10) as answer:  # noqa: S310 - as above
        return str(answer.read().decode())


def write_json(file: Path, content: Mapping[str, Any]) -> None:
    """Write a configuration; JSON is YAML."""
    file.write_text(json.dumps(content), encoding="utf-8")


def write_yaml(file: Path, content: Mapping[str, Any]) -> None:
    """Write a configuration."""
    file.write_text(yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
