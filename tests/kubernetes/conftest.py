"""A build with something of everything, and what kustomize renders of it."""

from pathlib import Path
from typing import Any

import pytest

from tests.kubernetes.configuring import FULL
from tests.kubernetes.rendering import OVERLAYS, build, kustomize


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Of the configuration with something of everything."""
    return build(tmp_path_factory.mktemp("full"), FULL)


@pytest.fixture(scope="session")
def rendered(folder: Path) -> dict[str, list[dict[str, Any]]]:
    """All objects of each overlay."""
    return {name: kustomize(folder / "overlays" / name) for name in OVERLAYS}
