"""Plan files: every value stays the text that stands there."""

from __future__ import annotations

from pathlib import Path

import pytest

from leadlib.batch import read_plan_file
from leadlib.errors import InputError


def plan_file(folder: Path, text: str) -> Path:
    path = folder / "small-valley.yml"
    path.write_text(text, encoding="utf-8")
    return path


def problems_of(path: Path) -> list[str]:
    with pytest.raises(InputError) as error:
        read_plan_file(path)
    return [str(p) for p in error.value.problems]


def test_the_traps_of_yaml_are_read_as_text(tmp_path: Path) -> None:
    read = read_plan_file(
        plan_file(
            tmp_path,
            """
notebook: report.ipynb
pack: tiny
where: {level: NO, district: 0100}
schools: [010000500770, 4.8E+11, yes, 1_000, 2024-01-01, 1:30, ~, "007", 0x1F]
parameters:
  year: 1999
  audience: off
  share: .inf
""",
        )
    )
    assert read.schools == ("010000500770", "4.8E+11", "yes", "1_000", "2024-01-01", "1:30", "~", "007", "0x1F")
    assert read.where == {"level": "NO", "district": "0100"}
    assert read.parameters == {"year": "1999", "audience": "off", "share": ".inf"}


def test_yaml_itself_would_have_changed_them() -> None:
    import yaml

    changed = yaml.safe_load("[010000500770, NO, 1_000, 1:30]")
    assert changed == [1073906168, False, 1000, 90]


def test_a_plan_is_named_after_its_file_unless_it_says_otherwise(tmp_path: Path) -> None:
    assert read_plan_file(plan_file(tmp_path, "notebook: n\npack: p")).name == "small-valley"
    assert read_plan_file(plan_file(tmp_path, "notebook: n\npack: p\nname: mine")).name == "mine"


def test_formats_and_schools_may_be_one_line_or_a_list(tmp_path: Path) -> None:
    one = read_plan_file(plan_file(tmp_path, "notebook: n\npack: p\nto: html, pdf\nschools: all"))
    many = read_plan_file(plan_file(tmp_path, "notebook: n\npack: p\nto: [html, pdf]\nschools:\n- all"))
    assert one == many and one.to == ("html", "pdf") and one.schools == ("all",)
    assert read_plan_file(plan_file(tmp_path, "notebook: n\npack: p")).to == ("html", "pdf")


def test_a_notebook_is_found_from_a_folder_above_the_plan(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "notebooks").mkdir()
    (tmp_path / "notebooks" / "n.ipynb").write_text("", encoding="utf-8")
    (tmp_path / "reports" / "batches").mkdir(parents=True)
    path = plan_file(tmp_path / "reports" / "batches", "notebook: notebooks/n.ipynb\npack: p")
    monkeypatch.chdir(tmp_path / "reports")
    assert read_plan_file(path).notebook.samefile(tmp_path / "notebooks" / "n.ipynb")


def test_all_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    path = plan_file(tmp_path, "notbook: n\npack: [a]\nwhere: Napa\nschools: {a: b}\nparameters:\n  year: [1999]\n")
    assert problems_of(path) == [
        f"{path}: unknown key 'notbook' -> did you mean 'notebook'?",
        f"{path}: the key 'notebook' is missing -> add a line `notebook: ...`",
        f"{path}, pack: one value is expected here",
        f"{path}, where: lines `name: value` are expected here",
        f"{path}, parameters: lines `name: value` are expected here",
        f"{path}, schools: a list of values is expected here",
    ]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("pack: a\npack: b\nnotebook: n", "line 1: this is not YAML: 'pack' stands twice"),
        ("notebook: n\npack: [a", "line 2: this is not YAML"),
        ("", "this is not a plan"),
        ("- a", "this is not a plan"),
        ("a\tb: \x01", "this is not YAML"),
        ("pack: !!python/object:os.system x\nnotebook: n", ""),
    ],
)
def test_a_file_that_is_no_plan_is_refused(text: str, said: str, tmp_path: Path) -> None:
    if said:
        assert said in problems_of(plan_file(tmp_path, text))[0]
    else:
        assert read_plan_file(plan_file(tmp_path, text)).pack == "x"  # a tag is passed over: it makes nothing


def test_a_plan_file_that_is_not_there_or_is_not_text_is_refused(tmp_path: Path) -> None:
    assert "no such plan file" in problems_of(tmp_path / "absent.yml")[0]
    path = tmp_path / "latin.yml"
    path.write_bytes(b"pack: caf\xe9\n")
    assert "cannot be read" in problems_of(path)[0]


def test_limits_and_engine_are_read_as_whole_numbers_and_a_word(tmp_path: Path) -> None:
    read = read_plan_file(plan_file(tmp_path, "notebook: n\npack: p\nengine: warm\ncell_seconds: 30\nmemory_mb: 0"))
    assert (read.engine, read.cell_seconds, read.school_seconds, read.memory_mb) == ("warm", 30, 3600, 0)


def test_limits_of_another_shape_are_told(tmp_path: Path) -> None:
    told = problems_of(
        plan_file(tmp_path, "notebook: n\npack: p\ncell_seconds: 1.5\nmemory_mb: lots\nschool_second: 3")
    )
    assert [line.split(": ", 1)[1] for line in told] == [
        "unknown key 'school_second' -> did you mean 'school_seconds'?",
        "'1.5' is not a whole number -> write for example `cell_seconds: 600`",
        "'lots' is not a whole number -> write for example `memory_mb: 600`",
    ]
