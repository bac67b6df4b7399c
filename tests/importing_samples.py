"""A stranger's folder: report cards of four years with four sets of names, and a city's file, all with their marks."""

from __future__ import annotations

import csv
import io
import random
from dataclasses import dataclass, field
from pathlib import Path

CROSSWALK = """\
name: stranger
title: Report cards of a state, and a city's profile
sources: ["State report cards, springs 2015 to 2018", "City profile"]
terms: Invented for a test.
record_type: synthetic
marks: {"*": suppressed, s: suppressed, N/A: not_reported, LNE: suppressed, "-": not_applicable, x: suppressed,
        "<15": suppressed}
rows:
  measures:
    - {measure: math, label: Mathematics, unit: pct, comparable_over_years: "false", description: Share proficient.}
    - {measure: read, label: Reading, unit: pct, comparable_over_years: "false", description: Share proficient.}
files:
  - name: report cards
    match: ["report*card*.csv", "rc2018.txt"]
    year: {name: "(20[0-9]{2})", season: spring}
    columns:
      level: [Level, {name: Row Type, years: "2015-2016"}]
      district: [District Code, DISTCODE, Dist]
      district name: [District Name, DISTNAME]
      school: [School Code, BLDGCODE, Bldg]
      school name: [School Name, BLDGNAME]
      kind: [School Type, Type]
      enrolled: [Enrollment, {name: Total Students, years: "2015-2016"}]
      poor: [Low Income %, pct_low_income]
      spend: [Per Pupil Expenditure, PPE]
      math n: [Math Tested, MATH_N]
      read n: [Read Tested, READ_N]
      math: [Math Proficient, MATH_PROF]
      read: [Read Proficient, READ_PROF]
    aside:
      - {when: {level: [State, ST]}, reason: row of the state}
      - {when: {level: [District, DI]}, reason: row of a district}
    tables:
      - table: schools
        duplicates: newest
        fields:
          school_id: &id {join: [district, school], pad: [3, 4], unchecked: "the state writes 3 and 4 digits"}
          school_name: school name
          leaid: {column: district, pad: 3, unchecked: "the state writes districts with 3 digits"}
          lea_name: district name
          school_level: {column: kind, map: standard}
      - table: school_years
        fields:
          school_id: *id
          enrollment: enrolled
          economically_disadvantaged_pct: {column: poor, scale: percent}
      - table: budget
        fields:
          school_id: *id
          spend_per_pupil_usd: spend
      - table: outcomes
        long:
          cells:
            - {columns: {value: math, n: math n}, keys: {measure: math}}
            - {columns: {value: read, n: read n}, keys: {measure: read}}
        fields:
          school_id: *id
          measure: {key: measure}
          grade: {value: All}
          group: {value: All}
          value: {part: value, scale: percent}
          tested_n: {part: n}
  - name: city profile
    match: city_profile.csv
    year: {column: schoolyear}
    tables:
      - table: school_years
        unmatched: aside
        fields:
          school_id: dbn
          mobility_pct:
            {column: mobility, scale: fraction, flag: mobility flag, flags: {"q": not_reported, "ok": reported}}
"""
NAMES = {
    2015: ("Level", "District Code", "District Name", "School Code", "School Name", "School Type", "Enrollment"),
    2016: ("Row Type", "DISTCODE", "DISTNAME", "BLDGCODE", "BLDGNAME", "Type", "Total Students"),
    2017: ("Row Type", "DISTCODE", "DISTNAME", "BLDGCODE", "BLDGNAME", "Type", "Total Students"),
    2018: ("LEVEL", "Dist", "District  Name", "Bldg", "School Name", "School Type", "enrollment"),
}
OLD = ("Low Income %", "Per Pupil Expenditure", "Math Tested", "Read Tested", "Math Proficient", "Read Proficient")
NEW = ("pct_low_income", "PPE", "MATH_N", "READ_N", "MATH_PROF", "READ_PROF")
FILES = {
    2015: "report_card_2015.csv",
    2016: "Report Card 2016.csv",
    2017: "sub/report_card_2017.csv",
    2018: "rc2018.txt",
}
MARKS = {"*": "suppressed", "s": "suppressed", "N/A": "not_reported", "LNE": "suppressed", "-": "not_applicable"}
MARKS |= {"x": "suppressed", "<15": "suppressed", "": "not_reported"}
RANGES = {"21-39": (21, 39), "<5": (0, 5), "GE50": (50, 100), "LE20%": (0, 20), ">95": (95, 100), "40 to 59%": (40, 59)}

Outcome = tuple[float | None, str, tuple[float, float] | None]


@dataclass
class Truth:
    """What the import must give."""

    outcomes: dict[tuple[str, int, str], tuple[float | None, str, tuple[float, float] | None]] = field(
        default_factory=dict
    )
    enrollment: dict[tuple[str, int], int] = field(default_factory=dict)
    spend: dict[tuple[str, int], float] = field(default_factory=dict)
    mobility: dict[tuple[str, int], tuple[float | None, str]] = field(default_factory=dict)
    aside: dict[str, int] = field(default_factory=dict)
    city_unmatched: int = 0
    schools: tuple[str, ...] = ()


def stranger(folder: Path, seed: int = 1, schools: int = 30) -> Truth:
    """Write the folder and the crosswalk beside it."""
    chance, truth = random.Random(seed), Truth()
    ids = [(1 + k % 5, 10 + 7 * k) for k in range(schools)]
    truth.schools = tuple(sorted(f"{d:03d}{s:04d}" for d, s in ids))
    for spring, name in FILES.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(_card(spring, ids, chance, truth))
    (folder / "city_profile.csv").write_text(_city(ids, chance, truth), encoding="utf-8-sig", newline="\n")
    (folder / "read me.docx").write_bytes(b"not a table")
    folder.with_name("stranger.yml").write_text(CROSSWALK, encoding="utf-8", newline="\n")
    return truth


def _card(spring: int, ids: list[tuple[int, int]], chance: random.Random, truth: Truth) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=";" if spring == 2018 else ",", lineterminator="\r\n")
    width = 13
    if spring == 2016:
        for line in ("State report card", "Extracted 8/1/2016", ""):
            writer.writerow([line] + [""] * (width - 1))
    writer.writerow([*NAMES[spring], *(OLD if spring in (2015, 2018) else NEW)])
    short = spring in (2016, 2017)
    writer.writerow(
        [
            "ST" if short else "State",
            "0",
            "All",
            "0",
            "Whole state",
            "",
            "99,999",
            "44%",
            "$9,000",
            "9",
            "9",
            "50",
            "50",
        ]
    )
    aside = 1
    for d in range(1, 6):
        writer.writerow(
            [
                "DI" if short else "District",
                d,
                f"District {d}",
                "0",
                "All",
                "",
                "1,000",
                "40",
                "$8,000.00",
                "9",
                "9",
                "51",
                "52",
            ]
        )
        aside += 1
    for d, s in ids:
        writer.writerow(_school(spring, d, s, short, chance, truth))
    if spring == 2017:
        writer.writerow(["* fewer than 10 pupils"] + [""] * (width - 1))
    truth.aside[FILES[spring]] = aside
    return out.getvalue().encode("cp1252" if spring == 2015 else "utf-8")


def _school(spring: int, d: int, s: int, short: bool, chance: random.Random, truth: Truth) -> list[str]:
    key = (f"{d:03d}{s:04d}", spring - 1)
    enrolled = truth.enrollment[key] = chance.randrange(40, 3000)
    spend = truth.spend[key] = round(chance.uniform(4000, 40000), 2)
    shown = {m: _outcome((*key, m), chance, truth) for m in ("math", "read")}
    tested = [
        chance.choice([str(chance.randrange(10, 900)), f"{chance.randrange(1000, 3000):,}", "LNE"]) for _ in shown
    ]
    code = (str(d), str(s)) if chance.random() < 0.5 else (f"{d:03d}", f"{s:04d}")
    row = [
        "SC" if short else "School",
        code[0],
        f"District {d}",
        code[1],
        f"Escuela Peña {s}",
        chance.choice(["ES", "Elementary"]),
    ]
    return [*row, f"{enrolled:,}", f"{chance.uniform(1, 99):.1f}%", f"${spend:,.2f} ", *tested, *shown.values()]


def _outcome(key: tuple[str, int, str], chance: random.Random, truth: Truth) -> str:
    kind = chance.random()
    if kind < 0.5:
        value = round(chance.uniform(1, 99), 1)
        truth.outcomes[key] = (value, "reported", None)
        return f"{value}%"
    if kind < 0.75:
        word = chance.choice(list(RANGES))
        truth.outcomes[key] = (None, "range", RANGES[word])
        return word
    word = chance.choice(list(MARKS))
    truth.outcomes[key] = (None, MARKS[word], None)
    return f" {word} "


def _city(ids: list[tuple[int, int]], chance: random.Random, truth: Truth) -> str:
    rows = ["dbn,schoolyear,mobility,mobility flag"]
    for d, s in ids:
        for fall in (2014, 2015):
            value, flag = round(chance.random(), 3), chance.choice(["ok", "q", ""])
            rows.append(f'="{d:03d}{s:04d}",{fall}{fall + 1},{value},{flag}')
            truth.mobility[(f"{d:03d}{s:04d}", fall)] = (
                (None, "not_reported") if flag == "q" else (value * 100, "reported")
            )
    rows += ["9999999,20142015,0.5,ok", rows[-1]]
    truth.city_unmatched = 1
    return "\n".join(rows) + "\n"
