"""The environment holds what the lock files say, and mends itself."""

import hashlib
import importlib.util
import json
import shutil
import subprocess
import zipfile
from pathlib import Path

import pytest

from demo.setup import environment
from demo.setup.apt import apt_is_there
from demo.setup.environment import provide_environment
from exporters.problems import InputError
from tests.demo.setup.archive import add_package, apt_configuration

ensurepip = pytest.importorskip("ensurepip")

BACKEND = """
import zipfile

def build_editable(directory, settings=None, metadata=None):
    name = "thing-1.0-py3-none-any.whl"
    with zipfile.ZipFile(directory + "/" + name, "w") as wheel:
        wheel.writestr("thing.pth", {here!r})
        wheel.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\\nName: thing\\n"
                       "Version: 1.0\\n")
        wheel.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\\nGenerator: x\\n"
                       "Root-Is-Purelib: true\\nTag: py3-none-any\\n")
        wheel.writestr("thing-1.0.dist-info/RECORD", "")
    return name

build_wheel = build_sdist = None
"""


def write_wheel(folder: Path, name: str) -> Path:
    """Write a wheel with one module that is called as the package is; return its path."""
    folder.mkdir(exist_ok=True)
    path = folder / f"{name}-1.0-py3-none-any.whl"
    about = f"{name}-1.0.dist-info"
    with zipfile.ZipFile(path, "w") as wheel:
        wheel.writestr(f"{name}.py", "")
        wheel.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
        wheel.writestr(
            f"{about}/WHEEL",
            "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        )
        wheel.writestr(f"{about}/RECORD", "")
    return path


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkout with lock files of small packages, which pip finds in a folder."""
    root = tmp_path / "checkout"
    (root / "requirements").mkdir(parents=True)
    for group in ("build", "base", "test"):
        lock(root, group, write_wheel(tmp_path / "wheels", f"for_{group}"))
    (root / "backend.py").write_text(BACKEND.format(here=str(root)))
    (root / "pyproject.toml").write_text(
        '[build-system]\nrequires = []\nbuild-backend = "backend"\nbackend-path = ["."]\n'
        '[project]\nname = "thing"\nversion = "1.0"\n'
    )
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(tmp_path / "wheels"))
    monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
    return root


def lock(root: Path, group: str, wheel: Path, digest: str = "") -> None:
    """Write the lock file of a group that needs one wheel."""
    digest = digest or hashlib.sha256(wheel.read_bytes()).hexdigest()
    text = f"{wheel.name.split('-')[0]}==1.0 --hash=sha256:{digest}\n"
    (root / "requirements" / f"{group}.txt").write_text(text)


def provide(root: Path, *groups: str) -> list[str]:
    """Provide the environment and return what was said."""
    said: list[str] = []
    provide_environment(groups or ("base",), root, said.append)
    return said


def imports(root: Path, *modules: str) -> bool:
    """Tell whether the environment's Python imports these modules."""
    command = [str(root / ".venv/bin/python"), "-c", f"import {', '.join(modules)}"]
    return subprocess.run(command, check=False, capture_output=True, cwd="/").returncode == 0


def test_an_environment_is_made_kept_and_extended(root: Path):
    """Once made nothing is done, until a further group is asked for or a lock changes."""
    made = provide(root, "base")
    assert "installing requirements/base.txt, requirements/build.txt into .venv" == made[1]
    assert "installing shardwatch itself (editable) into .venv" == made[2]
    assert imports(root, "for_base", "for_build", "backend")
    assert not imports(root, "for_test")

    assert [] == provide(root, "base")

    extended = provide(root, "base", "test")
    assert [
        "installing requirements/base.txt, requirements/build.txt, requirements/test.txt into .venv"
    ] == extended
    assert imports(root, "for_test")
    assert [] == provide(root, "base")

    lock(root, "base", write_wheel(root.parent / "wheels", "newer"))
    assert 1 == len(provide(root, "base"))
    assert imports(root, "newer")


def test_a_package_with_another_hash_is_refused_and_the_next_set_up_starts_anew(root: Path):
    """What was not locked is not installed; what did not finish is not trusted."""
    wheel = root.parent / "wheels/for_base-1.0-py3-none-any.whl"
    lock(root, "base", wheel, digest="0" * 64)

    with pytest.raises(
        InputError, match=r"could not install base\.txt, build\.txt: ERROR: THESE PAC"
    ):
        provide(root)
    assert not imports(root, "for_base")

    lock(root, "base", wheel)
    said = provide(root)

    assert "the last set-up did not finish, or was elsewhere; making .venv anew" == said[0]
    assert imports(root, "for_base", "backend")


def test_a_checkout_that_moved_gets_a_new_environment(root: Path):
    """Scripts of an environment name its place."""
    provide(root)
    moved = root.rename(root.parent / "moved")

    said = provide(moved)

    assert "the last set-up did not finish, or was elsewhere; making .venv anew" == said[0]
    first_line = (moved / ".venv/bin/pip").read_text().splitlines()[0]
    assert f"#!{moved}/.venv/bin/python" in first_line


def test_an_environment_without_pip_is_made_again(root: Path):
    """Somebody, or an upgrade of Python, broke it."""
    provide(root)
    (pip,) = (root / ".venv/lib").glob("python3*/site-packages/pip")
    shutil.rmtree(pip)

    assert provide(root)[0].startswith("making .venv with Python 3.")
    assert imports(root, "pip", "for_base")


def test_an_environment_that_we_did_not_stamp_is_used_as_it_is(root: Path):
    """What a user made stays, and gets the locked packages."""
    provide(root)
    (root / ".venv" / environment.STAMP).unlink()
    (root / ".venv/mine").touch()

    provide(root)

    assert (root / ".venv/mine").exists()
    stamp = json.loads((root / ".venv" / environment.STAMP).read_text())
    assert str(root) == stamp[environment.PLACE]


def test_a_group_without_a_lock_file_is_an_error(root: Path):
    """Nothing is made before that is known."""
    with pytest.raises(InputError, match=r"requirements/docs\.txt: is missing"):
        provide(root, "docs")

    assert not (root / ".venv").exists()


@pytest.mark.skipif(not apt_is_there(), reason="needs apt and dpkg-deb")
def test_without_ensurepip_pip_comes_from_debians_package(
    root: Path, monkeypatch: pytest.MonkeyPatch
):
    """As on a Debian without python3-venv; the archive here holds the wheel of our own pip."""
    bundled = wheel_of_pip()
    archive = root.parent / "archive"
    content = {f"usr/share/python-wheels/{bundled.name}": bundled.read_bytes()}
    add_package(archive, "python3-pip-whl", content)
    sources = f"deb [trusted=yes] file:{archive} ./\n"
    monkeypatch.setenv("APT_CONFIG", str(apt_configuration(root.parent, sources)))
    without(monkeypatch, "ensurepip")

    said = provide(root)

    assert said[0].endswith("; pip from Debian's python3-pip-whl")
    assert imports(root, "pip", "for_base")


@pytest.mark.parametrize("module", ["ensurepip", "venv"])
def test_without_ensurepip_or_venv_and_without_apt_the_message_names_the_package(
    root: Path, monkeypatch: pytest.MonkeyPatch, module: str
):
    """One message that says what to install."""
    without(monkeypatch, module)
    monkeypatch.setattr(environment, "apt_is_there", lambda: False)

    with pytest.raises(InputError) as error:
        provide(root)

    assert (
        f"has no {module} module; install it (Debian, Ubuntu: `apt-get install python3-venv`)"
        in (str(error.value))
    )


def wheel_of_pip() -> Path:
    """Return the wheel that ensurepip installs; Debian keeps it outside of Python."""
    folders = [Path(ensurepip.__file__).parent / "_bundled", Path("/usr/share/python-wheels")]
    return next(wheel for folder in folders for wheel in folder.glob("pip-*.whl"))


def without(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    """Let Python look as if a module of the standard library was not installed."""
    find_spec = importlib.util.find_spec
    monkeypatch.setattr(
        environment.importlib.util,
        "find_spec",
        lambda name: None if name == module else find_spec(name),
    )
