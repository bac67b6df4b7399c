"""Growth beside its target: the interval, what the source says, and what the data cannot say."""

import designs_samples as make
import numpy as np
import pytest

from leadlib import designs, measures
from leadlib.errors import InputError
from leadlib.results import Missing


def progress(school, panel=None):
    known = measures.outcomes.panel(school) if panel is None else panel
    chance = designs.noise(known)
    targets = measures.progress.targets(school)
    return designs.progress(known, targets, chance, school_id=school.school_id, year=school.year), known, chance


def test_growth_and_its_interval_by_hand():
    found, panel, chance = progress(make.pack())
    own = panel[panel["school_id"] == "s00"]["value"].tolist()
    target, growth = found.table.to_dict("records")
    assert (target["group"], target["value"]) == ("Growth target", 5.0) and np.isnan(target["low"])
    assert growth["value"] == pytest.approx(own[1] - own[0])
    half = 1.959964 * np.sqrt(chance.frame["B"].iloc[0] * (1 / 100 + 1 / 100))
    assert growth["high"] - growth["value"] == pytest.approx(half, rel=1e-5) and growth["n"] == 100


@pytest.mark.parametrize(
    ("value", "said"),
    [
        (10.0, "do not say on which side of the target"),
        (300.0, "above the target by more than chance"),
        (-300.0, "below the target by more than chance"),
    ],
)
def test_growth_is_told_by_its_interval_and_the_sources_answer_follows(value, said):
    school = make.pack()
    panel = measures.outcomes.panel(school)
    chance = designs.noise(panel)
    start = float(panel[(panel["school_id"] == "s00") & (panel["year"] == 2000)]["value"].iloc[0])
    panel.loc[(panel["school_id"] == "s00") & (panel["year"] == 2001), "value"] = start + value
    targets = measures.progress.targets(school)
    text = designs.progress(panel, targets, chance, school_id="s00", year=2001).text
    assert said in text.split("\n")[0] and text.split("\n")[1] == "The source says: Met the target: yes."


def test_without_a_target_the_growth_stands_alone():
    found, _, _ = progress(make.changed(make.pack(), "targets", "growth_target", np.nan))
    assert found.table["group"].tolist() == ["Growth"] and "no growth target was set" in found.text


def test_what_cannot_be_known_is_said():
    school = make.pack()
    assert "holds no targets" in progress(make.without(school, "targets"))[0].reason
    gone = progress(make.changed(school, "outcomes", "value", np.nan, school_id="s00", year=2000))[0]
    assert isinstance(gone, Missing) and "no growth whose range is known" in gone.reason
    panel = measures.outcomes.panel(school)
    apart = progress(school, panel.assign(comparable=False))[0]
    assert isinstance(apart, Missing)
    early = designs.progress(panel, measures.progress.targets(school), designs.noise(panel), school_id="s00", year=1990)
    assert isinstance(early, Missing) and "no target for 1990–91" in early.reason


def test_a_table_that_holds_no_targets_is_refused():
    school = make.pack()
    panel = measures.outcomes.panel(school)
    with pytest.raises(InputError, match="growth_target"):
        designs.progress(panel, panel, designs.noise(panel), school_id="s00", year=2001)
