"""ARCHITECTURE.md is true: which module may import which, who uses which package, how long a module is."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

from tools.environment import plain_name

LIBRARY = Path(__file__).resolve().parents[1] / "leadlib"
LONGEST = 350
LAYERS, PACKAGES = ("layer", "modules"), ("package", "imported by")


def table(markdown: str, heads: tuple[str, ...]) -> list[list[str]]:
    """Give the rows of the Markdown table whose first column heads are these."""
    blocks = [block for block in markdown.split("\n\n") if block.lstrip().startswith("|")]
    split = [[[cell.strip() for cell in line.strip("|").split("|")] for line in b.strip().splitlines()] for b in blocks]
    found = [rows[2:] for rows in split if tuple(rows[0][: len(heads)]) == heads]
    assert len(found) == 1, f"ARCHITECTURE.md needs one table that begins {heads}"
    return found[0]


def ticked(cell: str) -> list[str]:
    """Give the `names` in a cell."""
    return re.findall(r"`([^`]+)`", cell)


def module_of(path: Path, library: Path) -> str:
    """Give the part of the library that a file belongs to: `tables` for tables/check.py."""
    return path.relative_to(library).parts[0].removesuffix(".py")


def imported(source: str, package: str) -> set[str]:
    """Give every dotted name that a file imports, inside functions too, what only the type checker reads left aside."""
    found: set[str] = set()
    for node in _run(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            above = package.split(".")[: len(package.split(".")) - node.level + 1] if node.level else []
            base = ".".join([*above, *([node.module] if node.module else [])])
            found |= {f"{base}.{alias.name}" for alias in node.names}
    return found


def _run(node: ast.AST) -> Iterator[ast.AST]:
    yield node
    for child in ast.iter_child_nodes(node):
        if not (isinstance(child, ast.If) and ast.unparse(child.test).endswith("TYPE_CHECKING")):
            yield from _run(child)
        else:
            for other in child.orelse:
                yield from _run(other)


def imports(library: Path) -> Iterator[tuple[str, Path, str]]:
    """Give (part of the library, file, dotted name imported) for every import of every file."""
    for path in sorted(library.rglob("*.py")):
        package = ".".join(path.relative_to(library.parent).parent.parts)
        for name in sorted(imported(path.read_text(encoding="utf-8"), package)):
            yield module_of(path, library), path, name


def wrong_way(library: Path, layers: list[list[str]]) -> list[str]:
    """Say which imports point up, or to the right in their own row; the root is for the last row alone."""
    place = {name: (k, m) for k, row in enumerate(layers) for m, name in enumerate(row)}
    wrong = []
    for part, path, name in imports(library):
        top, _, rest = name.partition(".")
        target = rest.split(".")[0]
        if top != library.name or target in (part, "__version__"):
            continue
        to_root = target not in place
        if part == "__init__" or (place[part][0] < len(layers) - 1 if to_root else place[target] > place[part]):
            wrong.append(f"{path.relative_to(library).as_posix()} imports {name}")
    return wrong


def users(library: Path) -> dict[str, set[str]]:
    """Give for each outside package (by the name it is installed under) the parts of the library that import it."""
    owners = packages_distributions()
    found: dict[str, set[str]] = {}
    for part, _, name in imports(library):
        top = name.split(".")[0]
        if top not in sys.stdlib_module_names and top != library.name:
            found.setdefault(plain_name(owners.get(top, [top])[0]), set()).add(part)
    return found


@pytest.fixture(scope="module")
def architecture(root: Path) -> str:
    return (root / "ARCHITECTURE.md").read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def layers(architecture: str) -> list[list[str]]:
    return [ticked(row[1]) for row in table(architecture, LAYERS)]


@pytest.fixture(scope="module")
def packages(architecture: str) -> dict[str, str]:
    return {name: row[1] for row in table(architecture, PACKAGES) for name in ticked(row[0])}


def test_every_module_stands_in_the_layer_table_once(layers: list[list[str]]) -> None:
    listed = [name for row in layers for name in row]
    there = {module_of(path, LIBRARY) for path in LIBRARY.rglob("*.py")} - {"__init__"}
    assert sorted(listed) == sorted(there)


def test_imports_point_down(layers: list[list[str]]) -> None:
    assert wrong_way(LIBRARY, layers) == []


def test_each_outside_package_is_imported_only_where_the_table_says(packages: dict[str, str]) -> None:
    told = {name: set(ticked(cell)) for name, cell in packages.items() if cell != "any"}
    real = {name: parts for name, parts in users(LIBRARY).items() if packages.get(name) != "any"}
    assert real == {name: parts for name, parts in told.items() if parts}


def test_package_table_names_what_pyproject_asks_for(packages: dict[str, str], root: Path) -> None:
    project = tomllib.loads((root / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    asked = [
        *project["dependencies"],
        *(p for e in ("lab", "parquet", "cloud", "dask") for p in project["optional-dependencies"][e]),
    ]
    assert sorted(packages) == sorted(plain_name(text) for text in asked)


@pytest.mark.parametrize("path", sorted(LIBRARY.rglob("*.py")), ids=lambda p: p.relative_to(LIBRARY).as_posix())
def test_module_can_be_read_at_one_sitting(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").count("\n")
    assert lines <= LONGEST


def test_importing_the_library_loads_nothing_heavy() -> None:
    heavy = "{'pandas', 'numpy', 'scipy', 'matplotlib', 'seaborn', 'statsmodels', 'nbformat', 'papermill', 'IPython'}"
    code = f"import sys, leadlib; print(sorted({heavy} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", code], cwd=LIBRARY.parent, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


@pytest.fixture
def small(tmp_path: Path) -> Path:
    """Make a library of three rows: `low`, then `left` and `right`, then `top`."""
    library = tmp_path / "lib"
    (library / "left").mkdir(parents=True)
    for name in ("__init__.py", "low.py", "left/__init__.py", "left/part.py", "right.py", "top.py"):
        (library / name).touch()
    return library


ROWS = [["low"], ["left", "right"], ["top"]]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("low.py", "from lib import top"),
        ("low.py", "import lib.left.part"),
        ("low.py", "def f():\n    from lib.right import g"),
        ("low.py", "if X:\n    from lib.top import g"),
        ("low.py", "from .top import g"),
        ("left/part.py", "from ..top import g"),
        ("left/part.py", "from lib.right import g"),
        ("right.py", "import lib"),
        ("right.py", "from lib import load"),
        ("__init__.py", "from lib.low import g"),
    ],
)
def test_an_import_that_points_up_is_found(file: str, line: str, small: Path) -> None:
    (small / file).write_text(line, encoding="utf-8")
    assert [text.split()[0] for text in wrong_way(small, ROWS)] == [file]


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("top.py", "import lib"),
        ("top.py", "from lib.left.part import g"),
        ("right.py", "from lib import left, low, __version__"),
        ("left/part.py", "from . import other\nfrom lib.left import g"),
        ("low.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from lib.top import g"),
        ("low.py", "import json\nimport pandas"),
    ],
)
def test_an_import_that_points_down_is_let_be(file: str, line: str, small: Path) -> None:
    (small / file).write_text(line, encoding="utf-8")
    assert wrong_way(small, ROWS) == []


def test_outside_packages_are_found_under_the_name_they_are_installed_by(small: Path) -> None:
    (small / "low.py").write_text("import json\nimport yaml\ndef f():\n    from numpy import linalg", encoding="utf-8")
    (small / "left" / "part.py").write_text("import numpy.linalg as la", encoding="utf-8")
    assert users(small) == {"pyyaml": {"low"}, "numpy": {"low", "left"}}


def test_a_markdown_table_is_read_by_its_heads() -> None:
    text = "| a | b |\n|---|---|\n| 1 | `x`, `y` |\n\ntext\n\n| c | d |\n|---|---|\n| 2 | any |\n| 3 | |\n"
    assert table(text, ("a", "b")) == [["1", "`x`, `y`"]]
    assert table(text, ("c",)) == [["2", "any"], ["3", ""]]
    assert ticked("`x`, `y`") == ["x", "y"]
