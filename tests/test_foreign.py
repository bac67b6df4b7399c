"""Reading foreign files: the right cells with their line numbers, or an error that says what is wrong."""

from __future__ import annotations

import csv
import datetime as dt
import gzip
import io
import random
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from leadlib.errors import InputError
from leadlib.tables import foreign, foreign_csv, foreign_rows
from leadlib.tables.foreign import Line, read, sheets

PLAIN = "school_id,year,n\n0101,2023,20\n0102,2023,*\n"
ANY = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def put(folder: Path, content: str | bytes, name: str = "a.csv") -> Path:
    path = folder / name
    path.write_bytes(content.encode("utf-8") if isinstance(content, str) else content)
    return path


def cells(path: Path, **told: Any) -> list[list[str]]:
    table = read(path, **told)
    return [list(table.header), *map(list, zip(*(c.texts() for c in table.columns), strict=True))]


def fails(path: Path, words: str, **told: Any) -> None:
    with pytest.raises(InputError, match=words):
        read(path, **told)


# -- text --------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("codec", "mark"),
    [
        ("utf-8", b""),
        ("utf-8", b"\xef\xbb\xbf"),
        ("utf-8", b"\xef\xbb\xbf\xef\xbb\xbf"),
        ("utf-16-le", b"\xff\xfe"),
        ("utf-16-be", b"\xfe\xff"),
        ("utf-16-le", b""),
        ("utf-16-be", b""),
        ("cp1252", b""),
    ],
)
def test_text_is_read_in_any_usual_encoding(codec: str, mark: bytes, tmp_path: Path) -> None:
    path = put(tmp_path, mark + "id,name\n007,José Martí – Élan\n".encode(codec))
    assert cells(path) == [["id", "name"], ["007", "José Martí – Élan"]]


@pytest.mark.parametrize("delimiter", [",", ";", "\t", "|"])
@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_delimiter_and_line_ends_are_found(delimiter: str, end: str, tmp_path: Path) -> None:
    text = PLAIN.replace(",", delimiter).replace("\n", end)
    table = read(put(tmp_path, text))
    assert table.delimiter == delimiter and table.header == ("school_id", "year", "n")
    assert table.lines.tolist() == [2, 3]
    assert table.line_ends == ({"\n": "LF", "\r\n": "CRLF", "\r": "CR"}[end],)


def test_decimal_commas_do_not_hide_the_semicolon(tmp_path: Path) -> None:
    assert cells(put(tmp_path, "a;b;c\n1,5;2,5;3,5\n4,5;5,5;6,5\n"))[1] == ["1,5", "2,5", "3,5"]


def test_what_excel_says_about_the_delimiter_is_believed(tmp_path: Path) -> None:
    table = read(put(tmp_path, "sep=|\na,b|c\n1,2|3\n"))
    assert table.header == ("a,b", "c") and table.lines.tolist() == [3]


def test_preamble_footnotes_and_empty_lines_are_set_aside_with_their_numbers(tmp_path: Path) -> None:
    text = "Extracted:,6/12/2013,,\n,,,\na,b,c,d\n1,2,3,4\n,,,\n5,6,7,8\n,,,\nx  too few pupils,,,\nSource: state\n"
    table = read(put(tmp_path, text))
    assert (table.header_line, table.lines.tolist()) == (3, [4, 6])
    assert [line.number for line in table.preamble] == [1]
    assert [(line.number, line.text) for line in table.footnotes] == [(8, "x  too few pupils"), (9, "Source: state")]
    assert table.blank == (2, 5, 7) and table.problems == ()
    assert any("footnotes (row 8 and 9)" in note for note in table.notes)


def test_a_last_row_that_begins_as_others_do_is_no_footnote(tmp_path: Path) -> None:
    assert len(read(put(tmp_path, "a,b,c\nx,1,2\nx,,\n"))) == 2


def test_ragged_rows_are_kept_with_line_number_and_never_padded(tmp_path: Path) -> None:
    table = read(put(tmp_path, 'a,b,c\n1,2,3\n1,2\n1,2,3,4\n"x\ny",2,3\n1,2,3,\n'))
    assert [(r.number, r.cells) for r in table.ragged] == [(3, ("1", "2")), (4, ("1", "2", "3", "4"))]
    assert table.lines.tolist() == [2, 5, 7]
    assert str(table.problems[0]).startswith("a.csv, row 3: has 2 cells; the header has 3")


def test_a_row_with_a_stray_quotation_mark_is_kept_as_it_stands(tmp_path: Path) -> None:
    table = read(put(tmp_path, 'a,b\n1,2\n"P.S. "15"",2\n3,4\n'))
    assert table.ragged[0].number == 3 and table.ragged[0].cells == ('"P.S. "15"",2',)
    assert table.lines.tolist() == [2, 4]


def test_a_header_that_comes_again_is_no_row(tmp_path: Path) -> None:
    table = read(put(tmp_path, PLAIN + PLAIN))
    assert table.repeated == (4,) and len(table) == 4


def test_two_columns_of_one_name_are_told_and_cannot_be_mixed_up(tmp_path: Path) -> None:
    table = read(put(tmp_path, "a,a,b\n1,2,3\n"))
    assert "column a: stands in the header twice" in str(table.problems[0])
    with pytest.raises(InputError, match="twice"):
        table.column("a")
    with pytest.raises(InputError, match="twice"):
        table.frame()
    with pytest.raises(InputError, match="use one of: a, a, b"):
        table.column("nothing")


def test_the_header_is_found_by_known_names_or_told(tmp_path: Path) -> None:
    path = put(tmp_path, "About,this,file\nmore,of,it\nschool_id,year,n\n1,2,3\n")
    assert read(path, header_like={"school_id", "year"}).header_line == 3
    assert read(path, header_line=2).header == ("more", "of", "it")
    fails(path, "row 9: is no line that could be the header", header_line=9)


def test_a_compressed_file_is_read(tmp_path: Path) -> None:
    assert len(read(put(tmp_path, gzip.compress(PLAIN.encode()), "a.csv.gz"))) == 2


def test_nothing_is_guessed_about_a_cell(tmp_path: Path) -> None:
    words = ["0100", "NA", "None", "1e400", "-3", " x ", "=1+1", "4.8E+11", "49E000", "<script>", "TRUE", "1,792"]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([["a", "b"], *([w, "1"] for w in words)])
    assert read(put(tmp_path, out.getvalue())).frame()["a"].tolist() == words


@pytest.mark.parametrize(
    ("content", "name", "words"),
    [
        (b"", "a.csv", "is empty"),
        (b"\n\n", "a.csv", "nothing but empty lines"),
        (b"a,b\n1,\x002\n", "a.csv", "row 2: holds a NUL character"),
        (b'a,b\n1,2\n"x,2\n3,4\n', "a.csv", "row 3: has a quotation mark that is never closed"),
        (b"a,b\n\x81,2\n", "a.csv", "is not UTF-8 or Windows-1252 text"),
        (b"\xff\xfea\x00b", "a.csv", "is not UTF-16-LE text"),
        (b"\xd0\xcf\x11\xe0rest", "a.xlsx", "old or locked Excel workbook"),
        (b"%PDF-1.4", "a.csv", "is a PDF"),
        (b"<html><table></table>", "a.xls", "is a web page"),
        (b"a,b\n", "a.xlsx", "is not what its name says"),
        (b"PK\x03\x04nothing", "a.csv", "is damaged"),
        (b"PAR1nothing", "a.parquet", "is damaged or not|pyarrow"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0)[:-9], "a.csv.gz", "is damaged"),
        (gzip.compress(b"a,b\n1,2\n", mtime=0), "a.csv", "is compressed"),
        (b"a,b\n", "a.json", "not a kind of file"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(content: bytes, name: str, words: str, tmp_path: Path) -> None:
    fails(put(tmp_path, content, name), words)


def test_no_file_and_strange_names_are_refused(tmp_path: Path) -> None:
    fails(tmp_path / "none.csv", "cannot be read")
    fails(tmp_path, "cannot be read")
    fails(Path("a\0b.csv"), "not the name of a file|cannot be read")
    fails(put(tmp_path, PLAIN), "is not known", encoding="klingon")
    fails(put(tmp_path, PLAIN), "cannot separate cells", delimiter="ab")


def test_ten_thousand_columns_are_read(tmp_path: Path) -> None:
    names = [f"c{k}" for k in range(10_000)]
    table = read(put(tmp_path, "\n".join([",".join(names), ",".join("1" * 10_000), ",".join("2" * 10_000)])))
    assert len(table.columns) == 10_000 and table.columns[9_999].words == ("1", "2")


def test_limits_end_in_a_sentence(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = put(tmp_path, PLAIN * 50)
    monkeypatch.setattr(foreign_rows, "MAX_CELLS", 60)
    fails(path, "more than 60 cells -> split the file")
    monkeypatch.setattr(foreign_rows, "MAX_CELLS", 10**9)
    monkeypatch.setattr(foreign_rows, "MAX_WORDS", 3)
    fails(path, "more than 3 different values")
    monkeypatch.setattr(foreign_rows, "MAX_COLUMNS", 2)
    fails(path, "has 3 columns; the most that is read is 2")
    monkeypatch.setattr(foreign, "MAX_BYTES", 10)
    fails(path, "the most that is read is 0 MB")
    monkeypatch.setattr(foreign, "MAX_BYTES", 10**9)
    monkeypatch.setattr(foreign_csv, "MAX_BYTES", 10**6)
    fails(put(tmp_path, gzip.compress(b"a" * 2_000_000), "bomb.csv.gz"), "unpacks to more than 1 MB")
    monkeypatch.setattr(foreign_csv, "MOST_RAGGED", 5)
    fails(put(tmp_path, "a,b\n" + "1\n" * 9), "more than 5 rows that do not fit")


def test_rows_are_the_same_however_they_are_batched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = "a,b\n" + "".join(f'{k},"x\n{k}"\n' if k % 7 == 0 else f"{k},y\n" for k in range(300)) + '"q"q,1\n9,9\n'
    path = put(tmp_path, text)
    one = read(path)
    monkeypatch.setattr(foreign_csv, "_BATCH", 3)
    monkeypatch.setattr(foreign_rows, "_CHUNK", 5)
    two = read(path)
    assert one.lines.tolist() == two.lines.tolist() and one.ragged == two.ragged
    assert [c.texts().tolist() for c in one.columns] == [c.texts().tolist() for c in two.columns]
    lines = text.split("\n")
    assert all(lines[n - 1].split(",")[0] == a for n, a in zip(one.lines, one.columns[0].texts(), strict=True))


# -- workbooks ---------------------------------------------------------------------------------------------------------


def workbook(path: Path, **content: list[list[Any]]) -> Path:
    openpyxl = pytest.importorskip("openpyxl")
    book = openpyxl.Workbook()
    book.remove(book.active)
    for title, rows in content.items():
        sheet = book.create_sheet(title)
        for row in rows:
            sheet.append(row)
    book.save(path)
    return path


def test_a_workbook_is_read_as_a_reader_sees_it(tmp_path: Path) -> None:
    row = ["0100", 12, 100000500870, 0.5, 39.8, True, dt.date(2023, 10, 5), dt.time(8, 5), None, "x"]
    path = workbook(tmp_path / "a.xlsx", Sheet=[["t", "i", "id", "f", "g", "b", "d", "c", "e", "z"], row])
    assert cells(path)[1] == ["0100", "12", "100000500870", "0.5", "39.8", "true", "2023-10-05", "08:05", "", "x"]


def test_the_zeros_and_percents_of_a_number_format_are_kept(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    path = workbook(tmp_path / "a.xlsx", Sheet=[["id", "pct", "whole"], [500870, 0.8934, 1]])
    book = openpyxl.load_workbook(path)
    sheet = book.active
    sheet["A2"].number_format, sheet["B2"].number_format, sheet["C2"].number_format = "0" * 12, "0%", "0.0%"
    book.save(path)
    assert cells(path)[1] == ["000000500870", "89.34%", "100%"]


def test_a_sheet_must_be_chosen_and_hidden_ones_are_named(tmp_path: Path) -> None:
    openpyxl = pytest.importorskip("openpyxl")
    path = workbook(tmp_path / "a.xlsx", one=[["a", "b"], [1, 2]], two=[["c", "d"], [3, 4]], empty=[])
    fails(path, "has 2 sheets: 'one' and 'two'")
    fails(path, "did you mean 'two'", sheet="twoo")
    assert read(path, sheet="two").header == ("c", "d")
    book = openpyxl.load_workbook(path)
    book["two"].sheet_state = "hidden"
    book.save(path)
    table = read(path)
    assert table.sheet == "one" and any("1 hidden sheet not read: two" in note for note in table.notes)
    assert [(s.name, s.hidden) for s in sheets(path)] == [("one", False), ("two", True), ("empty", False)]


def test_title_rows_notes_and_gaps_of_a_sheet_keep_their_row_numbers(tmp_path: Path) -> None:
    rows = [["District report"], [], ["a", "b", "c"], [1, 2, 3], [], [4, 5, 6], ["Source: office"]]
    table = read(workbook(tmp_path / "a.xlsx", Sheet=rows))
    assert (table.header_line, table.lines.tolist(), table.blank) == (3, [4, 6], (2, 5))
    assert table.footnotes == (Line(7, ("Source: office", "", ""), "footnote"),)


def test_formulas_without_a_result_are_told(tmp_path: Path) -> None:
    table = read(workbook(tmp_path / "a.xlsx", Sheet=[["a", "b"], ["x", "=1+1"], ["y", 2]]))
    assert "1 formula without a stored result" in str(table.problems[0])
    assert table.columns[1].texts().tolist() == ["", "2"]


def test_a_row_number_no_sheet_can_have_ends_in_a_sentence(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", Sheet=[["a", "b"], [1, 2]])
    parts = {}
    with zipfile.ZipFile(path) as archive:
        parts = {n: archive.read(n) for n in archive.namelist()}
    sheet = next(n for n in parts if "worksheets/sheet" in n)
    parts[sheet] = parts[sheet].replace(b'r="2"', b'r="99999999"').replace(b'r="A2"', b"").replace(b'r="B2"', b"")
    with zipfile.ZipFile(path, "w") as archive:
        for name, part in parts.items():
            archive.writestr(name, part)
    fails(path, "more than 1,048,576 rows")


# -- parquet -----------------------------------------------------------------------------------------------------------


def test_parquet_is_read_as_text(tmp_path: Path) -> None:
    pa = pytest.importorskip("pyarrow")
    import pyarrow.parquet as pq

    table = pa.table({"id": ["01", None], "n": [20, None], "x": [0.5, 3.0], "d": [dt.date(2023, 1, 2), None]})
    pq.write_table(table, tmp_path / "a.parquet")
    assert cells(tmp_path / "a.parquet")[1:] == [["01", "20", "0.5", "2023-01-02"], ["", "", "3", ""]]
    pq.write_table(pa.table({"a": [[1, 2]]}), tmp_path / "b.parquet")
    fails(tmp_path / "b.parquet", "column a: holds list")


# -- anything at all ---------------------------------------------------------------------------------------------------

IDS = st.text("0123456789", min_size=1, max_size=14) | st.from_regex(r"[0-9]{1,3}[A-Z][0-9]{2,4}", fullmatch=True)
TEXTS = st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=12).map(str.strip)


@ANY
@example([("0100", "x"), ("49E000", "4.8E+11")], ",", "utf-8")
@given(
    st.lists(st.tuples(IDS, TEXTS), min_size=1, max_size=20),
    st.sampled_from([",", ";", "\t", "|"]),
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16"]),
)
def test_ids_and_texts_round_trip_through_csv(
    tmp_path: Path, rows: list[tuple[str, str]], delimiter: str, encoding: str
) -> None:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=delimiter, lineterminator="\n", quoting=csv.QUOTE_ALL)
    writer.writerows([("school_id", "school_name"), *rows])
    path = put(tmp_path, out.getvalue().encode(encoding))
    assert cells(path, delimiter=delimiter)[1:] == [list(r) for r in rows]


def originals(folder: Path) -> list[tuple[str, bytes]]:
    """Give a good file of each kind."""
    rows: list[list[Any]] = [["school_id", "year", "n"], ["0101", 2023, 20], ["0102", 2023, "*"]]
    made = [("a.csv", PLAIN.encode()), ("b.csv", PLAIN.replace(",", ";").encode("utf-16"))]
    made.append(("c.csv.gz", gzip.compress(PLAIN.encode(), mtime=0)))
    try:
        made.append(("a.xlsx", workbook(folder / "o.xlsx", Sheet=rows).read_bytes()))
        import pyarrow as pa
        import pyarrow.parquet as pq

        pq.write_table(pa.table({"a": ["01", "02"], "b": [1, 2]}), folder / "o.parquet")
        made.append(("a.parquet", (folder / "o.parquet").read_bytes()))
    except (ImportError, pytest.skip.Exception):
        pass
    return made


def broken(blob: bytes, chance: random.Random) -> bytes:
    """Change, cut, double or insert some bytes."""
    data = bytearray(blob)
    for _ in range(chance.randint(1, 6)):
        at = chance.randrange(len(data) + 1)
        what = chance.randrange(4)
        if what == 0 and data:
            data[min(at, len(data) - 1)] = chance.randrange(256)
        elif what == 1:
            data = data[:at]
        elif what == 2:
            data[at:at] = bytes(chance.choice([b'"', b"\x00", b"\r", b"\n,,", b"\xff\xfe", b"'", b"PK\x03\x04"]))
        else:
            data[at:at] = data[max(0, at - 20) : at]
    return bytes(data)


def read_or_refused(path: Path) -> bool:
    """Read a file whatever it is: only an InputError may come, and it must name the file."""
    try:
        table = read(path)
    except InputError as error:
        assert path.name in str(error) and "Traceback" not in str(error)
        return False
    assert all(len(c.codes) == len(table) for c in table.columns)
    return True


def test_damaged_files_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    chance, outcomes = random.Random(3), []
    for name, blob in originals(tmp_path):
        for _ in range(120):
            outcomes.append(read_or_refused(put(tmp_path, broken(blob, chance), name)))
        for cut in range(0, len(blob), max(1, len(blob) // 30)):
            outcomes.append(read_or_refused(put(tmp_path, blob[:cut], name)))
    assert True in outcomes and False in outcomes


def test_workbooks_with_broken_parts_are_read_or_refused_and_nothing_else(tmp_path: Path) -> None:
    path = workbook(tmp_path / "a.xlsx", Sheet=[["id", "n"], ["0101", 20], ["0102", dt.date(2023, 1, 2)]])
    with zipfile.ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    pieces = [
        b'r="ZZZ9"',
        b't="s"',
        b't="d"',
        b't="e"',
        b's="99"',
        b"<v>1e400</v>",
        b"<c/>",
        b"<f>1</f>",
        b"&bad;",
        b"",
    ]
    chance, outcomes = random.Random(11), []
    for _ in range(250):
        new = dict(parts)
        name = chance.choice(sorted(new))
        found = list(re.finditer(rb'[a-zA-Z]+="[^"]*"|<v>[^<]*</v>|[0-9]+', new[name]))
        at = chance.choice(found)
        new[name] = new[name][: at.start()] + chance.choice(pieces) + new[name][at.end() :]
        with zipfile.ZipFile(path, "w") as archive:
            for part, content in new.items():
                archive.writestr(part, content)
        outcomes.append(read_or_refused(path))
    assert True in outcomes and False in outcomes


@ANY
@given(st.binary(max_size=300), st.sampled_from(["a.csv", "a.tsv", "a.csv.gz", "a.xlsx", "a.parquet"]))
def test_random_bytes_are_read_or_refused_and_nothing_else(tmp_path: Path, blob: bytes, name: str) -> None:
    starts = {"a.xlsx": b"PK\x03\x04", "a.parquet": b"PAR1", "a.csv.gz": b"\x1f\x8b"}
    read_or_refused(put(tmp_path, starts.get(name, b"") + blob, name))


@pytest.mark.parametrize("ending", ["", "\n"])
def test_every_line_of_a_file_is_accounted_for(ending: str, tmp_path: Path) -> None:
    rows = ["Title,,", "", "a,b,c", "1,2,3", "1,2", '"q"q,1,2', ",,", "a,b,c", "4,5,6", "", "Note,,"]
    table = read(put(tmp_path, "\n".join(rows) + ending))
    asides = [line.number for line in (*table.preamble, *table.footnotes, *table.ragged)]
    every = [*table.lines.tolist(), *asides, *table.blank, *table.repeated, table.header_line]
    assert sorted(every) == list(range(1, len(rows) + 1))
