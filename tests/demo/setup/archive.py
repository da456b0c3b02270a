"""A Debian archive of small packages in a folder, and an apt configuration that knows only it."""

from __future__ import annotations

import hashlib
import subprocess
from collections.abc import Mapping
from pathlib import Path


def add_package(
    archive: Path, name: str, files: Mapping[str, str | bytes], depends: str = ""
) -> None:
    """Build a package that holds ``files`` (by path, executable) and list it in the archive."""
    tree = archive.parent / f"{name}.tree"
    for path, content in files.items():
        target = tree / path
        target.parent.mkdir(parents=True, exist_ok=True)
        target.write_bytes(content if isinstance(content, bytes) else content.encode())
        target.chmod(0o755)
    control = f"Package: {name}\nVersion: 1.0\nArchitecture: all\nMaintainer: nobody <no@body>\n"
    control += f"Depends: {depends}\n" if depends else ""
    control += "Description: for a test\n"
    (tree / "DEBIAN").mkdir(parents=True)
    (tree / "DEBIAN/control").write_text(control)
    archive.mkdir(exist_ok=True)
    built = archive / f"{name}_1.0_all.deb"
    command = ["dpkg-deb", "--build", "--root-owner-group", str(tree), str(built)]
    subprocess.run(command, check=True, capture_output=True)
    digest = hashlib.sha256(built.read_bytes()).hexdigest()
    listed = f"Filename: ./{built.name}\nSize: {built.stat().st_size}\nSHA256: {digest}\n"
    with (archive / "Packages").open("a") as packages:
        packages.write(control + listed + "\n")


def apt_configuration(folder: Path, sources: str, more: str = "") -> Path:
    """Write an apt.conf that reads ``sources`` instead of the system's; return its path."""
    (folder / "sources.list").write_text(sources)
    path = folder / "system-apt.conf"
    path.write_text(
        f'Dir::Etc::sourcelist "{folder}/sources.list";\nDir::Etc::sourceparts "/dev/null";\n{more}'
    )
    return path
