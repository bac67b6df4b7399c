"""Pages: an executed notebook as a web page, a PDF, and a findings file; a batch as one index page.

All formats are made from the same cleaned content, so that they say the same. No code of a notebook is run here.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from leadlib.errors import nearest, refuse
from leadlib.pages.files import write_whole
from leadlib.pages.findings import findings
from leadlib.pages.index import index

if TYPE_CHECKING:
    from nbformat import NotebookNode

FORMATS = ("html", "pdf")

__all__ = ["FORMATS", "findings", "index", "read", "render", "write_whole"]


def read(notebook: str | Path | NotebookNode) -> NotebookNode:
    """Give a notebook from its path, or hand on one that is already read.

    Raises
    ------
    InputError
        There is no such file, or it is not a notebook.
    """
    import nbformat

    if not isinstance(notebook, (str, Path)):
        return notebook
    try:
        return nbformat.read(notebook, as_version=4)
    except FileNotFoundError as error:
        raise refuse(str(notebook), "there is no such notebook", "check the path") from error
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise refuse(
            str(notebook), "is not a notebook that can be read", "open it in JupyterLab and save it again"
        ) from error


def render(
    notebook: str | Path | NotebookNode,
    *,
    to: Sequence[str] = FORMATS,
    out: str | Path | Mapping[str, str | Path],
    title: str | None = None,
    lang: str = "en",
    code: bool = False,
    instructor: bool = False,
) -> dict[str, Path]:
    """Turn an executed notebook into pages that stand alone: one HTML file, one PDF file, or both.

    The same notebook gives the same bytes on every machine. Nothing is written unless every format could be made, and
    each file appears whole.

    Parameters
    ----------
    notebook
        Path of an executed notebook, or the notebook itself.
    to
        Formats to make: `html`, `pdf`.
    out
        A folder (files are named after the notebook), or the path of each format's file.
    title
        Title of the page and of the PDF; the notebook's first heading where it is not given.
    lang
        Language of the text, a two-letter code.
    code
        Show the code too (for a case), or leave it out (for a report).
    instructor
        Show the cells tagged `instructor` too: teaching notes, which no learner should be given.

    Returns
    -------
    dict
        The path written for each format.

    Raises
    ------
    InputError
        Unknown format or language, unreadable notebook, or a folder that cannot be written.
    """
    from leadlib.pages import document

    formats = (to,) if isinstance(to, str) else tuple(to)
    paths = _paths(notebook, formats, out)
    content = document.build(read(notebook), title=title, lang=lang, code=code, instructor=instructor)
    made = {name: _made(name, content) for name in formats}
    return {name: write_whole(paths[name], made[name]) for name in formats}


def _made(name: str, content: Any) -> str | bytes:
    if name == "html":
        from leadlib.pages.html import page

        return page(content)
    from leadlib.pages.pdf import file

    return file(content)


def _paths(notebook: Any, formats: tuple[str, ...], out: str | Path | Mapping[str, str | Path]) -> dict[str, Path]:
    for name in formats:
        if name not in FORMATS:
            raise refuse("to", f"there is no format {name!r}", nearest(name, FORMATS))
    if isinstance(out, Mapping):
        absent = [name for name in formats if name not in out]
        if absent:
            raise refuse(
                "out", f"no file is named for {', '.join(absent)}", "give a path for each format, or one folder"
            )
        return {name: Path(out[name]) for name in formats}
    stem = Path(notebook).stem if isinstance(notebook, (str, Path)) else "report"
    return {name: Path(out) / f"{stem}.{name}" for name in formats}
