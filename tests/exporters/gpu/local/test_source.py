"""The local host as a source, and where DCGM is found."""

import socket

from exporters.fetching import Response
from exporters.gpu.local.bindings import HOST_ENGINE, find_bindings, host_engine_answers
from exporters.gpu.local.source import LocalFetch


async def test_a_host_engine_is_there_if_somebody_listens():
    """The bindings alone are of no use."""
    with socket.socket() as listening:
        listening.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{listening.getsockname()[1]}"
        assert not await host_engine_answers({HOST_ENGINE[0]: address})
        listening.listen()
        assert await host_engine_answers({HOST_ENGINE[0]: address})
    assert not await host_engine_answers({HOST_ENGINE[0]: "no address"})


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
        url = "local://h1"

        async def __call__(self, url) -> Response:
            return Response(200, b"local")

    async def other(url) -> Response:
        return Response(200, b"other")

    fetch = LocalFetch(Local(), other)
    assert (await fetch("local://h1")).body == b"local"
    assert (await fetch("http://h1/metrics")).body == b"other"
