"""What the figure of a planned study says: which effects it would miss, and the numbers behind the line."""

from __future__ import annotations

from typing import Any

from leadlib.numbers import listing, phrase, show

MOST_TOLD = 12


def power_curve(result: Any) -> tuple[str, str]:
    """Give title and alt text of a study's smallest effect found, or its power, over a range."""
    rows = result.frame.to_dict("records")
    told = rows[:: -(-len(rows) // MOST_TOLD)]
    told = told if told[-1] is rows[-1] else [*told, rows[-1]]
    unit = "sd" if result.kind == "mdes" else "pct"
    points = "; ".join(f"{_number(r['x'])}: {show(r['value'], unit)}" for r in told)
    if result.kind == "power":
        alt = f"Line with dots: power to find {phrase(result.effect, 'sd')} against {result.x_label}. {points}."
        return _power_title(result, rows), alt
    marks = listing([f"{label} {value:.2f}" for label, value in result.marks])
    alt = (
        f"Line with dots: smallest effect found, in standard deviations, against {result.x_label}. {points}. Beside:"
        f" published effects, {marks}."
    )
    return _mdes_title(result, rows), alt


def _mdes_title(result: Any, rows: list[dict[Any, Any]]) -> str:
    large = result.bands[-1][1]
    under = [r for r in rows if r["value"] < large]
    if not under:
        best = min(rows, key=lambda r: float(r["value"]))
        return f"None of these studies is likely to see effects under {phrase(best['value'], 'sd')}"
    if len(under) == len(rows):
        return f"All of these studies would find an effect of {large:.2f} standard deviations"
    return f"{_at(result, under[0])}: the first of these to find effects under {large:.2f} standard deviations"


def _power_title(result: Any, rows: list[dict[Any, Any]]) -> str:
    enough = [r for r in rows if r["value"] >= 100 * result.power]
    effect = phrase(result.effect, "sd")
    if not enough:
        return f"None of these studies finds {effect} in {100 * result.power:g}% of cases"
    return f"{_at(result, enough[0])}: the first of these to find {effect} in {100 * result.power:g}% of cases"


def _at(result: Any, row: dict[Any, Any]) -> str:
    counted = result.x_label.split()[0] in {"schools", "pupils", "blocks", "classes"}
    said = f"{_number(row['x'])} {result.x_label}" if counted else f"{result.x_label} {_number(row['x'])}"
    return said[:1].upper() + said[1:]


def _number(value: float) -> str:
    return f"{int(value):,}" if float(value).is_integer() else f"{value:g}"
