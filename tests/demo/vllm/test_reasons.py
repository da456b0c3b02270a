"""The reason out of a log: lines as vLLM 0.32.0 wrote them when it could not start."""

import pytest

from demo.vllm.reasons import LONGEST, read_reason

CORE = "(EngineCore pid=6674) ERROR 11-26 02:07:52 [core.py:1510] "
WORKER = "(Worker_TP0 pid=7232) ERROR 11-26 02:08:36 [multiproc_executor.py:953] "
LAST = (
    "RuntimeError: Engine core initialization failed. See root cause above. Failed core proc(s): {}"
)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        (["usage: api_server.py [-h]", "api_server.py: error: unrecognized arguments: --nonsense"],
         "unrecognized arguments: --nonsense"),
        ([f"{CORE}    raise ValueError(", f"{CORE}ValueError: No available memory", LAST],
         "ValueError: No available memory"),
        ([f"{WORKER}safetensors._safetensors_rust.SafetensorError: Error while deserializing",
          f"{CORE}Exception: WorkerProc initialization failed due to an exception in a background "
          "process. See stack trace for root cause.", LAST],
         "SafetensorError: Error while deserializing"),
        (["OSError: [Errno 98] Address already in use", "  warnings.warn('leaked shared_memory')"],
         "OSError: [Errno 98] Address already in use"),
        ([LAST], LAST),
        (["KeyboardInterrupt"], "KeyboardInterrupt"),
        (["WARNING: errors like `OSError: [Errno 24] Too many files`", "Error handling"], None),
        ([], None),
    ],
    ids=["usage", "engine", "worker", "port", "nothing else", "no message", "none", "empty"],
)  # fmt: skip
def test_the_reason_is_the_last_exception_that_names_a_cause(lines: list[str], reason: str | None):
    """Not that of a process which only says that another has failed."""
    assert reason == read_reason(lines)


def test_a_long_reason_is_cut():
    """It stands in one line of a terminal's message."""
    assert LONGEST == len(read_reason(["ValueError: " + "x" * 1000]))
