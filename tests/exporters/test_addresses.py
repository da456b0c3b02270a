"""Addresses as users write them."""

import pytest

from exporters.addresses import Address, parse_address


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("127.0.0.1:19801", Address("127.0.0.1", 19801)),
        ("localhost:0", Address("localhost", 0)),
        ("[::1]:80", Address("::1", 80)),
    ],
)
def test_an_address_is_host_and_port(text, expected):
    """IPv6 in brackets."""
    assert parse_address(text) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "19801",
        "http://a:9093",
        "a b:9093",
        ":19801",
        "h:",
        "h:http",
        "h:70000",
        "h:-1",
        "h:\u0661",
        f"h:{'1' * 5000}",
    ],
)
def test_what_is_no_address_is_refused(text):
    """With what was found and what was expected."""
    with pytest.raises(ValueError, match="expected HOST:PORT") as caught:
        parse_address(text)
    assert str(caught.value) == f"found {text!r}, expected HOST:PORT such as 127.0.0.1:19801"
