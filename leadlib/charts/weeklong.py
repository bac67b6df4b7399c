"""A principal's week: its seven parts beside those of others, the logged weeks one by one, and what goes with more."""

from __future__ import annotations

from typing import Any

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from leadlib.blocks import Figure
from leadlib.charts.estimates import wrapped
from leadlib.charts.style import DISTRICT, INK, PEERS, QUIET, SCHOOL, drawing, finished, key, label_end, unit_axis
from leadlib.errors import refuse
from leadlib.measures.groups import SIMILAR, THIS
from leadlib.numbers import show
from leadlib.results import Result, quiet_about_missing
from leadlib.words import captions_time as captions

_ORDER = ("instructional", "administrative", "shared", "neither")
_HEADS = {
    "instructional": "Instructional",
    "administrative": "Administrative",
    "shared": "Can serve either",
    "neither": "Neither",
}
_COLOURS = (PEERS, SCHOOL, DISTRICT)
_MARKS = ("s", "o", "D")


@quiet_about_missing
def composition(result: Result) -> Figure:
    """See where the week goes, kind by kind, beside similar schools and a published study.

    Parameters
    ----------
    result
        What `measures.time.week` gives.
    """
    table = result.table
    lines = _lines(table)
    studied = next((g for g in dict.fromkeys(table["group"]) if g not in (THIS, SIMILAR)), "")
    with drawing(0.75 + 0.31 * len(lines)) as (canvas, axes):
        ax = axes[0, 0]
        for y, (name, measure) in enumerate(reversed(lines)):
            if measure:
                _row(ax, y, table[table["measure"] == measure])
            else:
                ax.annotate(
                    name, (0, y), xytext=(4, -3), textcoords="offset points", fontsize=8.5, color=INK, style="italic"
                )
        ax.set_yticks(range(len(lines)), [name if measure else "" for name, measure in reversed(lines)])
        ax.tick_params(axis="y", length=0)
        ax.set_ylim(-0.6, len(lines) - 0.4)
        top = table[["value", "high"]].max().max()
        ax.set_xlim(0, float(top) * 1.12)
        ax.grid(axis="y", visible=False)
        ax.set_xlabel("Share of the working week")
        unit_axis(ax.xaxis, "pct")
        key(canvas, _key(table, studied))
        title, alt = captions.composition(result)
        drawn = {c: table[c].tolist() for c in ("measure", "group", "value", "low", "high")}
        return finished(canvas, id="composition-figure", title=title, alt=alt, drawn=drawn)


def _lines(table: pd.DataFrame) -> list[tuple[str, str]]:
    """Give the rows from the top: a heading for each kind of leadership, then its kinds of work."""
    found: list[tuple[str, str]] = []
    for kind in _ORDER:
        measures = list(dict.fromkeys(table.loc[table["leadership"] == kind, "measure"]))
        if measures:
            found += [(_HEADS[kind], ""), *((m, m) for m in measures)]
    return found


def _row(ax: Axes, y: float, rows: pd.DataFrame) -> None:
    by_group = {r["group"]: r for r in rows.to_dict("records")}
    here, similar = by_group.pop(THIS), by_group.pop(SIMILAR, None)
    if similar:
        ax.plot([similar["low"], similar["high"]], [y, y], color=PEERS, alpha=0.3, linewidth=9, solid_capstyle="butt")
        ax.plot([similar["value"]], [y], marker="|", markersize=12, markeredgewidth=2, color=PEERS)
    for study in by_group.values():
        ax.plot([study["value"]], [y], marker="D", markersize=4.5, color=QUIET, markerfacecolor="white")
    if pd.notna(here["low"]):
        ax.plot([here["low"], here["high"]], [y, y], color=SCHOOL, linewidth=1.8, solid_capstyle="butt")
    ax.plot([here["value"]], [y], marker="o", markersize=7, color=SCHOOL)
    ends = [r[c] for r in rows.to_dict("records") for c in ("value", "high") if pd.notna(r[c])]
    ax.annotate(
        show(here["value"], "pct"),
        (max(ends), y),
        xytext=(8, -3),
        textcoords="offset points",
        fontsize=8.5,
        fontweight="bold",
        color=SCHOOL,
    )


def _key(table: pd.DataFrame, studied: str) -> tuple[tuple[str, dict[str, Any]], ...]:
    entries: list[tuple[str, dict[str, Any]]] = [("this school", {"marker": "o", "color": SCHOOL})]
    if (table["group"] == SIMILAR).any():
        entries.append(("similar schools, middle half", {"marker": "|", "color": PEERS, "markeredgewidth": 2}))
    if studied:
        entries.append(
            ("a study (unverified)", {"marker": "D", "color": QUIET, "markerfacecolor": "white", "markersize": 5})
        )
    return tuple(entries)


@quiet_about_missing
def weeks(result: Result) -> Figure:
    """See the logged weeks one by one, and how far a single one lies from the mean of all.

    Parameters
    ----------
    result
        What `measures.time.weeks` gives.
    """
    frame = result.frame
    with drawing(2.7) as (canvas, axes):
        ax = axes[0, 0]
        places = list(range(len(frame)))
        mean, low, high = (float(frame[c].iloc[0]) for c in ("mean", "low", "high"))
        end = len(frame) - 0.5
        ax.fill_between([-0.5, end], [low] * 2, [high] * 2, color=PEERS, alpha=0.18, linewidth=0)
        ax.plot([-0.5, end], [mean] * 2, color=PEERS, linewidth=1.4)
        ax.vlines(places, mean, frame["minutes"], color=QUIET, linewidth=1)
        ax.plot(places, frame["minutes"], marker="o", markersize=7, color=SCHOOL, linestyle="none")
        for x, value in zip(places, frame["minutes"], strict=True):
            above = value >= mean
            ax.annotate(
                show(value, "minutes"), (x, value), xytext=(0, 8 if above else -15), textcoords="offset points",
                ha="center", fontsize=8.5, fontweight="bold", color=SCHOOL,
            )  # fmt: skip
        label_end(ax, end, mean, f"mean of\n{len(frame)} weeks:\n{show(mean, 'minutes')}", PEERS)
        ax.set_xticks(places, [str(int(w)) for w in frame["week"]])
        ax.set_xlim(-0.5, end + 0.15 * len(frame))
        ax.yaxis.set_major_locator(MaxNLocator(6, integer=True))
        top = max(float(frame["minutes"].max()), high, 5.0)
        ax.set_ylim(min(0.0, -0.13 * top), 1.18 * top)
        ax.set_xlabel("Week of the school year")
        ax.set_ylabel("Minutes a week")
        ax.grid(axis="x", visible=False)
        title, alt = captions.weeks(result)
        drawn = {c: frame[c].tolist() for c in ("week", "minutes", "mean", "low", "high")}
        return finished(canvas, id=f"{result.id}-figure", title=title, alt=alt, drawn=drawn)


@quiet_about_missing
def slopes(*results: Result) -> Figure:
    """See what goes with more of each thing, by one comparison or by several side by side.

    A bar that crosses the line does not tell higher from lower.

    Parameters
    ----------
    results
        What `designs.within` gives, with the same exposures: the tempting comparison first, the better one last.

    Raises
    ------
    InputError
        No result, more than three, or results that are no slopes.
    """
    if not 0 < len(results) <= len(_COLOURS) or any(len(r.frame) == 0 for r in results):
        raise refuse("slopes", "is not given one to three results", "give what ll.designs.within returned")
    used = list(results)
    measures = list(dict.fromkeys(m for r in used for m in r.table["measure"]))
    colours = _COLOURS if len(used) > 1 else (SCHOOL,)
    step = 0.8 / len(used)
    with drawing(0.75 + (0.32 + 0.27 * len(used)) * len(measures)) as (canvas, axes):
        ax = axes[0, 0]
        ax.axvline(0, color=INK, linewidth=1)
        for k, result in enumerate(used):
            for row in result.table.to_dict("records"):
                y = len(measures) - 1 - measures.index(row["measure"]) + 0.4 - step * (k + 0.5)
                _slope(ax, y, row, colours[k], _MARKS[k] if len(used) > 1 else "o")
        ax.set_yticks(range(len(measures)), [wrapped(m, 24) for m in reversed(measures)])
        for y in range(1, len(measures)):
            ax.axhline(y - 0.5, color="#E8E8E8", linewidth=0.8)
        ax.set_ylim(-0.5, len(measures) - 0.4)
        ax.grid(axis="y", visible=False)
        _room(ax, used)
        unit_axis(
            ax.xaxis, "sd" if used[0].table["unit"].iloc[0] == "sd_fine" else used[0].table["unit"].iloc[0], sign=True
        )
        ax.set_xlabel(f"Difference in {captions.outcome(used)}")
        key(
            canvas,
            tuple(
                (r.table["group"].iloc[0], {"marker": _MARKS[k] if len(used) > 1 else "o", "color": colours[k]})
                for k, r in enumerate(used)
            ),
        )
        title, alt = captions.slopes(used)
        drawn = {c: [v for r in used for v in r.table[c]] for c in ("measure", "group", "value", "low", "high")}
        return finished(canvas, id="slopes-figure", title=title, alt=alt, drawn=drawn)


def _room(ax: Axes, results: list[Result]) -> None:
    """Leave room for the numbers at the ends of the bars."""
    low = min(0.0, *(float(r.table["low"].min()) for r in results))
    high = max(0.0, *(float(r.table["high"].max()) for r in results))
    ax.set_xlim(low - 0.26 * (high - low), high + 0.26 * (high - low))


def _slope(ax: Axes, y: float, row: dict[Any, Any], colour: str, mark: str) -> None:
    ax.plot([row["low"], row["high"]], [y, y], color=colour, linewidth=2, solid_capstyle="butt")
    ax.plot([row["value"]], [y], marker=mark, color=colour, markersize=6)
    right = row["value"] >= 0
    ax.annotate(
        show(row["value"], row["unit"], sign=True),
        (row["high"] if right else row["low"], y),
        xytext=(4 if right else -4, -3),
        textcoords="offset points",
        ha="left" if right else "right",
        fontsize=8,
        fontweight="bold",
        color=colour,
    )
