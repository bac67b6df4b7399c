"""What a planned study finds over a range of one of its settings, such as the number of schools."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal, Unpack

import pandas as pd

from leadlib.designs.estimates import LARGE_SD, POWER
from leadlib.designs.power.answers import mdes, power
from leadlib.designs.power.plans import MEASURES, Design, Settings, measure_of
from leadlib.designs.power.telling import Planned
from leadlib.designs.power.yardsticks import points, published
from leadlib.errors import InputError, Problem
from leadlib.numbers import phrase, show
from leadlib.results import RESULT_COLUMNS, Result

Kind = Literal["mdes", "power"]
FRAME = ("x", "value", "low", "high", "se", "df")
MOST_VALUES = 1_000


@dataclass(frozen=True, repr=False)
class Curve(Result):
    """A range of studies: what varies (`over`, in words `x_label`), and the published effects to draw beside.

    `marks` are quantiles of published effects, `bands` where Kraft's sizes begin: pairs of a label and a value in sd.
    """

    over: str = ""
    x_label: str = ""
    kind: Kind = "mdes"
    effect: float = math.nan
    power: float = POWER
    marks: tuple[tuple[str, float], ...] = ()
    bands: tuple[tuple[str, float], ...] = ()


def curve(
    *,
    over: str,
    values: Sequence[Any],
    design: Design,
    kind: Kind = "mdes",
    effect: float | None = None,
    power_wanted: float = POWER,
    alpha: float = 0.05,
    two_tailed: bool = True,
    **settings: Unpack[Settings],
) -> Curve:
    """See what more schools, or better covariates, would bring: the smallest effect found, or the power, over a range.

    Parameters
    ----------
    over : str
        The setting that varies, as "clusters", "cluster_n", "icc" or "r2_school".
    values : sequence
        Its values; they are sorted.
    kind : "mdes" or "power"
        What is drawn; "power" needs an `effect`, in pupils' standard deviations.
    power_wanted : float
        The power of the smallest effect found.
    design, alpha, two_tailed, settings
        As in `mdes`, without the setting that varies.

    Returns
    -------
    Curve
        Table and `frame`: one row a value: `x, value, low, high, se, df`; `value` in sd ("mdes", with the interval of
        an estimate that large) or percent ("power"). `charts.power_curve` draws it.

    Raises
    ------
    InputError
        As in `mdes`, for the first value that cannot be; no values; the varying setting was given as well.
    """
    ordered = _checked(over, values, kind, effect, settings)
    studies = [_one(over, v, design, kind, effect, power_wanted, alpha, two_tailed, settings) for v in ordered]
    shown = [100 * s.power if kind == "power" else s.mdes for s in studies]
    rows = [
        (x, y, *((s.low, s.high) if kind == "mdes" else (math.nan, math.nan)), s.se, s.df)
        for x, y, s in zip(ordered, shown, studies, strict=True)
    ]
    frame = pd.DataFrame(rows, columns=list(FRAME))
    x_label = measure_of(over, design)
    return Curve(
        id="power-curve",
        title="Smallest effect found" if kind == "mdes" else f"Power to find {phrase(effect, 'sd')}",
        table=_table(frame, kind, x_label, studies, over in MEASURES),
        text=_said(frame, kind, x_label, effect, power_wanted, counted=over in MEASURES),
        assumptions=studies[0].assumptions,
        checks=(f"The rest of the study: {_rest(studies[0], over)}.",),
        limits=studies[0].limits[-1:],
        note="The interval is that of an estimate as large as the value." if kind == "mdes" else "",
        frame=frame,
        over=over,
        x_label=x_label,
        kind=kind,
        effect=math.nan if effect is None else effect,
        power=power_wanted,
        marks=tuple((p["label"], p["value_sd"]) for p in points()),
        bands=tuple((b["name"], b["from_sd"]) for b in published()["sizes"]["bands"]),
    )


def _checked(over: str, values: Any, kind: str, effect: float | None, settings: Any) -> list[float]:
    problems = []
    try:
        ordered = sorted(float(v) for v in values)
    except (TypeError, ValueError):
        ordered = []
    if not ordered or len(ordered) > MOST_VALUES or not all(math.isfinite(v) for v in ordered):
        problems.append(
            Problem("curve, values", "are no list of numbers", f"give up to {MOST_VALUES:,} values of {over}")
        )
    if over in settings:
        problems.append(Problem(f"curve, {over}", "is given and is to vary", "leave it out"))
    if over not in Settings.__annotations__:
        problems.append(Problem(f"curve, over {over!r}", "is no setting of a design", "name one, as 'clusters'"))
    if kind not in ("mdes", "power"):
        problems.append(Problem(f"curve, kind {kind!r}", "is not one of them", "use one of: mdes, power"))
    if kind == "power" and effect is None:
        problems.append(Problem("curve, effect", "is lacking", "power is that of an effect: give it in sd"))
    if problems:
        raise InputError(problems)
    return [int(v) if v.is_integer() else v for v in dict.fromkeys(ordered)]


def _one(
    over: str,
    value: float,
    design: Design,
    kind: str,
    effect: float | None,
    wanted: float,
    alpha: float,
    two_tailed: bool,
    settings: Any,
) -> Planned:
    given: Any = {**settings, over: value}
    if kind == "power" and effect is not None:
        return power(effect=effect, design=design, alpha=alpha, two_tailed=two_tailed, **given)
    return mdes(design=design, power=wanted, alpha=alpha, two_tailed=two_tailed, **given)


def _table(frame: pd.DataFrame, kind: str, x_label: str, studies: list[Planned], counted: bool) -> pd.DataFrame:
    measure, unit = ("Smallest effect found", "sd") if kind == "mdes" else ("Power", "pct")
    drawn = [float(s.table["n"].iloc[0]) for s in studies]
    rows = [
        (measure, _at(r.x, x_label, counted), r.value, r.low, r.high, n, unit)
        for r, n in zip(frame.itertuples(), drawn, strict=True)
    ]
    return pd.DataFrame(rows, columns=list(RESULT_COLUMNS))


def _at(x: float, x_label: str, counted: bool) -> str:
    return f"{_x(x)} {x_label}" if counted else f"{x_label[:1].upper()}{x_label[1:]} {_x(x)}"


def _said(frame: pd.DataFrame, kind: str, x_label: str, effect: float | None, wanted: float, *, counted: bool) -> str:
    first, last = frame.iloc[0], frame.iloc[-1]
    ends = f"{_x(first['x'])} to {_x(last['x'])}"
    between = f"from {ends} {x_label}" if counted else f"with a {x_label} from {ends}"
    if kind == "power":
        enough = frame[frame["value"] >= 100 * wanted]
        said = f"The power moves from {show(first['value'], 'pct')} to {show(last['value'], 'pct')}, {between}."
        if enough.empty:
            return f"{said} None of these reaches {100 * wanted:g}%."
        return (
            f"{said} Of the values tried, {_x(enough['x'].iloc[0])} {x_label} is the first to reach {100 * wanted:g}%."
        )
    moves = f"from {phrase(first['value'], 'sd')} to {phrase(last['value'], 'sd')}"
    said = f"The smallest effect found moves {moves}, {between}."
    small = frame[frame["value"] < LARGE_SD]
    limit = phrase(LARGE_SD, "sd")
    if small.empty:
        return f"{said} None of these finds effects under {limit}, which most programs in schools have."
    if not small.index.is_monotonic_increasing or small.index[-1] != frame.index[-1]:
        return f"{said} Effects under {limit} are found up to {_x(small['x'].iloc[-1])}."
    where = f"with {_x(small['x'].iloc[0])} {x_label} or more" if counted else f"at {_x(small['x'].iloc[0])}"
    return f"{said} Effects under {limit} are found {where}."


def _x(value: float) -> str:
    return f"{int(value):,}" if float(value).is_integer() else f"{value:g}"


def _rest(study: Planned, over: str) -> str:
    shown = {k: v for k, v in study.settings.items() if k != over and v not in (0, None)}
    return ", ".join(f"{k} {v:g}" if isinstance(v, (int, float)) else f"{k} {v}" for k, v in shown.items())
