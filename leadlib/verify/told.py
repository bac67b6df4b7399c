"""The table of published numbers as text for a terminal."""

from __future__ import annotations

import textwrap

import pandas as pd

from leadlib.numbers import plural

WIDE_WHAT, WIDE_SOURCE = 52, 40


def plain(found: pd.DataFrame) -> str:
    """Write the table: one number a row, areas apart, what was not run and why, and the sum."""
    lines: list[str] = []
    for area, rows in found.groupby("area", sort=False):
        lines += ["", str(area).replace("_", " ").upper(), _head()]
        lines += [line for row in rows.to_dict("records") for line in _row(row)]
    return "\n".join([*lines[1:], "", *_sum(found)])


def _head() -> str:
    numbers = f"{'printed':>14} {'ours':>16} {'difference':>11}  "
    return f"  {'what':<{WIDE_WHAT}} {numbers}{'source'}"


def _row(row: dict) -> list[str]:
    what = textwrap.wrap(str(row["what"]), WIDE_WHAT) or [""]
    if row["status"] == "not run":
        return [f"  {what[0]:<{WIDE_WHAT}} {row['printed']:>14} {'not run':>16} {'':>11}  {row['note']}", *_rest(what)]
    mark = "  " if row["status"] == "same" else "! "
    digits = len(str(row["printed"]).partition(".")[2])
    ours = f"{row['ours']:.{min(digits + 2, 10)}f}" if "e" not in str(row["printed"]).lower() else f"{row['ours']:.6e}"
    line = f"{mark}{what[0]:<{WIDE_WHAT}} {row['printed']:>14} {ours:>16} {row['difference']:>11.1e}  {row['source']}"
    return [line, *_rest(what)]


def _rest(what: list[str]) -> list[str]:
    return [f"  {line}" for line in what[1:]]


def _sum(found: pd.DataFrame) -> list[str]:
    status = found["status"].value_counts()
    same, differs, not_run = (int(status.get(s, 0)) for s in ("same", "differs", "not run"))
    said = [f"{plural(same + differs, 'published number')} worked out: {same} the same, {differs} not."]
    if not_run:
        files = sorted({str(n).removeprefix("needs ") for n in found.loc[found["status"] == "not run", "note"]})
        said.append(
            f"{not_run} not run: they need {', '.join(files)}. Put your copies into a folder and name it with --data."
        )
    wider = found[(found["note"] != "") & (found["status"] == "same")]
    if len(wider):
        said.append(f"{len(wider)} are held to a wider tolerance than the last printed digit; --csv gives the reasons.")
    return said
