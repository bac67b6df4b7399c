"""Every design with a small sample, and what may be changed about it: for the promises that hold for all of them."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pandas as pd

from leadlib import designs

# The samples ---------------------------------------------------------------------------------------------------------


def pupils(effect: float = 6.0, seed: int = 1) -> pd.DataFrame:
    """Make 12 schools of 7 to 10 pupils in two classes each; the last six schools have the program."""
    rng = np.random.default_rng(seed)
    size = np.array([7, 8, 9, 10, 8, 7, 9, 10, 7, 8, 9, 8])
    school = np.repeat(np.arange(1, 13), size)
    n = len(school)
    place = np.arange(n) - np.repeat(np.r_[0, np.cumsum(size)[:-1]], size)
    prior, need = rng.normal(50, 8, n).round(2), rng.integers(0, 2, n)
    coached = (school > 6).astype(int)
    y = 20 + 0.5 * prior - 2 * need + effect * coached + 2.0 * rng.normal(size=13)[school] + 4 * rng.normal(size=n)
    return pd.DataFrame(
        {
            "pupil": np.arange(1, n + 1),
            "school": school,
            "room": 1 + place % 2,
            "block": 1 + school % 3,
            "level": place % 2,
            "coached": coached,
            "poor": need,
            "prior": prior,
            "weight": 1.0 + place % 3,
            "score": y.round(3),
        }
    )


def mixed(effect: float = 6.0, seed: int = 1) -> pd.DataFrame:
    """Make the same pupils, the program given to every other pupil of a school."""
    data = pupils(0.0, seed)
    data["tutored"] = data["pupil"] % 2
    data["score"] = data["score"] + effect * data["tutored"]
    return data


def taught(effect: float = 6.0, seed: int = 1) -> pd.DataFrame:
    """Make 12 schools of 5 pupils in each of three years."""
    rng = np.random.default_rng(seed)
    school, year = np.repeat(np.arange(1, 13), 15), np.tile(np.repeat([2010, 2011, 2012], 5), 12)
    prior = rng.normal(50, 8, 180).round(2)
    own, each = rng.normal(0, effect / 2, 13)[school], rng.normal(0, 1.0, (13, 3))[school, year - 2010]
    y = 20 + 0.5 * prior + own + each + 4 * rng.normal(size=180)
    return pd.DataFrame({"school": school, "year": year, "prior": prior, "score": y.round(3)})


def growing(effect: float = 2.0, seed: int = 1) -> pd.DataFrame:
    """Make 24 pupils of 6 schools at 4 points in time; half the schools grow faster."""
    rng = np.random.default_rng(seed)
    pupil, time = np.repeat(np.arange(1, 25), 4), np.tile(np.arange(4), 24)
    school = 1 + pupil % 6
    coached = (school > 3).astype(int)
    start, pace = rng.normal(0, 4, 25)[pupil], rng.normal(0, 0.8, 25)[pupil]
    y = 50 + start + (3 + pace + effect * coached) * time + 1.5 * rng.normal(size=len(pupil))
    return pd.DataFrame(
        {
            "pupil": pupil,
            "school": school,
            "year": 2010 + time,
            "coached": coached,
            "prior": rng.normal(50, 8, 25)[pupil].round(2),
            "score": y.round(3),
        }
    )


def panel(effect: float = 6.0, seed: int = 1, schools: int = 16, years: int = 6, start: int = 2013) -> pd.DataFrame:
    """Make schools over years; the first half has the program from the start on."""
    rng = np.random.default_rng(seed)
    school, year = np.repeat(np.arange(1, schools + 1), years), np.tile(2010 + np.arange(years), schools)
    coached = (school <= schools // 2).astype(int)
    level = rng.normal(0, 4, schools + 1)[school]
    y = 50 + level + 0.5 * (year - 2010) + effect * coached * (year >= start) + 1.5 * rng.normal(size=len(school))
    return pd.DataFrame(
        {
            "school": school,
            "year": year,
            "district": 1 + school % 8,
            "coached": coached,
            "begun": np.where(coached == 1, start, np.nan),
            "size": 100.0 + 10 * school,
            "need": (30 + level + rng.normal(0, 3, schools + 1)[school]).round(2),
            "score": y.round(3),
        }
    )


def walked(effect: float = 6.0, seed: int = 1) -> pd.DataFrame:
    """Make 16 schools x 6 years with hours and visits that change from year to year."""
    data, rng = panel(0.0, seed), np.random.default_rng([seed, 7])
    hours = (3 + rng.normal(0, 1, 17)[data["school"]] + rng.normal(size=len(data))).round(3)
    visits = (10 + rng.normal(0, 3, len(data))).round(3)
    need = (data["need"] + rng.normal(0, 2, len(data))).round(2)
    return data.assign(hours=hours, visits=visits, need=need, score=(data["score"] + effect / 4 * hours).round(3))


def waves(effect: float = 6.0, seed: int = 1) -> pd.DataFrame:
    """Make 16 schools x 6 years: six begin in 2012, five in 2013, five never."""
    data = panel(0.0, seed)
    begun = np.select([data["school"] <= 6, data["school"] <= 11], [2012.0, 2013.0], np.nan)
    return data.assign(begun=begun, score=data["score"] + effect * (data["year"] >= begun))


def lone(effect: float = 6.0, seed: int = 1) -> pd.DataFrame:
    """Make one school over 14 years with a program in the last four."""
    data = panel(effect, seed, schools=2, years=14, start=2020)
    return data[data["school"] == 1].reset_index(drop=True)


def one_of_many(effect: float = 6.0, seed: int = 1) -> pd.DataFrame:
    """Make 24 schools x 9 years, of which the first has the program from 2016 on."""
    data = panel(0.0, seed, schools=24, years=9)
    data["score"] = data["score"] + effect * ((data["school"] == 1) & (data["year"] >= 2016))
    # The treated school lies amid the others, as a mix of them needs.
    own = data["school"] == 1
    middle = data[~own].groupby("year")["score"].mean().mean()
    data.loc[own, "score"] += round(middle - data.loc[own & (data["year"] < 2016), "score"].mean(), 3)
    return data.assign(program=own.astype(int))


def ruled(effect: float = 6.0, seed: int = 1) -> pd.DataFrame:
    """Make 120 schools with a need score; from 50 on they have the program."""
    rng = np.random.default_rng(seed)
    need = rng.uniform(20, 80, 120).round(2)
    helped = (need >= 50).astype(int)
    y = 30 + 0.3 * need + effect * helped + 2 * rng.normal(size=120)
    prior = (20 + 0.4 * need + rng.normal(size=120)).round(2)
    school = np.arange(1, 121)
    return pd.DataFrame(
        {"school": school, "district": 1 + school % 40, "need": need, "helped": helped, "prior": prior, "score": y}
    ).round(3)


def chosen(effect: float = 6.0, seed: int = 1) -> pd.DataFrame:
    """Make 60 schools, of which 20 joined a program, rather those with more need."""
    rng = np.random.default_rng(seed)
    school = np.arange(1, 61)
    need, stage = rng.normal(40, 10, 60).round(2), school % 2
    band = np.digitize(need, [35, 45])
    lean = need / 10 + 2 * rng.normal(size=60)
    joined = (np.argsort(np.argsort(-lean)) < 20).astype(int)
    y = 60 - 0.4 * need + effect * joined + 3 * rng.normal(size=60)
    return pd.DataFrame(
        {
            "school": school,
            "district": 1 + school % 15,
            "stage": stage,
            "need": need,
            "band": band,
            "joined": joined,
            "score": y.round(3),
        }
    )


def studies(effect: float = 6.0, seed: int = 1) -> pd.DataFrame:
    """Make eight studies of two effects each by four teams of authors."""
    rng = np.random.default_rng(seed)
    study = np.repeat(np.arange(1, 9), 2)
    se = (1.0 + 0.2 * (np.arange(16) % 5)).round(2)
    y = effect + rng.normal(0, 0.8, 9)[study] + se * rng.normal(size=16)
    return pd.DataFrame(
        {
            "study": study,
            "sample": np.tile([1, 2], 8),
            "team": 1 + study % 5,
            "score": y.round(3),
            "se": se,
            "variance": (se**2).round(4),
            "years": 1.0 + np.arange(16) % 4,
        }
    )


def counts(effect: float = 6.0, seed: int = 1) -> pd.DataFrame:
    """Make two districts, two years and three groups with persons and suspensions."""
    rng = np.random.default_rng(seed)
    rows = [(d, t, g) for d in (1, 2) for t in (2011, 2012) for g in ("A", "B", "C")]
    data = pd.DataFrame(rows, columns=["district", "year", "group"])
    data["persons"] = 200 + 20 * np.arange(12)
    rate = 0.10 + 0.01 * effect * (data["group"] == "A")
    return data.assign(suspended=rng.binomial(data["persons"], rate))


def answers(effect: float = 6.0, seed: int = 1) -> pd.DataFrame:
    """Make 12 schools of 12 respondents who answer four items from 1 to 5."""
    rng = np.random.default_rng(seed)
    school = np.repeat(np.arange(1, 13), 12)
    own = 0.6 * rng.normal(size=13)[school] + 0.7 * rng.normal(size=144)
    items = {f"q{k}": np.clip(np.round(3 + own + 0.6 * rng.normal(size=144)), 1, 5) for k in range(1, 5)}
    return pd.DataFrame({"school": school, **items, "score": (50 + 5 * own).round(3)})


def small_units(effect: float = 6.0, seed: int = 1) -> pd.DataFrame:
    """Make 24 schools with a value, its error and a need."""
    rng = np.random.default_rng(seed)
    school, se, need = np.arange(1, 25), 1.0 + 0.1 * np.arange(24), rng.normal(40, 10, 24).round(2)
    y = 50 - 0.1 * need + rng.normal(0, 2, 24) + se * rng.normal(size=24)
    return pd.DataFrame({"school": school, "se": se, "need": need, "score": y.round(3)})


# The table -----------------------------------------------------------------------------------------------------------

Make = Callable[..., pd.DataFrame]
SAMPLE = object()


@dataclass(frozen=True)
class Case:
    """One way to call one design.

    `columns` are the arguments that name columns, `options` the others. What a column is: `outcomes` carry the
    outcome's unit (`squares` its square), `extras` are numbers with a unit of their own, `ids` are names, `flags` 0
    and 1. `key` are the columns that may not hold the same values twice. `moves`: the outcome has no zero of its own.
    """

    name: str
    function: str
    make: Make
    columns: dict[str, Any]
    options: dict[str, Any] = field(default_factory=dict)
    outcomes: tuple[str, ...] = ("score",)
    squares: tuple[str, ...] = ()
    extras: tuple[str, ...] = ()
    ids: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    key: tuple[str, ...] = ()
    moves: bool = True
    design: str = ""

    def run(self, data: Any = SAMPLE, **more: Any) -> Any:
        """Run the design on its sample, or on other data."""
        data = self.make() if data is SAMPLE else data
        given = self.columns | self.options | more
        return self.call()(data, **{k: v for k, v in given.items() if v is not None})

    def call(self) -> Callable[..., Any]:
        """Give the function."""
        found: Any = designs
        for part in self.function.split("."):
            found = getattr(found, part)
        return found  # type: ignore[no-any-return]

    def used(self) -> list[str]:
        """Give every column that is named."""
        found: list[str] = []
        for value in self.columns.values():
            found += [value] if isinstance(value, str) else list(value)
        return list(dict.fromkeys(found))


P = {"outcome": "score", "group": "coached"}
Y = {"outcome": "score", "unit": "school", "time": "year"}
PUPILS = {"ids": ("school",), "flags": ("coached",)}
ESTIMATES: tuple[Case, ...] = (
    Case("compare", "compare", pupils, P | {"cluster": "school"}, design="compare", **PUPILS),
    Case(
        "compare, adjusted",
        "compare",
        pupils,
        P | {"cluster": "school", "covariates": ["prior", "poor"], "weights": "weight", "baseline": ["prior"]},
        extras=("prior",),
        design="compare",
        **PUPILS,
    ),
    Case(
        "compare, a lottery",
        "compare",
        pupils,
        P | {"cluster": "school"},
        {"inference": "randomization", "seed": 1, "assignment": "random", "randomized": (7, 7)},
        design="compare",
        **PUPILS,
    ),
    Case(
        "compare, subgroups",
        "compare",
        pupils,
        P | {"cluster": "school", "by": "level"},
        ids=("school", "level"),
        flags=("coached",),
        design="compare",
    ),
    Case("compare, units", "compare", chosen, P | {"group": "joined"}, flags=("joined",), design="compare"),
    Case(
        "multilevel",
        "multilevel",
        pupils,
        {"outcome": "score", "treated": "coached", "cluster": "school", "covariates": ["prior"]},
        extras=("prior",),
        design="multilevel",
        **PUPILS,
    ),
    Case(
        "multilevel, pupils drawn",
        "multilevel",
        mixed,
        {"outcome": "score", "treated": "tutored", "cluster": "school", "within": "room"},
        {"assignment": "random"},
        ids=("school", "room"),
        flags=("tutored",),
        design="multilevel",
    ),
    Case(
        "growth",
        "growth",
        growing,
        {"outcome": "score", "time": "year", "unit": "pupil", "treated": "coached"},
        ids=("pupil",),
        flags=("coached",),
        key=("pupil", "year"),
        design="growth",
    ),
    Case(
        "growth, schools",
        "growth",
        growing,
        {"outcome": "score", "time": "year", "unit": "pupil", "cluster": "school", "treated": "coached"}
        | {"covariates": ["prior"]},
        extras=("prior",),
        ids=("pupil", "school"),
        flags=("coached",),
        key=("pupil", "year"),
        design="growth",
    ),
    Case(
        "matched",
        "matched",
        chosen,
        {"outcome": "score", "treated": "joined", "covariates": ["need"], "unit": "school"},
        extras=("need",),
        ids=("school",),
        flags=("joined",),
        key=("school",),
        design="matched",
    ),
    Case(
        "matched, exact",
        "matched",
        chosen,
        {"outcome": "score", "treated": "joined", "covariates": ["band"], "unit": "school", "exact": ["stage"]},
        {"method": "exact"},
        extras=("band",),
        ids=("school", "stage"),
        flags=("joined",),
        key=("school",),
        design="matched",
    ),
    Case(
        "matched, coarsened",
        "matched",
        chosen,
        {"outcome": "score", "treated": "joined", "covariates": ["need"], "unit": "school", "cluster": "district"},
        {"method": "coarsened", "bins": 4},
        extras=("need",),
        ids=("school", "district"),
        flags=("joined",),
        key=("school",),
        design="matched",
    ),
    Case(
        "did",
        "did",
        panel,
        Y | {"first_treated": "begun"},
        ids=("school",),
        key=("school", "year"),
        design="did",
    ),
    Case(
        "did, adjusted",
        "did",
        panel,
        Y | {"treated": "coached", "cluster": "district", "covariates": ["need"], "weights": "size"},
        {"start": 2013, "seed": 3},
        extras=("need",),
        ids=("school", "district"),
        flags=("coached",),
        key=("school", "year"),
        design="did",
    ),
    Case(
        "staggered",
        "staggered",
        waves,
        Y | {"first_treated": "begun"},
        {"seed": 3},
        ids=("school",),
        key=("school", "year"),
        design="staggered",
    ),
    Case(
        "staggered, not yet",
        "staggered",
        waves,
        Y | {"first_treated": "begun", "covariates": ["need"], "weights": "size"},
        {"controls": "not yet", "aggregate": "dynamic"},
        extras=("need",),
        ids=("school",),
        key=("school", "year"),
        design="staggered",
    ),
    Case("series, alone", "series", lone, {"outcome": "score", "time": "year"}, {"start": 2020}, design="series"),
    Case(
        "series, beside others",
        "series",
        panel,
        Y | {"treated": "coached", "cluster": "district", "weights": "size"},
        {"start": 2013},
        ids=("school", "district"),
        flags=("coached",),
        key=("school", "year"),
        design="series",
    ),
    Case(
        "synthetic",
        "synthetic",
        one_of_many,
        Y,
        {"treated": 1, "start": 2016},
        ids=("school",),
        key=("school", "year"),
        design="synthetic",
    ),
    Case(
        "synthetic, by a column",
        "synthetic",
        one_of_many,
        Y | {"treated": "program"},
        {"start": 2016},
        ids=("school",),
        flags=("program",),
        key=("school", "year"),
        design="synthetic",
    ),
    Case("rd", "rd", ruled, {"outcome": "score", "score": "need"}, {"cutoff": 50.0}, extras=(), design="rd"),
    Case(
        "rd, adjusted",
        "rd",
        ruled,
        {"outcome": "score", "score": "need", "treated": "helped", "covariates": ["prior"], "cluster": "district"},
        {"cutoff": 50.0},
        extras=("prior",),
        ids=("district",),
        flags=("helped",),
        design="rd",
    ),
    Case(
        "within",
        "within",
        walked,
        Y | {"of": ["hours"]},
        ids=("school",),
        key=("school", "year"),
        design="within",
    ),
    Case(
        "within, corrected",
        "within",
        walked,
        Y | {"of": ["hours", "visits"], "cluster": "district", "covariates": ["need"]},
        {"noise": [[0.2, 0.0], [0.0, 0.0]]},
        extras=("need",),
        ids=("school", "district"),
        key=("school", "year"),
        design="within",
    ),
    Case(
        "within, between units",
        "within",
        walked,
        Y | {"of": "visits"},
        {"effects": "time", "reliability": [0.8]},
        ids=("school",),
        key=("school", "year"),
        design="within",
    ),
    Case(
        "meta",
        "meta",
        lambda effect=6.0, seed=1: studies(effect, seed).iloc[::2].reset_index(drop=True),
        {"effect": "score", "study": "study", "variance": "variance"},
        squares=("variance",),
        ids=("study",),
        key=("study",),
        moves=False,
        design="meta",
    ),
    Case(
        "meta, nested",
        "meta",
        studies,
        {"effect": "score", "study": "study", "se": "se", "within": "sample", "cluster": "team"}
        | {"moderators": ["years"]},
        {"influence": False},
        outcomes=("score", "se"),
        ids=("study", "sample", "team"),
        key=("study", "sample"),
        moves=False,
        design="meta",
    ),
    Case(
        "kitagawa",
        "kitagawa",
        pupils,
        {"outcome": "score", "group": "coached", "category": "level", "cluster": "school", "weights": "weight"},
        ids=("school", "level"),
        flags=("coached",),
        design="kitagawa",
    ),
    Case(
        "oaxaca",
        "oaxaca",
        pupils,
        {"outcome": "score", "group": "coached", "covariates": ["prior", "poor"], "cluster": "school"},
        extras=("prior",),
        design="oaxaca",
        **PUPILS,
    ),
)
OTHERS: tuple[Case, ...] = (
    Case(
        "value_added",
        "value_added",
        pupils,
        {"outcome": "score", "prior": "prior", "unit": "school"},
        {"highlight": "3"},
        extras=("prior",),
        ids=("school",),
    ),
    Case(
        "value_added, years",
        "value_added",
        taught,
        {"outcome": "score", "prior": ["prior"], "unit": "school", "time": "year"},
        {"highlight": "3"},
        extras=("prior",),
        ids=("school",),
    ),
    Case(
        "steadied",
        "steadied",
        small_units,
        {"value": "score", "se": "se", "unit": "school", "covariates": ["need"]},
        outcomes=("score", "se"),
        extras=("need",),
        ids=("school",),
        key=("school",),
        moves=False,
    ),
    Case(
        "disproportion",
        "disproportion",
        counts,
        {"group": "group", "outcome_n": "suspended", "total_n": "persons", "unit": "district", "time": "year"},
        {"threshold": 1.2},
        outcomes=(),
        ids=("district",),
        key=("district", "year", "group"),
    ),
    Case(
        "survey.alpha", "survey.alpha", answers, {"items": ["q1", "q2", "q3", "q4"]}, outcomes=("q1", "q2", "q3", "q4")
    ),
    Case(
        "survey.alpha, schools",
        "survey.alpha",
        answers,
        {"items": ["q1", "q2", "q3", "q4"], "cluster": "school"},
        outcomes=("q1", "q2", "q3", "q4"),
        ids=("school",),
    ),
    Case(
        "survey.omega", "survey.omega", answers, {"items": ["q1", "q2", "q3", "q4"]}, outcomes=("q1", "q2", "q3", "q4")
    ),
    Case("survey.icc", "survey.icc", answers, {"outcome": "score", "unit": "school"}, ids=("school",)),
    Case(
        "survey.r_wg",
        "survey.r_wg",
        answers,
        {"unit": "school", "items": ["q1", "q2", "q3", "q4"]},
        {"scale": (1, 5)},
        outcomes=(),
        ids=("school",),
    ),
    Case(
        "survey.quality",
        "survey.quality",
        answers,
        {"unit": "school", "items": ["q1", "q2", "q3", "q4"]},
        {"scale": (1, 5)},
        outcomes=(),
        ids=("school",),
    ),
    Case(
        "power.from_data",
        "power.from_data",
        pupils,
        {"outcome": "score", "cluster": "school", "covariates": ["prior"]},
        extras=("prior",),
        ids=("school",),
    ),
)
EVERY = (*ESTIMATES, *OTHERS)

# What is in a result -------------------------------------------------------------------------------------------------


def pieces(thing: Any, path: str = "") -> Iterator[tuple[str, Any]]:
    """Give every number and text in a result with its place: fields, tables, lists, all the way down."""
    if isinstance(thing, pd.DataFrame):
        yield from ((f"{path}.columns", tuple(map(str, thing.columns))), (f"{path}.rows", len(thing)))
        for column in thing.columns:
            yield from pieces(list(thing[column]), f"{path}.{column}")
        yield from pieces(dict(thing.attrs), f"{path}.attrs")
    elif isinstance(thing, pd.Series):
        yield from pieces(thing.to_dict(), path)
    elif dataclasses.is_dataclass(thing) and not isinstance(thing, type):
        for each in dataclasses.fields(thing):
            yield from pieces(getattr(thing, each.name), f"{path}.{each.name}")
    elif isinstance(thing, dict):
        for key, value in thing.items():
            yield from pieces(value, f"{path}[{key}]")
    elif isinstance(thing, np.ndarray):
        yield from pieces(thing.tolist(), path)
    elif isinstance(thing, list | tuple):
        for place, value in enumerate(thing):
            yield from pieces(value, f"{path}[{place}]")
    elif thing is None or thing is pd.NA or thing is pd.NaT:
        yield path, None
    elif isinstance(thing, bool | np.bool_):
        yield path, bool(thing)
    elif isinstance(thing, int | float | np.integer | np.floating):
        yield path, None if np.isnan(thing) else float(thing)
    else:
        yield path, str(thing)


def shown(value: Any, digits: int = 6) -> Any:
    """Give a number as its significant digits, what is no more than rounding error as zero."""
    return value if not isinstance(value, float) else f"{value:.{digits}g}" if abs(value) > 1e-9 else "0"


def digest(thing: Any) -> str:
    """Give one short text for all that is in a result, numbers to six significant digits."""
    held = [(path, shown(value)) for path, value in pieces(thing)]
    return hashlib.sha256(json.dumps(held).encode()).hexdigest()[:16]


def main() -> None:
    """Print a digest of every design's result on its sample."""
    for case in EVERY:
        found = case.run()
        print(case.name, digest(found), hashlib.sha256(found.plain().encode()).hexdigest()[:16])


if __name__ == "__main__":
    main()
