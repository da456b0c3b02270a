"""A small stack that is well, of real parts on loopback, into which faults are planted.

Prometheus, a mesh of two Alertmanagers, PagerDuty's stand-in and four exporters run as processes;
the engines, hosts, router and gateway that exporters read are pages. Everything runs on what
``build`` writes.
"""

from __future__ import annotations

import contextlib
import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import yaml

from alerts.benching.mesh import Mesh, free_ports
from alerts.build import build
from alerts.doctor.command import Examination, examine
from alerts.doctor.diagnosis import Diagnosis
from alerts.doctor.testing.pages import engine_page, router_page
from alerts.doctor.testing.servers import get, reload, request, wait_for, write_json, write_yaml
from exporters.benching import ROOT
from exporters.config import read_config
from exporters.generated import write_generated
from exporters.programs import locate_program
from exporters.testing import PageServer, page_of, telemetry_page
from slo.testing import running_prometheus

KEY = "0123456789abcdef0123456789abcdef"
GROUPS = ("eu-chat-0", "eu-chat-1")
EXPORTERS = ("gpu", "groups", "router", "tools")
INTERVAL_SECONDS = 5
"""The shortest that a configuration may have."""


@dataclass
class Stack:
    """The stack, within ``with``. What is planted is undone by :meth:`heal`.

    Args:
        folder: empty, for all of it.
    """

    folder: Path
    pages: PageServer = field(default_factory=PageServer)
    _stack: contextlib.ExitStack = field(default_factory=contextlib.ExitStack)
    _exporters: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)

    restarts: set[str] = field(default_factory=set)
    """Exporters that :meth:`heal` restarts, for they remember."""

    def __enter__(self) -> Self:
        with contextlib.ExitStack() as stack:
            stack.enter_context(self.pages)
            prometheus, self._stand_in_port, *ports = free_ports(2 + len(EXPORTERS))
            self.ports = dict(zip(EXPORTERS, ports, strict=True))
            self.prometheus = f"http://127.0.0.1:{prometheus}"
            self.stand_in = f"http://127.0.0.1:{self._stand_in_port}"
            self.out = self.folder / "out"
            self.mesh = Mesh(self.out / "alertmanager.yml", self.folder)
            self.serve()
            self.config = self._write_config(self.folder / "doctor")
            self._exporters_config = self._write_config(self.folder / "exporters")
            self.built = build(read_config(self.config))
            write_generated(self.out, self.built)
            for name in EXPORTERS:
                self.start(name)
            stack.callback(self._stop_exporters)
            self._run(stack, "-m", "alerts.testing", "--port", str(self._stand_in_port),
                      "--routing-key-file", str(self.folder / "doctor" / "key"))  # fmt: skip
            wait_for(f"{self.stand_in}/healthz")
            stack.enter_context(self.mesh)
            for url in self.mesh.urls:
                wait_for(f"{url}/-/ready")
            for name in EXPORTERS:
                wait_for(f"http://127.0.0.1:{self.ports[name]}/metrics")
            stack.enter_context(
                running_prometheus(
                    locate_program("prometheus"),
                    self.out,
                    self.built["prometheus.yml"],
                    ["--web.enable-lifecycle"],
                    address=f"127.0.0.1:{prometheus}",
                )
            )
            self._stack = stack.pop_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._stack.close()

    # --- what there is ------------------------------------------------------------------------

    @property
    def topology_file(self) -> Path:
        """That of the exporters, who follow it; the doctor has one of its own."""
        return self._exporters_config.parent / "topology.yaml"

    def serve(self) -> None:
        """Let all that exporters read be well."""
        for name in GROUPS:
            self.pages.serve(f"/engine/{name}/metrics", engine_page())
            self.pages.serve(f"/engine/{name}/health", "")
            page = telemetry_page({f"GPU-{name}": {}}, host=f"h-{name}")
            self.pages.serve(f"/host/h-{name}/metrics", page)
        self.pages.serve("/router/eu/metrics", router_page())
        self.pages.serve("/tools/eu/metrics", page_of("otel_tools", []))

    def topology(self) -> dict[str, Any]:
        """Return what is expected."""
        return {
            "version": 1,
            "cluster": "demo",
            "groups": [
                {
                    "name": name, "region": "eu", "model": "chat", "revision": "r1",
                    "metrics": self.pages.url(f"/engine/{name}/metrics"),
                    "members": [{
                        "host": f"h-{name}", "gpus": [f"GPU-{name}"],
                        "telemetry": self.pages.url(f"/host/h-{name}/metrics"),
                    }],
                }
                for name in GROUPS
            ],
            "routers": [{"name": "eu", "region": "eu", "dialect": "demo",
                         "metrics": self.pages.url("/router/eu/metrics")}],
            "tools": [{"name": "gateway-eu", "region": "eu",
                       "metrics": self.pages.url("/tools/eu/metrics")}],
        }  # fmt: skip

    def prometheus_config(self) -> dict[str, Any]:
        """Return Prometheus's configuration as it is built, to be changed."""
        return dict(yaml.safe_load(self.built["prometheus.yml"]))

    def alertmanager_config(self) -> dict[str, Any]:
        """Return Alertmanager's configuration as it is built, to be changed."""
        return dict(yaml.safe_load(self.built["alertmanager.yml"]))

    def rules(self, path: str) -> dict[str, Any]:
        """Return a rule file as it is built, to be changed."""
        return dict(yaml.safe_load(self.built[path]))

    def page_of_exporter(self, name: str) -> str:
        """Return what an exporter serves now."""
        return get(f"http://127.0.0.1:{self.ports[name]}/metrics")

    async def diagnose(self, *, sends_test_page: bool = False) -> Diagnosis:
        """Return what the doctor says now."""
        asked = Examination(self.config, sends_test_page=sends_test_page)
        return (await examine(asked))[1]

    # --- what is planted ----------------------------------------------------------------------

    def set_prometheus(
        self, config: Mapping[str, Any] | None = None, rules: Mapping[str, str | None] | None = None
    ) -> None:
        """Let Prometheus run on another configuration, or other rule files.

        Args:
            config: instead of what is built.
            rules: text by path, of files that are changed, added or (None) removed.
        """
        if config is not None:
            write_yaml(self.out / "prometheus.yml", config)
        for path, text in (rules or {}).items():
            if text is None:
                (self.out / path).unlink()
            else:
                (self.out / path).write_text(text, encoding="utf-8")
        reload(self.prometheus)

    def set_alertmanagers(self, config: Mapping[str, Any] | str) -> None:
        """Let both Alertmanagers run on another configuration."""
        if isinstance(config, str):
            self.mesh.config.write_text(config, encoding="utf-8")
        else:
            write_yaml(self.mesh.config, config)
        for url in self.mesh.urls:
            reload(url)

    def start(self, name: str) -> None:
        """Start an exporter."""
        command = [sys.executable, "-m", "shardwatch", "exporter", name,
                   "--config", str(self._exporters_config),
                   "--listen", f"127.0.0.1:{self.ports[name]}"]  # fmt: skip
        self._exporters[name] = subprocess.Popen(command, cwd=ROOT, stderr=subprocess.DEVNULL)

    def kill(self, name: str) -> None:
        """Kill an exporter."""
        process = self._exporters.pop(name)
        process.kill()
        process.wait()

    def heal(self) -> None:
        """Undo all that was planted."""
        self.serve()
        while self.restarts:
            self.kill(self.restarts.pop())
        for name in EXPORTERS:
            if name not in self._exporters:
                self.start(name)
                wait_for(f"http://127.0.0.1:{self.ports[name]}/metrics")
        write_json(self.topology_file, self.topology())
        for file in (self.out / "rules").glob("*.yaml"):
            if f"rules/{file.name}" not in self.built:
                file.unlink()
        for path, text in self.built.items():
            if not path.startswith("dashboards/"):
                (self.out / path).write_text(text, encoding="utf-8")
        reload(self.prometheus)
        for index in self.mesh.missing:
            self.mesh.start(index)
            wait_for(f"{self.mesh.urls[index]}/-/ready")
        for url in self.mesh.urls:
            reload(url)
            for silence in json.loads(get(f"{url}/api/v2/silences")):
                if silence["status"]["state"] == "active":
                    request(f"{url}/api/v2/silence/{silence['id']}", method="DELETE")

    def _write_config(self, folder: Path) -> Path:
        folder.mkdir()
        write_json(folder / "topology.yaml", self.topology())
        (folder / "key").write_text(KEY, encoding="utf-8")
        addresses = [url.removeprefix("http://") for url in self.mesh.urls]
        file = folder / "shardwatch.yaml"
        write_json(
            file,
            {
                "topology": "topology.yaml",
                "prometheus": {
                    "url": self.prometheus,
                    "scrape_interval": f"{INTERVAL_SECONDS}s",
                },
                "objectives": ["library:chat"],
                "alertmanager": {
                    "addresses": addresses, "group_wait": "1s", "group_interval": "2s",
                    "receivers": {"outside": {"webhook": {"url": f"{self.stand_in}/webhook"}}},
                    "watchdog": "outside",
                },
                "pagerduty": {"routing_key_file": "key", "url": f"{self.stand_in}/v2/enqueue"},
                "exporters": {
                    name: [f"127.0.0.1:{port}"] for name, port in self.ports.items()
                },
            },
        )  # fmt: skip
        return file

    def _run(self, stack: contextlib.ExitStack, *arguments: str) -> None:
        process = subprocess.Popen([sys.executable, *arguments], cwd=ROOT)
        stack.callback(process.wait)
        stack.callback(process.terminate)

    def _stop_exporters(self) -> None:
        for process in self._exporters.values():
            process.terminate()
        for process in self._exporters.values():
            process.wait()
