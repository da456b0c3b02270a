"""Whoever comes to the lab is told what each of its modules does."""

import re
from pathlib import Path

from demo import lab


def test_every_module_of_the_lab_stands_in_its_table():
    """And none that is gone."""
    folder = Path(lab.__file__).parent
    there = {path.stem for path in folder.glob("*.py")} - {"__init__"}
    there |= {f"{path.parent.name}/" for path in folder.glob("*/__init__.py")}
    told = set(re.findall(r"``([a-z_]+/?)``", lab.__doc__ or ""))

    assert there == told - {"shows/"}
