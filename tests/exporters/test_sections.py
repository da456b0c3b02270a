"""Sections of a README are replaced, and the rest is not."""

import pytest

from exporters.sections import first_cells, replace_section, section, table, write_sections

TEXT = "before\n<!-- x -->\nold\n<!-- end of x -->\nafter\n"


def test_a_section_is_replaced_and_the_rest_is_not(tmp_path):
    """In the text, and in the file."""
    replaced = "before\n<!-- x -->\nnew\n<!-- end of x -->\nafter\n"
    assert replaced == replace_section(TEXT, "x", "new\n")
    assert section(replaced, "x") == "new\n"
    file = tmp_path / "README.md"
    file.write_text(TEXT)
    write_sections(file, {"x": lambda: "new\n"})
    assert replaced == file.read_text()


def test_a_text_without_its_comments_is_refused():
    """A section that nobody sees would be true for ever."""
    with pytest.raises(ValueError, match="found no <!-- y -->"):
        replace_section(TEXT, "y", "new\n")


def test_a_table_is_markdown_whose_first_cells_can_be_found_again():
    """The head is no row."""
    made = table(("name", "means"), [("`a`", "first"), ("`b`", "second")])
    assert made == "| name | means |\n|---|---|\n| `a` | first |\n| `b` | second |\n"
    assert [("a", "first"), ("b", "second")] == list(first_cells(made))
