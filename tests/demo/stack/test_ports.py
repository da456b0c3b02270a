"""Ports: the known one, or the next that is free, and never the same for two demos."""

import socket

from demo.stack.ports import HOST, Ports


def test_a_free_port_is_taken_as_wanted():
    """Nothing moves where nothing is in the way."""
    port = _free_port()
    ports = Ports()
    assert ports.claim({"a": port}) == {"a": port}
    ports.release()


def test_a_port_in_use_gives_way_to_the_next():
    """A listener of anybody's is respected."""
    with socket.socket() as listener:
        listener.bind((HOST, 0))
        listener.listen()
        port = listener.getsockname()[1]
        ports = Ports()
        assert ports.claim({"a": port})["a"] > port
        ports.release()


def test_two_demos_that_start_at_once_get_different_ports():
    """Even before either listens: a claim is a lock."""
    port = _free_port()
    first, second = Ports(), Ports()
    assert first.claim({"a": port})["a"] != second.claim({"a": port})["a"]
    first.release()
    third = Ports()
    assert third.claim({"a": port}) == {"a": port}
    second.release()
    third.release()


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]
