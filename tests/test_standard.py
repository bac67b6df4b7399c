"""The standard dictionary: complete, linked, and one with the packs that stand."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click import Group
from click.testing import CliRunner

from leadlib.cli.data import register
from leadlib.errors import InputError
from leadlib.pages.dictionary import dictionary
from leadlib.tables import standard
from leadlib.tables.reading import parse
from leadlib.tables.standard_page import describe_standard, is_standard, standard_text

PACKS = ("california-2000", "michigan-1993-98", "tennessee-star")


def test_every_table_has_a_file_and_every_file_is_a_table() -> None:
    files = sorted(p.stem for p in (Path(standard.__file__).parent / "standard").glob("*.json"))
    assert files == sorted(standard.tables())


@pytest.mark.parametrize("name", standard.tables())
def test_a_table_says_what_a_row_is_and_its_key_is_always_filled(name: str) -> None:
    table = standard.table(name)
    assert table.grain and table.key
    assert all(table.field(k).required for k in table.key)
    assert all(f.description.endswith(".") for f in table.fields)


@pytest.mark.parametrize("name", standard.tables())
def test_an_optional_field_may_be_missing_for_each_reason(name: str) -> None:
    for field in standard.table(name).fields:
        reasons = [m.reason for m in field.marks]
        assert reasons == [] if field.required else reasons[:3] == ["not_reported", "not_applicable", "suppressed"]


def test_ids_are_text_everywhere_and_year_is_the_fall() -> None:
    for name in standard.tables():
        for field in standard.table(name).fields:
            if field.name.endswith("_id") or field.name in ("leaid", "ncessch"):
                assert field.type == "string", (name, field.name)
            if field.name == "year":
                assert field.type == "year" and "Fall" in field.description


def test_the_same_name_means_the_same_type_and_unit_in_every_table() -> None:
    seen: dict[str, tuple[str, str | None]] = {}
    for name in standard.tables():
        for field in standard.table(name).fields:
            kind = (field.type, field.unit)
            assert seen.setdefault(field.name, kind) == kind, (name, field.name)


@pytest.mark.parametrize("pack", PACKS)
def test_the_tables_of_the_packs_are_those_of_the_standard(pack: str, root: Path) -> None:
    document = json.loads((root / "data" / pack / "datapackage.json").read_text(encoding="utf-8"))
    for box in document["resources"]:
        table = standard.table(box["name"])
        named = {f.name: f for f in table.fields}
        assert tuple(box["schema"]["primaryKey"]) == table.key
        for field in box["schema"]["fields"]:
            assert field["name"] in named, (box["name"], field["name"])
            both = {field["type"], named[field["name"]].type}
            assert len(both) == 1 or both == {"integer", "number"}, (box["name"], field["name"])


def test_a_pack_may_hold_any_of_the_tables() -> None:
    boxes = standard.resources(["outcomes", "schools"])
    links = [k["reference"]["resource"] for b in boxes for k in b["schema"].get("foreignKeys", [])]
    assert links == ["schools", "schools"]  # measures is not among them
    info = parse({**standard.ABOUT, "resources": boxes})
    assert [t.name for t in info.tables] == ["outcomes", "schools"]


def test_what_is_given_may_be_changed_without_changing_the_standard() -> None:
    standard.resources(["schools"])[0]["schema"]["fields"].clear()
    assert standard.resources(["schools"])[0]["schema"]["fields"]


def test_an_unknown_table_is_refused_with_the_nearest() -> None:
    with pytest.raises(InputError, match="did you mean 'outcomes'"):
        standard.resources(["outcome", "schools"])
    with pytest.raises(InputError, match="did you mean 'schools'"):
        standard.table("school")


def test_describe_shows_the_standard_and_its_tables() -> None:
    assert is_standard("standard") and is_standard("standard/outcomes") and not is_standard("standards")
    assert all(name in describe_standard().plain() for name in standard.tables())
    shown = describe_standard("standard/outcomes").plain()
    assert all(f.name in shown for f in standard.table("outcomes").fields)
    assert "needed" in standard_text("standard/schools") and "Primary, Middle" in standard_text("standard/schools")


def test_the_page_holds_every_field_once_and_every_link_leads_somewhere() -> None:
    from bs4 import BeautifulSoup

    page = BeautifulSoup(dictionary(), "html.parser")
    ids = [tag["id"] for tag in page.find_all(id=True)]
    assert len(ids) == len(set(ids)) and set(standard.tables()) <= set(ids)
    assert {a["href"][1:] for a in page.find_all("a", href=True) if a["href"].startswith("#")} <= set(ids)
    rows = [code.text for code in page.select("section tbody th > code")]
    assert rows == [f.name for t in standard.tables() for f in standard.table(t).fields]
    assert dictionary() == dictionary() and not page.find_all("script")


def test_the_command_describes_and_writes_the_page(tmp_path: Path) -> None:
    group = Group()
    register(group)
    run = CliRunner().invoke(group, ["describe", "standard/bells"])
    assert run.exit_code == 0 and "start_time" in run.output
    run = CliRunner().invoke(group, ["describe", "standard/bells", "--html", str(tmp_path / "d.html")])
    assert run.exit_code == 0 and "Bell schedule" in (tmp_path / "d.html").read_text(encoding="utf-8")
    run = CliRunner().invoke(group, ["describe", "standard/bell"])
    assert run.exit_code == 2 and "did you mean" in run.output
    run = CliRunner().invoke(group, ["describe", "california-2000", "--html", "x.html"])
    assert run.exit_code == 2 and "standard only" in run.output
