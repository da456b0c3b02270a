"""Where a running demo keeps what: its folder, its ports, its addresses."""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from io import TextIOWrapper
from pathlib import Path
from tempfile import TemporaryFile

from demo.stack.ports import HOST
from exporters.config import PORTS as EXPORTER_PORTS
from exporters.problems import InputError, problem

DEFAULT_PORTS = {
    **{f"exporter-{name}": port for name, port in EXPORTER_PORTS.items()},
    "reviews": 19810,
    "preview": 19811,
    "engine": 19820,
    "prometheus": 19821,
    "alertmanager": 19822,
    "pagerduty": 19823,
}
"""The ports that the parts of a demo are known by."""

ROUTING_KEY = "shardwatch0demo0routing0key00000"
"""What the stand-in takes: 32 characters, as PagerDuty's are."""

WEBHOOK_SECRET = "shardwatch0demo0webhook0secret0"  # noqa: S105 - of a stand-in on loopback
"""What the stand-in signs its webhooks with."""


@dataclass(frozen=True)
class Layout:
    """The folder of one demo and the ports of its parts."""

    folder: Path
    ports: dict[str, int]

    @property
    def topology(self) -> Path:
        """The topology that the exporters and the build read."""
        return self.folder / "topology.yaml"

    @property
    def config(self) -> Path:
        """The shardwatch.yaml that the exporters and the build read."""
        return self.folder / "shardwatch.yaml"

    @property
    def routing_key(self) -> Path:
        """The file that holds the stand-in's routing key."""
        return self.folder / "pagerduty.key"

    @property
    def webhook_secret(self) -> Path:
        """The file that holds what the stand-in's webhooks are signed with."""
        return self.folder / "pagerduty.secret"

    @property
    def build(self) -> Path:
        """What ``shardwatch build`` wrote, and what the servers run on."""
        return self.folder / "build"

    @property
    def data(self) -> Path:
        """The servers' data."""
        return self.folder / "data"

    @property
    def logs(self) -> Path:
        """A log a process."""
        return self.folder / "log"

    @property
    def reviews(self) -> str:
        """The database that the record of reviews is kept in."""
        return f"sqlite:///{self.folder.absolute() / 'reviews.db'}"

    @property
    def addresses(self) -> Path:
        """The addresses of all parts, as JSON."""
        return self.folder / "addresses.json"

    @property
    def truth(self) -> Path:
        """The record of what really happened (:mod:`demo.stack.truth_file`)."""
        return self.folder / "truth.jsonl"

    def address(self, part: str) -> str:
        """Return ``host:port`` of a part."""
        return f"{HOST}:{self.ports[part]}"

    def url(self, part: str) -> str:
        """Return the base address of a part, without a slash at the end."""
        return f"http://{self.address(part)}"

    def write_addresses(self) -> None:
        """Write ``addresses.json``: the base address of each part by its name."""
        content = {part: self.url(part) for part in sorted(self.ports)}
        self.addresses.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def read_layout(folder: Path) -> Layout:
    """Return the layout of a demo that was started in a folder.

    Raises:
        InputError: if none was.
    """
    addresses = Layout(folder, {}).addresses
    try:
        content = json.loads(addresses.read_text(encoding="utf-8"))
        ports = {part: int(url.rpartition(":")[2]) for part, url in content.items()}
    except OSError as error:
        said = f"no demo here: {(error.strerror or 'cannot be read').lower()}"
        fix = "give the folder of a running demo with --dir"
        raise InputError([problem(addresses, said, fix=fix)]) from None
    except (ValueError, AttributeError):
        raise InputError([problem(addresses, "holds no addresses of a demo")]) from None
    return Layout(folder, ports)


def make_folder(folder: Path, option: str) -> None:
    """Create a folder that an option names, and see that files can be written there.

    Raises:
        InputError: if it cannot be made, or takes no files.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with TemporaryFile(dir=folder):
            pass
    except OSError as error:
        said = f"cannot be used: {error.strerror}"
        raise InputError(
            [problem(folder, said, fix=f"give another folder with {option}")]
        ) from None


def lock_folder(folder: Path) -> TextIOWrapper:
    """Create the folder and return a lock on it that lasts until it is closed.

    Raises:
        InputError: if another demo holds it, or it cannot be made.
    """
    make_folder(folder, "--dir")
    file = (folder / "lock").open("a+", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        file.seek(0)
        holder = file.read().strip() or "unknown"
        file.close()
        raise InputError([problem(folder, f"another demo runs here, process {holder}",
                                  fix="give another folder with --dir")]) from None  # fmt: skip
    file.truncate(0)
    file.write(f"{os.getpid()}\n")
    file.flush()
    return file
