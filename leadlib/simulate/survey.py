"""What teachers, principals and pupils answer, and who does not answer."""

from __future__ import annotations

import numpy as np
import pandas as pd

from leadlib.simulate.people import Teachers
from leadlib.simulate.pupils import PAIRS, K, Pupils, hide_small
from leadlib.simulate.streams import standard
from leadlib.simulate.world import World

FUNCTIONS = np.array(["setting goals", "sharing goals", "supervising and evaluating teaching",
                      "coordinating the curriculum", "following pupil progress", "protecting teaching time",
                      "growing teachers", "being present", "recognizing teachers",
                      "encouraging learning"], dtype=object)  # fmt: skip
PER_FUNCTION = 2
ITEMS = np.array([f"q{n:02d}" for n in range(1, PER_FUNCTION * len(FUNCTIONS) + 1)], dtype=object)
CLIMATE = {"safety": 0.5, "belonging": 0.0, "support": 0.35}
SEEN = 0.125  # correlation of principals' own view with what teachers see


def leadership(world: World, teachers: Teachers) -> pd.DataFrame:
    """Make `leadership_survey`: every second year; teachers who think little of leadership answer less often."""
    rng = world.streams.of("leadership survey")
    at = teachers.row[world.t[teachers.row] % 2 == 0]
    seen = 0.5 * standard(world.at(world.leads))[at] + 0.8 * rng.normal(size=len(at))
    answers = rng.random(len(at)) < np.clip(0.62 + 0.12 * seen, 0.05, 0.98)
    asked = np.flatnonzero(world.t % 2 == 0)
    heads = asked[rng.random(len(asked)) < 0.92]
    own = SEEN * standard(world.at(world.leads))[heads] + np.sqrt(1 - SEEN**2) * rng.normal(size=len(heads))
    where = np.concatenate([at[answers], heads])
    view = np.concatenate([3.55 + 0.8 * seen[answers], 4.05 + 0.4 * own])
    order = np.argsort(where, kind="stable")
    where, view = where[order], view[order]
    role = np.repeat(["teacher", "principal"], [int(answers.sum()), len(heads)]).astype(object)[order]
    offset = world.streams.of("items").normal(0, 0.2, len(ITEMS))
    leaning = rng.normal(0, 0.25, (len(where), len(FUNCTIONS))).repeat(PER_FUNCTION, axis=1)
    drawn = view[:, None] + offset + leaning + rng.normal(0, 0.65, (len(where), len(ITEMS)))
    width = len(ITEMS)
    return pd.DataFrame(
        {
            "respondent_id": np.repeat([f"P{n:06d}" for n in range(1, len(where) + 1)], width).astype(object),
            "item": np.tile(ITEMS, len(where)),
            "school_id": np.repeat(world.school_id[world.s][where], width),
            "year": np.repeat(world.year[where], width),
            "respondent_role": np.repeat(role, width),
            "function": np.tile(FUNCTIONS.repeat(PER_FUNCTION), len(where)),
            "response": np.clip(np.rint(drawn), 1, 5).astype(np.int64).ravel(),
        }
    )


def climate(world: World, pupils: Pupils) -> pd.DataFrame:
    """Make `student_climate`: where pupils feel little at home fewer answer, and some schools send nothing in."""
    rng, true = world.streams.of("climate"), world.at(world.belonging)
    silent = rng.random(len(true)) < np.clip(0.06 - 0.05 * true, 0, 0.6)
    answer = np.clip(0.7 + 0.08 * true + 0.05 * rng.normal(size=len(true)), 0.2, 0.97)
    older = np.maximum(pupils.enrollment - pupils.by_grade[:, :3].sum(axis=1), 0)
    girls = np.rint(older * pupils.first["sex"] / pupils.enrollment).astype(np.int64)
    needy = np.rint(older * pupils.first["lunch"] / pupils.enrollment).astype(np.int64)
    asked = np.stack([older, girls, older - girls, needy, older - needy], axis=1)
    count = rng.binomial(asked, answer[:, None])
    count[:, 0] = count[:, 1] + count[:, 2]
    names = np.array(["All", *PAIRS["sex"], *PAIRS["lunch"]], dtype=object)
    shift = np.array([0, -0.05, 0.05, -0.08, 0.08])
    frames = []
    for item, ease in CLIMATE.items():
        level = 3.4 + ease * 0.4 + 0.25 * true[:, None] + shift
        level = level + rng.normal(size=count.shape) * 0.9 / np.sqrt(np.maximum(count, 1))
        spread = 0.9 * np.sqrt(rng.chisquare(np.maximum(count - 1, 1)) / np.maximum(count - 1, 1))
        frames.append(
            pd.DataFrame(
                {
                    "school_id": np.repeat(world.school_id[world.s], len(names)),
                    "year": np.repeat(world.year, len(names)),
                    "item": item,
                    "group": np.tile(names, len(true)),
                    "mean": np.where(silent[:, None], np.nan, np.clip(level, 1, 5)).round(2).ravel(),
                    "sd": np.where(silent[:, None], np.nan, spread).round(2).ravel(),
                    "respondents_n": np.where(silent[:, None], np.nan, count).ravel(),
                    "invited_n": asked.ravel(),
                    "scale_low": 1.0,
                    "scale_high": 5.0,
                }
            )
        )
    frame = pd.concat(frames, ignore_index=True)
    return hide_small(frame, ("mean", "sd", "respondents_n"), frame["respondents_n"].lt(K).to_numpy())
