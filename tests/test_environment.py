"""One list of packages: pyproject.toml asks, requirements.lock pins, environment.yml repeats it for conda."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
import yaml

import leadlib
import setup_env
from tools import environment

NAMED = ["jupyterlab", "nbval", "pandas", "papermill", "seaborn", "statsmodels"]


@pytest.fixture(scope="module")
def texts(root: Path) -> dict[str, str]:
    names = ("pyproject.toml", "requirements.lock", "environment.yml")
    return {name: (root / name).read_text(encoding="utf-8") for name in names}


@pytest.fixture(scope="module")
def project(texts: dict[str, str]) -> dict:
    return tomllib.loads(texts["pyproject.toml"])["project"]


@pytest.fixture
def checkout(tmp_path: Path, root: Path) -> Path:
    """Give a folder with all that setup_env.py reads, and no .venv."""
    for name in ("setup_env.py", "requirements.lock", "pyproject.toml"):
        shutil.copy(root / name, tmp_path / name)
    return tmp_path


def run_setup(checkout: Path) -> subprocess.CompletedProcess:
    return subprocess.run([sys.executable, "setup_env.py"], cwd=checkout, capture_output=True, text=True, timeout=60)


def test_environment_file_is_what_pyproject_and_lock_say(texts: dict[str, str]) -> None:
    written = environment.environment(texts["pyproject.toml"], texts["requirements.lock"])
    assert written == texts["environment.yml"], "run `make environment`"


def test_environment_file_installs_every_locked_pin_and_this_checkout(texts: dict[str, str]) -> None:
    read = yaml.safe_load(texts["environment.yml"])
    assert (read["name"], read["channels"]) == ("leadlib", ["conda-forge"])
    assert read["dependencies"][:2] == ["python=3.11", "pip"]
    *installed, itself = read["dependencies"][2]["pip"]
    assert itself == "-e ."
    # The lock read in another way than the generator reads it.
    locked = [line.rstrip(" \\") for line in texts["requirements.lock"].splitlines() if re.match(r"\w", line)]
    assert sorted(installed) == sorted(locked)


@pytest.mark.parametrize("name", NAMED)
def test_environment_file_names_the_packages_the_workbook_promises(name: str, texts: dict[str, str]) -> None:
    assert re.search(rf'^ +- "{name}==[\d.]+"$', texts["environment.yml"], re.M)


def test_lock_holds_a_version_that_each_requirement_allows(project: dict, texts: dict[str, str]) -> None:
    from packaging.requirements import Requirement

    locked = [Requirement(text) for _, text in environment.pins(texts["requirements.lock"])]
    groups = [project["dependencies"], *(project["optional-dependencies"][e] for e in ("lab", "dev"))]
    for wanted in [Requirement(text) for group in groups for text in group]:
        chosen = [pin for pin in locked if pin.name == environment.plain_name(wanted.name)]
        versions = [str(spec.version) for pin in chosen for spec in pin.specifier]
        assert versions and all(wanted.specifier.contains(v) for v in versions), f"{wanted}: run `make lock`"


def test_lock_has_a_hash_for_every_pin_and_names_no_address(texts: dict[str, str]) -> None:
    blocks = re.split(r"\n(?=\w)", texts["requirements.lock"])
    assert len(blocks) == len(environment.pins(texts["requirements.lock"]))
    assert [b.split()[0] for b in blocks if "--hash=sha256:" not in b] == []
    assert "://" not in texts["requirements.lock"] and "index-url" not in texts["requirements.lock"]


def test_a_requirement_missing_from_the_lock_is_refused(texts: dict[str, str]) -> None:
    wanting = texts["pyproject.toml"].replace('"click>=8.1"', '"click>=8.1", "Not_Locked>=1"')
    with pytest.raises(SystemExit, match="has no not-locked: run `make lock`"):
        environment.environment(wanting, texts["requirements.lock"])


def test_library_and_package_have_one_version(project: dict) -> None:
    assert leadlib.__version__ == project["version"]


def test_setup_pins_uv_with_the_hashes_of_the_lock(root: Path, texts: dict[str, str]) -> None:
    block = setup_env.uv_block()
    assert block.startswith("uv==") and block.count("==") == 1
    assert block.count("--hash=sha256:") > 5 and block in texts["requirements.lock"]


def test_setup_with_a_whole_install_installs_nothing(checkout: Path) -> None:
    make_install_look_whole(checkout)
    before = sorted(checkout.rglob("*"))
    done = run_setup(checkout)
    assert (done.returncode, done.stdout.splitlines()[0]) == (0, "Everything is installed already. Next:")
    assert sorted(checkout.rglob("*")) == before


def make_install_look_whole(checkout: Path) -> None:
    code = "import os, setup_env as s; os.makedirs(s.BIN); open(s.PYTHON, 'w').close(); s.write_stamp()"
    subprocess.run([sys.executable, "-B", "-c", code], cwd=checkout, check=True)


@pytest.mark.parametrize("change", ["lock", "half", "moved"])
def test_setup_does_not_trust_another_or_half_an_install(change: str, checkout: Path, tmp_path_factory) -> None:
    make_install_look_whole(checkout)
    if change == "lock":
        with open(checkout / "requirements.lock", "a", encoding="utf-8") as file:
            file.write("# changed\n")
    if change == "half":
        (checkout / ".venv" / ".ready").unlink()
    if change == "moved":
        checkout = shutil.move(checkout, tmp_path_factory.mktemp("elsewhere") / "checkout")
    code = "import setup_env; print(setup_env.ready())"
    said = subprocess.run([sys.executable, "-B", "-c", code], cwd=checkout, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "False"


def test_setup_leaves_alone_a_folder_that_is_no_environment(checkout: Path) -> None:
    mine = checkout / ".venv" / "mine.txt"
    mine.parent.mkdir()
    mine.write_text("keep", encoding="utf-8")
    done = run_setup(checkout)
    assert done.returncode == 1 and "is not a Python environment. Move it away" in done.stderr
    assert mine.read_text(encoding="utf-8") == "keep"


def test_setup_clears_an_environment_that_was_half_made_or_half_cleared(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setattr(setup_env, "VENV", str(tmp_path / ".venv"))
    (tmp_path / ".venv" / "lib" / "python3.11").mkdir(parents=True)
    setup_env.clear()
    assert list(tmp_path.iterdir()) == []


def test_setup_refuses_an_old_python_in_a_sentence(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(setup_env.sys, "version_info", (3, 9, 18))
    with pytest.raises(setup_env.Refused, match=r"Python 3\.11 or newer is needed; this is Python 3\.9\.18"):
        setup_env.check_version()


def test_setup_starts_its_children_without_the_switches_that_hurt(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONDONTWRITEBYTECODE", "1")
    code = "import os, sys; sys.exit('PYTHONDONTWRITEBYTECODE' in os.environ)"
    assert setup_env.run(sys.executable, "-c", code) == 0
