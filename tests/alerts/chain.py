"""A real Alertmanager beside the stand-in that it tells."""

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from demo.setup.programs import find_program
from tests.alerts.test_testing import wait_for

ROOT = Path(__file__).parents[2]


@contextlib.contextmanager
def running_chain(config: Path, key_file: Path, ports: tuple[int, int]) -> Iterator[None]:
    """Run the stand-in on the first port and Alertmanager on the second, until both listen."""
    stand_in_port, alertmanager_port = ports
    commands = (
        [sys.executable, "-m", "alerts.testing", "--port", str(stand_in_port),
         "--routing-key-file", str(key_file)],
        [str(find_program("alertmanager")), f"--config.file={config}",
         f"--storage.path={config.parent / 'data'}", "--cluster.listen-address=",
         f"--web.listen-address=127.0.0.1:{alertmanager_port}", "--log.level=warn"],
    )  # fmt: skip
    started: list[subprocess.Popen[bytes]] = []
    try:
        for command, port in zip(commands, ports, strict=True):
            started.append(subprocess.Popen(command, cwd=ROOT))
            wait_for(port)
        yield
    finally:
        for each in started:
            each.terminate()
            each.wait()
