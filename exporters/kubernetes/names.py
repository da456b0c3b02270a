"""Names and labels that several objects, and those who write about them, agree on."""

from __future__ import annotations

from exporters.config import PORTS
from exporters.scrape import JOBS

NAME = "shardwatch"
COMPONENT = "app.kubernetes.io/component"
PART_OF = "app.kubernetes.io/part-of"
JOB = "shardwatch.dev/job"
"""Its value becomes the label ``job``, whatever the objects are called: rules ask for it."""
SINGLETON = "shardwatch.dev/singleton"
"""Of pods of which there is one: what two of them served would count twice."""

CONFIG_NAME, TOPOLOGY_NAME = "shardwatch-config", "shardwatch-topology"
SOURCES_SECRET, WEB_SECRET = "shardwatch-sources", "shardwatch-web"
SCRAPE_SECRET = "shardwatch-scrape"  # noqa: S105 - the name of one
"""What exporters ask their sources with, what they are asked with, and who asks them."""

CONFIG_FOLDER = "/etc/shardwatch"
SOURCES_FOLDER = "/etc/shardwatch-sources"
WEB_FOLDER = "/etc/shardwatch-web"
CONFIG_FILE = f"{CONFIG_FOLDER}/shardwatch.yaml"
WEB_CONFIG_KEY = "web-config.yml"

PORT_NAME = "metrics"


def name_of(exporter: str) -> str:
    """Return the name of an exporter's objects: ``shardwatch-groups``."""
    return f"{NAME}-{exporter}"


def labels_of(exporter: str) -> dict[str, str]:
    """Return the labels of an exporter's objects."""
    return {
        "app.kubernetes.io/name": NAME,
        COMPONENT: exporter,
        PART_OF: NAME,
        JOB: JOBS[exporter],
    }


def selector_of(exporter: str) -> dict[str, str]:
    """Return the labels that its pods alone have."""
    return {"app.kubernetes.io/name": NAME, COMPONENT: exporter}


def port_of(exporter: str) -> int:
    """Return the port at which its pods serve."""
    return PORTS[exporter]
