"""Empty files to fill in: they carry the dictionary, keep ids as text, and pass the check when filled."""

from __future__ import annotations

import datetime as dt
import io
import zipfile
from pathlib import Path
from typing import Any

import pytest
from click import Group
from click.testing import CliRunner

from leadlib.cli.data import register
from leadlib.errors import InputError
from leadlib.tables import standard, template
from leadlib.tables.folder import check
from leadlib.tables.foreign import read

openpyxl = pytest.importorskip("openpyxl")
pytest.importorskip("xlsxwriter")


def opened(name: str) -> Any:
    return openpyxl.load_workbook(io.BytesIO(template.as_workbook(standard.table(name))))


@pytest.mark.parametrize("name", standard.tables())
def test_the_header_is_that_of_the_standard(name: str) -> None:
    fields = [f.name for f in standard.table(name).fields]
    assert template.as_csv(standard.table(name)).decode("utf-8-sig") == ",".join(fields) + "\r\n"
    book = opened(name)
    assert [c.value for c in book[name][1]] == fields
    assert book.active.title == name and book[name].freeze_panes


@pytest.mark.parametrize("name", ["schools", "outcomes", "discipline"])
def test_the_second_sheet_holds_the_dictionary(name: str) -> None:
    rows = [[c.value for c in row] for row in opened(name)["dictionary"].iter_rows()]
    start = next(k for k, row in enumerate(rows) if row[0] == "field")
    assert [row[0] for row in rows[start + 1 :]] == [f.name for f in standard.table(name).fields]
    for row, field in zip(rows[start + 1 :], standard.table(name).fields, strict=True):
        assert row[2] == field.description
        assert (row[6] == "yes") == field.required
        assert all(str(v) in row[5] for v in field.constraints.get("enum", []))


def test_ids_and_years_are_text_so_that_zeros_stay() -> None:
    book = opened("schools")
    letters = {c.value: c.column_letter for c in book["schools"][1]}
    assert book["schools"].column_dimensions[letters["school_id"]].width
    data = template.as_workbook(standard.table("schools"))
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        styles = archive.read("xl/styles.xml").decode("utf-8")
    assert 'numFmtId="49"' in styles  # Excel's text format


@pytest.mark.parametrize("name", standard.tables())
def test_every_list_of_words_is_offered_with_the_marks(name: str) -> None:
    book = opened(name)
    sheet = book[name]
    rules = {str(r.sqref).split(":")[0]: r.formula1 for r in sheet.data_validations.dataValidation}
    for k, field in enumerate(standard.table(name).fields, 1):
        wanted = template._list(field)
        rule = rules.get(sheet.cell(2, k).coordinate)
        assert (rule is not None) == bool(wanted), field.name
        if not wanted or rule is None:
            continue
        if rule.startswith('"'):
            assert rule.strip('"').split(",") == wanted
        else:
            column = rule.split("$")[1]
            assert [c.value for c in book["lists"][column] if c.value is not None] == wanted
            assert book["lists"].sheet_state == "hidden"


def test_a_filled_workbook_passes_the_check(tmp_path: Path) -> None:
    template.write("schools", tmp_path)
    template.write("observations", tmp_path)
    row = {"school_id": "0101", "ncessch": "010000500870", "school_name": "=Ash", "leaid": "0100005", "charter": True,
           "lea_name": "East", "school_level": "Primary", "lowest_grade_offered": -1}  # fmt: skip
    fill(tmp_path / "schools.xlsx", "schools", row)
    seen = {"observation_id": "o1", "teacher_id": "007", "school_id": "0101", "year": 2023, "kind": "formal",
            "date": dt.date(2023, 10, 5), "rubric_score": 3.5}  # fmt: skip
    fill(tmp_path / "observations.xlsx", "observations", seen)
    report = check(tmp_path)
    assert report.ok, report.plain()
    frame = read(tmp_path / "schools.xlsx", sheet="schools").frame()
    assert frame.loc[0, ["school_id", "ncessch", "charter"]].tolist() == ["0101", "010000500870", "true"]


def fill(path: Path, sheet: str, row: dict[str, Any]) -> None:
    book = openpyxl.load_workbook(path)
    heads = [c.value for c in book[sheet][1]]
    for k, name in enumerate(heads, 1):
        cell = book[sheet].cell(2, k)
        cell.value = row.get(name)
        if isinstance(row.get(name), str):
            cell.data_type = "s"
    book.save(path)


def test_the_same_table_gives_the_same_bytes(monkeypatch: pytest.MonkeyPatch) -> None:
    one = template.as_workbook(standard.table("outcomes"))
    import time

    later = time.time() + 4e7
    monkeypatch.setattr(time, "time", lambda: later)
    assert template.as_workbook(standard.table("outcomes")) == one
    with zipfile.ZipFile(io.BytesIO(one)) as archive:
        assert {p.date_time for p in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert b"2000-01-01" in archive.read("docProps/core.xml")


def test_nothing_that_was_filled_in_is_written_over(tmp_path: Path) -> None:
    (tmp_path / "bells.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(InputError, match="is there already"):
        template.write("bells", tmp_path)
    assert sorted(p.name for p in tmp_path.iterdir()) == ["bells.csv"]
    assert (tmp_path / "bells.csv").read_text(encoding="utf-8") == "mine"


def test_the_command_writes_one_table_or_all(tmp_path: Path) -> None:
    group = Group()
    register(group)
    run = CliRunner().invoke(group, ["template", "bells", "--out", str(tmp_path / "one")])
    assert run.exit_code == 0 and sorted(p.name for p in (tmp_path / "one").iterdir()) == ["bells.csv", "bells.xlsx"]
    run = CliRunner().invoke(group, ["template", "all", "--out", str(tmp_path / "all")])
    assert run.exit_code == 0 and len(list((tmp_path / "all").iterdir())) == 2 * len(standard.tables())
    assert check(tmp_path / "all").ok
    run = CliRunner().invoke(group, ["template", "bell", "--out", str(tmp_path)])
    assert run.exit_code == 2 and "did you mean 'bells'" in run.output
