"""What servers say where all is well, without any server."""

from pathlib import Path

import pytest

from alerts.doctor.seen import Seen
from tests.alerts.doctor.seeing import see_health


@pytest.fixture(scope="session")
def well(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """A cluster of which nothing is wrong."""
    folder: Path = tmp_path_factory.mktemp("well")
    return see_health(folder)
