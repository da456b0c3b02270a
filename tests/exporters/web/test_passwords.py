"""Who may come in."""

import asyncio
import base64
import threading

import bcrypt
import pytest

from exporters.web import passwords
from exporters.web.passwords import HASH, BusyError, Doorkeeper

HASHED = "$2b$04$ICKBKP3d0nmA2yVkgz/g8urVbbtngVB.TGlmx72yU0uUKAWPcPocq"
"""Hash of ``secret``."""


def basic(text: str | bytes) -> str:
    """A header of HTTP basic authentication."""
    return "Basic " + base64.b64encode(text if isinstance(text, bytes) else text.encode()).decode()


@pytest.fixture
def looks(monkeypatch):
    """The passwords that bcrypt was asked about."""
    asked, check = [], passwords._check

    def look(password, hashed):
        asked.append((password, hashed))
        return check(password, hashed)

    monkeypatch.setattr(passwords, "_check", look)
    return asked


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        (basic("prometheus:secret"), True),
        (basic("prometheus:secret").replace("Basic", "bAsIc"), True),
        (basic("prometheus:wrong"), False),
        (basic("prometheus:"), False),
        (basic("prometheus:secret\0"), False),
        (basic("prometheus"), False),
        (basic("nobody:secret"), False),
        (basic("nobody:fakepassword"), False),
        (basic(b"\xff\xfe:secret"), False),
        ("Basic ???", False),
        ("Bearer secret", False),
        ("", False),
    ],
)
async def test_a_user_comes_in_with_the_password_of_the_hash(header, expected):
    """And nobody else, whatever they send."""
    assert await Doorkeeper({"prometheus": HASHED}).admits(header) is expected


async def test_where_there_are_no_users_everybody_comes_in():
    """As without a configuration."""
    assert await Doorkeeper({}).admits("")


async def test_a_password_is_looked_at_once(looks):
    """It takes bcrypt time, and Prometheus comes every few seconds."""
    keeper = Doorkeeper({"prometheus": HASHED})
    for _ in range(3):
        assert await keeper.admits(basic("prometheus:secret"))
        assert not await keeper.admits(basic("prometheus:wrong"))
    assert len(looks) == 2


async def test_an_unknown_user_costs_as_much_as_a_wrong_password(looks):
    """Else names could be found out by the clock."""
    await Doorkeeper({"prometheus": HASHED}).admits(basic("nobody:secret"))
    ((password, hashed),) = looks
    assert password == b"secret"
    assert HASH.fullmatch(hashed)


async def test_what_is_remembered_is_bounded(monkeypatch):
    """Whoever tries passwords must not fill the memory."""
    monkeypatch.setattr(passwords, "_check", lambda *_: False)
    keeper = Doorkeeper({"prometheus": HASHED})
    for number in range(300):
        await keeper.admits(basic(f"prometheus:{number}"))
    assert len(keeper._wrong) == passwords.MOST_REMEMBERED


async def test_a_right_password_is_remembered_however_many_wrong_ones_come(looks):
    """Else whoever tries passwords would cost Prometheus its scrapes."""
    keeper = Doorkeeper({"prometheus": HASHED})
    assert await keeper.admits(basic("prometheus:secret"))
    for number in range(passwords.MOST_REMEMBERED + 1):
        await keeper.admits(basic(f"nobody:{number}"))
    looks.clear()
    assert await keeper.admits(basic("prometheus:secret"))
    assert looks == []


async def test_one_address_cannot_keep_the_others_from_being_looked_at(monkeypatch):
    """The first of its passwords keeps bcrypt busy here, and the second waits."""
    keeper = Doorkeeper({"prometheus": HASHED})
    gate, check = threading.Event(), passwords._check

    def look(password, hashed) -> bool:
        return check(password, hashed) if password == b"secret" else gate.wait(30) and False

    monkeypatch.setattr(passwords, "_check", look)
    trying = [
        asyncio.create_task(keeper.admits(basic(f"prometheus:{number}"), "192.0.2.1"))
        for number in range(passwords.MOST_OF_ADDRESS)
    ]
    await asyncio.sleep(0.05)
    with pytest.raises(BusyError):
        await keeper.admits(basic("prometheus:another"), "192.0.2.1")
    other = asyncio.create_task(keeper.admits(basic("prometheus:secret"), "192.0.2.2"))
    await asyncio.sleep(0.05)
    gate.set()
    assert await other
    assert await asyncio.gather(*trying) == [False] * passwords.MOST_OF_ADDRESS
    assert keeper._waiting.total() == 0


async def test_a_known_user_does_not_wait_for_those_who_try_and_too_many_are_refused(monkeypatch):
    """From many addresses, too."""
    keeper = Doorkeeper({"prometheus": HASHED})
    assert await keeper.admits(basic("prometheus:secret"))
    gate = threading.Event()
    monkeypatch.setattr(passwords, "_check", lambda *_: gate.wait(30) and False)
    trying = [
        asyncio.create_task(keeper.admits(basic(f"prometheus:{number}"), f"192.0.2.{number}"))
        for number in range(passwords.MOST_WAITING)
    ]
    await asyncio.sleep(0.05)
    with pytest.raises(BusyError):
        await keeper.admits(basic("prometheus:another"), "192.0.2.255")
    assert await keeper.admits(basic("prometheus:secret"))
    gate.set()
    assert await asyncio.gather(*trying) == [False] * passwords.MOST_WAITING


async def test_of_a_long_password_as_much_counts_as_bcrypt_reads():
    """72 bytes, as for every program that writes such hashes."""
    long = "x" * 100
    hashed = bcrypt.hashpw(long[:72].encode(), bcrypt.gensalt(4)).decode()
    assert await Doorkeeper({"a": hashed}).admits(basic(f"a:{long}"))
