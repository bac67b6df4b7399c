"""Every notebook keeps the house rules; and each rule finds a notebook that breaks it."""

from __future__ import annotations

import copy
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import nbformat
import pytest
import yaml
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from tools import house_rules, notebooks

FILES = {path.relative_to(notebooks.NOTEBOOKS).as_posix(): path for path in notebooks.every_notebook()}
RULES = house_rules.RULES | house_rules.REPORT_RULES


def good_notebook() -> Any:
    """Make a report that breaks no rule."""
    figure = {"application/vnd.leadlib.v1+json": {"kind": "figure"}, "text/plain": "Figure: up"}
    shown = new_output("display_data", data=figure, metadata={"image/png": {"alt": "a line going up"}})
    parameters = new_code_cell("year: int = 1999  # the fall of the year", execution_count=1)
    parameters.metadata.tags = ["parameters"]
    drawing = new_code_cell("import leadlib as ll\nll.charts.trend(year)", execution_count=2, outputs=[shown])
    cells = [new_markdown_cell("# School report\n\nSee [the law](https://example.org/home/law)."), parameters, drawing]
    for place, cell in enumerate(cells):
        cell.id = f"c{place}"
    about = {"id": "tiny", "kind": "report", "minutes": 5, "concepts": ["budgets"], "standards": ["PSEL 9"]}
    return new_notebook(cells=cells, metadata={"kernelspec": dict(notebooks.KERNEL), "leadlib": about})


def add(source: str) -> Callable[[Any], None]:
    """Make a change: a third code cell."""
    return lambda nb: nb.cells.append(new_code_cell(source, execution_count=3, id="bad"))


def prose(source: str) -> Callable[[Any], None]:
    """Make a change: a Markdown cell at the end."""
    return lambda nb: nb.cells.append(new_markdown_cell(source, id="bad"))


def code(source: str, cell: int = 1) -> Callable[[Any], None]:
    """Make a change: other code in a cell."""
    return lambda nb: nb.cells[cell].update(source=source)


def show(kind: str, **fields: Any) -> Callable[[Any], None]:
    """Make a change: one more output."""
    return lambda nb: nb.cells[2].outputs.append(new_output(kind, **fields))


LONG_DEF = "def f():\n" + "\n".join(f"    a{k} = {k}" for k in range(10))
BREAKS: list[tuple[str, Callable[[Any], Any]]] = [
    ("one_title", prose("# Another")),
    ("one_title", lambda nb: nb.cells[0].update(source="No heading")),
    ("one_title", lambda nb: nb.cells[0].update(source="Words first\n\n# Then a title")),
    ("parameters_are_typed_and_explained", lambda nb: nb.cells[1].metadata.update(tags=[])),
    ("parameters_are_typed_and_explained", lambda nb: nb.cells[2].metadata.update(tags=["parameters"])),
    ("parameters_are_typed_and_explained", code("year = 1999  # no type")),
    ("parameters_are_typed_and_explained", code("year: int = 1999")),
    ("parameters_are_typed_and_explained", code("year: int  # no default")),
    ("no_path_of_one_machine", add("open('/" + "data/x.csv')")),
    ("no_path_of_one_machine", add("open(f'/" + "data/{school}.csv')")),
    ("no_path_of_one_machine", add("open('C:/schools.csv')")),
    ("no_path_of_one_machine", add("open('~/schools.csv')")),
    ("no_path_of_one_machine", prose("Look in /" + "home/ann/schools.")),
    ("no_path_of_one_machine", show("stream", name="stdout", text="read C:\\" + "Users\\ann\\x.csv")),
    ("short_functions", add(LONG_DEF)),
    ("short_cells", add("a = 1\n" * 16)),
    ("no_trailing_semicolon", add("a = 1;")),
    ("no_bare_except", add("try:\n    a = 1\nexcept:\n    a = 2")),
    ("plain_python", add("!pip install x")),
    ("plain_python", add("%matplotlib inline")),
    ("plain_python", add("files = !ls")),
    ("plain_python", add("ll.load?")),
    ("plain_python", add("get_ipython().system('ls')")),
    ("few_imports", add("import os")),
    ("few_imports", add("from matplotlib import pyplot")),
    ("stored_as_run_from_top_to_bottom", lambda nb: nb.cells[2].update(execution_count=7)),
    ("stored_as_run_from_top_to_bottom", lambda nb: nb.cells[2].update(execution_count=None)),
    ("kernel_everybody_has", lambda nb: nb.metadata.kernelspec.update(name="my-env")),
    ("nothing_that_changes_by_itself", show("display_data", data={"image/png": "aaaa"})),
    ("nothing_that_changes_by_itself", lambda nb: nb.cells[1].metadata.update(execution={"iopub.busy": "now"})),
    ("nothing_that_changes_by_itself", lambda nb: nb.metadata.update(papermill={"duration": 2})),
    ("nothing_that_changes_by_itself", show("stream", name="stdout", text="<Axes at 0x" + "7f12ab34cd>")),
    ("no_error_and_no_warning", show("stream", name="stderr", text="FutureWarning")),
    ("no_error_and_no_warning", show("error", ename="KeyError", evalue="x", traceback=[])),
    ("every_picture_is_told", lambda nb: nb.cells[2].outputs[0].update(metadata={})),
    ("every_picture_is_told", lambda nb: nb.cells[2].outputs[0].metadata["image/png"].update(alt=" ")),
    ("no_try", add("try:\n    a = 1\nexcept KeyError:\n    a = 2")),
    ("no_number_in_prose", prose("The school has 412 pupils.")),
    ("short_report", lambda nb: [add("a = 1\n" * 14)(nb) for _ in range(5)]),
]


@pytest.fixture(scope="module")
def contents() -> list[dict[str, Any]]:
    return yaml.safe_load((notebooks.NOTEBOOKS / "contents.yml").read_text(encoding="utf-8"))


@pytest.mark.parametrize("file", FILES)
@pytest.mark.parametrize("rule", RULES)
def test_every_notebook_keeps_the_rule(rule: str, file: str) -> None:
    if rule in house_rules.RULES or file.startswith("reports/"):
        assert RULES[rule](nbformat.read(FILES[file], as_version=4)) == []


def test_there_are_notebooks_to_hold_to_the_rules() -> None:
    assert {"00-start-here.ipynb", "reports/school-report.ipynb"} <= set(FILES)


@pytest.mark.parametrize("rule", RULES)
def test_a_good_notebook_breaks_no_rule(rule: str) -> None:
    assert RULES[rule](good_notebook()) == []


@pytest.mark.parametrize(("rule", "change"), BREAKS, ids=[f"{rule}-{k}" for k, (rule, _) in enumerate(BREAKS)])
def test_the_rule_finds_a_notebook_that_breaks_it(rule: str, change: Callable[[Any], Any]) -> None:
    bad = good_notebook()
    change(bad)
    assert len(RULES[rule](bad)) == 1


def test_every_rule_has_a_notebook_that_breaks_it() -> None:
    assert {rule for rule, _ in BREAKS} == set(RULES)


def test_a_heading_in_an_example_is_no_title() -> None:
    notebook = good_notebook()
    prose("```\n# a comment\n```")(notebook)
    assert RULES["one_title"](notebook) == []


def test_the_middle_of_an_f_string_is_no_absolute_path() -> None:
    notebook = good_notebook()
    add("ll.load(f'{pack}/outcomes')")(notebook)
    assert RULES["no_path_of_one_machine"](notebook) == []


def test_an_error_that_is_meant_may_be_shown() -> None:
    notebook = good_notebook()
    show("error", ename="InputError", evalue="x", traceback=[])(notebook)
    notebook.cells[2].metadata.tags = ["raises-exception"]
    assert RULES["no_error_and_no_warning"](notebook) == []


def test_contents_list_every_notebook_as_it_calls_itself(contents: list[dict[str, Any]]) -> None:
    read = {file: nbformat.read(path, as_version=4) for file, path in FILES.items()}
    assert house_rules.contents_problems(contents, read) == []


def test_contents_that_do_not_agree_are_found() -> None:
    notebook = good_notebook()
    entry = {**notebook.metadata.leadlib, "file": "t.ipynb", "title": "School report", "question": "?", "tables": ["a"]}
    assert house_rules.contents_problems([entry], {"t.ipynb": notebook}) == []
    assert house_rules.contents_problems([], {"t.ipynb": notebook}) == ["t.ipynb: not listed"]
    assert house_rules.contents_problems([entry | {"file": "u"}, entry], {}) == ["id tiny is listed twice"]
    assert house_rules.contents_problems([entry | {"question": ""}], {}) == ["tiny: no question"]
    for field, value in {"minutes": 6, "kind": "case", "concepts": ["x"], "standards": ["y"], "title": "z"}.items():
        changed = copy.deepcopy(entry) | {field: value}
        (problem,) = house_rules.contents_problems([changed], {"t.ipynb": notebook})
        assert problem.startswith(f"t.ipynb: {field} is ")


DOCUMENTS = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md"]
FOLDERS = ("data", "leadlib", "notebooks", "reports", "tests", "tools")


def named_files(text: str) -> list[str]:
    """Find the files and folders of the repository that a document names; what is built later is left aside."""
    found = re.findall(rf"(?<![\w/.<])(?:{'|'.join(FOLDERS)})/[\w./<>*-]*", text)
    return [name.rstrip(".") for name in found if not name.startswith("reports/build") and "<" not in name]


@pytest.mark.parametrize("document", DOCUMENTS)
def test_documents_name_files_and_make_targets_that_are_there(document: str, root: Path) -> None:
    text = (root / document).read_text(encoding="utf-8")
    targets = re.findall(r"^([a-z]+):", (root / "Makefile").read_text(encoding="utf-8"), flags=re.M)
    assert [name for name in named_files(text) if not (root / name).exists()] == []
    assert set(re.findall(r"`?make ([a-z]+)(?:`|  )", text)) <= set(targets)


def test_a_file_that_a_document_names_is_found() -> None:
    text = "See `tests/none.py`, data/none/. Not web/data/x, nor reports/build/x, nor `data/<pack>/x`."
    assert named_files(text) == ["tests/none.py", "data/none/"]


# Built from pieces, so that this file does not hold what it looks for.
HOSTS = ["pypi" + ".org", "python" + "hosted.org", "npm" + "js.org", "anaconda" + ".org", "deb." + "debian.org"]
PLACES = ["root", "home", "work", "tmp", "Users"]
NAMED = re.compile("|".join([*map(re.escape, HOSTS), *(rf"(?<![\w.:/])/{p}/" for p in PLACES), r"[A-Za-z]:\\+Users"]))


def repository_files(root: Path) -> list[Path]:
    """List what is, or would be, in the repository; without git, all but what make has made."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=root, capture_output=True, check=True).stdout.decode("utf-8")
        paths = [root / name for name in listed.split("\0") if name]
    except (OSError, subprocess.CalledProcessError):
        made = {".venv", "build", "__pycache__", ".git", ".ruff_cache", ".mypy_cache", ".pytest_cache", ".hypothesis"}
        walked = [Path(top) / name for top, _, names in os.walk(root) for name in names]
        paths = [path for path in walked if not made & set(path.relative_to(root).parts)]
    return sorted(path for path in paths if path.is_file())


def named_places(text: str) -> list[str]:
    """Find package registries and paths of one machine in a text."""
    return [found.group() for found in NAMED.finditer(text)]


def test_no_file_names_a_package_registry_or_a_path_of_one_machine(root: Path) -> None:
    found = {}
    for path in repository_files(root):
        content = path.read_bytes()
        if b"\0" not in content[:8000] and (names := named_places(content.decode("utf-8", errors="replace"))):
            found[path.relative_to(root).as_posix()] = names
    assert found == {}


@pytest.mark.parametrize("host", HOSTS)
def test_a_package_registry_is_found(host: str) -> None:
    assert named_places(f"--index-url https://{host}/simple") == [host]


@pytest.mark.parametrize("place", PLACES)
def test_a_path_of_one_machine_is_found_and_a_web_address_is_not(place: str) -> None:
    assert named_places(f"open('/{place}/ann/x.csv')") == [f"/{place}/"]
    assert named_places(f"https://example.org/{place}/ann and reports/{place}/ann") == []


def test_files_are_listed_without_git_too(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "")
    listed = [path.relative_to(root).as_posix() for path in repository_files(root)]
    assert "pyproject.toml" in listed and "leadlib/errors.py" in listed
    assert not any(name.startswith(".venv/") for name in listed)
