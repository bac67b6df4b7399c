"""What has to be mended in a folder, as a page for the office that has to mend it."""

from __future__ import annotations

from pathlib import Path

from leadlib.pages.files import write_whole
from leadlib.pages.html import environment, style
from leadlib.tables.report import Report


def problems(report: Report) -> str:
    """Give the page of a check: by file and column what is wrong, where, and what to do.

    The page stands alone, loads nothing, holds no script and no clock time. What stands in the files is shown as text,
    whatever it is.
    """
    broken = [f for f in report.files if f.findings]
    fine = [f for f in report.files if not f.findings]
    page = environment().get_template("problems.html.j2")
    return page.render(style=style(), report=report, broken=broken, fine=fine)


def write_problems(report: Report, path: str | Path) -> Path:
    """Write the page of a check to a file.

    Raises
    ------
    InputError
        The file cannot be written.
    """
    return write_whole(Path(path), problems(report))
