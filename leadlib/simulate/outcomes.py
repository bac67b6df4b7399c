"""Test results: the true mean of every school and year as a sum of its causes, and what the tests then show."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pandas as pd

from leadlib.simulate.planted import planted
from leadlib.simulate.programs import Programs
from leadlib.simulate.pupils import PAIRS, K, Pupils, hide_small
from leadlib.simulate.world import GRADES, RACES, World

SUBJECTS = ("mathematics", "reading")
MEASURE = {"mathematics": "math", "reading": "read"}
TESTED = np.array([3, 4, 5, 6, 7, 8, 11])
WITHIN = 0.88  # pupil SD within a school and group
CENTRE, SCALE = np.array([650.0, 700.0]), np.array([40.0, 50.0])  # the old test and the new one
CUT = np.array([-0.05, 0.15])  # proficient from here on, in pupil SD
LUNCH_GAP = float(planted()["gap_disadvantaged"])
NEED, LUNCH = -0.36, -0.12  # pupil SD for one SD of need, and for a share of 1 of pupils with subsidized meals
RACE_GAP = np.array([0.1, -0.2, -0.12, 0.3, -0.15, -0.05, 0.0])
GAPS = {"sex": (-0.05, 0.15), "lunch": (LUNCH_GAP, LUNCH_GAP), "english": (-0.45, -0.6), "disability": (-0.75, -0.75)}
LOWEST_SHARE = 0.05


@dataclass(frozen=True)
class Causes:
    """What acts on achievement, each an array over the open school years, in the units of the planted effects."""

    dose: np.ndarray
    scale: np.ndarray
    principal_coaching_hours: np.ndarray
    evaluation_hours: np.ndarray
    organization_share: np.ndarray
    left_before: np.ndarray


@dataclass(frozen=True)
class Scores:
    """Tested pupils and their summed results by subject, open school year, grade tested and race."""

    tested: np.ndarray
    mean: np.ndarray
    part: np.ndarray  # participation


def new_test(years: int) -> int:
    """Give the index of the year in which the test changed; with one year there is no change."""
    return years // 2 if years > 1 else years


def effects(world: World, programs: Programs, causes: Causes) -> dict[str, np.ndarray]:
    """Give the pupil SD that each planted cause adds to each open school year, the policy's to reading alone."""
    p = planted()
    wave = np.array([0.0, p["policy_wave_1"], p["policy_wave_2"], p["policy_wave_3"]])[programs.wave]
    policy = p["policy_step"] * np.minimum(programs.exposure("literacy-block", world), 4) * wave[:, None]
    granted = programs.on("school-grant", world) * programs.grant_usd[:, None] / 1000
    four = np.stack([np.roll(granted, k, axis=1) * (np.arange(world.years) >= k) for k in range(4)]).sum(axis=0)
    return {
        "coaching": p["coaching_achievement"] * causes.dose * causes.scale,
        "principal_coaching": p["principal_coaching_achievement"] * causes.principal_coaching_hours,
        "evaluation": p["evaluation_achievement"] * causes.evaluation_hours,
        "organization": p["organization_achievement"] * 10 * causes.organization_share,
        "turnover": p["turnover_achievement"] * 10 * causes.left_before,
        "spending": p["spending_achievement"] * world.at(four) / 4,
        "devices": p["devices_achievement"] * world.at(programs.on("device-carts", world)),
        "policy": world.at(policy * (programs.wave > 0)[:, None]),
        "principal_mathematics": p["principal_mathematics"] * world.at(world.effective),
        "principal_reading": p["principal_reading"] * world.at(world.effective),
    }


def true_means(world: World, parts: dict[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Add up need, the school's own level, the year's luck and the planted causes, by subject."""
    both = ["coaching", "principal_coaching", "evaluation", "organization", "turnover", "spending", "devices"]
    shared = sum((parts[name] for name in both), np.zeros(len(world.s)))
    shared = shared + NEED * world.need[world.s] + LUNCH * (world.at(world.lunch) - 0.5)
    common = world.streams.of("school level").normal(0, 0.08, world.schools)[world.s]
    out = {}
    for subject in SUBJECTS:
        rng = world.streams.of(f"achievement {subject}")
        own = rng.normal(0, 0.06, world.schools)[world.s]
        moved = (rng.normal(0, 0.04, world.schools)[world.s]) * (world.t >= new_test(world.years))
        luck = rng.normal(0, 0.05, len(world.s)) + rng.normal(0, 0.02, world.years)[world.t]
        extra = parts["policy"] if subject == "reading" else 0
        out[subject] = shared + common + own + moved + luck + extra + parts[f"principal_{subject}"]
    return out


def sit(world: World, pupils: Pupils, means: dict[str, np.ndarray], rate: np.ndarray) -> Scores:
    """Let the pupils of the tested grades sit the tests; where many are often absent, fewer do."""
    rng = world.streams.of("tests")
    cells = pupils.cells[:, TESTED].sum(axis=3)
    part = np.clip(0.985 - 0.0009 * rate + 0.006 * rng.normal(size=len(rate)), 0.85, 1.0)
    gap = RACE_GAP - ((pupils.by_race * RACE_GAP).sum(axis=1) / pupils.enrollment)[:, None]
    tested, mean = [], []
    for subject in SUBJECTS:
        n = rng.binomial(cells, part[:, None, None])
        noise = rng.normal(size=cells.shape) * WITHIN / np.sqrt(np.maximum(n, 1))
        drift = rng.normal(0, 0.04, cells.shape[:2])[:, :, None]
        weight = cells.sum(axis=2, keepdims=True)
        drift = drift - (drift * weight).sum(axis=1, keepdims=True) / np.maximum(weight.sum(axis=1, keepdims=True), 1)
        tested.append(n)
        mean.append(means[subject][:, None, None] + gap[:, None, :] + drift + noise)
    return Scores(np.stack(tested), np.stack(mean), part)


def index(scores: Scores) -> np.ndarray:
    """Give the accountability index of every open school year; missing where nobody was tested."""
    n: np.ndarray = scores.tested.sum(axis=(2, 3))
    means = (scores.tested * scores.mean).sum(axis=(2, 3)) / np.maximum(n, 1)
    points: np.ndarray = np.where(n.min(axis=0) > 0, np.round(np.clip(50 + 20 * means.mean(axis=0), 0, 100), 2), np.nan)
    return points


def support(world: World, scores: Scores) -> tuple[Scores, np.ndarray]:
    """Identify the lowest schools of one year's index and add the effect of support from the next year on."""
    year = world.years // 4
    start = np.full(world.schools, world.years)
    at = np.flatnonzero((world.t == year) & world.always[world.s] & ~np.isnan(index(scores)))
    lowest = at[np.argsort(index(scores)[at], kind="stable")[: int(LOWEST_SHARE * len(at))]]
    if year + 1 < world.years:
        start[world.s[lowest]] = year + 1
    on = world.at(np.arange(world.years) >= start[:, None])
    lifted = scores.mean + planted()["support_achievement"] * on[None, :, None, None]
    return Scores(scores.tested, lifted, scores.part), start


def measures(years: int) -> pd.DataFrame:
    """Make `measures`."""
    low, high = float(CENTRE.min() - 5 * SCALE.max()), float(CENTRE.max() + 5 * SCALE.max())
    same = years < 2
    change = "" if same else " A new test with a scale of its own came halfway: do not read change across it."
    rows = [
        ("math", "Mathematics, mean score", "score", "mathematics", low, high, same, "Mean of pupils' scores."),
        ("read", "Reading, mean score", "score", "reading", low, high, same, "Mean of pupils' scores."),
        ("math_prof", "Mathematics, proficient", "pct", "mathematics", 0.0, 100.0, same, "Share at or above the cut."),
        ("read_prof", "Reading, proficient", "pct", "reading", 0.0, 100.0, same, "Share at or above the cut."),
        ("index", "Accountability index", "points", "other", 0.0, 100.0, False,
         "50 plus 20 points for each pupil SD of the mean of both subjects above the state's mean of that year."),
    ]  # fmt: skip
    names = ["measure", "label", "unit", "subject", "value_low", "value_high", "comparable_over_years", "description"]
    frame = pd.DataFrame(rows, columns=names)
    frame.loc[frame["measure"] != "index", "description"] += change
    return frame


def table(world: World, pupils: Pupils, scores: Scores) -> pd.DataFrame:
    """Make `outcomes`: mean scores and shares proficient, by grade, race and group, and the index."""
    rng, test = world.streams.of("outcomes"), (world.t >= new_test(world.years)).astype(int)
    frames = []
    for k, subject in enumerate(SUBJECTS):
        n, mean = scores.tested[k], scores.mean[k]
        above = rng.binomial(n, _share_above(mean, CUT[test][:, None, None]))
        total, sums, good = n.sum(axis=(1, 2)), (n * mean).sum(axis=(1, 2)), above.sum(axis=(1, 2))
        groups = [("All", "All", total, sums, good)]
        groups += [("All", r, n[:, :, j].sum(axis=1), (n * mean)[:, :, j].sum(axis=1), above[:, :, j].sum(axis=1))
                   for j, r in enumerate(RACES.tolist())]  # fmt: skip
        groups += [(GRADES[g], "All", n[:, j].sum(axis=1), (n * mean)[:, j].sum(axis=1), above[:, j].sum(axis=1))
                   for j, g in enumerate(TESTED)]  # fmt: skip
        for pair, gaps in GAPS.items():
            groups += _halves(pair, gaps[k], total, sums, good, pupils, rng, CUT[test])
        frames += [_rows(world, test, MEASURE[subject], *group, scores.part, rng) for group in groups]
    points = index(scores)
    frames.append(_index(world, points, scores.tested.sum(axis=(2, 3)).min(axis=0)))
    frame = pd.concat(frames, ignore_index=True)
    frame = frame[frame["tested_n"] > 0].reset_index(drop=True)
    few = frame["tested_n"].lt(K).to_numpy()
    hide_small(frame, ("value", "value_sd", "participation_pct", "tested_n"), few)
    gone = frame["value_sd"].isna().to_numpy() & ~few
    frame.loc[gone, "value_sd__why"] = "not_applicable"
    gone = frame["participation_pct"].isna().to_numpy() & ~few
    frame.loc[gone, "participation_pct__why"] = "not_applicable"
    return frame


def _share_above(mean: np.ndarray, cut: np.ndarray) -> np.ndarray:
    """Give the normal share above a cut, by a logistic that is within 0.01 of it (no SciPy needed for this)."""
    share: np.ndarray = 1 / (1 + np.exp(-1.702 * (mean - cut) / WITHIN))
    return share


def _halves(
    pair: str,
    gap: float,
    total: np.ndarray,
    sums: np.ndarray,
    good: np.ndarray,
    pupils: Pupils,
    rng: np.random.Generator,
    cut: np.ndarray,
) -> list[tuple[str, str, np.ndarray, np.ndarray, np.ndarray]]:
    """Part the tested pupils in two groups whose means differ by the gap and whose sums are those of all."""
    inside = rng.binomial(total, pupils.first[pair] / pupils.enrollment)
    outside = total - inside
    whole = np.maximum(total, 1)
    differ = gap + rng.normal(size=len(total)) * WITHIN * np.sqrt(
        1 / np.maximum(inside, 1) + 1 / np.maximum(outside, 1)
    )
    mean = sums / whole + differ * outside / whole
    first = np.where(outside > 0, inside * mean, sums)
    expected = _share_above(mean, cut)
    above = np.clip(np.rint(inside * expected), np.maximum(good - outside, 0), np.minimum(inside, good)).astype(
        np.int64
    )
    one, two = PAIRS[pair]
    return [("All", one, inside, first, above), ("All", two, outside, sums - first, good - above)]


def _rows(
    world: World,
    test: np.ndarray,
    measure: str,
    grade: str,
    group: str,
    n: np.ndarray,
    sums: np.ndarray,
    good: np.ndarray,
    part: np.ndarray,
    rng: np.random.Generator,
) -> pd.DataFrame:
    """Make the rows of one group: mean score and share proficient."""
    whole = np.maximum(n, 1)
    free = np.maximum(n - 1, 1)
    spread = SCALE[test] * np.sqrt(WITHIN**2 + 0.03) * np.sqrt(rng.chisquare(free) / free)
    base = {"school_id": world.school_id[world.s], "year": world.year, "grade": grade, "group": group, "tested_n": n}
    base["participation_pct"] = np.round(100 * part, 1) if (grade, group) == ("All", "All") else np.nan
    score = CENTRE[test] + SCALE[test] * sums / whole
    one = pd.DataFrame(base | {"measure": measure, "value": np.round(score, 1), "value_sd": np.round(spread, 1)})
    share = np.round(100 * good / whole, 1)
    two = pd.DataFrame(base | {"measure": f"{measure}_prof", "value": share, "value_sd": np.nan})
    return pd.concat([one[n > 0], two[n > 0]], ignore_index=True)


def _index(world: World, points: np.ndarray, n: np.ndarray) -> pd.DataFrame:
    box = {"school_id": world.school_id[world.s], "year": world.year, "grade": "All", "group": "All", "tested_n": n}
    box |= {"participation_pct": np.nan, "measure": "index", "value": points, "value_sd": np.nan}
    return pd.DataFrame(box)[~np.isnan(points)]


def targets(world: World, frame: pd.DataFrame) -> pd.DataFrame:
    """Make `targets`: close a twentieth of the way to the goal each year; none in the year of the new test."""
    all_ = frame[(frame["grade"] == "All") & (frame["group"] == "All") & frame["measure"].isin(list(MEASURE.values()))]
    now = all_[["school_id", "year", "measure", "value"]]
    before = now.assign(year=now["year"] + 1).rename(columns={"value": "before"})
    both = now.merge(before, on=["school_id", "year", "measure"]).dropna(subset=["value", "before"])
    step = both["year"].to_numpy() - int(world.year.min())
    both = both[step != new_test(world.years)].reset_index(drop=True)
    test = ((both["year"].to_numpy() - int(world.year.min())) >= new_test(world.years)).astype(int)
    goal = CENTRE[test] + 0.5 * SCALE[test]
    growth = np.round(both["value"] - both["before"], 1).to_numpy()
    there = (both["before"] >= goal).to_numpy()
    aim = np.round(np.maximum(0.05 * (goal - both["before"].to_numpy()), 0.5), 1)
    met = np.where(there, both["value"].to_numpy() >= goal, growth >= aim)
    return both[["school_id", "year", "measure"]].assign(
        target=goal, growth_target=np.where(there, np.nan, aim), growth=growth, met_school_wide=met
    )
