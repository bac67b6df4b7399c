"""Targets: what was asked of the school, and what the source says about it."""

import designs_samples as make
import numpy as np

from leadlib.measures.progress import COLUMNS, targets
from leadlib.results import Missing


def test_targets_are_this_schools_year_by_year_with_the_sources_answer():
    found = targets(make.pack())
    assert list(found.columns) == list(COLUMNS)
    assert found["year"].tolist() == [2000, 2001] and set(found["school_id"]) == {"s00"}
    assert found["growth_target"].tolist() == [5.0, 5.0]
    assert found["source_says"].tolist() == ["Met the target: yes"] * 2
    assert set(targets(make.pack(school_id="s01"))["source_says"]) == {"Met the target: no"}


def test_a_target_that_was_not_set_stays_missing():
    found = targets(make.changed(make.pack(), "targets", "growth_target", np.nan, year=2001))
    assert np.isnan(found["growth_target"].iloc[1]) and found["growth_target"].iloc[0] == 5.0


def test_a_pack_without_targets_and_a_school_without_any_say_so():
    school = make.pack()
    assert targets(make.without(school, "targets")) == Missing(
        "Progress against the target", "this pack holds no targets."
    )
    others = school.tables["targets"].query("school_id != 's00'")
    assert (
        "no target for this school"
        in targets(make.FakeSchool(school.tables | {"targets": others}, school.dictionary)).reason
    )
