"""The house rules for notebooks: each takes a notebook as nbformat reads it and says what breaks the rule.

A test runs every rule on every notebook in notebooks/, and on a notebook that breaks it.
"""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Callable, Iterator
from typing import Any

from tools.notebooks import DROPPED_FROM_CELL, DROPPED_FROM_OUTPUT

LONGEST_CELL = 15
LONGEST_FUNCTION = 10
LONGEST_REPORT = 70
IMPORTS = ("leadlib", "pandas")
FIELDS = ("concepts", "file", "id", "kind", "minutes", "question", "standards", "tables", "title")
SHARED_FIELDS = ("concepts", "id", "kind", "minutes", "standards")

# Folders that stand at the root of somebody's machine. `//` before it is an address on the web.
MACHINE_PATH = re.compile(r"(?<![\w.:/])/(?:home|Users|root|tmp|var|work|mnt|private|opt)/|\b[A-Za-z]:\\+[A-Za-z]")
ROOTED = re.compile(r"^(?:/[A-Za-z]|~[/\\]|[A-Za-z]:[/\\])")
MAGIC = re.compile(r"^\s*(?:[%!]|\w+\s*=\s*[%!]|.*\bget_ipython\s*\(|.*\?\s*$)")
ADDRESS = re.compile(r"\bat 0x[0-9a-f]{6,}")
RULES: dict[str, Callable[[Any], list[str]]] = {}
REPORT_RULES: dict[str, Callable[[Any], list[str]]] = {}


def rule(check: Callable[[Any], Iterator[str]]) -> Callable[[Any], list[str]]:
    """Put a check in the list of rules for every notebook."""
    RULES[check.__name__] = lambda notebook: list(check(notebook))
    return RULES[check.__name__]


def report_rule(check: Callable[[Any], Iterator[str]]) -> Callable[[Any], list[str]]:
    """Put a check in the list of rules for reports alone."""
    REPORT_RULES[check.__name__] = lambda notebook: list(check(notebook))
    return REPORT_RULES[check.__name__]


def cells(notebook: Any, kind: str) -> list[Any]:
    """Give the cells of a kind."""
    return [cell for cell in notebook["cells"] if cell["cell_type"] == kind]


def trees(notebook: Any) -> Iterator[tuple[Any, ast.AST]]:
    """Give each code cell with its syntax tree; one that Python cannot read is for another rule."""
    for cell in cells(notebook, "code"):
        try:
            yield cell, ast.parse(cell["source"])
        except SyntaxError:
            continue


def outputs(notebook: Any) -> Iterator[tuple[Any, Any]]:
    """Give each output with its cell."""
    for cell in cells(notebook, "code"):
        yield from ((cell, output) for output in cell["outputs"])


def beginnings(tree: ast.AST) -> list[str]:
    """Give each text in the code; of an f-string only what it begins with."""
    nodes = list(ast.walk(tree))
    later = {id(part) for node in nodes if isinstance(node, ast.JoinedStr) for part in node.values[1:]}
    texts = [node for node in nodes if isinstance(node, ast.Constant) and id(node) not in later]
    return [node.value for node in texts if isinstance(node.value, str)]


def headings(notebook: Any) -> list[str]:
    """Give the level-1 headings, those in fenced examples left aside."""
    prose = "\n\n".join(cell["source"] for cell in cells(notebook, "markdown"))
    prose = re.sub(r"^(```|~~~).*?^\1", "", prose, flags=re.M | re.S)
    return re.findall(r"^# +(.+?) *$", prose, flags=re.M)


@rule
def one_title(notebook: Any) -> Iterator[str]:
    """One level-1 heading, and the notebook opens with it."""
    found = headings(notebook)
    if len(found) != 1 or not notebook["cells"][0]["source"].startswith("# "):
        yield f"needs one level-1 heading, at the top; has {found}"


@rule
def parameters_are_typed_and_explained(notebook: Any) -> Iterator[str]:
    """One cell tagged `parameters`; each line there is `name: type = default  # what it is`."""
    found = [cell for cell in cells(notebook, "code") if "parameters" in cell["metadata"].get("tags", [])]
    if len(found) != 1:
        yield f"needs one cell tagged `parameters`; has {len(found)}"
        return
    for cell in found:
        tokens = tokenize.generate_tokens(io.StringIO(cell["source"]).readline)
        explained = {token.start[0] for token in tokens if token.type == tokenize.COMMENT}
        for line in ast.parse(cell["source"]).body:
            if not isinstance(line, ast.AnnAssign) or line.value is None or line.end_lineno not in explained:
                yield f"{cell['id']}: `{ast.unparse(line)}` has no type, no default or no comment"


@rule
def no_path_of_one_machine(notebook: Any) -> Iterator[str]:
    """No absolute path in code, none of anybody's machine in prose or outputs."""
    for cell, tree in trees(notebook):
        yield from (f"{cell['id']}: absolute path {text!r}" for text in beginnings(tree) if ROOTED.search(text))
    for cell in notebook["cells"]:
        shown = cell["source"] + str(cell.get("outputs", ""))
        if found := MACHINE_PATH.search(shown):
            yield f"{cell['id']}: path of one machine {shown[found.start() : found.start() + 40]!r}"


@rule
def short_functions(notebook: Any) -> Iterator[str]:
    """A function in a notebook is an aside; longer ones belong in leadlib."""
    for cell, tree in trees(notebook):
        for node in ast.walk(tree):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                if lines > LONGEST_FUNCTION:
                    yield f"{cell['id']}: {node.name}() has {lines} lines"


@rule
def short_cells(notebook: Any) -> Iterator[str]:
    """A code cell fits a glance."""
    for cell in cells(notebook, "code"):
        if (lines := len(cell["source"].splitlines())) > LONGEST_CELL:
            yield f"{cell['id']}: {lines} lines"


@rule
def no_trailing_semicolon(notebook: Any) -> Iterator[str]:
    """Strict nbval shows the output that a semicolon hides, and fails."""
    for cell in cells(notebook, "code"):
        if any(line.rstrip().endswith(";") for line in cell["source"].splitlines()):
            yield f"{cell['id']}: line ends in a semicolon"


@rule
def no_bare_except(notebook: Any) -> Iterator[str]:
    """An error is named by whoever expects it."""
    for cell, tree in trees(notebook):
        if any(isinstance(node, ast.ExceptHandler) and node.type is None for node in ast.walk(tree)):
            yield f"{cell['id']}: bare except"


@rule
def plain_python(notebook: Any) -> Iterator[str]:
    """No magics, no shell, no install: the environment does that."""
    for cell in cells(notebook, "code"):
        yield from (f"{cell['id']}: {line.strip()}" for line in cell["source"].splitlines() if MAGIC.match(line))


@rule
def few_imports(notebook: Any) -> Iterator[str]:
    """leadlib, and pandas where a learner works on with a table."""
    for cell, tree in trees(notebook):
        for node in ast.walk(tree):
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            names += [node.module or ""] if isinstance(node, ast.ImportFrom) else []
            yield from (f"{cell['id']}: imports {name}" for name in names if name.split(".")[0] not in IMPORTS)


@rule
def stored_as_run_from_top_to_bottom(notebook: Any) -> Iterator[str]:
    """Execution counts are 1 to n: what is shown is what Run All shows."""
    counts = [cell["execution_count"] for cell in cells(notebook, "code") if cell["source"].strip()]
    if counts != list(range(1, len(counts) + 1)):
        yield f"execution counts are {counts}: run `make notebooks`"


@rule
def kernel_everybody_has(notebook: Any) -> Iterator[str]:
    """The kernel's name is python3, which each environment has."""
    if (name := notebook["metadata"].get("kernelspec", {}).get("name")) != "python3":
        yield f"kernel is {name!r}, not 'python3'"


@rule
def nothing_that_changes_by_itself(notebook: Any) -> Iterator[str]:
    """No picture bytes, no times, no widget models, no addresses: `make notebooks` leaves them out."""
    yield from (f"notebook metadata has {key}" for key in ("papermill", "widgets") if key in notebook["metadata"])
    for cell in notebook["cells"]:
        yield from (f"{cell['id']}: metadata has {key}" for key in DROPPED_FROM_CELL if key in cell["metadata"])
    for cell, output in outputs(notebook):
        yield from (f"{cell['id']}: stores {key}" for key in DROPPED_FROM_OUTPUT if key in output.get("data", {}))
        if ADDRESS.search(str(output)):
            yield f"{cell['id']}: shows a memory address"


@rule
def no_error_and_no_warning(notebook: Any) -> Iterator[str]:
    """A reader sees results, not alarms that somebody forgot; a cell that shows an error on purpose is tagged."""
    for cell, output in outputs(notebook):
        meant = "raises-exception" in cell["metadata"].get("tags", [])
        if output.get("name") == "stderr" or (output["output_type"] == "error" and not meant):
            yield f"{cell['id']}: shows an error or a warning"


@rule
def every_picture_is_told(notebook: Any) -> Iterator[str]:
    """Each figure carries alt text beside its picture."""
    for cell, output in outputs(notebook):
        data = output.get("data", {})
        drawn = any(isinstance(part, dict) and part.get("kind") == "figure" for part in data.values())
        if drawn and not output["metadata"].get("image/png", {}).get("alt", "").strip():
            yield f"{cell['id']}: figure without alt text"


@report_rule
def no_try(notebook: Any) -> Iterator[str]:
    """A section that cannot be made says so in a sentence; nothing is caught in silence."""
    for cell, tree in trees(notebook):
        if any(isinstance(node, ast.Try | ast.TryStar) for node in ast.walk(tree)):
            yield f"{cell['id']}: try"


@report_rule
def no_number_in_prose(notebook: Any) -> Iterator[str]:
    """Markdown is the same for every school: numbers and names come from results."""
    for cell in cells(notebook, "markdown"):
        if found := re.search(r"\w*\d[\w.,%]*", cell["source"]):
            yield f"{cell['id']}: typed number {found.group()!r}"


@report_rule
def short_report(notebook: Any) -> Iterator[str]:
    """What a report computes can be read at one sitting."""
    lines = [line for cell in cells(notebook, "code") for line in cell["source"].splitlines() if line.strip()]
    if len(lines) > LONGEST_REPORT:
        yield f"{len(lines)} lines of code"


def contents_problems(contents: list[dict[str, Any]], notebooks: dict[str, Any]) -> list[str]:
    """Say where contents.yml and the notebooks (by file name below notebooks/) do not agree."""
    problems = []
    for key in ("file", "id"):
        values = [str(entry.get(key)) for entry in contents]
        problems += [f"{key} {value} is listed twice" for value in sorted(set(values)) if values.count(value) > 1]
    for entry in contents:
        lacking = [field for field in FIELDS if entry.get(field) in (None, "", [])]
        problems += [f"{entry.get('id')}: no {field}" for field in lacking]
    listed = {entry.get("file"): entry for entry in contents}
    for file, notebook in notebooks.items():
        problems += _entry_problems(file, listed.get(file), notebook)
    return problems


def _entry_problems(file: str, entry: dict[str, Any] | None, notebook: Any) -> list[str]:
    if entry is None:
        return [f"{file}: not listed"]
    said = {**notebook["metadata"].get("leadlib", {}), "title": "; ".join(headings(notebook))}
    differ = [field for field in (*SHARED_FIELDS, "title") if said.get(field) != entry.get(field)]
    return [f"{file}: {field} is {said.get(field)!r}, listed as {entry.get(field)!r}" for field in differ]
