"""Writing generated files into a folder."""

import errno
import os
from pathlib import Path

import pytest

from exporters.generated import LIST, Written, header, write_generated
from exporters.problems import InputError
from exporters.version import VERSION

HEAD = header([Path("shardwatch.yaml")])
FILES = {"rules/a.yaml": f"{HEAD}a\n", "dashboards/b.json": "{}\n"}


def contents(folder) -> dict[str, str]:
    """All files of a folder but the list."""
    return {
        str(file.relative_to(folder)): file.read_text()
        for file in sorted(folder.rglob("*"))
        if file.is_file() and file.name != LIST
    }


def test_files_are_written_into_a_folder_that_is_made(tmp_path):
    """With the folders between."""
    folder = tmp_path / "x" / "out"
    assert write_generated(folder, FILES) == Written(("dashboards/b.json", "rules/a.yaml"), ())
    assert contents(folder) == FILES


def test_only_files_that_changed_are_written(tmp_path):
    """Prometheus and Grafana watch their times."""
    write_generated(tmp_path, FILES)
    before = (tmp_path / "rules/a.yaml").stat().st_mtime_ns
    changed = {**FILES, "dashboards/b.json": "[]\n"}
    assert write_generated(tmp_path, changed) == Written(("dashboards/b.json",), ())
    assert (tmp_path / "rules/a.yaml").stat().st_mtime_ns == before
    assert contents(tmp_path) == changed


def test_a_file_that_is_no_longer_generated_goes_away(tmp_path):
    """Prometheus would go on evaluating the rules of an objective that was dropped."""
    write_generated(tmp_path, FILES)
    (tmp_path / "rules/mine.yaml").write_text("mine\n")
    left = {"dashboards/b.json": "{}\n"}
    written = write_generated(tmp_path, left)
    assert written == Written((), ("rules/a.yaml",), ("rules/mine.yaml",))
    assert contents(tmp_path) == {**left, "rules/mine.yaml": "mine\n"}


def test_folders_that_nothing_is_left_in_go_with_their_files(tmp_path):
    """Of what was generated alone: an empty folder of somebody's stays."""
    write_generated(tmp_path, {**FILES, "a/b/c.json": "{}\n", "a/d.json": "{}\n"})
    (tmp_path / "mine").mkdir()
    write_generated(tmp_path, {"dashboards/b.json": "{}\n"})
    assert ["dashboards", "mine"] == sorted(
        each.name for each in tmp_path.iterdir() if each.is_dir()
    )


def test_what_others_have_beside_is_named_and_left_alone(tmp_path):
    """In folders that hold something of ours; of other folders, the folder."""
    write_generated(tmp_path, FILES)
    for path in ("notes.txt", "rules/mine.yaml", "mine/a", "mine/b"):
        (tmp_path / path).parent.mkdir(exist_ok=True)
        (tmp_path / path).write_text("mine\n")
    assert write_generated(tmp_path, FILES) == Written(
        (), (), ("mine/", "notes.txt", "rules/mine.yaml")
    )


def test_a_generated_file_that_somebody_has_replaced_is_theirs(tmp_path):
    """It is neither overwritten, though the list has it, nor removed."""
    write_generated(tmp_path, FILES)
    (tmp_path / "rules/a.yaml").write_text("mine\n")
    with pytest.raises(InputError, match=r"rules/a\.yaml: found a file that shardwatch did not"):
        write_generated(tmp_path, FILES)
    left = {"dashboards/b.json": "{}\n"}
    assert write_generated(tmp_path, left) == Written((), (), ("rules/a.yaml",))
    assert contents(tmp_path) == {**left, "rules/a.yaml": "mine\n"}


def test_a_second_time_not_even_the_list_is_written(tmp_path):
    """Nothing that watches the folder sees a change."""
    write_generated(tmp_path, FILES)
    before = {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}
    write_generated(tmp_path, FILES)
    assert before == {path: path.stat().st_mtime_ns for path in tmp_path.rglob("*")}


def test_a_file_that_somebody_else_wrote_is_not_overwritten_and_nothing_is_changed(tmp_path):
    """One problem for each that is in the way."""
    for path in FILES:
        (tmp_path / path).parent.mkdir()
        (tmp_path / path).write_text("mine\n")
    with pytest.raises(InputError) as caught:
        write_generated(tmp_path, {**FILES, "c": "c\n"})
    assert str(caught.value) == "\n".join(
        f"{tmp_path}/{path}: found a file that shardwatch did not generate; "
        "move it away or build into another folder"
        for path in sorted(FILES)
    )
    assert contents(tmp_path) == dict.fromkeys(FILES, "mine\n")


def test_a_file_with_our_header_may_be_overwritten_without_the_list(tmp_path):
    """The list may not have come along."""
    (tmp_path / "a.yaml").write_text(header([Path("x/shardwatch.yaml")]) + "old\n")
    assert write_generated(tmp_path, {"a.yaml": "new\n"}).changed == ("a.yaml",)


@pytest.mark.parametrize("there", [{}, {**FILES, "old.yaml": f"{HEAD}old\n"}])
def test_where_one_file_cannot_be_written_none_is_changed(tmp_path, there):
    """Rules of one build and routes of another would lead alerts to nobody."""
    if there:
        write_generated(tmp_path, there)
    before = {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    changed = {"a/new.yaml": f"{HEAD}new\n", "rules/a.yaml": f"{HEAD}b\n", f"{'z' * 250}.md": HEAD}

    with pytest.raises(InputError, match="cannot be written: File name too long"):
        write_generated(tmp_path, changed)

    assert before == {file: file.read_bytes() for file in tmp_path.rglob("*") if file.is_file()}
    assert not (tmp_path / "a").exists()


def test_an_interrupted_build_can_be_taken_up_again(tmp_path, monkeypatch):
    """What it wrote is known as generated."""
    write, replaced = Path.replace, []

    def fail_at_the_third(self, target):
        replaced.append(target)
        if len(replaced) == 3:
            raise KeyboardInterrupt
        return write(self, target)

    with monkeypatch.context() as patched:
        patched.setattr(Path, "replace", fail_at_the_third)
        with pytest.raises(KeyboardInterrupt):
            write_generated(tmp_path, FILES)
    assert contents(tmp_path).keys() > {"dashboards/b.json"}
    write_generated(tmp_path, FILES)
    assert contents(tmp_path) == FILES


@pytest.mark.parametrize(
    ("files", "message"),
    [({}, "there is nothing to generate"), ({"a": "\n"}, "'a' would be empty")],
)
def test_nothing_is_refused(tmp_path, files, message):
    """Zero rules would be zero alerts, silently."""
    with pytest.raises(InputError) as caught:
        write_generated(tmp_path / "out", files)
    assert str(caught.value) == f"{tmp_path}/out: {message}"
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("path", ["/etc/x", "../x", "a/../../x"])
def test_no_path_leads_out_of_the_folder(tmp_path, path):
    """A mistake of ours, not of the user."""
    with pytest.raises(ValueError, match="is no path within a folder"):
        write_generated(tmp_path, {path: "x\n"})


def test_a_list_that_was_tampered_with_removes_nothing_outside(tmp_path):
    """Only what lies within the folder was generated."""
    outside = tmp_path / "outside"
    outside.write_text("mine\n")
    folder = tmp_path / "out"
    folder.mkdir()
    (folder / LIST).write_text(f"../outside\n{outside}\n")
    write_generated(folder, FILES)
    assert outside.read_text() == "mine\n"


def test_a_file_in_place_of_the_folder_is_a_problem(tmp_path):
    """Said as such, not as a traceback."""
    (tmp_path / "out").write_text("mine\n")
    with pytest.raises(InputError, match="out: cannot be written: File exists"):
        write_generated(tmp_path / "out", FILES)


@pytest.mark.parametrize("code", [errno.ENOENT, errno.ENOSPC, errno.EROFS, errno.EIO])
def test_a_folder_that_the_system_refuses_is_a_problem(tmp_path, monkeypatch, code):
    """Whatever its reason: /proc/foo is 'No such file', a full disk 'No space left'."""

    def refuse(self, *_: object, **__: object):
        raise OSError(code, os.strerror(code), str(self))

    monkeypatch.setattr(Path, "mkdir", refuse)
    with pytest.raises(InputError) as caught:
        write_generated(tmp_path / "out", FILES)
    assert str(caught.value) == (
        f"{tmp_path}/out: cannot be written: {os.strerror(code)}; "
        "mend that or build into another folder"
    )


def test_a_folder_within_a_file_system_of_the_kernel_is_a_problem():
    """Linux says 'No such file' of one that cannot be."""
    with pytest.raises(InputError, match="/proc/shardwatch: cannot be written: "):
        write_generated(Path("/proc/shardwatch"), FILES)


def test_a_list_that_is_no_text_lists_nothing(tmp_path):
    """And costs no build."""
    (tmp_path / LIST).write_bytes(b"\xff\xfe\n")
    assert write_generated(tmp_path, {"a": "a\n"}) == Written(("a",), ())


def test_the_header_names_the_version_and_the_sources():
    """Names without folders, so that files are the same on every machine."""
    assert header([Path("/x/topology.yaml"), Path("/x/shardwatch.yaml")]) == (
        f"# Generated by shardwatch {VERSION} from shardwatch.yaml, topology.yaml; do not edit.\n"
    )


def test_files_of_another_part_are_left_alone(tmp_path):
    """Each part of a folder has a list of its own."""
    write_generated(tmp_path, {"a.json": "{}\n", "b.json": "{}\n"})
    assert write_generated(tmp_path, {"c.json": "{}\n"}, "slo-shop").removed == ()
    assert write_generated(tmp_path, {"d.json": "{}\n"}, "slo-shop").removed == ("c.json",)
    written = write_generated(tmp_path, {"a.json": "{}\n"})
    assert written == Written((), ("b.json",), ("d.json",))
