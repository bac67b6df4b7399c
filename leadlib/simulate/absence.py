"""Pupils' attendance and discipline, and the adults who support them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadlib.simulate.planted import planted
from leadlib.simulate.programs import Programs
from leadlib.simulate.pupils import K, Pupils, grouped, hide_small, long, session_days, split
from leadlib.simulate.streams import logistic, standard
from leadlib.simulate.world import World

RATIO = 470.0  # pupils for a counselor before the program
ADDED = 1.5 / 1000
BASE, BY_LEVEL = 12.6, np.array([0.0, 0.8, 4.5, 0.5])
RACE_SHIFT = np.array([-1.5, 3.0, 1.5, -5.0, 6.0, 3.0, 0.5])
PAIR_RATIO = {"sex": 1.0, "lunch": 1.8, "english": 1.05, "disability": 1.4}
OTHER_ROLES = {"psychologist": 1130, "social worker": 1100, "nurse": 900, "librarian": 850}
OUT, IN = "out-of-school suspension", "in-school suspension"
ONE, MORE = "one out-of-school suspension", "more than one out-of-school suspension"


def support(world: World, programs: Programs, pupils: Pupils) -> tuple[pd.DataFrame, np.ndarray]:
    """Make `support_staff`, and give the counselors of each open school year."""
    rng, n = world.streams.of("support staff"), pupils.enrollment
    own = np.exp(0.15 * rng.normal(size=world.schools))[world.s]
    added = np.where(world.at(programs.on("counselors", world)), ADDED, 0)
    fte = {"counselor": np.maximum(np.round((own / RATIO + added) * n, 1), 0.1)}
    for role, ratio in OTHER_ROLES.items():
        fte[role] = np.round(n / ratio * np.exp(0.25 * rng.normal(size=world.schools))[world.s], 1)
    frame = pd.concat(
        [
            pd.DataFrame(
                {
                    "school_id": world.school_id[world.s],
                    "year": world.year,
                    "role": role,
                    "fte": count,
                    "pupils_per_fte": np.where(count > 0, np.round(n / np.maximum(count, 0.1), 1), np.nan),
                }
            )
            for role, count in fte.items()
        ],
        ignore_index=True,
    )
    return frame, fte["counselor"]


def true_rate(
    world: World, programs: Programs, pupils: Pupils, counselors: np.ndarray, index: np.ndarray
) -> dict[str, np.ndarray]:
    """Give the expected percent absent on 10% of days or more, and what each planted cause adds to it."""
    p, chance = planted(), world.streams.of("program absence").normal(size=world.schools)
    own = 1.6 * chance[world.s]
    dip = np.where(world.t == 3 * world.years // 8 - 1, 1.5 * chance[world.s], 0)
    parts = {
        "absence_counselors": p["counselor_absence"] * (1000 * counselors / pupils.enrollment - 2.5),
        "absence_facilities": p["facilities_absence"] * index,
        "absence_belonging": p["belonging_absence"] * world.at(world.belonging),
    }
    yearly = world.streams.of("absence years").normal(0, 0.5, world.years)[world.t]
    noise = world.streams.of("absence").normal(0, 0.8, len(world.s))
    base = BASE + BY_LEVEL[world.level[world.s]] + 1.2 * world.need[world.s]
    rate = np.clip(base + own + dip + yearly + noise + sum(parts.values()), 1.0, 70.0)
    return parts | {"absence_rate": rate, "absence_clipped": ((rate == 1.0) | (rate == 70.0)).astype(float)}


def attendance(world: World, pupils: Pupils, rate: np.ndarray) -> pd.DataFrame:
    """Make `attendance`; a group's counts under ten are held back."""
    rng, races, total = world.streams.of("attendance"), pupils.by_race, pupils.enrollment
    mean = (races * RACE_SHIFT).sum(axis=1) / total
    share = np.clip((rate[:, None] + RACE_SHIFT - mean[:, None]) / 100, 0.0, 1.0)
    tenth = rng.binomial(races, share)
    fifteen = tenth + rng.binomial(races - tenth, np.clip(0.06 * share / 0.15, 0, 0.5))
    ten, more = [tenth.sum(axis=1), *tenth.T], [fifteen.sum(axis=1), *fifteen.T]
    for pair, ratio in PAIR_RATIO.items():
        inside = pupils.first[pair]
        some = split(ten[0], inside, total - inside, ratio, rng)
        late = split(more[0] - ten[0], inside - some, total - inside - (ten[0] - some), ratio, rng)
        ten += [some, ten[0] - some]
        more += [some + late, more[0] - some - late]
    names, sizes = grouped(world, pupils, tuple(PAIR_RATIO))
    came = [100 - 3.2 - 14 * (t / np.maximum(n, 1)) for t, n in zip(ten, sizes, strict=True)]
    days = [session_days(world)] * len(names)
    frame = long(world, names, {"enrolled_n": sizes, "absent_15_days_n": more, "absent_10_pct_n": ten,
                                "attendance_pct": [np.round(c, 1) for c in came], "session_days": days})  # fmt: skip
    frame = frame[frame["enrolled_n"] > 0].reset_index(drop=True)
    few = frame["enrolled_n"].lt(K).to_numpy()
    hide_small(frame, ("attendance_pct",), few)
    for column in ("absent_15_days_n", "absent_10_pct_n"):
        hide_small(frame, (column,), few | frame[column].between(1, K - 1).to_numpy())
    return frame


def discipline(world: World, pupils: Pupils) -> pd.DataFrame:
    """Make `discipline`: suspensions by group; one and more than one add up to all out-of-school suspensions."""
    rng, total = world.streams.of("discipline"), pupils.enrollment
    lead = standard(world.at(world.leads))
    own = world.streams.of("discipline schools").normal(0, 0.4, world.schools)[world.s]
    odds = (
        np.log(np.array([0.02, 0.08, 0.075, 0.05]))[world.level[world.s]] + 0.3 * world.need[world.s] + own - 0.1 * lead
    )
    tilt = np.log(np.array([1.0, planted()["discipline_black_odds"], 1.1, 0.4, 1.3, 1.2, 1.2]))
    share = logistic(odds[:, None] + tilt)
    frames = []
    out, inside_ = rng.binomial(pupils.by_race, share), rng.binomial(pupils.by_race, 1.1 * share / (1 + 0.1 * share))
    again = rng.binomial(out, 0.36)
    counts = {IN: inside_, OUT: out, MORE: again, ONE: out - again}
    halves: dict[str, list[np.ndarray]] = {}
    for pair, ratio in (("sex", 0.5), ("disability", 2.0)):
        first, rest = pupils.first[pair], total - pupils.first[pair]
        o = split(out.sum(axis=1), first, rest, ratio, rng)
        m = split(again.sum(axis=1), o, out.sum(axis=1) - o, 1.0, rng)
        i = split(inside_.sum(axis=1), first, rest, ratio, rng)
        for action, part in {IN: i, OUT: o, MORE: m, ONE: o - m}.items():
            halves.setdefault(action, []).extend([part, counts[action].sum(axis=1) - part])
    names, sizes = grouped(world, pupils, ("sex", "disability"))
    often = 2 + rng.poisson(0.7, len(total))
    for action, cells in counts.items():
        people = [cells.sum(axis=1), *cells.T, *halves[action]]
        times = [part * often if action == MORE else part for part in people]
        frame = long(world, names, {"pupils_n": people, "incidents_n": times, "enrolled_n": sizes})
        frames.append(frame.assign(action=action))
    frame = pd.concat(frames, ignore_index=True)
    both = frame[frame["action"].isin([ONE, MORE])].groupby(["school_id", "year", "group"])["incidents_n"].sum()
    all_out = frame["action"] == OUT
    keys = pd.MultiIndex.from_frame(frame.loc[all_out, ["school_id", "year", "group"]])
    frame.loc[all_out, "incidents_n"] = both.reindex(keys).to_numpy()
    frame = frame[frame["enrolled_n"] > 0].reset_index(drop=True)
    few = frame["enrolled_n"].lt(K).to_numpy()
    hide_small(frame, ("pupils_n", "incidents_n"), few | frame["pupils_n"].between(1, K - 1).to_numpy())
    return frame
