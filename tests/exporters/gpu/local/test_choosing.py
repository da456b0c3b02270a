"""What the local GPUs are read with."""

import socket

import pytest

from exporters.fetching import Response
from exporters.gpu.local.bindings import BINDINGS_VARIABLE, HOST_ENGINE, find_bindings
from exporters.gpu.local.choosing import LocalFetch, choose_backend


@pytest.fixture
def bindings(tmp_path):
    """A folder that looks like DCGM's bindings."""
    (tmp_path / "pydcgm.py").write_text("")
    return {BINDINGS_VARIABLE: str(tmp_path)}


@pytest.fixture
def engine():
    """Somebody who listens where a host engine would."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        listening.listen()
        yield {HOST_ENGINE[0]: f"127.0.0.1:{listening.getsockname()[1]}"}


@pytest.mark.parametrize("has_page", [True, False])
def test_dcgm_comes_first_where_it_is_and_answers(bindings, engine, has_page):
    """It watches more than anyone."""
    environment = {**bindings, **engine}
    assert choose_backend(has_page=has_page, environment=environment) == "dcgm"


@pytest.mark.parametrize(("has_page", "expected"), [(True, None), (False, "nvml")])
def test_then_the_page_then_nvml(bindings, engine, tmp_path, has_page, expected):
    """Bindings alone are of no use, nor is a host engine."""
    with socket.socket() as closed:
        closed.bind(("127.0.0.1", 0))
        silent = {HOST_ENGINE[0]: f"127.0.0.1:{closed.getsockname()[1]}"}
        nowhere = {BINDINGS_VARIABLE: str(tmp_path / "nowhere")}
        for environment in (
            {**bindings, **silent},
            {**nowhere, **engine},
            {**nowhere, **silent},
            {**bindings, HOST_ENGINE[0]: "no address"},
        ):
            assert expected == choose_backend(has_page=has_page, environment=environment)


def test_bindings_of_the_newest_dcgm_are_taken(tmp_path, monkeypatch):
    """DCGM 4's package and DCGM 3's path."""
    for name in ("4", "3"):
        (tmp_path / name).mkdir()
        (tmp_path / name / "pydcgm.py").write_text("")
    paths = [tmp_path / "4", tmp_path / "3"]
    monkeypatch.setattr("exporters.gpu.local.bindings.BINDINGS_PATHS", paths)
    assert find_bindings({}) == tmp_path / "4"
    (tmp_path / "4" / "pydcgm.py").unlink()
    assert find_bindings({}) == tmp_path / "3"
    (tmp_path / "3" / "pydcgm.py").unlink()
    assert find_bindings({}) is None


async def test_only_the_local_address_is_the_local_sources():
    """All else is fetched as ever."""

    class Local:
        url = "nvml://h1"

        async def __call__(self, url) -> Response:
            return Response(200, b"local")

    async def other(url) -> Response:
        return Response(200, b"other")

    fetch = LocalFetch(Local(), other)
    assert (await fetch("nvml://h1")).body == b"local"
    assert (await fetch("http://h1/metrics")).body == b"other"
