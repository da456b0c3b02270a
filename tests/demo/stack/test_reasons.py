"""Why a process ended: the lines of its log that tell."""

import pytest

from demo.stack.reasons import reasons

VLLM = """\
INFO 11-26 02:00:01 [api_server.py:1] vLLM API server version 0.32.0
(EngineCore pid=71) ERROR 11-26 02:00:09 [core.py:866] EngineCore failed to start.
(EngineCore pid=71) ERROR 11-26 02:00:09 [core.py:866] Traceback (most recent call last):
(EngineCore pid=71) ERROR 11-26 02:00:09 [core.py:866]   File "cpu_worker.py", line 9, in f
(EngineCore pid=71) ERROR 11-26 02:00:09 [core.py:866]     raise ValueError(text)
(EngineCore pid=71) ERROR 11-26 02:00:09 [core.py:866] ValueError: No available memory for the cache
Traceback (most recent call last):
  File "api_server.py", line 3, in main
    raise RuntimeError("Engine core initialization failed. See root cause above.")
RuntimeError: Engine core initialization failed. See root cause above.
"""
PYTHON = """\
Traceback (most recent call last):
  File "x.py", line 1, in <module>
    ShownInTheSourceError: int = 1
ModuleNotFoundError: No module named 'nothing'

During handling of the above exception, another exception occurred:

Traceback (most recent call last):
  File "x.py", line 3, in <module>
    raise demo.sim.BrokenError
demo.sim.BrokenError
"""
PROMETHEUS = """\
ts=2026-11-26T02:00:00Z caller=main.go:1 level=info msg="Starting"
ts=2026-11-26T02:00:00Z level=error msg="Error loading config" err="yaml: \\"x\\" bad"
"""


@pytest.mark.parametrize(
    ("log", "expected"),
    [
        (
            VLLM,
            [
                "ValueError: No available memory for the cache",
                "RuntimeError: Engine core initialization failed. See root cause above.",
            ],
        ),
        (PYTHON, ["ModuleNotFoundError: No module named 'nothing'", "demo.sim.BrokenError"]),
        (PROMETHEUS, [r"yaml: \"x\" bad"]),
        ("ERROR: port 1 is taken\n", ["ERROR: port 1 is taken"]),
        ("s.yaml:1:1: story: missing; add it\n\n", ["s.yaml:1:1: story: missing; add it"]),
        ("KeyError: 1\nKeyError: 1\nall is well again\n", ["KeyError: 1"]),
        ("", []),
    ],
)
def test_a_log_is_searched_for_the_lines_that_tell(log: str, expected: list[str]):
    """The root first, each once."""
    assert expected == reasons(log)
