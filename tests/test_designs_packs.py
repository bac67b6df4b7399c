"""Every measure and design on real schools of every pack: plain text, sound intervals, no warning, quick."""

import json
import re
import time
import warnings

import pandas as pd
import pytest

import leadlib as ll
from leadlib.results import Missing, Result

PACKS = ["california-2000", "michigan-1993-98", "tennessee-star"]
RARE = re.compile(r"\b(nan|inf|NaT|<NA>|significant|significantly|failing|caused)\b")


def everything(school, panel=None, chance=None):
    """Make all results of a school's report, by name."""
    at = {"school_id": school.school_id, "year": school.year}
    peers = ll.measures.similar.schools(school)
    panel = ll.measures.outcomes.panel(school) if panel is None else panel
    chance = ll.designs.noise(panel) if chance is None else chance
    return {
        "peers": peers,
        "serves": ll.measures.context.serves(school, peers),
        "resources": ll.measures.resources.profile(school, peers),
        "trend": ll.designs.trend(panel, chance, school_id=school.school_id, peers=peers, year=school.year),
        "gap": ll.designs.school_gap(panel, chance, peers=peers, **at),
        "change": ll.designs.funnel(panel, chance, **at),
        "steady": ll.designs.shrink(panel, chance, year=school.year, school=school),
        "aim": ll.designs.progress(panel, ll.measures.progress.targets(school), chance, **at),
    }


def hard_schools(pack: str, n: int) -> list[tuple[str, int]]:
    """Pick schools and years: some at random, the smallest and largest, some with blank values."""
    outcomes, years = ll.load(f"{pack}/outcomes"), ll.load(f"{pack}/school_years")
    keys = ["school_id", "year"]
    picked = [
        outcomes[keys].drop_duplicates().sample(n, random_state=4),
        outcomes.loc[outcomes["value"].isna(), keys].head(n // 2),
        years.loc[years.isna().any(axis=1), keys].head(n // 2),
        years.nsmallest(n // 2, "enrollment")[keys],
        years.nlargest(2, "enrollment")[keys],
    ]
    return [(s, int(y)) for s, y in pd.concat(picked).drop_duplicates().itertuples(index=False)]


@pytest.mark.parametrize("pack", PACKS)
def test_reports_of_hard_schools_hold_sound_numbers_and_plain_words(pack):
    panel = chance = None
    kinds = set()
    for school_id, year in hard_schools(pack, 8):
        school = ll.school(pack, school_id, year)
        if panel is None:
            panel = ll.measures.outcomes.panel(school)
            chance = ll.designs.noise(panel)
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            results = everything(school, panel, chance)
            told = {name: r.plain() + json.dumps(r.data()) for name, r in results.items()}
        kinds |= {(name, isinstance(r, Result)) for name, r in results.items()}
        for name, text in told.items():
            assert not RARE.search(text), (school_id, year, name, RARE.findall(text))
            assert "NaN" not in text
        for name, r in results.items():
            if isinstance(r, Result) and name != "change":
                known = r.table.dropna(subset=["low", "value", "high"])
                assert (known["low"] <= known["value"] + 1e-9).all(), (school_id, year, name)
                assert (known["value"] <= known["high"] + 1e-9).all(), (school_id, year, name)
            if isinstance(r, Missing):
                assert r.text.endswith(".") and len(r.text) < 250
    made = {name for name, there in kinds if there}
    assert {"peers", "serves", "resources", "trend", "gap", "change", "steady"} <= made
    assert ("aim" in made) == (pack == "california-2000")


def test_chance_in_the_packs_is_of_a_size_that_pupils_scores_explain():
    california = ll.designs.noise(
        ll.measures.outcomes.panel(ll.school("california-2000", "28662666027007", 1999))
    ).frame.iloc[0]
    assert 200 < california["B"] ** 0.5 < 400  # the spread of pupils on a scale from 200 to 1000
    assert california["B_low"] / california["B"] > 0.7 and california["B_high"] / california["B"] < 1.4
    michigan = ll.designs.noise(ll.measures.outcomes.panel(ll.school("michigan-1993-98", "00001", 1997))).frame.iloc[0]
    assert 4 < michigan["B"] < 20  # one pupil in six is in grade 4, and classes move together


def test_a_whole_report_of_a_large_pack_is_quick():
    school = ll.school("california-2000", "28662666027007", 1999)
    everything(school)
    began = time.perf_counter()
    everything(school)
    assert time.perf_counter() - began < 3  # about 0.4 s on a quiet machine
