"""`make notebooks`: what it keeps, what it leaves out, and that a second run changes nothing."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from tools import notebooks

PICTURE = """\
from IPython.display import display
import base64
png = base64.b64encode(b"not a picture").decode()
data = {"kind": "figure", "b": [1]}
bundle = {"image/png": png, "text/plain": "Figure: one", "application/vnd.leadlib.v1+json": data}
display(bundle, raw=True, metadata={"image/png": {"alt": "one line going up"}})"""


def write(path: Path, *sources: str) -> Path:
    cells = [new_markdown_cell("# Title"), *(new_code_cell(source) for source in sources)]
    nbformat.write(new_notebook(cells=cells), path)
    return path


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Give a notebook with all that has to be left out, after one run."""
    path = write(tmp_path_factory.mktemp("nb") / "tiny.ipynb", "1 + 1", PICTURE, "print('é–ü')")
    raw = json.loads(path.read_text(encoding="utf-8"))
    raw["metadata"] = {"leadlib": {"id": "tiny"}, "papermill": {"duration": 1.5}, "widgets": {"state": {}}}
    raw["cells"][1]["metadata"] = {"tags": ["parameters"], "papermill": {"duration": 1}, "execution": {"busy": "now"}}
    raw["nbformat_minor"] = 4
    for place, cell in enumerate(raw["cells"]):
        del cell["id"]
        if place == 2:
            cell["id"] = "kept"
    path.write_text(json.dumps(raw), encoding="utf-8")
    assert notebooks.main([str(path)]) == 0
    return path


@pytest.fixture(scope="module")
def stored(run: Path) -> dict:
    return json.loads(run.read_text(encoding="utf-8"))


def test_a_second_run_changes_nothing(run: Path, capsys: pytest.CaptureFixture) -> None:
    before = run.read_bytes()
    assert notebooks.main([str(run)]) == 0
    assert run.read_bytes() == before
    assert capsys.readouterr().out.startswith("same")


def test_cells_are_numbered_and_their_outputs_stored(stored: dict) -> None:
    code = [cell for cell in stored["cells"] if cell["cell_type"] == "code"]
    assert [cell["execution_count"] for cell in code] == [1, 2, 3]
    assert code[0]["outputs"][0]["data"] == {"text/plain": ["2"]}
    assert code[2]["outputs"][0]["text"] == ["é–ü\n"]


def test_a_picture_leaves_its_words_and_data_but_not_its_bytes(stored: dict) -> None:
    output = stored["cells"][2]["outputs"][0]
    assert sorted(output["data"]) == ["application/vnd.leadlib.v1+json", "text/plain"]
    assert output["data"]["application/vnd.leadlib.v1+json"] == {"kind": "figure", "b": [1]}
    assert output["metadata"] == {"image/png": {"alt": "one line going up"}}


def nbval(path: Path) -> subprocess.CompletedProcess:
    options = ["-q", "-p", "no:cacheprovider", "--nbval", "--nbval-current-env"]
    command = [sys.executable, "-m", "pytest", *options, path.name]
    return subprocess.run(command, cwd=path.parent, capture_output=True, text=True, timeout=120)


def test_what_is_stored_passes_strict_nbval_and_a_changed_number_fails_it(run: Path, tmp_path: Path) -> None:
    assert "3 passed" in nbval(run).stdout
    changed = tmp_path / "changed.ipynb"
    changed.write_bytes(run.read_bytes().replace(b'"2"', b'"3"'))
    assert "1 failed, 2 passed" in nbval(changed).stdout


def test_times_and_widget_state_are_left_out_and_tags_kept(stored: dict) -> None:
    assert stored["cells"][1]["metadata"] == {"tags": ["parameters"]}
    assert stored["metadata"] == {
        "kernelspec": notebooks.KERNEL,
        "language_info": {"name": "python"},
        "leadlib": {"id": "tiny"},
    }


def test_missing_cell_ids_come_from_the_place_and_given_ones_stay(stored: dict) -> None:
    assert [cell["id"] for cell in stored["cells"]] == ["cell-00", "cell-01", "kept", "cell-03"]


def test_file_has_unix_line_ends_and_plain_letters(run: Path) -> None:
    written = run.read_bytes()
    assert b"\r" not in written and written.endswith(b"}\n") and not written.endswith(b"\n\n")
    assert "é–ü".encode() in written


def test_a_widget_is_stored_without_its_model_id(tmp_path: Path) -> None:
    path = write(tmp_path / "w.ipynb", "import ipywidgets\nipywidgets.IntSlider(value=3)")
    notebooks.refresh(path)
    output = nbformat.read(path, as_version=4).cells[1].outputs[0]
    assert list(output.data) == ["text/plain"] and "IntSlider(value=3)" in output.data["text/plain"]


def test_a_failing_notebook_stays_as_it_was_and_does_not_stop_the_next(tmp_path: Path, capsys) -> None:
    bad, good = write(tmp_path / "a.ipynb", "1 / 0"), write(tmp_path / "b.ipynb", "2")
    before = bad.read_bytes()
    assert notebooks.main([str(bad), str(good)]) == 1
    assert bad.read_bytes() == before
    said = capsys.readouterr()
    assert "ZeroDivisionError" in said.err and said.out.startswith("changed")
    assert sorted(tmp_path.iterdir()) == [bad, good]


def test_copies_that_jupyterlab_keeps_are_no_notebooks_of_ours(tmp_path: Path) -> None:
    (tmp_path / ".ipynb_checkpoints").mkdir()
    (tmp_path / ".ipynb_checkpoints" / "a-checkpoint.ipynb").touch()
    (tmp_path / "a.ipynb").touch()
    assert notebooks.every_notebook(tmp_path) == [tmp_path / "a.ipynb"]
