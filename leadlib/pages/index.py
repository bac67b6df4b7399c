"""The index of a batch: every school on one page, with a small picture of its trend, links, and what failed."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import quote

from leadlib.errors import refuse
from leadlib.numbers import UNITS, plural, school_year, show
from leadlib.pages.files import write_whole

MOST_MEASURES = 2
WIDE, HIGH, EDGE = 96, 32, 3
LINKS = (
    ("html", "html", "Report"),
    ("pdf", "pdf", "PDF"),
    ("notebooks", "ipynb", "Notebook"),
    ("failed", "ipynb", "Notebook"),
)


@dataclass(frozen=True)
class Scale:
    """The range that the small charts of one measure share, so that schools can be compared by eye."""

    measure: str
    unit: str
    first: int
    last: int
    low: float
    high: float
    decimals: int
    moves: bool

    def at(self, year: int, value: float) -> tuple[str, str]:
        """Give a point's place in the picture."""
        x = EDGE + (WIDE - 2 * EDGE) * (
            (year - self.first) / (self.last - self.first) if self.last > self.first else 0.5
        )
        y = EDGE + (HIGH - 2 * EDGE) * (
            1 - ((value - self.low) / (self.high - self.low) if self.high > self.low else 0.5)
        )
        return _short(x), _short(y)

    def text(self, value: float, *, sign: bool = False) -> str:
        """Write a value of this measure."""
        if self.unit in UNITS:
            return show(value, self.unit, sign=sign)
        return show(value, ("count", "score", "ratio")[self.decimals], sign=sign)

    @property
    def said(self) -> str:
        """Say in words what the small charts have in common."""
        years = school_year(self.first) + (f" to {school_year(self.last)}" if self.last > self.first else "")
        return f"{self.measure}, {years}, drawn from {self.text(self.low)} to {self.text(self.high)} for every school"


def index(folder: str | Path, manifest: Mapping[str, Any] | str | Path) -> Path:
    """Write `index.html` of a batch: which schools have a report, how each one's results ran, and what failed.

    The page works without a script as a plain table; a short one adds search and sorting. Links are made for the files
    that stand in the folder. The page holds no clock time, so the same batch gives the same bytes.

    Parameters
    ----------
    folder
        Folder of the batch, with `html`, `pdf` and `notebooks` in it.
    manifest
        The batch's manifest, or the path of its `manifest.json`.

    Raises
    ------
    InputError
        The manifest cannot be read, or the folder cannot be written.
    """
    from leadlib.pages.html import environment, style

    facts = manifest if isinstance(manifest, Mapping) else _read(Path(manifest))
    page = environment().get_template("index.html.j2")
    return write_whole(Path(folder) / "index.html", page.render(style=style(), **_shown(facts, Path(folder))))


def _shown(facts: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    """Give everything that the page shows."""
    schools = sorted(facts.get("schools", []), key=lambda s: (_name(s).casefold(), str(s.get("slug", ""))))
    done = [s for s in schools if s.get("status") == "done"]
    failed = [_failure(s, folder) for s in schools if s.get("status") != "done"]
    scales = _scales(done)
    unit = str(facts.get("unit") or "school")
    counts = {"schools": plural(len(schools), unit), "done": plural(len(done), "report"), "failed": len(failed)}
    return {
        "unit": unit,
        "title": _title(facts, schools),
        "facts": _facts(facts),
        "counts": counts,
        "scales": scales,
        "size": (WIDE, HIGH),
        "rows": [_row(s, folder, scales) for s in done],
        "failed": failed,
        "has_district": len({_district(s) for s in schools} - {""}) > 1,
        "has_level": any(_level(s) for s in done),
    }


def _read(path: Path) -> Mapping[str, Any]:
    try:
        return dict(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError) as error:
        raise refuse(str(path), "is not a manifest that can be read", "run the batch again") from error


def _title(facts: Mapping[str, Any], schools: list[Mapping[str, Any]]) -> str:
    if facts.get("title"):
        return str(facts["title"])
    districts = list(dict.fromkeys(d for s in schools if (d := _district(s))))
    return districts[0] if len(districts) == 1 else _spaced(str(facts.get("batch") or "school reports"))


def _spaced(name: str) -> str:
    text = name.replace("-", " ").replace("_", " ").strip()
    return text[:1].upper() + text[1:]


def _facts(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Give what the reports were made from, in words; a hash is cut to what tells two files apart."""
    notebook, pack = facts.get("notebook") or {}, facts.get("pack") or {}
    code = facts.get("code")
    code = code.get("sha256", "") if isinstance(code, Mapping) else str(code or "")
    versions = facts.get("versions") or {}
    shown = {
        "Batch": str(facts.get("batch", "")),
        "Data": str(pack.get("title") or pack.get("name") or ""),
        "Notebook": " ".join(str(x) for x in (notebook.get("path", ""), _cut(notebook.get("sha256"))) if x),
        "leadlib": " ".join(str(x) for x in (versions.get("leadlib", ""), _cut(code)) if x),
        "Python": str(versions.get("python", "")),
    }
    return [(k, v) for k, v in shown.items() if v]


def _cut(digest: Any) -> str:
    text = str(digest or "").removeprefix("sha256:")[:12]
    return f"({text})" if text else ""


# -- trends ------------------------------------------------------------------------------------------------------------


def _trends(school: Mapping[str, Any]) -> dict[str, tuple[str, list[tuple[int, float]]]]:
    """Give each measure's unit and its points in order of years; a missing value is no point."""
    found = {}
    for trend in school.get("trend") or []:
        points = sorted(
            (int(y), float(v)) for y, v in trend.get("points", []) if v is not None and math.isfinite(float(v))
        )
        if points:
            found[str(trend.get("label") or trend["measure"])] = (str(trend.get("unit", "")), points)
    return found


def _scales(schools: list[Mapping[str, Any]]) -> list[Scale]:
    """Give a scale for each of the measures that most schools have, in the order in which they first come."""
    every: dict[str, list[tuple[int, float]]] = {}
    units, count = dict[str, str](), dict[str, int]()
    for school in schools:
        for measure, (unit, points) in _trends(school).items():
            every.setdefault(measure, []).extend(points)
            units.setdefault(measure, unit)
            count[measure] = count.get(measure, 0) + 1
    most = sorted(every, key=lambda m: -count[m])[:MOST_MEASURES]
    return [_scale(m, units[m], points) for m, points in every.items() if m in most]


def _scale(measure: str, unit: str, points: list[tuple[int, float]]) -> Scale:
    years, values = [y for y, _ in points], [v for _, v in points]
    low, high = min(values), max(values)
    decimals = 0 if all(v.is_integer() for v in values) else 1 if high - low >= 5 else 2
    return Scale(measure, unit, min(years), max(years), low, high, decimals, max(years) > min(years))


def _cell(school: Mapping[str, Any], scale: Scale) -> dict[str, Any] | None:
    points = _trends(school).get(scale.measure, ("", []))[1]
    if not points:
        return None
    (first, start), (last, end) = points[0], points[-1]
    path, before = "", None
    for year, value in points:
        x, y = scale.at(year, value)
        path += f"{'L' if before == year - 1 else 'M'}{x} {y}"
        before = year
    x, y = scale.at(last, end)
    said = f"{scale.text(start)} in {school_year(first)}, {scale.text(end)} in {school_year(last)}"
    alone = f"Only {school_year(last)}: {scale.text(end)}"
    change = end - start if last > first else None
    return {
        "path": path,
        "x": x,
        "y": y,
        "said": said if last > first else alone,
        "latest": scale.text(end),
        "value": f"{end:.6g}",
        "change": scale.text(change, sign=True) if change is not None else "\N{EM DASH}",
        "moved": f"{change:.6g}" if change is not None else "",
    }


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


# -- rows --------------------------------------------------------------------------------------------------------------


def _name(school: Mapping[str, Any]) -> str:
    return str(school.get("school_name") or school.get("school_id", ""))


def _district(school: Mapping[str, Any]) -> str:
    return str(school.get("lea_name") or school.get("district") or "")


def _level(school: Mapping[str, Any]) -> str:
    return str(school.get("school_level") or school.get("level") or "")


def _links(school: Mapping[str, Any], folder: Path) -> list[tuple[str, str]]:
    """Give a label and an address for each of a school's files that stands in the folder."""
    found = []
    for kind, ending, label in LINKS:
        output = (school.get("outputs") or {}).get(kind)
        known = output.get("path") if isinstance(output, Mapping) else None
        path = PurePosixPath(known or f"{kind}/{school.get('slug', '')}.{ending}")
        if not path.is_absolute() and ".." not in path.parts and (folder / path).is_file():
            found.append((label, quote(str(path))))
    return found


def _row(school: Mapping[str, Any], folder: Path, scales: list[Scale]) -> dict[str, Any]:
    links = _links(school, folder)
    return {
        "name": _name(school),
        "district": _district(school),
        "level": _level(school),
        "page": links[0][1] if links else "",
        "links": links[1:] if links and links[0][0] == "Report" else links,
        "cells": [_cell(school, scale) for scale in scales],
    }


def _failure(school: Mapping[str, Any], folder: Path) -> dict[str, Any]:
    cell = school.get("cell")
    return {
        "name": _name(school),
        "district": _district(school),
        "cell": "" if cell is None else str(cell),
        "message": str(school.get("message") or ""),
        "links": _links(school, folder),
    }
