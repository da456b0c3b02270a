"""``web-config.yml``: what is read, what is refused, and whether promtool is of the same mind."""

import shutil
import ssl
import subprocess
from pathlib import Path

import pytest

from exporters.problems import InputError
from exporters.web.config import read_web_config

TLS = Path(__file__).parents[2] / "fixtures/tls"
HASH = "$2b$04$ICKBKP3d0nmA2yVkgz/g8urVbbtngVB.TGlmx72yU0uUKAWPcPocq"
"""Of ``secret``."""
FULL = f"""\
tls_server_config:
  cert_file: server.crt
  key_file: server.key
  client_auth_type: RequireAndVerifyClientCert
  client_ca_file: ca.crt
  min_version: TLS12
  max_version: TLS13
  cipher_suites: [TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256, TLS_AES_128_GCM_SHA256]
  prefer_server_cipher_suites: true
  curve_preferences: [CurveP256]
http_server_config:
  http2: true
  headers:
    Strict-Transport-Security: max-age=31536000
    X-Frame-Options: deny
basic_auth_users:
  prometheus: {HASH}
"""
PAIR = "tls_server_config: {cert_file: server.crt, key_file: server.key"


@pytest.fixture
def write(tmp_path):
    """Writes a configuration beside certificates and keys."""
    for file in TLS.glob("*.*"):
        shutil.copy(file, tmp_path)

    def write_config(text) -> Path:
        file = tmp_path / "web-config.yml"
        file.write_text(text)
        return file

    return write_config


def test_a_whole_configuration_is_read(write, tmp_path):
    """Every part of it has its effect."""
    config = read_web_config(write(FULL))
    assert config.users == (("prometheus", HASH),)
    assert config.headers == (
        ("Strict-Transport-Security", "max-age=31536000"),
        ("X-Frame-Options", "deny"),
    )
    assert config.files == tuple(
        tmp_path / name for name in ("web-config.yml", "server.crt", "server.key", "ca.crt")
    )
    assert config.tls.verify_mode is ssl.CERT_REQUIRED
    assert config.tls.minimum_version is ssl.TLSVersion.TLSv1_2
    old = [each["name"] for each in config.tls.get_ciphers() if each["protocol"] != "TLSv1.3"]
    assert old == ["ECDHE-ECDSA-AES128-GCM-SHA256"]


def test_without_tls_there_is_none(write):
    """Passwords alone are allowed, as by the toolkit."""
    config = read_web_config(write(f"basic_auth_users: {{a: {HASH}}}\n"))
    assert (config.tls, config.headers, len(config.files)) == (None, (), 1)


def test_certificates_and_keys_may_stand_in_the_file_itself(write):
    """As the toolkit has it since 0.12; nothing is left behind on the disk."""
    parts = {"cert": "server.crt", "key": "server.key", "client_ca": "ca.crt"}
    lines = ["tls_server_config:", "  client_auth_type: VerifyClientCertIfGiven"]
    for name, file in parts.items():
        text = "".join(f"    {line}\n" for line in (TLS / file).read_text().splitlines())
        lines.append(f"  {name}: |\n{text}".rstrip())
    config = read_web_config(write("\n".join(lines) + "\n"))
    assert config.tls.verify_mode is ssl.CERT_OPTIONAL
    assert len(config.files) == 1


GOOD = {
    "an empty file": "",
    "nothing but a comment": "# to come\n",
    "an empty document": "---\n",
    "nothing": "{}\n",
    "all": FULL,
    "pair": PAIR + "}\n",
    "http2 off": "http_server_config: {http2: false}\n",
    "asked for": PAIR + ", client_auth_type: RequestClientCert}\n",
    "old": PAIR + ", min_version: TLS10, max_version: TLS12}\n",
    "2y": f"basic_auth_users: {{a: {HASH.replace('$2b', '$2y')}}}\n",
}
BAD = {
    "unknown section": ("tls_server: {}\n", ":1:1: tls_server: unknown field"),
    "unknown key": (
        PAIR + ",\n  cert_flie: x}\n",
        ":2:3: tls_server_config.cert_flie: unknown field",
    ),
    "no key": (
        "tls_server_config:\n  cert_file: server.crt\n",
        ":1:1: tls_server_config: found neither key and key_file, expected one of them",
    ),
    "no such file": (
        "tls_server_config:\n  cert_file: gone.crt\n  key_file: server.key\n",
        ":2:3: tls_server_config.cert_file: {folder}/gone.crt: cannot be read: No such file or "
        "directory; correct the file or its path",
    ),
    "another's key": (
        "tls_server_config:\n  cert_file: server.crt\n  key_file: client.key\n",
        ":2:3: tls_server_config.cert_file: {folder}/server.crt: no certificate that fits the key",
    ),
    "authority in vain": (
        PAIR + ", client_ca_file: ca.crt}\n",
        ":1:1: tls_server_config: found a client CA with client_auth_type 'NoClientCert', expected "
        "one that verifies, such as 'RequireAndVerifyClientCert'",
    ),
    "version": (PAIR + ", min_version: TLS14}\n", "found 'TLS14', expected 'TLS10', 'TLS11'"),
    "cipher": (
        PAIR + ", cipher_suites: [RC4]}\n",
        "tls_server_config.cipher_suites[0]: found 'RC4', expected the name of a cipher suite such "
        "as TLS_ECDHE_ECDSA_WITH_AES_128_GCM_SHA256",
    ),
    "curve": (PAIR + ", curve_preferences: [P1]}\n", "expected the name of a curve such as Curve"),
    "password": (
        "basic_auth_users:\n  a: my password\n",
        ":2:3: basic_auth_users.a: found no bcrypt hash, expected one such as htpasswd",
    ),
    "header": (
        "http_server_config: {headers: {Server: x}}\n",
        "http_server_config.headers.Server: found 'Server', expected 'Strict-Transport-Security'",
    ),
    "header's text": (
        "http_server_config: {headers: {X-Frame-Options: never}}\n",
        "found 'never' for X-Frame-Options, expected deny or sameorigin",
    ),
}
REFUSED_BY_US_ALONE = {
    "anybody's": (
        PAIR + ", client_auth_type: RequireAnyClientCert}\n",
        "found 'RequireAnyClientCert', which takes certificates of anybody",
    ),
    "no authority": (
        PAIR + ", client_ca_file: server.key, client_auth_type: RequireAndVerifyClientCert}\n",
        "no certificate of a CA",
    ),
    "versions": (
        PAIR + ", min_version: TLS13, max_version: TLS12}\n",
        "found min_version TLS13 above max_version TLS12",
    ),
    "curves": (PAIR + ", curve_preferences: [CurveP256, X25519]}\n", "at most 1 item"),
    "header's line": (
        'http_server_config: {headers: {X-XSS-Protection: "1\\nSet-Cookie: a"}}\n',
        "expected plain characters",
    ),
}


@pytest.mark.parametrize("text", GOOD.values(), ids=GOOD)
def test_promtool_takes_what_we_take(text, write, find_program):
    """The same file serves node_exporter and us."""
    file = write(text)
    read_web_config(file)
    assert check(find_program, file).returncode == 0


@pytest.mark.parametrize(("text", "message"), BAD.values(), ids=BAD)
def test_what_is_wrong_is_refused_with_its_place_and_promtool_agrees(
    text, message, write, find_program
):
    """File, line, what was found and what was expected."""
    file = write(text)
    with pytest.raises(InputError) as caught:
        read_web_config(file)
    assert message.format(folder=file.parent) in str(caught.value)
    assert str(caught.value).startswith(str(file))
    checked = check(find_program, file)
    assert checked.returncode != 0, checked


@pytest.mark.parametrize(("text", "message"), REFUSED_BY_US_ALONE.values(), ids=REFUSED_BY_US_ALONE)
def test_what_cannot_be_done_here_is_refused_not_ignored(text, message, write):
    """Who locks a door wants it locked."""
    with pytest.raises(InputError, match=message):
        read_web_config(write(text))


def test_a_password_that_stands_where_its_hash_belongs_is_not_repeated(write):
    """Messages end up in logs."""
    with pytest.raises(InputError) as caught:
        read_web_config(write("basic_auth_users: {a: hunter2}\n"))
    assert "hunter2" not in str(caught.value)


def check(find_program, file):
    """What promtool says."""
    command = [find_program("promtool"), "check", "web-config", str(file)]
    return subprocess.run(command, capture_output=True, text=True, check=False)
