"""The error-budget policy: levels that rise."""

from pathlib import Path

import pytest

from exporters.problems import InputError
from slo.review.policy import read_policy


@pytest.mark.parametrize(
    ("spent", "level"),
    [(-0.1, "normal"), (0.7499, "normal"), (0.75, "careful"), (1, "frozen"), (7, "frozen")],
)
def test_a_level_holds_from_its_share_on(spent: float, level: str):
    """A difference of counters may leave more than all."""
    assert level == read_policy().level(spent).name


@pytest.mark.parametrize("shares", [(0.1, 1), (0, 1, 0.5), (0, 0)])
def test_levels_that_do_not_rise_from_nothing_are_refused(tmp_path: Path, shares):
    """Else a service would stand nowhere."""
    levels = [f"  - {{name: a, spent_from: {each}, means: b, decides: c}}" for each in shares]
    file = tmp_path / "policy.yaml"
    file.write_text("\n".join(["levels:", *levels]) + "\n")

    with pytest.raises(InputError, match="rising shares that begin with 0"):
        read_policy(file)
