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
    with running_stand_in(key_file, ports[0]), running_alertmanager(config, ports[1]):
        yield


@contextlib.contextmanager
def running_stand_in(key_file: Path, port: int) -> Iterator[None]:
    """Run the stand-in, which has nothing at first, once it listens."""
    command = [sys.executable, "-m", "alerts.testing", "--port", str(port),
               "--routing-key-file", str(key_file)]  # fmt: skip
    with _running(command, port):
        yield


@contextlib.contextmanager
def running_alertmanager(config: Path, port: int) -> Iterator[None]:
    """Run Alertmanager, once it listens."""
    command = [str(find_program("alertmanager")), f"--config.file={config}",
               f"--storage.path={config.parent / 'data'}", "--cluster.listen-address=",
               f"--web.listen-address=127.0.0.1:{port}", "--log.level=warn"]  # fmt: skip
    with _running(command, port):
        yield


@contextlib.contextmanager
def _running(command: list[str], port: int) -> Iterator[None]:
    with subprocess.Popen(command, cwd=ROOT) as process:
        try:
            wait_for(port)
            yield
        finally:
            process.terminate()
