"""A secret at the place of something else is refused, and stands in no message and no file."""

from pathlib import Path
from typing import Any

import pytest
import yaml

from exporters.config import read_config
from exporters.problems import InputError
from exporters.secrecy import has_user, without_secrets

TOPOLOGY = """\
version: 1
cluster: demo
groups:
- {name: g, region: eu, model: chat, revision: r1, metrics: "http://e", members: [{host: h}]}
"""
SECRET = "0123456789abcdefghijklmnopqrstuv"  # noqa: S105 - of nobody
SLACK = f"https://hooks.slack.com/services/T/B/{SECRET}"
MAIL = {"to": "a@b", "from": "a@b", "smarthost": "m:25"}
BASE: dict[str, Any] = {
    "topology": "topology.yaml",
    "prometheus": {"url": "http://prometheus"},
    "objectives": ["library:chat"],
}
IN_ADDRESS = "found who asks in the address itself, expected an address without"
NO_MAPPING = "found text or a list, not shown for it may be a secret, expected a mapping"
NO_ADDRESS = "found something else, not shown for it may be a secret, expected an http://"
NO_OTHER = "found something else, not shown for it may be a secret, expected a "
ITSELF = "found what seems to be the secret itself, expected the path of a file that holds it alone"


def told(by: str, way: dict[str, Any]) -> dict[str, Any]:
    """Return a receiver that is told by one way."""
    return {"alertmanager": {"receivers": {"ops": {by: way}}, "fallback": "ops"}}


def asks(config: Any) -> dict[str, Any]:
    """Return how Prometheus is asked."""
    return {"prometheus": {"url": "http://p", "http_client_config": config}}


def refused(folder: Path, part: dict[str, Any]) -> str:
    """Return what is said of a configuration that cannot be used."""
    (folder / "topology.yaml").write_text(TOPOLOGY)
    (folder / "shardwatch.yaml").write_text(yaml.safe_dump({**BASE, **part}))
    with pytest.raises(InputError) as raised:
        read_config(folder / "shardwatch.yaml")
    return str(raised.value)


@pytest.mark.parametrize(
    ("part", "expected"),
    [
        ({"pagerduty": SECRET}, f"pagerduty: {NO_MAPPING}"),
        ({"pagerduty": [SECRET]}, f"pagerduty: {NO_MAPPING}"),
        ({"pagerduty": {"routing_key_file": SECRET}}, f"routing_key_file: {ITSELF}"),
        ({"pagerduty": {"routing_key_file": [SECRET]}}, "routing_key_file: found no text"),
        ({"webhook": f"http://me:{SECRET}@robot"}, f"webhook: {NO_MAPPING}"),
        ({"webhook": {"url": f"http://me:{SECRET}@robot"}}, f"webhook.url: {IN_ADDRESS}"),
        ({"webhook": {"url": f"http://robot/x?api_token={SECRET}"}},
         "webhook.url: found a secret in the address, expected credentials_file"),
        *(({"webhook": {"url": url}}, f"webhook.url: {NO_ADDRESS}")
          for url in (SLACK.removeprefix("https://"), SLACK.replace("://", ":/"), f"ftp://{SECRET}",
                      f"http://[{SECRET}]", [SECRET], None)),
        ({"webhook": {"url": SLACK}}, "webhook.url: found the address of Slack's incoming webhook"),
        ({"prometheus": {"url": f"http://me:{SECRET}@p"}}, f"prometheus.url: {IN_ADDRESS}"),
        ({"prometheus": {"url": "http://p", "http_client_config": {
            "authorization": {"credentials_file": SECRET}}}}, f"credentials_file: {ITSELF}"),
        *((asks(config), f"{place}: {found}") for config, place, found in (
            (SECRET, "http_client_config", NO_MAPPING),
            ({"bearer_token": SECRET}, "http_client_config", "found a secret in bearer_token"),
            ({"basic_auth": f"u:{SECRET}"}, "basic_auth", NO_MAPPING),
            ({"basic_auth": {"username": "u", "password": SECRET}}, "basic_auth",
             "found a secret in password, expected password_file"),
            ({"authorization": SECRET}, "authorization", NO_MAPPING),
            ({"http_headers": f"X-Key: {SECRET}"}, "http_headers", NO_OTHER),
            ({"http_headers": {"X-Key": SECRET}}, "http_headers.X-Key", NO_MAPPING),
            ({"http_headers": {"X-Key": {"secrets": [SECRET]}}}, "X-Key",
             "found a secret in secrets, expected files"),
            ({"http_headers": {"X-Key": {"values": SECRET}}}, "X-Key.values", NO_OTHER),
            ({"http_headers": {"X-Key": {"files": SECRET}}}, "X-Key.files", NO_OTHER),
            ({"http_headers": {"X-Key": {"files": [SECRET]}}}, "X-Key.files[0]", ITSELF),
        )),
        ({"alertmanager": {"receivers": {"ops": SECRET}, "fallback": "ops"}},
         f"receivers.ops: {NO_MAPPING}"),
        ({"links": {"grafana": f"http://me:{SECRET}@g"}}, f"links.grafana: {IN_ADDRESS}"),
        ({"alertmanager": {"addresses": [f"http://me:{SECRET}@am:9093"]}},
         "addresses[0]: found credentials or a query in an address"),
        ({"alertmanager": {"addresses": [f"me:{SECRET}@am:9093"]}},
         "addresses[0]: found credentials or a query in an address"),
        *(({"alertmanager": {"addresses": [address]}},
           "addresses[0]: found credentials or a query in an address")
          for address in (f"http://u:p/{SECRET}@h:9090", f"http://u:p#{SECRET}@h",
                          f"http:/u:{SECRET}@h", f"u:p/{SECRET}@h:9093")),
        ({"prometheus": {"url": f"http://me:x/{SECRET}@p"}}, f"prometheus.url: {IN_ADDRESS}"),
        (told("slack", {"api_url_file": SLACK, "channel": "#a"}), f"api_url_file: {ITSELF}"),
        (told("email", {**MAIL, "smarthost": f"me:{SECRET}@m"}), "smarthost: found a user"),
        (told("email", {**MAIL, "auth_username": "me", "auth_password_file": SECRET}),
         f"auth_password_file: {ITSELF}"),
    ],
)  # fmt: skip
def test_a_secret_at_the_place_of_something_else_is_refused_and_not_told(
    part: dict[str, Any], expected: str, tmp_path: Path
):
    """Messages are printed, logged and pasted into tickets."""
    said = refused(tmp_path, part)

    assert expected in said
    assert SECRET not in said


@pytest.mark.parametrize(
    "text",
    [
        SECRET,
        "AbCdEfGhIjKlMnOpQrStUvWxYzAbCdEfGh",
        f"{SECRET}/+==",
        f"/{SECRET}+/",
        "Zm9vYmFyYmF6/cXV4cXV1eGNvcmdlZ3JhdWx0",
        "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJtZSJ9.c2lnbmF0dXJl",
        f"eyJhbGciOiJIUzI1NiJ9.{SECRET * 10}.c2lnbmF0dXJl",
    ],
)
def test_a_key_or_a_token_is_no_path_unless_there_is_such_a_file(text: str, tmp_path: Path):
    """Of PagerDuty, in base64, or a JWT."""
    part = {"pagerduty": {"routing_key_file": text}}
    said = refused(tmp_path, part)
    assert f"routing_key_file: {ITSELF}" in said
    assert text not in said

    if len(text) < 100 and "/" not in text:
        (tmp_path / text).write_text(SECRET)
        assert read_config(tmp_path / "shardwatch.yaml").file.pagerduty


@pytest.mark.parametrize(
    "path",
    [
        "secrets/serving.key",
        "key",
        f"{SECRET}.key",
        f"/run/{SECRET}",
        "shardwatch-pagerduty-routing-key-production",
        "secrets/clusters/production/serving1",
        "/run/secrets/Clusters/Production/Serving1",
    ],
)
def test_a_path_is_no_secret(path: str, tmp_path: Path):
    """That there is no such file is told with its name."""
    assert f"no such file: {tmp_path / path}" in refused(
        tmp_path, {"pagerduty": {"routing_key_file": path}}
    )


@pytest.mark.parametrize(
    ("says_who", "says_nobody"),
    [
        ("http://me:x@host/path", "http://host/a@b"),
        ("me@host:9093", "host:9093/a"),
        ("http://[me@", "http://host?mail=a@b"),
        ("http://me:x/y@host:9090", "HTTP://host:9090/?mail=a@b"),
        ("http://me:x#y@host", "http://host:9090/a%40b"),
        ("http://me:x?y@host", "http://[::1]:9090/a?b@c"),
        ("http:/me:x@host", "http://[::1]/a@b"),
        ("http://me:12/34@host", "http://host:9090"),
        ("http://domain/me:x@host", "http://host"),
        ("me:x/y@host:9093", "host:9093"),
    ],
)
def test_who_asks_stands_before_the_host(says_who: str, says_nobody: str):
    """A path and a query may have an @."""
    assert has_user(says_who)
    assert not has_user(says_nobody)


@pytest.mark.parametrize(
    "line",
    [
        f"routing_key: {SECRET}",
        f"- {{service_key: '{SECRET}', severity: error}}",
        f"api_url: {SLACK}",
        f"smtp_auth_password: {SECRET}",
        f'"bearer_token": "{SECRET}"',
        f"  url: http://me:{SECRET}@robot",
        f"  url: 'http://me:x/{SECRET}@robot'",
        f"- http:/me:x#{SECRET}@robot",
    ],
)
def test_a_line_that_gives_a_secret_is_not_told(line: str):
    """Of whoever's configuration it is."""
    assert "a secret" == without_secrets(line)


@pytest.mark.parametrize(
    "line",
    [
        "routing_key_file: /run/key",
        "password:",
        "- receiver: tokens",
        "mail: a@b",
        "- 'http://h/a@b'",
    ],
)
def test_any_other_line_is_told(line: str):
    """It says what to mend."""
    assert line == without_secrets(line)
