"""Which schools: a state by its code or name, or districts by their ids."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from leadlib.errors import InputError, Problem, nearest

STATES: Mapping[str, tuple[str, str]] = {
    code: (short, name)
    for code, short, name in (
        line.split(" ", 2)
        for line in """01 AL Alabama|02 AK Alaska|04 AZ Arizona|05 AR Arkansas|06 CA California|08 CO Colorado
09 CT Connecticut|10 DE Delaware|11 DC District of Columbia|12 FL Florida|13 GA Georgia|15 HI Hawaii|16 ID Idaho
17 IL Illinois|18 IN Indiana|19 IA Iowa|20 KS Kansas|21 KY Kentucky|22 LA Louisiana|23 ME Maine|24 MD Maryland
25 MA Massachusetts|26 MI Michigan|27 MN Minnesota|28 MS Mississippi|29 MO Missouri|30 MT Montana|31 NE Nebraska
32 NV Nevada|33 NH New Hampshire|34 NJ New Jersey|35 NM New Mexico|36 NY New York|37 NC North Carolina
38 ND North Dakota|39 OH Ohio|40 OK Oklahoma|41 OR Oregon|42 PA Pennsylvania|44 RI Rhode Island|45 SC South Carolina
46 SD South Dakota|47 TN Tennessee|48 TX Texas|49 UT Utah|50 VT Vermont|51 VA Virginia|53 WA Washington
54 WV West Virginia|55 WI Wisconsin|56 WY Wyoming|59 BI Bureau of Indian Education|60 AS American Samoa|66 GU Guam
69 MP Northern Mariana Islands|72 PR Puerto Rico|78 VI Virgin Islands""".replace("\n", "|").split("|")
    )
}
"""Federal code of a state: postal abbreviation and name."""
AT_ONCE = 25
"""Districts asked for in one request: more would make its address too long."""


@dataclass(frozen=True)
class Selection:
    """States and districts, by their federal codes."""

    states: tuple[str, ...]
    districts: tuple[str, ...]

    def filters(self) -> list[dict[str, tuple[str, ...]]]:
        """Give the selection as the portal's filters, one for each request; districts are all that is asked for."""
        if self.districts:
            parts = range(0, len(self.districts), AT_ONCE)
            return [{"leaid": self.districts[k : k + AT_ONCE]} for k in parts]
        return [{"fips": tuple(str(int(s)) for s in self.states)}]

    def __str__(self) -> str:
        """Name the selection for a reader."""
        if self.districts:
            return ("district " if len(self.districts) == 1 else "districts ") + ", ".join(self.districts)
        return ", ".join(STATES[s][1] for s in self.states)


def selection(states: Iterable[str] = (), districts: Iterable[str] = ()) -> Selection:
    """Read states (06, CA or California) and districts (7 digits).

    Raises
    ------
    InputError
        With everything that is neither; or nothing chosen at all; or districts that lie in none of the states.
    """
    problems: list[Problem] = []
    found = [_state(str(s).strip(), problems) for s in states]
    chosen = tuple(sorted(dict.fromkeys(s for s in found if s)))
    ids = tuple(sorted(dict.fromkeys(_district(str(d).strip(), problems) for d in districts)))
    if not problems and not chosen and not ids:
        problems.append(Problem("selection", "no state and no district is chosen", "add --state or --district"))
    for leaid in ids:
        if chosen and leaid and leaid[:2] not in chosen:
            what = f"lies in state {leaid[:2]}, not in {', '.join(chosen)}"
            problems.append(Problem(f"district {leaid}", what, "drop --state, or correct the id"))
    if problems:
        raise InputError(problems)
    return Selection(chosen, ids)


def _state(word: str, problems: list[Problem]) -> str:
    if re.fullmatch(r"[0-9]{1,2}", word) and word.zfill(2) in STATES:
        return word.zfill(2)
    for code, names in STATES.items():
        if word.casefold() in (n.casefold() for n in names):
            return code
    options = [n for names in STATES.values() for n in names]
    problems.append(Problem(f"state {word!r}", "is not a state", nearest(word, options, most=6)))
    return ""


def _district(word: str, problems: list[Problem]) -> str:
    if re.fullmatch(r"[0-9]{7}", word):
        return word
    if re.fullmatch(r"[0-9]{6}", word):
        fix = f"did you mean {word.zfill(7)}? Ids are text and keep their zeros"
    else:
        fix = "give the national id (leaid) of 7 digits"
    problems.append(Problem(f"district {word!r}", "is not a district's id", fix))
    return ""
