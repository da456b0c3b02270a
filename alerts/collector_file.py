"""The configuration of an OpenTelemetry Collector that does what Prometheus would scrape.

Components of its distributions ``core`` and ``contrib``. Its ``prometheus`` receiver takes scrape
configurations as they are, but for ``$``, which it expands; its remote write would add units and
``_total`` to names that have them, unless told not to. Samples of one series must arrive in their
order, so that one worker sends. Telemetry of agents goes on to the exporter ``tools``, which counts
it under the names that objectives read (``shardwatch exporter tools --otlp``).

Releases since 0.144 have other names for two of the components (``otlp_http``,
``prometheus_remote_write``) and since 0.151 for one setting (``translation_strategy``). They take
those here too, and warn; older ones take no others.

https://github.com/open-telemetry/opentelemetry-collector-contrib: receiver/prometheusreceiver,
exporter/prometheusremotewriteexporter; opentelemetry-collector: receiver/otlpreceiver,
exporter/otlphttpexporter, processor/memorylimiterprocessor, processor/batchprocessor.
"""

from __future__ import annotations

from typing import Any

from alerts.prometheus_file import external_labels, server_scrape_configs
from exporters.addresses import Address, parse_address
from exporters.config import Config
from exporters.scrape import configs_with_targets

COLLECTOR_PATH = "otel-collector.yml"
COLLECTOR_COMMENT = """\
# For an OpenTelemetry Collector in place of Prometheus's scrapes of shardwatch and of its
# servers: take one of the two, for both count everything twice. What else Prometheus scrapes is
# left to it. Check it with `otelcol-contrib validate --config otel-collector.yml`. Prometheus
# must take remote writes (--web.enable-remote-write-receiver), and evaluates rules/ as ever;
# another store has its own address. OTLP of agents is passed on to the exporter `tools`, of which
# `--otlp HOST:14318` takes it; for agents on other hosts start the Collector with one more
# option, `--config=yaml:receivers::otlp::protocols::http::endpoint: 0.0.0.0:4318`. Collectors
# since 0.144 warn of newer names for some of these.
"""

WRITE_PATH = "/api/v1/write"
OTLP_PORT = 4318
"""Of OTLP over HTTP, by its specification: agents find the Collector there."""
TOOLS_OTLP_PORT = 14318
"""At which the exporter takes it: the Collector may run on the same host."""
_MEMORY_LIMITER = {"check_interval": "1s", "limit_percentage": 80, "spike_limit_percentage": 20}


def collector_config(config: Config) -> dict[str, Any]:
    """Return the Collector's configuration as its YAML has it."""
    scraped = [*configs_with_targets(config), *server_scrape_configs(config)]
    tools = config.file.exporters.tools
    metrics = {
        "receivers": ["prometheus"],
        "processors": ["memory_limiter", "batch"],
        "exporters": ["prometheusremotewrite"],
    }
    taken = {
        "receivers": ["otlp"],
        "processors": ["memory_limiter", "batch"],
        "exporters": ["otlphttp/shardwatch-tools"],
    }
    return {
        "receivers": {
            "prometheus": {"config": {"scrape_configs": _unexpanded(scraped)}},
            **({"otlp": {"protocols": {"http": {"endpoint": f"127.0.0.1:{OTLP_PORT}"}}}}
               if tools else {}),
        },
        "processors": {"memory_limiter": _MEMORY_LIMITER, "batch": {}},
        "exporters": {
            "prometheusremotewrite": _remote_write(config),
            **({"otlphttp/shardwatch-tools": _tools(tools[0])} if tools else {}),
        },
        "service": {
            "pipelines": {
                "metrics": metrics,
                **({"metrics/agents": taken, "traces/agents": taken} if tools else {}),
            }
        },
    }  # fmt: skip


def _remote_write(config: Config) -> dict[str, Any]:
    url = config.file.prometheus.url.rstrip("/")
    return {
        "endpoint": _unexpanded(f"{url}{WRITE_PATH}"),
        **({} if url.startswith("https:") else {"tls": {"insecure": True}}),
        "external_labels": external_labels(config),
        "add_metric_suffixes": False,
        "target_info": {"enabled": False},
        "remote_write_queue": {"enabled": True, "queue_size": 10000, "num_consumers": 1},
    }


def _tools(address: str) -> dict[str, Any]:
    endpoint = Address(parse_address(address).host, TOOLS_OTLP_PORT)
    return {"endpoint": f"http://{endpoint}", "compression": "gzip", "tls": {"insecure": True}}


def _unexpanded(value: Any) -> Any:
    """Return data in which ``$`` means itself: the Collector expands variables everywhere."""
    if isinstance(value, str):
        return value.replace("$", "$$")
    if isinstance(value, list):
        return [_unexpanded(each) for each in value]
    if isinstance(value, dict):
        return {key: _unexpanded(each) for key, each in value.items()}
    return value
