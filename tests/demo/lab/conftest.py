"""A small cluster like the demo's, on which a play takes seconds."""

from pathlib import Path

import pytest

from demo.lab.setting import USUAL, Setting, make_setting
from demo.scenario import Scenario

GROUPS = 9
"""One a cell."""


@pytest.fixture(scope="session")
def setting(tmp_path_factory) -> Setting:
    """Chat alone, on nine groups, at the usual timing."""
    folder: Path = tmp_path_factory.mktemp("lab")
    return make_setting(folder, USUAL, groups=GROUPS, objectives=["library:chat"])


def story(*faults: dict[str, object], **more: object) -> Scenario:
    """Return a scenario of faults, of which nothing is expected."""
    return Scenario.model_validate(
        {
            "name": "one",
            "engine": "sim",
            "story": "Something happens.",
            "faults": list(faults),
            "watch": "2m",
            **more,
        }
    )
