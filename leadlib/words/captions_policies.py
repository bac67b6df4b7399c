"""What the figures of a policy in waves say: the calendar, one school's change, what a regression counts, the paths."""

from __future__ import annotations

from typing import Any

from leadlib.numbers import listing, phrase, plural, school_year, show, span


def rollout(result: Any) -> tuple[str, str]:
    """Give title and alt text of the calendar of waves."""
    frame = result.frame
    name = result.title.removesuffix(": who began when")
    starts = frame[frame["first_year"].notna()].drop_duplicates("wave")
    if len(starts) > 1:
        title = f"{name}: {len(starts)} waves, begun or planned from {school_year(int(starts['first_year'].min()))} on"
    else:
        title = f"{name}: one start, in {school_year(int(starts['first_year'].iloc[0]))}"
    if result.own:
        title += f"; this school is in {_inside(result.own)}"
    rows = [f"{r['measure']}: {plural(int(r['value']), 'school')}, {_lower(r['group'])}." for r in _rows(result)]
    alt = "Tiles, one row a wave and one column a year, filled where the policy runs. " + " ".join(rows)
    return title, alt + (f" This school: {result.own}." if result.own else " This school is in none of them.")


def _rows(result: Any) -> list[dict[Any, Any]]:
    found: list[dict[Any, Any]] = result.table.to_dict("records")
    return found


def _lower(text: str) -> str:
    return text[:1].lower() + text[1:]


def _inside(name: str) -> str:
    return (
        _lower(name)
        if name.startswith("Wave")
        else f"the row \N{LEFT DOUBLE QUOTATION MARK}{_lower(name)}\N{RIGHT DOUBLE QUOTATION MARK}"
    )


def own_change(result: Any) -> tuple[str, str]:
    """Give title and alt text of one school's change among all."""
    frame = result.frame
    unit, low, high = frame.attrs["unit"], frame.attrs["low"], frame.attrs["high"]
    own, whom = frame.loc[frame["own"], "change"], frame.attrs["whom"]
    if len(own):
        value = float(own.iloc[0])
        lies = "within" if low <= value <= high else "outside"
        title = f"This school moved by {phrase(value, unit, sign=True)}, {lies} the range of eight in ten {whom}"
    else:
        title = "How far single schools moved; this school's own change is not known"
    rows = [r for r in _rows(result) if r["group"] != "Own change"]
    said = [
        f"{r['measure']}: median {show(r['value'], unit, sign=True)}, middle half"
        f" {span(r['low'], r['high'], unit, sign=True)}, {plural(int(r['n']), 'school')}."
        for r in rows
    ]
    band = span(low, high, unit, sign=True)
    alt = f"One dot a school, by wave. The band, {band}, holds eight in ten {whom}."
    return title, " ".join((alt, *said))


def usual_weights(result: Any) -> tuple[str, str]:
    """Give title and alt text of what each wave and year counts in the usual regression."""
    cells = result.frame.to_dict("records")
    below = [r for r in cells if r["weight"] < 0]
    short = [r for r in cells if 0 <= r["weight"] < 0.75 * r["fair"]]
    if below:
        which = [f"{school_year(r['year'])} of the wave of {school_year(r['wave'])}" for r in below[:2]]
        more = " and more" if len(below) > 2 else ""
        title = f"The usual regression counts {listing(which)}{more} against the policy"
    elif short:
        title = f"The usual regression counts {len(short)} of {len(cells)} waves' years for less than their share"
    else:
        title = "The usual regression counts every wave and year at about its share"
    said = [
        f"Wave of {school_year(r['wave'])} in {school_year(r['year'])}: {_pct(r['weight'])}, fair {_pct(r['fair'])}."
        for r in cells
    ]
    return title, "Tiles, one row a wave and one column a year. " + " ".join(said)


def _pct(share: float) -> str:
    return show(round(100 * share), "count") + "%"


def wave_paths(result: Any) -> tuple[str, str]:
    """Give title and alt text of each wave's effect by year since its start."""
    cells = result.cells[result.cells["event"] >= 0]
    first = cells[cells["event"] == 0].sort_values("cohort").to_dict("records")
    name = str(result.table["measure"].iloc[0])
    said = listing(
        [f"{show(r['value'], result.unit, sign=True)} (wave of {school_year(int(r['cohort']))})" for r in first]
    )
    title = f"{name}, in each wave's first year: {said}"
    rows = [
        f"Wave of {school_year(int(r['cohort']))}, year {int(r['event']) + 1}:"
        f" {show(r['value'], result.unit, sign=True)}"
        f" ({result.interval_label} {span(r['low'], r['high'], result.unit, sign=True)})."
        for r in cells.sort_values(["cohort", "event"]).to_dict("records")
    ]
    return title, "One line a wave, by year since its own start. " + " ".join(rows)
