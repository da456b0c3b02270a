"""``shardwatch dashboards preview``: boards read, a port taken, pages served until Ctrl-C."""

from __future__ import annotations

import os
import socket
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn

from dashboards.preview.model import Board
from dashboards.preview.reading import Found, boards_of_texts, read_boards
from dashboards.preview.server import Setting, preview_application
from exporters.addresses import Address
from exporters.options import read_duration
from exporters.problems import InputError, problem
from slo.servers import access_to, refuse_user

_BACKLOG = 128
_END_WITHIN_SECONDS = 2


def serve_preview(
    *,
    prometheus: str,
    paths: Sequence[Path],
    host: str,
    port: int,
    http_config: Path | None,
    scrape_interval: str,
    tell: Callable[[str], None],
) -> None:
    """Serve boards until the process is told to end.

    Args:
        prometheus: address of the server that is asked.
        paths: folders or files of dashboards; shardwatch's own, if there are none.
        host: to listen at.
        port: to listen at; 0 for any free one.
        http_config: a file that says who asks.
        scrape_interval: of Prometheus, as a duration.
        tell: takes a line for the user.

    Raises:
        InputError: if a board, the address or the port cannot be used.
    """
    _refuse_address(prometheus)
    found = read_boards(paths) if paths else Found(_our_boards())
    passed_over = [str(InputError([each])) for each in found.passed_over]
    setting = Setting(
        found.boards,
        prometheus.rstrip("/"),
        host,
        access=access_to(prometheus, http_config, None),
        scrape_seconds=read_duration("--scrape-interval", scrape_interval),
        passed_over=passed_over,
    )
    with _listen(host, port) as listener:
        address = Address(host, listener.getsockname()[1])
        for each in passed_over:
            tell(f"not shown: {each}")
        tell(
            f"{len(found.boards)} boards with the data of {setting.prometheus_url}: http://{address}/"
        )
        config = uvicorn.Config(
            preview_application(setting, time.time),
            log_level="warning",
            access_log=False,
            server_header=False,
            timeout_graceful_shutdown=_END_WITHIN_SECONDS,
        )
        uvicorn.Server(config).run(sockets=[listener])


def _refuse_address(prometheus: str) -> None:
    parts = urlsplit(prometheus)
    expected = "expected an address such as http://127.0.0.1:9090"
    refuse_user(prometheus)
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise InputError([problem("--prometheus", f"found {prometheus!r}, {expected}")])


def _our_boards() -> dict[str, Board]:
    from dashboards.build import build_boards  # noqa: PLC0415 - grafanalib takes a second

    return boards_of_texts(build_boards())


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)[0][0]
        return socket.create_server((host, port), family=family, backlog=_BACKLOG)
    except OSError as error:
        # Python adds the address to the system's words, where it is not the name that is unknown.
        is_unknown = isinstance(error, socket.gaierror) or error.errno is None
        why = error.strerror if is_unknown else os.strerror(error.errno or 0)
        said = f"cannot be listened at: {why}"
        fix = "give another with --port or --listen"
        raise InputError([problem(str(Address(host, port)), said, fix=fix)]) from None
