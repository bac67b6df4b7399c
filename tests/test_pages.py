"""Rendering: whole files or none, the same bytes every time, one clear message for what cannot be done."""

import os
import subprocess
import sys

import nbformat
import pytest
from pages_samples import Page, html_cell, markdown, notebook, report, shown

from leadlib import pages
from leadlib.blocks import Prose
from leadlib.errors import InputError
from leadlib.lessons.feedback import Feedback
from leadlib.pages.files import write_whole

RENDER = """
import sys, time
time.time = lambda: float(sys.argv[3])
from leadlib import pages
pages.render(sys.argv[1], out=sys.argv[2], title="Lincoln")
"""


def test_a_notebook_becomes_one_file_for_each_format_named_after_it(tmp_path):
    nbformat.write(report(), tmp_path / "lincoln.ipynb")
    made = pages.render(tmp_path / "lincoln.ipynb", out=tmp_path / "new" / "folder")
    assert made == {k: tmp_path / "new" / "folder" / f"lincoln.{k}" for k in ("html", "pdf")}
    assert made["html"].read_text(encoding="utf-8").startswith("<!DOCTYPE html>")
    assert made["pdf"].read_bytes().startswith(b"%PDF-1.7")


def test_each_format_may_have_a_path_of_its_own(tmp_path):
    out = {"html": tmp_path / "html" / "a.html", "pdf": tmp_path / "pdf" / "a.pdf"}
    assert pages.render(report(), to=["html"], out=out) == {"html": out["html"]}
    assert not (tmp_path / "pdf").exists()


def test_nothing_is_written_when_one_format_cannot_be_made(tmp_path):
    damaged = "iVBORw0KGgoAAAANSUhEUgAAAAEA"  # begins like a picture, then stops
    cut = html_cell(f'<img alt="cut" src="data:image/png;base64,{damaged}">')
    with pytest.raises(InputError, match="the PDF could not be made"):
        pages.render(notebook(markdown("# A"), cut), out=tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_an_earlier_file_stays_when_the_new_one_cannot_be_written(tmp_path, monkeypatch):
    path = write_whole(tmp_path / "page.html", "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match="No space left on device"):
        write_whole(path, "new")
    assert [p.name for p in tmp_path.iterdir()] == ["page.html"] and path.read_text() == "old"


def test_a_folder_that_is_a_file_is_one_clear_message(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(InputError, match="cannot be written"):
        pages.render(report(), to="html", out=tmp_path / "file")


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"to": ["htm"]}, "there is no format 'htm' -> did you mean 'html'"),
        ({"lang": "english"}, "not a language code"),
        ({"out": {"html": "a.html"}}, "no file is named for pdf"),
    ],
)
def test_a_wrong_option_is_refused_before_anything_is_written(tmp_path, options, message):
    with pytest.raises(InputError, match=message):
        pages.render(report(), **{"out": tmp_path, **options})
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("content", [None, "not json", '{"cells": 3}'])
def test_a_file_that_is_no_notebook_is_refused_by_name(tmp_path, content):
    path = tmp_path / "some.ipynb"
    if content is not None:
        path.write_text(content)
    with pytest.raises(InputError, match=r"some\.ipynb"):
        pages.render(path, out=tmp_path / "out")


def test_pages_are_the_same_bytes_whatever_the_hash_seed_the_time_zone_and_the_clock(tmp_path, root):
    nbformat.write(report(), tmp_path / "a.ipynb")
    found = []
    for seed, zone, clock in (("0", "UTC", "0"), ("7", "Asia/Tokyo", "1900000000")):
        env = {**os.environ, "PYTHONHASHSEED": seed, "TZ": zone, "PYTHONPATH": str(root), "SOURCE_DATE_EPOCH": clock}
        call = [sys.executable, "-c", RENDER, str(tmp_path / "a.ipynb"), str(tmp_path / seed), clock]
        subprocess.run(call, env=env, check=True)
        found.append([(tmp_path / seed / f"a.{k}").read_bytes() for k in pages.FORMATS])
    assert found[0] == found[1]


def test_rendering_leaves_the_notebook_as_it_was(tmp_path):
    book = report()
    before = nbformat.writes(book)
    pages.render(book, out=tmp_path)
    assert nbformat.writes(book) == before


def test_teaching_notes_reach_a_page_only_when_it_is_made_for_instructors(tmp_path):
    book = notebook(
        markdown("# What to do?"),
        markdown("The rubric of four levels.", tags=("instructor",)),
        shown(Prose(("The answer is b.",)), tags=("solution",)),
    )
    for instructor in (False, True):
        page = pages.render(book, to="html", out=tmp_path, instructor=instructor)["html"].read_text(encoding="utf-8")
        assert ("rubric" in page) == ("The answer is b." in page) == instructor
    assert "The answer is b." not in str(pages.findings(book))


def test_an_exercise_that_is_not_answered_is_room_to_write(tmp_path):
    exercise = Feedback("open", ("Put your number in place of None.",), lines=3, room="Your rows")
    book = notebook(markdown("# What to do?"), shown(exercise), shown(Feedback("again", ("Look at the sign.",))))
    page = Page(pages.render(book, to="html", out=tmp_path)["html"].read_text(encoding="utf-8"))
    assert "Your rows" in page.text and "Put your number" not in page.text and "Look at the sign." in page.text
    assert sum("ll-line" in (attrs.get("class") or "") for _, attrs in page.tags) == 3
    assert pages.findings(book)["blocks"] == []
    assert pages.render(book, to="pdf", out=tmp_path)["pdf"].read_bytes().startswith(b"%PDF")
