"""The school a year or more after the decision of a case: what part B looks at."""

from __future__ import annotations

from leadlib.errors import refuse
from leadlib.numbers import plural, school_year
from leadlib.results import Missing, passes_missing
from leadlib.tables import School
from leadlib.tables import school as pick

SECTION = "What came next"


@passes_missing
def later(school: School, *, years: int = 1) -> School | Missing:
    """See the same school one year (or more) after the decision of a case.

    Parameters
    ----------
    school : School
        The school in the year of the decision.
    years : int
        How many years later.

    Returns
    -------
    School or Missing
        Missing where the pack does not hold that year for this school, which is one sentence in every cell of part B.

    Raises
    ------
    InputError
        If `years` is no whole number over zero.
    """
    if isinstance(years, bool) or not isinstance(years, int) or years < 1:
        raise refuse("years", f"{years!r} is no number of years", "give a whole number over zero")
    year = school.year + years
    if year not in school.years:
        return Missing(
            SECTION,
            f"the pack holds no figures of this school for {school_year(year)},"
            f" {plural(years, 'year')} after the decision.",
        )
    return pick(school.pack, school.school_id, year)
