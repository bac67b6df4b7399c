"""What the figures of a meta-analysis say."""

from __future__ import annotations

from typing import Any

from leadlib.numbers import phrase, plural, show, span


def _unclear(result: Any) -> bool:
    return bool(result.low <= 0 <= result.high)


def forest(result: Any, drawn_n: int) -> tuple[str, str]:
    """Give title and alt text of the studies and their average."""
    unit, of = result.unit, f"{100 * result.level:g}%"
    size = phrase(result.value, unit, sign=True)
    tail = ", not told from zero" if _unclear(result) else ""
    title = f"The studies average {size}{tail}"
    rows = result.frame
    left = f" The {drawn_n} with most weight are drawn." if drawn_n < len(rows) else ""
    alt = (
        f"Forest plot of {plural(len(rows), 'effect')}.{left} Effects run from"
        f" {span(rows['effect'].min(), rows['effect'].max(), unit, sign=True)}. Average {size}, {of} interval"
        f" {span(result.low, result.high, unit, sign=True)}; a new study of this kind:"
        f" {span(result.prediction_low, result.prediction_high, unit, sign=True)}."
    )
    return title, alt


def small_studies(result: Any) -> tuple[str, str]:
    """Give title and alt text of effects against their standard errors."""
    test, k = result.egger, len(result.frame)
    if test is None or k < 10:
        title = f"With {plural(k, 'effect')}, small studies cannot be judged against large ones"
    elif test.p < 0.10:
        title = "Small studies tend to other effects than large ones"
    else:
        title = "No sign that small studies differ from large ones"
    said = "" if test is None else f" Egger's test: t {test.t:.2f}, p {test.p:.3f}."
    rows = result.frame
    alt = (
        f"Dots: {plural(k, 'effect')} against their standard errors, which run from"
        f" {span(rows['se'].min(), rows['se'].max(), result.unit)}. Grey: where 95% of studies would lie by chance"
        f" alone around the average of {show(result.value, result.unit, sign=True)}.{said}"
    )
    return title, alt
