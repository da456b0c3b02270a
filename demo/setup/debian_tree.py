"""Debian's programs, unpacked into a directory and made to run from there.

The directory holds ``bin/`` (start scripts), which is a link into ``current/``: a new tree is
built beside it and takes its place in one step, so that a set-up that was interrupted leaves
either the old tree or none.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from demo.setup.apt import PrivateApt, apt_is_there, unpack
from demo.setup.places import only_one
from demo.setup.telling import Say
from exporters.problems import InputError, problem

PAGE_PARTS = ("fonts-", "libjs-")
"""Packages by these names hold what Prometheus's pages load; its other dependencies are for a
service on a whole system (the programs themselves link to nothing but the C library)."""

FIXED_DIRECTORY = b"/usr/share/prometheus/alertmanager"
DESCRIPTOR = 9
OUR_DIRECTORY = f"/proc/self/fd/{DESCRIPTOR}".encode().ljust(len(FIXED_DIRECTORY), b"/")
"""Padded with slashes, which mean nothing in a path: strings of a Go program have fixed lengths."""


@dataclass(frozen=True)
class Tree:
    """Programs that are fetched together, into a directory of their own."""

    what: str
    """As people call them."""
    packages: tuple[str, ...]
    left_out: tuple[str, ...]
    """What is unpacked and then thrown away, by path in the tree."""
    start_scripts: Mapping[str, str] = field(hash=False)
    """The last lines of a program's start script, by its name; ``$tree`` is the unpacked tree."""
    with_all_it_needs: bool = False
    """Whether everything that its packages depend on and this system lacks is unpacked with them:
    for programs that link to more than the C library."""


_OF_SERVICES = ("etc", "var", "lib")
"""Parts that only a service of a whole system reads."""

PROMETHEUS = Tree(
    "Prometheus and Alertmanager",
    ("prometheus", "prometheus-alertmanager"),
    # 200 MB of time zone data that no page loads.
    (*_OF_SERVICES, "usr/share/javascript/moment-timezone/data"),
    {
        "prometheus": 'exec "$tree/usr/bin/prometheus" '
        '--web.local-assets="$tree/usr/share/prometheus/web/" "$@"',
        "promtool": 'exec "$tree/usr/bin/promtool" "$@"',
        "alertmanager": f'exec {DESCRIPTOR}<"$tree/usr/share/prometheus/alertmanager"\n'
        'exec "$tree/usr/bin/prometheus-alertmanager" "$@"',
        "amtool": 'exec "$tree/usr/bin/amtool" "$@"',
    },
)

VICTORIA_METRICS = Tree(
    "VictoriaMetrics and vmalert",
    ("victoria-metrics",),
    (
        *_OF_SERVICES,
        *(f"usr/bin/{name}" for name in ("vmagent", "vmauth", "vmctl", "vmbackup", "vmrestore")),
    ),
    {name: f'exec "$tree/usr/bin/{name}" "$@"' for name in ("victoria-metrics", "vmalert")},
)

CHROMIUM = Tree(
    "Chromium",
    ("chromium", "fonts-dejavu-core"),
    # Drivers of graphics cards, and what a desktop or a reader looks at: 300 MB.
    (
        "var",
        "boot",
        "usr/sbin",
        *(f"usr/share/{name}" for name in ("doc", "icons", "locale", "man")),
        *(
            f"usr/lib/{machine}-linux-gnu/{name}"
            for machine in ("x86_64", "aarch64")
            for name in ("dri", "libLLVM-15.so.1", "perl", "perl5")
        ),
    ),
    {
        # Its libraries find each other here; fonts are looked for beside the user's.
        "chromium": 'for folder in "$tree"/usr/lib/*-linux-gnu "$tree"/lib/*-linux-gnu \\\n'
        '  "$tree"/usr/lib/*-linux-gnu/pulseaudio; do\n'
        '  LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder"\n'
        "done\n"
        'export LD_LIBRARY_PATH XDG_DATA_HOME="$tree/usr/share"\n'
        '[ ! -e "$tree/etc/fonts/fonts.conf" ] || export FONTCONFIG_PATH="$tree/etc/fonts"\n'
        'exec "$tree/usr/lib/chromium/chromium" "$@"',
    },
    with_all_it_needs=True,
)

_WITH_ITS_LIBRARIES = (
    'for folder in "$tree"/usr/lib/*-linux-gnu "$tree"/lib/*-linux-gnu; do\n'
    '  LD_LIBRARY_PATH="${LD_LIBRARY_PATH:+$LD_LIBRARY_PATH:}$folder"\n'
    "done\n"
    "export LD_LIBRARY_PATH\n"
)
POSTGRESQL = Tree(
    "PostgreSQL",
    ("postgresql",),
    # Compiled queries need LLVM, which is larger than all else; scripts of the system's service.
    (
        "etc",
        "var",
        *(f"usr/share/{name}" for name in ("doc", "locale", "man", "perl5")),
        *(
            f"usr/lib/{machine}-linux-gnu/{name}"
            for machine in ("x86_64", "aarch64")
            for name in ("libLLVM-14.so.1", "libLLVM-19.so.1", "perl", "perl5")
        ),
    ),
    {
        name: f'{_WITH_ITS_LIBRARIES}exec "$tree"/usr/lib/postgresql/*/bin/{name} "$@"'
        for name in ("initdb", "postgres")
    },
    with_all_it_needs=True,
)

MANIFEST = "manifest.json"


def provide_tree(directory: Path, tell: Say, *, no_apt: str, tree: Tree = PROMETHEUS) -> None:
    """Fetch and unpack Debian's programs under ``directory``, unless they are there and whole.

    Args:
        directory: receives ``bin/`` with the programs: ``bin/prometheus``, ``promtool``, ...
        tell: takes a line for each step.
        no_apt: what to do on a machine without apt.
        tree: which programs.

    Raises:
        InputError: there is no apt, or Debian's packages cannot be had.
    """
    with only_one(directory / "lock", tree.what, tell):
        if tree_is_whole(directory):
            return
        if not apt_is_there():
            message = f"is not on this machine, so {tree.what} cannot be fetched"
            raise InputError([problem("apt-get", message, fix=no_apt)])
        staging = directory / "staging"
        shutil.rmtree(staging, ignore_errors=True)
        try:
            _fetch(staging, tree, tell)
            tell(f"unpacking them into {directory}")
            root = staging / "tree"
            unpack(sorted((staging / "apt" / "debs").glob("*.deb")), root)
            for part in tree.left_out:
                _remove(root / part)
            relocate_alertmanager(root / "usr/bin/prometheus-alertmanager")
            _write_start_scripts(staging / "bin", tree.start_scripts)
            shutil.rmtree(staging / "apt")
            sizes = json.dumps(_sizes(staging), indent=0, sort_keys=True)
            (staging / MANIFEST).write_text(sizes, encoding="utf-8")
            _swap(staging, directory)
        finally:
            shutil.rmtree(staging, ignore_errors=True)


def tree_is_whole(directory: Path) -> bool:
    """Tell whether every file that was unpacked is still there, with its size."""
    current = directory / "current"
    try:
        expected = json.loads((current / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return False
    return (directory / "bin").resolve() == current.resolve() / "bin" and all(
        (current / name).is_file() and (current / name).stat().st_size == size
        for name, size in expected.items()
    )


def relocate_alertmanager(program: Path) -> None:
    """Make Debian's Alertmanager read its templates through a file descriptor.

    Debian's build does not carry its default templates in the program; it reads them from
    ``/usr/share/prometheus/alertmanager``, has no option for that, and refuses every configuration
    when they are not there. Unpacked without root they cannot be there. So the directory's name in
    our copy becomes one of the same length that leads through a descriptor, which the start
    script opens.
    """
    if not program.exists():
        return
    data = program.read_bytes()
    program.write_bytes(data.replace(FIXED_DIRECTORY, OUR_DIRECTORY))


def _remove(path: Path) -> None:
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _fetch(staging: Path, tree: Tree, tell: Say) -> None:
    apt = PrivateApt(staging / "apt")
    tell("reading Debian's lists of packages (private directories; nothing is installed)")
    apt.update()
    if tree.with_all_it_needs:
        wanted = apt.missing(tree.packages)
        others = len(set(wanted) - set(tree.packages))
        tell(f"downloading {tree.packages[0]}, and {others} packages that it needs")
        apt.download(wanted)
        return
    wanted = list(tree.packages)
    for package in wanted:  # grows while it is read: parts of pages depend on parts of pages
        parts = [each for each in apt.depends(package) if each.startswith(PAGE_PARTS)]
        wanted += [each for each in parts if each not in wanted]
    parts_of_pages = len(wanted) - len(tree.packages)
    also = f", and {parts_of_pages} parts of pages" if parts_of_pages else ""
    tell(f"downloading {' and '.join(tree.packages)}{also}")
    apt.download(wanted)


def _write_start_scripts(directory: Path, start_scripts: Mapping[str, str]) -> None:
    directory.mkdir()
    for name, last_lines in start_scripts.items():
        script = directory / name
        script.write_text(
            f"#!/bin/sh\n# Starts the {name} unpacked beside this script.\n"
            f'tree=$(cd -P "$(dirname "$0")/../tree" && pwd) || exit 1\n{last_lines}\n',
            encoding="utf-8",
        )
        script.chmod(0o755)


def _sizes(root: Path) -> dict[str, int]:
    """Return the size in bytes of every file below ``root``, by its path there."""
    return {
        str(path.relative_to(root)): path.stat().st_size
        for path in root.rglob("*")
        if path.is_file()
    }


def _swap(staging: Path, directory: Path) -> None:
    """Put the new tree in the place of the old one."""
    current = directory / "current"
    shutil.rmtree(current, ignore_errors=True)
    staging.rename(current)
    link = directory / "bin.new"
    link.unlink(missing_ok=True)
    link.symlink_to("current/bin")
    old = directory / "bin"
    if old.is_dir() and not old.is_symlink():
        shutil.rmtree(old)
    link.replace(old)
