"""Ranks by the titles of processes."""

import pytest

from exporters.gpu.local.ranks import MOST_RANKS, ranks_of


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        (b"VLLM::Worker_TP0\0", ["TP0"]),
        (b"VLLM::Worker_DP1_TP3_EP7\0\0", ["DP1_TP3_EP7"]),
        (b"VLLM::EngineCore\0", ["EngineCore"]),
        (b"VLLM::EngineCore_DP0", ["EngineCore_DP0"]),
        (b"python\0-m\0VLLM::Worker_TP0", []),
        (b'VLLM::Worker_"}{', []),
        (b"", []),
    ],
)
def test_a_title_tells_the_rank(tmp_path, title, expected):
    """As vLLM sets it; all else is no rank."""
    (tmp_path / "7").mkdir()
    (tmp_path / "7/cmdline").write_bytes(title)
    assert ranks_of([7, 8], tmp_path) == expected


def test_ranks_are_sorted_told_once_and_not_too_many(tmp_path):
    """A label's values have bounds."""
    for pid in range(40):
        (tmp_path / str(pid)).mkdir()
        (tmp_path / f"{pid}/cmdline").write_bytes(b"VLLM::Worker_TP%d" % (pid // 2))
    ranks = ranks_of(range(40), tmp_path)
    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks) == MOST_RANKS
