"""The stack's own processes, as they are started."""

from pathlib import Path

from demo.stack import servers
from demo.stack.layout import DEFAULT_PORTS, Layout


def test_the_preview_shows_the_boards_that_were_built_with_the_demos_own_prometheus():
    """At the port that it is known by, in steps of the demo's scrapes."""
    child = servers.preview(Layout(Path("/demo"), DEFAULT_PORTS), 5.0)
    options = dict(zip(child.command[5::2], child.command[6::2], strict=True))
    assert {
        "--boards": "/demo/build/dashboards",
        "--prometheus": "http://127.0.0.1:19821",
        "--port": "19811",
        "--scrape-interval": "5s",
    } == options
    assert "http://127.0.0.1:19811/healthz" == child.ready_url


def test_the_stand_in_tells_the_record_who_took_an_incident():
    """Signed with the secret that the record knows."""
    child = servers.pagerduty(Layout(Path("/demo"), DEFAULT_PORTS))
    options = dict(zip(child.command[3::2], child.command[4::2], strict=True))

    assert "http://127.0.0.1:19810/pagerduty" == options["--webhook-url"]
    assert "/demo/pagerduty.secret" == options["--webhook-secret-file"]


def test_reviews_are_kept_with_the_demos_own_configuration_in_its_folder():
    """At the port that they are known by, where Alertmanager's webhooks go."""
    child = servers.reviews(Layout(Path("/demo"), DEFAULT_PORTS))
    options = dict(zip(child.command[5::2], child.command[6::2], strict=True))

    assert {
        "--database": "sqlite:////demo/reviews.db",
        "--config": "/demo/shardwatch.yaml",
        "--listen": "127.0.0.1:19810",
        "--pagerduty-secret-file": "/demo/pagerduty.secret",
    } == options
    assert "http://127.0.0.1:19810/healthz" == child.ready_url
