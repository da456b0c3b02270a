"""Who is let in, and who is told apart; nothing is served to strangers by mistake."""

import base64
from pathlib import Path

import pytest

from exporters.problems import InputError
from slo.review.people import ANYBODY, Gate, Role, read_gate, read_proxy, read_public_url

TOKEN, OTHER = "a" * 32, "b" * 32


@pytest.fixture
def gate(tmp_path: Path) -> Gate:
    """Of a file with two people."""
    file = tmp_path / "tokens"
    file.write_text(f"# people\nada sign {TOKEN}\n\nben read {OTHER}\n", encoding="utf-8")
    return read_gate("0.0.0.0", file, None)  # noqa: S104 - nothing listens


def test_a_token_tells_who_asks_and_what_they_may(gate: Gate):
    """As a bearer's, or as the password that a browser asks for."""
    basic = base64.b64encode(f"whoever:{OTHER}".encode()).decode()
    ada, ben = gate.person(f"Bearer {TOKEN}", "", ""), gate.person(f"Basic {basic}", "", "")

    assert ada is not None
    assert ben is not None
    assert ("ada", Role.SIGN, "ben", Role.READ) == (ada.name, ada.role, ben.name, ben.role)


@pytest.mark.parametrize(
    "header", ["", "Bearer", f"Bearer {TOKEN}x", f"Digest {TOKEN}", "Basic !", "Bearer \udcff"]
)
def test_strangers_are_not_let_in(gate: Gate, header: str):
    """Nor those who claim to be proxied where there is no proxy."""
    assert gate.person(header, "ada", "127.0.0.1") is None


def test_a_proxy_is_believed_from_its_own_address_alone():
    """Whoever reaches the port can send its header."""
    gate = Gate(proxy=read_proxy("X-Forwarded-User", ["10.1.0.0/16"], "write"))
    inside = gate.person("", "ada", "10.1.2.3")

    assert inside is not None
    assert ("ada", Role.WRITE) == (inside.name, inside.role)
    assert [None] * 3 == [
        gate.person("", *each) for each in (("ada", "10.2.0.1"), ("", "10.1.2.3"), ("ada", "x"))
    ]


@pytest.mark.parametrize(
    ("networks", "peer", "expected"),
    [
        (["127.0.0.1/32"], "127.0.0.1", "ada"),
        (["127.0.0.1/32"], "::ffff:127.0.0.1", "ada"),
        (["127.0.0.1/32"], "::ffff:127.0.0.2", ""),
        (["127.0.0.1/32"], "::1", ""),
        (["127.0.0.1/32", "::1/128"], "::1", "ada"),
    ],
)
def test_a_proxy_is_known_by_the_address_that_it_has(networks: list[str], peer: str, expected: str):
    """One of IPv4 is told as one of IPv6 where `[::]` is listened at."""
    gate = Gate(proxy=read_proxy("X-Forwarded-User", networks, "write"))
    person = gate.person("", "ada", peer)

    assert expected == (person.name if person else "")


@pytest.mark.parametrize(
    "text", ["reviews.example.com", "ftp://x", "https://x/reviews", "https://[x", "https://a@x"]
)
def test_a_public_address_that_is_none_is_refused(text: str):
    """Or that pages are not at the top of."""
    assert "https://x.example:8443/" == read_public_url("https://x.example:8443/")
    with pytest.raises(InputError, match=r"--public-url: found .*, expected one such as"):
        read_public_url(text)


def test_on_loopback_nobody_needs_to_log_in():
    """Nor is anybody's name vouched for."""
    assert ANYBODY == read_gate("127.0.0.1", None, None).person("", "", "127.0.0.1")


def test_elsewhere_it_does_not_start_without_telling_people_apart():
    """The refusal says how."""
    with pytest.raises(InputError, match="--tokens-file or --proxy-header"):
        read_gate("0.0.0.0", None, None)  # noqa: S104


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("ada sign", "tokens:1: found 2 words, expected a name, a role and a token"),
        (f"ada boss {TOKEN}", "found 'boss', expected read, write or sign"),
        ("ada sign short", "found a token of 5 characters"),
        (f"ada sign {TOKEN}\nben read {TOKEN}", "tokens:2: found a token that another line has"),
        ("# nobody\n", "found no token"),
    ],
)
def test_a_file_that_names_nobody_is_refused(tmp_path: Path, content: str, said: str):
    """And its secrets are not repeated."""
    file = tmp_path / "tokens"
    file.write_text(content, encoding="utf-8")
    with pytest.raises(InputError) as refused:
        read_gate("127.0.0.1", file, None)

    assert said in str(refused.value.problems[0])
    assert TOKEN not in str(refused.value.problems[0])


def test_a_proxy_without_addresses_is_refused():
    """Everybody could be it."""
    with pytest.raises(InputError, match="--proxy-from"):
        read_proxy("X-User", [], "write")
    with pytest.raises(InputError):
        read_proxy("X-User", ["everywhere"], "write")
