"""Reports inside a notebook: pick a pack and a school from lists, press a button, read the page. No command line."""

from __future__ import annotations

import atexit
import base64
import tempfile
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

import leadlib
from leadlib.blocks import Block
from leadlib.errors import InputError, nearest, refuse
from leadlib.numbers import school_year

if TYPE_CHECKING:
    import pandas as pd

    from leadlib.engines.pool import Worker

NOTEBOOK = Path("notebooks/reports/school-report.ipynb")
NO_DISTRICT = "All schools"
WAIT = "Making the report of {}. This takes some ten seconds; a case, and the first of all, take longer."
OF_A_SCHOOL = {"pack", "school_id"}


@dataclass(frozen=True, repr=False)
class Report(Block):
    """A finished report page: shows itself inside a notebook, and says where its file is (`.path`)."""

    title: str
    page: str
    path: Path

    def data(self) -> dict[str, Any]:
        """Give what is shown, as a notice; the page itself is too long to be kept twice."""
        return {"kind": "notice", "text": self.plain()}

    def html(self) -> str:
        """Give the page in a frame of its own, where no script of it can run, and a link that saves it."""
        whole = base64.b64encode(self.page.encode("utf-8")).decode("ascii")
        link = f'<a download="{escape(self.path.name)}" href="data:text/html;base64,{whole}">Save this report</a>'
        return (
            f"<p>{link}</p>"
            f'<iframe title="{escape(self.title)}" srcdoc="{escape(self.page)}" sandbox="allow-popups" '
            'style="width:100%;height:80vh;border:1px solid #767676;background:#fff"></iframe>'
        )

    def plain(self) -> str:
        """Give the title; no clock, no folder, so that a notebook with it stays the same."""
        return f"Report: {self.title}"


def report(
    pack: str,
    school_id: str,
    year: int | None = None,
    audience: str | None = None,
    *,
    notebook: str | Path | None = None,
) -> Report:
    """Make one school's report and give it as a page that shows itself in the notebook.

    The files go to a new temporary folder, never into the workbook's own.

    Parameters
    ----------
    pack
        Name of a data pack, or the folder of your own.
    school_id
        The school's id in the pack, as text.
    year
        Fall of the school year; the newest the school has, if left out.
    audience
        Who will read it, one of those that the notebook names; its own choice, if left out.
    notebook
        Another report notebook.

    Raises
    ------
    InputError
        Unknown pack, school, year or audience; or the notebook could not be run for this school, with cell and message.
    """
    from leadlib.batch import Request, plan
    from leadlib.batch.run import task

    asked = {k: v for k, v in (("year", year), ("audience", audience)) if v is not None}
    out = Path(tempfile.mkdtemp(prefix="leadlib-report-"))
    checked = plan(
        Request(
            _notebook(notebook),
            pack,
            schools=(school_id,),
            parameters=asked,
            to=("html",),
            name="report",
            out=out,
            source="report",
        )
    )
    job = checked.jobs[0]
    outcome = _worker().run(task(checked, job))
    if outcome.status != "done":
        place = f"{job.school_name}, cell {outcome.cell}" if outcome.cell else job.school_name
        kept = checked.folder / "failed" / f"{job.slug}.ipynb"
        look = f"the notebook as it ended is {kept}" if kept.exists() else ""
        raise refuse(place, f"{outcome.cause}: {outcome.message}", look)
    path = checked.folder / outcome.outputs["html"]["path"]
    return Report(_title(job.title, checked.parameters.get("year")), path.read_text(encoding="utf-8"), path)


def _title(school: str, year: int | None) -> str:
    return school if year is None else f"{school}, {school_year(year)}"


def _notebook(given: str | Path | None) -> Path:
    """Find the report notebook: the one given, or the workbook's own."""
    if given is not None:
        return Path(given)
    here = Path.cwd()
    for folder in (Path(leadlib.__file__).resolve().parents[1], here, *here.parents):
        if (folder / NOTEBOOK).is_file():
            return folder / NOTEBOOK
    raise refuse(str(NOTEBOOK), "is not here", "start from the workbook's folder, or give notebook=...")


_warm: list[Worker] = []


def _worker() -> Worker:
    """Keep one worker for the session: the second report does not wait for imports."""
    from leadlib.engines.pool import Worker

    if not _warm:
        scratch = tempfile.TemporaryDirectory(prefix="leadlib-", ignore_cleanup_errors=True)
        _warm.append(Worker(Path(scratch.name)))
        atexit.register(scratch.cleanup)
        atexit.register(_warm[0].close)
    return _warm[0]


def picker(
    pack: str | None = None,
    school_id: str | None = None,
    year: int | None = None,
    audience: str | None = None,
    *,
    notebook: str | Path | None = None,
) -> Picker:
    """Show lists to pick a pack, a district, a school, a year and a reader from, and a button that shows the report.

    What is given is picked to begin with; the rest starts at the first of each list, and at the newest year. Unless
    a notebook is given, the reports and the cases of the workbook can be picked too: of a case the page is shown.

    Raises
    ------
    InputError
        When a pack, school, year or audience given is not there.
    """
    offered = _offered() if notebook is None else [("The report", Path(notebook))]
    return Picker(pack, school_id, year, audience, offered)


class Picker:
    """The lists, the button and the place for the page. Each is an ipywidgets object and can be set from code."""

    def __init__(
        self,
        pack: str | None,
        school_id: str | None,
        year: int | None,
        audience: str | None,
        offered: list[tuple[str, Path]],
    ) -> None:
        import ipywidgets as widgets

        self._rows: pd.DataFrame | None = None
        wide = {"layout": widgets.Layout(width="36em"), "style": {"description_width": "7em"}}
        self.notebook = widgets.Dropdown(options=offered, description="Open", **wide)
        self.pack = widgets.Dropdown(options=_packs(), description="Data pack", **wide)
        self.district = widgets.Dropdown(description="District", **wide)
        self.school = widgets.Dropdown(description="School", **wide)
        self.year = widgets.Dropdown(description="School year", **wide)
        self.audience = widgets.Dropdown(description="Reader", **wide)
        self.button = widgets.Button(description="Show the report", button_style="primary", icon="file-text-o")
        self.status = widgets.HTML()
        self.page = widgets.HTML(layout=widgets.Layout(width="100%"))
        lists = [self.pack, self.district, self.school, self.year, self.audience]
        first = [self.notebook] if len(offered) > 1 else []
        self.widget = widgets.VBox([*first, *lists, self.button, self.status, self.page])
        self._fill_readers()
        self._begin(pack, school_id, year, audience)
        self.notebook.observe(lambda _: self._fill_readers(), "value")
        self.pack.observe(lambda _: self._fill_districts(), "value")
        self.district.observe(lambda _: self._fill_schools(), "value")
        self.school.observe(lambda _: self._fill_years(), "value")
        self.button.on_click(lambda _: self.show())

    def _begin(self, pack: str | None, school_id: str | None, year: int | None, audience: str | None) -> None:
        """Pick what was asked for; the lists follow one from the other."""
        if pack is not None:
            self.pack.value = _among(pack, self.pack, "pack")
        self._fill_districts()
        if school_id is not None:
            assert self._rows is not None
            found = self._rows[self._rows["school_id"] == school_id]
            if found.empty:
                raise refuse(
                    f"pack {self.pack.value}, school_id",
                    f"there is no school {school_id!r}",
                    nearest(school_id, self._rows["school_id"]),
                )
            self.district.value = found["district"].iloc[0]
            self._fill_schools()
            self.school.value = school_id
            self._fill_years()
        if year is not None:
            self.year.value = _among(year, self.year, "year")
        if audience is not None:
            self.audience.value = _among(audience, self.audience, "audience")

    def _fill_readers(self) -> None:
        from leadlib.batch import parameters

        readers = parameters.read(self.notebook.value).get("audience")
        picked, self.audience.options = self.audience.value, list(readers.allowed) if readers else []
        self.audience.value = picked if picked in self.audience.options else next(iter(self.audience.options), None)
        self.audience.disabled = not self.audience.options

    def _fill_districts(self) -> None:
        self._rows = _schools(self.pack.value)
        names = sorted(self._rows["district"].unique(), key=str.casefold)
        self.district.options = names
        self.district.value = names[0]
        self._fill_schools()

    def _fill_schools(self) -> None:
        if self._rows is None:
            return
        rows = self._rows[self._rows["district"] == self.district.value]
        twice = rows["school_name"].duplicated(keep=False)
        names = rows["school_name"].where(~twice, rows["school_name"] + " (" + rows["school_id"] + ")")
        options = sorted(zip(names, rows["school_id"], strict=True), key=lambda pair: pair[0].casefold())
        self.school.options = options
        self.school.value = options[0][1] if options else None
        self._fill_years()

    def _fill_years(self) -> None:
        from leadlib.batch.plan import years_of

        years = years_of(self.pack.value, [self.school.value])[self.school.value] if self.school.value else []
        self.year.options = [(school_year(y), y) for y in reversed(years)]
        self.year.value = years[-1] if years else None

    def show(self) -> None:
        """Make the report of what is picked and show it below; say so if it cannot be made."""
        self.button.disabled = True
        self.page.value = ""
        self._say(WAIT.format(self.school.label))
        try:
            made = report(
                self.pack.value, self.school.value, self.year.value, self.audience.value, notebook=self.notebook.value
            )
        except InputError as error:
            self._say(f"The report could not be made. {error}", wrong=True)
        else:
            self.page.value = made.html()
            self._say(f"{made.title}. The page is also kept as {made.path} until temporary files are cleared.")
        finally:
            self.button.disabled = False

    def _say(self, sentence: str, *, wrong: bool = False) -> None:
        mark = "<strong>Not done.</strong> " if wrong else ""
        self.status.value = f'<p role="status">{mark}{escape(sentence)}</p>'

    def _repr_mimebundle_(self, include: Any = None, exclude: Any = None) -> Any:
        bundle = self.widget._repr_mimebundle_()
        shown = bundle[0] if isinstance(bundle, tuple) else bundle
        return {**shown, "text/plain": "Lists to pick a school from; run this cell in JupyterLab to see them."}


def _offered() -> list[tuple[str, Path]]:
    """Give title and file of the workbook's notebooks that are run for one school, the school report first."""
    from leadlib.batch import parameters
    from leadlib.lessons import listed

    first = _notebook(None)
    found = [("School report", first)]
    try:
        entries, folder = listed.entries(), listed.place().parent
    except InputError:  # a workbook without its list has a school report all the same
        return found
    for kind in ("report", "case"):
        for entry in entries:
            path = folder / entry["file"]
            other = path.is_file() and path.resolve() != first.resolve() and entry["id"] != listed.OPENS_WITH
            if other and entry["kind"] == kind and set(parameters.read(path)) >= OF_A_SCHOOL:
                found.append((listed.numbered(entry), path))
    return found


def _packs() -> list[tuple[str, str]]:
    """Give title and name of the packs that have schools to pick from."""
    from leadlib.tables import packs

    table = packs()
    found = [(str(row["title"]), str(row["pack"])) for row in table.to_dict("records") if row["schools_n"]]
    if not found:
        raise refuse("packs", "there is no data pack to pick from", "see the folder data of the workbook")
    return found


def _schools(pack: str) -> pd.DataFrame:
    """Give the schools of a pack with the district each is listed under."""
    from leadlib.tables import select

    rows = select(pack, {})
    rows["school_name"] = rows["school_name"].astype("str").fillna(rows["school_id"])
    rows["district"] = rows["lea_name"].astype("str").fillna(NO_DISTRICT) if "lea_name" in rows else NO_DISTRICT
    if "leaid" in rows:  # two districts of one name are told apart by their codes
        shared = rows.groupby("district")["leaid"].transform("nunique") > 1
        rows["district"] = rows["district"].where(~shared, rows["district"] + " (" + rows["leaid"].astype("str") + ")")
    return rows


def _among(value: Any, box: Any, what: str) -> Any:
    """Refuse a value that a list does not hold."""
    values = [o[1] if isinstance(o, tuple) else o for o in box.options]
    if value not in values:
        raise refuse(what, f"there is no {value!r} to pick", nearest(value, values))
    return value
