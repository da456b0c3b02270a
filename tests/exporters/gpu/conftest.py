"""GPUs that do as they are told."""

import asyncio
import time

import pytest

from exporters.gpu.testing.shim import NvmlShim, find_compiler


@pytest.fixture(scope="session")
def shim_library(tmp_path_factory):
    """A folder with the driver's library of our own."""
    if find_compiler() is None:
        pytest.skip("there is no C compiler here to build the driver's stand-in with")
    return tmp_path_factory.mktemp("shim")


@pytest.fixture
def shim(shim_library):
    """Two GPUs of an H200's kind, behind real nvidia-ml-py."""
    with NvmlShim(shim_library, gpus=2) as shim:
        yield shim


@pytest.fixture
def until():
    """Waits for something to become true."""

    async def wait(is_so, patience_seconds=30.0):
        end = time.monotonic() + patience_seconds
        while not is_so():
            assert time.monotonic() < end, "it did not happen in time"
            await asyncio.sleep(0.02)

    return wait
