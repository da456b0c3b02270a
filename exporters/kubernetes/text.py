"""Objects as the text of a file."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any

import yaml

from exporters.generated import header

Manifest = dict[str, Any]
"""An object of Kubernetes."""


class _Dumper(yaml.SafeDumper):
    """Writes everything out: nobody should have to follow references."""

    def ignore_aliases(self, data: Any) -> bool:  # noqa: ARG002 - as PyYAML calls it
        return True


def to_text(
    objects: Iterable[Mapping[str, Any]], sources: Iterable[Path], notes: Iterable[str] = ()
) -> str:
    """Return a file of objects, with the header of what is generated.

    Args:
        objects: at least one.
        sources: the files that they were made from.
        notes: lines of comment after the header.
    """
    documents = [
        yaml.dump(dict(each), Dumper=_Dumper, sort_keys=False, width=1000) for each in objects
    ]
    comments = "".join(f"# {each}".rstrip() + "\n" for each in notes)
    return header(sources) + comments + "---\n".join(documents)


def kustomization(**content: Any) -> Manifest:
    """Return a file of kustomize."""
    return {
        "apiVersion": "kustomize.config.k8s.io/v1beta1",
        "kind": "Kustomization",
        **content,
    }
