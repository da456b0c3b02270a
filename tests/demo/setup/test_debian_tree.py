"""Debian's programs are unpacked without root and run from where they lie."""

import shutil
import subprocess
from pathlib import Path

import pytest

from demo.setup.apt import apt_is_there
from demo.setup.debian_tree import (
    FIXED_DIRECTORY,
    OUR_DIRECTORY,
    VICTORIA_METRICS,
    Tree,
    provide_tree,
    relocate_alertmanager,
    tree_is_whole,
)
from exporters.problems import InputError
from tests.demo.setup.archive import add_package, apt_configuration

needs_apt = pytest.mark.skipif(not apt_is_there(), reason="needs apt and dpkg-deb")

SHOWS_ARGUMENTS = '#!/bin/sh\necho "$@"\n'
READS_TEMPLATE = "#!/bin/sh\ncat /usr/share/prometheus/alertmanager/default.tmpl\n"


@pytest.fixture
def archive(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An archive with small stand-ins for Debian's packages, the only source that apt knows."""
    folder = tmp_path / "archive"
    programs = {"usr/bin/prometheus": SHOWS_ARGUMENTS, "usr/bin/promtool": SHOWS_ARGUMENTS}
    add_package(
        folder,
        "prometheus",
        {**programs, "etc/default/prometheus": "a service's"},
        depends="adduser, libjs-page",
    )
    add_package(folder, "libjs-page", {"usr/share/javascript/page.js": "1"}, depends="libjs-part")
    add_package(folder, "libjs-part", {"usr/share/javascript/part.js": "2"})
    add_package(
        folder,
        "prometheus-alertmanager",
        {
            "usr/bin/prometheus-alertmanager": READS_TEMPLATE,
            "usr/bin/amtool": SHOWS_ARGUMENTS,
            "usr/share/prometheus/alertmanager/default.tmpl": "a template",
        },
    )
    hook = f'APT::Update::Post-Invoke-Success {{"touch {tmp_path}/hook-ran";}};\n'
    configuration = apt_configuration(tmp_path, f"deb [trusted=yes] file:{folder} ./\n", hook)
    monkeypatch.setenv("APT_CONFIG", str(configuration))
    return folder


def provide(directory: Path) -> list[str]:
    """Provide the tree and return what was said."""
    said: list[str] = []
    provide_tree(directory, said.append, no_apt="get it elsewhere")
    return said


def output(*command: object) -> str:
    """Return what a command prints."""
    words = [str(word) for word in command]
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout.strip()


@needs_apt
def test_programs_are_unpacked_and_start(archive: Path, tmp_path: Path):
    """Prometheus is told where its pages are; the parts of pages are fetched to the last."""
    tools = tmp_path / "a folder" / "tools"

    said = provide(tools)

    tree = tools / "current/tree"
    assert f"--web.local-assets={tree}/usr/share/prometheus/web/ x" == output(
        tools / "bin/prometheus", "x"
    )
    assert "check config" == output(tools / "bin/promtool", "check", "config")
    assert (tree / "usr/share/javascript/part.js").exists()
    assert not (tree / "etc").exists()
    assert [
        "reading Debian's lists of packages (private directories; nothing is installed)",
        "downloading prometheus and prometheus-alertmanager, and 2 parts of pages",
        f"unpacking them into {tools}",
    ] == said


@needs_apt
def test_alertmanager_finds_its_templates_without_root(archive: Path, tmp_path: Path):
    """The stand-in reads the fixed path of Debian's build, as the real one does."""
    provide(tmp_path / "tools")

    assert "a template" == output(tmp_path / "tools/bin/alertmanager")


@needs_apt
def test_another_tree_has_its_own_programs_and_nothing_that_nobody_runs(
    archive: Path, tmp_path: Path
):
    """VictoriaMetrics and vmalert, in a folder of their own."""
    names = ("victoria-metrics", "vmalert", "vmagent")
    add_package(archive, "victoria-metrics", {f"usr/bin/{each}": SHOWS_ARGUMENTS for each in names})
    tools, said = tmp_path / "tools/victoria-metrics", []

    provide_tree(tools, said.append, no_apt="get it elsewhere", tree=VICTORIA_METRICS)

    assert "-dryRun" == output(tools / "bin/vmalert", "-dryRun")
    assert ["victoria-metrics", "vmalert"] == sorted(
        each.name for each in (tools / "bin").iterdir()
    )
    assert not (tools / "current/tree/usr/bin/vmagent").exists()
    assert "downloading victoria-metrics" == said[1]


@needs_apt
def test_a_program_that_links_to_more_brings_what_this_system_lacks(archive: Path, tmp_path: Path):
    """And nothing that is installed; its libraries are found where they lie."""
    library = "usr/lib/x86_64-linux-gnu/liba.so"
    add_package(archive, "shardwatch-browser", {"usr/bin/browse": SHOWS_ARGUMENTS},
                depends="shardwatch-library, libc6")  # fmt: skip
    add_package(archive, "shardwatch-library", {library: "x"})
    tree = Tree("A browser", ("shardwatch-browser",), (), {"browse": f'cat "$tree/{library}"'},
                with_all_it_needs=True)  # fmt: skip
    said: list[str] = []

    provide_tree(tmp_path / "tools", said.append, no_apt="get it elsewhere", tree=tree)

    assert "x" == output(tmp_path / "tools/bin/browse")
    assert "downloading shardwatch-browser, and 1 packages that it needs" == said[1]


@needs_apt
def test_hooks_of_the_system_do_not_run(archive: Path, tmp_path: Path):
    """They would refresh the system's own indexes."""
    provide(tmp_path / "tools")

    assert not (tmp_path / "hook-ran").exists()


@needs_apt
def test_a_source_that_does_not_answer_does_not_matter(archive: Path, tmp_path: Path):
    """A third party's archive that is gone must not keep Debian's from being used."""
    with (tmp_path / "sources.list").open("a") as sources:
        sources.write(f"deb [trusted=yes] file:{tmp_path}/nowhere ./\n")

    provide(tmp_path / "tools")

    assert tree_is_whole(tmp_path / "tools")


@needs_apt
def test_a_whole_tree_is_left_alone(archive: Path, tmp_path: Path):
    """The second time nothing is said and nothing done."""
    provide(tmp_path / "tools")

    assert [] == provide(tmp_path / "tools")


@needs_apt
@pytest.mark.parametrize(
    "damaged",
    [
        "current/tree/usr/share/prometheus/alertmanager/default.tmpl",
        "current/tree/usr/bin/prometheus",
        "current/bin/amtool",
        "current/manifest.json",
        "bin",
    ],
)
def test_a_damaged_tree_is_made_whole(archive: Path, tmp_path: Path, damaged: str):
    """Whatever is missing or cut short, and whatever an interrupted set-up left."""
    tools = tmp_path / "tools"
    provide(tools)
    (tools / damaged).unlink()
    (tools / "staging/apt").mkdir(parents=True)

    assert not tree_is_whole(tools)
    provide(tools)
    assert tree_is_whole(tools)
    assert not (tools / "staging").exists()


@needs_apt
def test_the_tree_that_is_there_stays_if_a_new_one_cannot_be_had(archive: Path, tmp_path: Path):
    """A mirror that is down must not take away what works."""
    tools = tmp_path / "tools"
    provide(tools)
    (tools / "current/tree/usr/bin/promtool").unlink()
    shutil.rmtree(archive)

    with pytest.raises(InputError, match="apt: knows no package prometheus") as error:
        provide(tools)

    assert "a template" == output(tools / "bin/alertmanager")
    assert str(archive) in str(error.value)


def test_without_apt_the_message_says_what_to_do(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """One message, and no folder half full."""
    monkeypatch.setenv("PATH", str(tmp_path))

    with pytest.raises(InputError, match="get it elsewhere"):
        provide(tmp_path / "tools")

    assert ["lock"] == [path.name for path in (tmp_path / "tools").iterdir()]


def test_the_path_within_alertmanager_keeps_its_length(tmp_path: Path):
    """A string of a Go program is a place and a length: nothing may move."""
    program = tmp_path / "alertmanager"
    program.write_bytes(b"\0before" + FIXED_DIRECTORY + b"/ui/after\0")

    relocate_alertmanager(program)

    assert b"\0before" + OUR_DIRECTORY + b"/ui/after\0" == program.read_bytes()
    assert len(FIXED_DIRECTORY) == len(OUR_DIRECTORY)
