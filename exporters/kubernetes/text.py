"""Objects as the text of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

from exporters.generated import header, to_yaml

Manifest = dict[str, Any]
"""An object of Kubernetes."""


def to_text(
    objects: Iterable[Mapping[str, Any]], sources: Iterable[Path], notes: Iterable[str] = ()
) -> str:
    """Return a file of objects, with the header of what is generated.

    Args:
        objects: at least one.
        sources: the files that they were made from.
        notes: lines of comment after the header.
    """
    comments = "".join(f"# {each}".rstrip() + "\n" for each in notes)
    return header(sources) + comments + "---\n".join(map(to_yaml, objects))


def kustomization(**content: Any) -> Manifest:
    """Return a file of kustomize."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        **content,
    }
