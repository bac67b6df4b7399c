"""Small results made by hand: one school, its similar schools, its district."""

from types import SimpleNamespace

import numpy as np
import pandas as pd

from leadlib.results import RESULT_COLUMNS, Result

NAN = np.nan
API = "Academic Performance Index"


def result(id: str, rows: list[tuple], extra: tuple[str, ...] = (), **options) -> Result:
    return Result(id, id.title(), pd.DataFrame(rows, columns=[*RESULT_COLUMNS, *extra]), "A sentence.", **options)


def trend(values=(765.0, 820.0), years=(1998, 1999), *, relative=False) -> Result:
    rows = [
        (API, "This school", v, v - 25, v + 25, 139, "points", y, relative) for v, y in zip(values, years, strict=True)
    ]
    rows += [(API, "Similar schools", 742.0, 722.0, 762.0, 20, "points", y, relative) for y in years]
    return result("trend", rows, ("year", "relative"))


def serves() -> Result:
    rows = [
        ("Free or reduced-price lunch", "This school", 29.0, NAN, NAN, 139, "pct", "29.0%"),
        ("Free or reduced-price lunch", "Similar schools", 31.0, 26.0, 37.0, 20, "pct", ""),
        ("English language learners", "This school", 5.0, NAN, NAN, 139, "pct", "under 7.2%"),
        ("English language learners", "Similar schools", 26.0, 20.0, 32.0, 20, "pct", ""),
        ("Enrolment", "This school", 139.0, NAN, NAN, 1, "pupils", ""),
    ]
    return result("serves", rows, ("shown",), wide=True)


def gap(value=49.0, half=27.0) -> Result:
    rows = [
        (API, "Similar schools", value, value - half, value + half, 20, "points"),
        (API, "Same district", 62.0, 5.0, 119.0, 15, "points"),
        (API, "All primary schools", NAN, NAN, NAN, 0, "points"),
    ]
    return result("gap", rows)


def change(value=14.0, limit=17.0) -> Result:
    frame = pd.DataFrame(
        {
            "measure": API,
            "school_id": ["a", "b", "c", "d"],
            "size": [100.0, 200.0, 400.0, NAN],
            "change": [value, -3.0, 1.0, 2.0],
            "limit_low": [-limit, -12.0, -8.0, NAN],
            "limit_high": [limit, 12.0, 8.0, NAN],
            "band_low": [-limit, -12.0, -8.0, NAN],
            "band_high": [limit, 12.0, 8.0, NAN],
        }
    )
    frame.attrs["school_id"] = "a"
    return result("change", [(API, "This school", value, -limit, limit, 100, "points")], frame=frame)


def aim() -> Result:
    return result(
        "aim", [(API, "Growth target", 2.0, NAN, NAN, 139, "points"), (API, "Growth", 55.0, 30.0, 80.0, 139, "points")]
    )


def steady() -> Result:
    frame = pd.DataFrame(
        {
            "measure": API,
            "school_id": ["a", "b", "c", "z"],
            "value": [820.0, 700.0, 760.0, 1.0],
            "shrunken": [810.0, 710.0, 760.0, 1.0],
        }
    ).assign(low=lambda f: f.shrunken - 20, high=lambda f: f.shrunken + 20)
    frame.attrs["school_id"] = "a"
    return result("steady", [(API, "This school", 810.0, 790.0, 830.0, 139, "points")], frame=frame)


def resources() -> Result:
    rows = [
        ("Fully credentialed teachers", "This school", 85.0, NAN, NAN, 1, "pct", "instructional"),
        ("Fully credentialed teachers", "Similar schools", 93.0, 88.0, 97.0, 20, "pct", "instructional"),
        ("Spending per pupil", "This school", 4000.0, NAN, NAN, 1, "usd", "administrative"),
        ("Spending per pupil", "Similar schools", 3900.0, 3700.0, 4100.0, 20, "usd", "administrative"),
        ("Books", "This school", 4.0, NAN, NAN, 1, "count", "instructional"),
    ]
    return result("resources", rows, ("leadership",), wide=True)


PEERS = SimpleNamespace(school_ids=("b", "c"))
SCHOOL = SimpleNamespace(
    name="Yountville <Elementary>",
    school_id="007",
    year=1999,
    level="Primary",
    lea_name="Napa Valley",
    pack="california-2000",
    pack_title="California 2000",
    record_type="real",
    sources=("A source",),
)
