"""Who works in a school: posts for a hundred pupils by role, and teachers who stay and teachers who are new."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd

from leadlib.errors import refuse
from leadlib.measures.compositions import KEYS, posts
from leadlib.measures.groups import SIMILAR, THIS, groups_of, middle, nearest_year, peers_may_be_missing
from leadlib.measures.shares import pooled
from leadlib.measures.taxonomy import PUBLISHED, kinds, labels
from leadlib.numbers import listing, phrase, school_year, show
from leadlib.privacy import NOT_SHOWN, K, code_shares, share_text, small
from leadlib.results import RESULT_COLUMNS, Missing, Result, passes_missing

if TYPE_CHECKING:
    from leadlib.measures.similar import Peers
    from leadlib.tables import School

PEOPLE = "The section on who works in the school"
STAY = "The section on teachers who stay"
RECOMMENDED = "Recommended"
STAYED, EARLY = "Teachers who stayed for the next year", "Teachers in their first or second year"


@dataclass(frozen=True)
class Ratio:
    """A recommended ratio: at most so many pupils for one full-time person of a role, and who recommends it."""

    role: str
    label: str
    pupils: float
    body: str
    short: str
    source: str
    verified: bool


@functools.cache
def ratios() -> tuple[Ratio, ...]:
    """Give the recommended ratios of pupils to support staff, with their sources."""
    found = json.loads((PUBLISHED / "staffing_ratios.json").read_text(encoding="utf-8"))
    return tuple(Ratio(**row) for row in found)


@peers_may_be_missing
@passes_missing
def people(school: School, peers: Peers | Missing | None) -> Result | Missing:
    """See how many posts of each role a school has for 100 pupils, beside similar schools and what is recommended.

    Parameters
    ----------
    school : School
        The school.
    peers : Peers, None or Missing
        Its similar schools; without them all schools of its level stand in their place.

    Returns
    -------
    Result or Missing
        Table: one row a role and group, in full-time posts for 100 pupils, with the further columns role, kind (of the
        taxonomy) and pupils_per_post. For other schools `value` is the median, `low` and `high` the quartiles, `n` the
        schools with a figure. The group `Recommended` is the ratio of a professional association, turned into posts.
        Missing where the pack counts no posts or no pupils of this school, or where it has fewer than 10 pupils.

    Notes
    -----
    100 times full-time posts over pupils enrolled. The nearest year in which the school has both is used for all
    schools. A role that the school does not report has no row.
    """
    frame = _for_100(school)
    years: Any = [] if frame is None else frame.loc[frame["school_id"] == school.school_id, "year"]
    year = nearest_year(years, school.year)
    if frame is None or year is None:
        return Missing(PEOPLE, "the pack does not count both posts and pupils for this school.")
    groups, left_out = groups_of(school.table("schools"), school.school_id, peers)
    beside = SIMILAR if SIMILAR in groups else next(reversed(groups), "")
    wide = frame[frame["year"] == year].pivot_table(index="school_id", columns="key", values="for_100")
    rows: list[tuple[Any, ...]] = []
    for key, label in labels("people").items():
        if key in wide and np.isfinite(wide.loc[school.school_id, key]):
            rows += _role_rows(key, label, wide[key], school.school_id, beside, groups.get(beside, []))
    table = pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "role", "kind", "pupils_per_post"])
    return _people_result(year, table, left_out)


def _for_100(school: School) -> pd.DataFrame | None:
    """Give posts for 100 pupils by school, year and role; schools with too few pupils to be shown are left out."""
    found = posts(school)
    size = next((f.name for f in school.fields("school_years") if f.role == "size"), None)
    if found is None or size is None:
        return None
    pupils = school.table("school_years")[[*KEYS, size]].drop_duplicates(KEYS)
    both = found.groupby([*KEYS, "key"], sort=True)["amount"].sum().reset_index().merge(pupils, on=KEYS)
    both = both[both[size].astype(float) >= K]
    return both.assign(for_100=100 * both["amount"] / both[size].astype(float))


def _role_rows(
    key: str, label: str, values: pd.Series, school_id: str, beside: str, ids: list[str]
) -> list[tuple[Any, ...]]:
    kind, own = kinds("people")[key], float(values[school_id])
    rows: list[tuple[Any, ...]] = [(label, THIS, own, np.nan, np.nan, 1, "fte", key, kind, _pupils(own))]
    if beside:
        value, low, high, n = middle(values.reindex(ids))
        rows.append((label, beside, value, low, high, n, "fte", key, kind, _pupils(value)))
    for ratio in ratios():
        if ratio.role == key:
            rows.append(
                (label, RECOMMENDED, 100 / ratio.pupils, np.nan, np.nan, np.nan, "fte", key, kind, ratio.pupils)
            )
    return rows


def _pupils(for_100: float) -> float:
    return 100 / for_100 if for_100 > 0 else np.nan


def _people_result(year: int, table: pd.DataFrame, left_out: tuple[str, ...]) -> Result:
    own = table[table["group"] == THIS].set_index("role")
    told = [_beside_ratio(ratio, own) for ratio in ratios() if ratio.role in own.index]
    open_ = [f"{ratio.short} ({ratio.label})" for ratio in ratios() if ratio.role in own.index and not ratio.verified]
    limits = ("Posts are counted by name; what people do in them, and how well, is not in the data.", *left_out)
    unchecked = f" Not yet checked in the associations' own documents: {listing(open_)}." if open_ else ""
    return Result(
        id="people",
        title=f"Full-time posts for 100 pupils, {school_year(year)}",
        table=table,
        text=" ".join(told),
        limits=limits,
        note="In brackets the middle half of the schools. Recommended: the ratio of a professional association."
        + unchecked,
        wide=True,
    )


def _beside_ratio(ratio: Ratio, own: pd.DataFrame) -> str:
    asked = f"the {ratio.body} recommends at most {show(ratio.pupils, 'pupils')} pupils for one"
    here = float(own.loc[ratio.role, "pupils_per_post"])
    if not np.isfinite(here):
        return f"The school has no {ratio.label}; {asked}."
    return f"There is one {ratio.label} for {phrase(here, 'pupils')}; {asked}."


def stay(school: School, *, pool: int = 3, privacy_k: int = K) -> pd.DataFrame | Missing:
    """See what share of teachers stay at each school and what share are new to teaching, over several years together.

    Parameters
    ----------
    school : School
        A school of the pack.
    pool : int
        How many school years up to each year are counted together: in one year of one school too few teachers leave for
        the share to be shown.
    privacy_k : int
        The fewest teachers that may be seen in a share.

    Returns
    -------
    DataFrame or Missing
        One row a school and year: school_id, year, teachers_n (teachers counted, once for each of the pooled years),
        stayed_pct, early_pct (coded by `privacy.code_shares`), stayed_shown and early_shown (the text that may be
        shown). A share behind which fewer than privacy_k teachers stand is the middle of its range; one that cannot be
        hidden is missing. Years that do not have as many years before them as are pooled are missing too: from windows
        of unlike length a single year could be worked out. Missing where the pack has no teachers.

    Notes
    -----
    Stayed: teachers of the year who teach at the same school in the next. Early: fewer than two full years of teaching
    before the year. From `teachers`, or else from the shares and posts of `staff_years`.

    Raises
    ------
    InputError
        If `pool` is not a whole number of 1 or more.
    """
    if not isinstance(pool, int) or isinstance(pool, bool) or pool < 1:
        raise refuse(f"pool={pool!r}", "years counted together must be a whole number of 1 or more", "leave it at 3")
    counts = _counts(school)
    if counts is None or counts.empty:
        return Missing(STAY, "the pack does not say which teachers stay.")
    years = min(pool, counts["year"].nunique())
    summed = pooled(counts, ["known", "stayed"], of="known", years=years)
    summed = summed.merge(pooled(counts, ["n", "early"], of="n", years=years), on=KEYS)
    frame = summed[KEYS].assign(teachers_n=summed["n"].where(~small(summed["n"], privacy_k)))
    for name, of in (("stayed", "known"), ("early", "n")):
        share = 100 * summed[name] / summed[of].where(summed[of] > 0)
        frame[f"{name}_pct"] = code_shares(share, summed[of], privacy_k)
        pairs = zip(share, summed[of], strict=True)
        texts = [share_text(p, n, privacy_k) if np.isfinite(p) else NOT_SHOWN for p, n in pairs]
        frame[f"{name}_shown"] = pd.Series(texts, index=frame.index, dtype=object)
    return frame


def _counts(school: School) -> pd.DataFrame | None:
    """Count teachers by school and year: n, those whose next year is known, those who stayed, those new to teaching."""
    if school.has("teachers"):
        table = school.table("teachers")
        left = table["left_next_year"]
        parts = table[KEYS].assign(
            n=1.0,
            known=left.notna().astype(float),
            stayed=(left.notna() & ~left.fillna(False).astype(bool)).astype(float),
            early=(table["experience_years"] < 2).astype(float),
        )
        return parts.groupby(KEYS, sort=True).sum().reset_index()
    wanted = {"teachers_fte", "teachers_left_pct", "first_year_teachers_pct"}
    if not school.has("staff_years") or not wanted <= {f.name for f in school.fields("staff_years")}:
        return None
    table = school.table("staff_years").dropna(subset=["teachers_fte"])
    n, left = table["teachers_fte"].astype(float), table["teachers_left_pct"].astype(float)
    early = n * table["first_year_teachers_pct"].astype(float) / 100
    return table[KEYS].assign(
        n=n, known=n.where(left.notna(), 0.0), stayed=(n * (1 - left / 100)).fillna(0), early=early
    )


@peers_may_be_missing
@passes_missing
def retention(school: School, peers: Peers | Missing | None, *, pool: int = 3, privacy_k: int = K) -> Result | Missing:
    """See how many of a school's teachers stay and how many are new to teaching, beside similar schools.

    Parameters
    ----------
    school : School
        The school.
    peers : Peers, None or Missing
        Its similar schools; without them all schools of its level stand in their place.
    pool : int
        How many school years up to this one are counted together.
    privacy_k : int
        The fewest teachers that may be seen in a share.

    Returns
    -------
    Result or Missing
        Table: one row a measure and group, in percent, with `shown`, the protected text. For this school `n` is the
        teachers counted, once for each of the years; for other schools `value` is the median of coded shares, `low` and
        `high` the quartiles, `n` the schools. `frame` is what `stay` gives. Missing where the pack has no teachers, or
        too few of this school. The nearest year whose share may be shown is used for all schools.

    Raises
    ------
    InputError
        If `pool` is not a whole number of 1 or more.
    """
    frame = stay(school, pool=pool, privacy_k=privacy_k)
    if isinstance(frame, Missing):
        return frame
    own_years = frame.loc[(frame["school_id"] == school.school_id) & (frame["stayed_shown"] != NOT_SHOWN), "year"]
    year = nearest_year(own_years, school.year)
    if year is None:
        return Missing(STAY, "the teachers of this school are too few, or known in too few years, to show any share.")
    groups, left_out = groups_of(school.table("schools"), school.school_id, peers)
    beside = SIMILAR if SIMILAR in groups else next(reversed(groups), "")
    at = frame[frame["year"] == year].set_index("school_id")
    rows: list[tuple[Any, ...]] = []
    for title, name in ((STAYED, "stayed"), (EARLY, "early")):
        own: Any = at.loc[school.school_id]
        value, shown = float(own[f"{name}_pct"]), str(own[f"{name}_shown"])
        rows.append((title, THIS, value, np.nan, np.nan, float(own["teachers_n"]), "pct", shown))
        if beside:
            mid, low, high, n = middle(at[f"{name}_pct"].reindex(groups[beside]))
            rows.append((title, beside, mid, low, high, n, "pct", ""))
    return _stay_result(year, pool, privacy_k, pd.DataFrame(rows, columns=[*RESULT_COLUMNS, "shown"]), frame, left_out)


def _stay_result(
    year: int, pool: int, k: int, table: pd.DataFrame, frame: pd.DataFrame, left_out: tuple[str, ...]
) -> Result:
    when = school_year(year) if pool == 1 else f"{show(pool)} school years to {school_year(year)}"
    own = table[table["group"] == THIS]
    told = [f"{r['measure']}: {r['shown']}." for r in own.to_dict("records")]
    return Result(
        id="retention",
        title=f"Teachers who stay and teachers who are new, {when}",
        table=table,
        text=" ".join(told)
        + " A teacher who leaves may retire, move or be needed elsewhere; the share does not say why.",
        limits=(
            *left_out,
            f"A share behind which stand fewer than {k} teachers, or all but fewer than {k}, is given as under or over"
            " a limit.",
        ),
        note="In brackets the middle half of the schools. A teacher counts once for each year.",
        frame=frame,
        wide=True,
    )
