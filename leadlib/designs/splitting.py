"""The arithmetic of splitting a gap: Kitagawa's two parts by category, Oaxaca's and Blinder's by covariate."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
import pandas as pd

from leadlib.designs.clustered import solved
from leadlib.designs.jackknifed import Floats, Sums, strata_of, summed
from leadlib.errors import InputError, Problem, refuse
from leadlib.numbers import plural

Reference = Literal["pooled", "pooled without group", "group", "comparison"]
_SOUND = 1e-10


def by_category(
    rows: pd.DataFrame,
    codes: Any,
    where: str,
    outcome: str,
    group: str,
    category: str,
    weights: str | None,
    cluster: str | None,
) -> tuple[list[str], Sums]:
    """Give the categories and the sums of weight and of weighted outcome by group and category."""
    kinds, names = pd.factorize(rows[category], sort=True)
    arm = rows[group].to_numpy().astype(np.intp)
    cells = arm * len(names) + kinds
    many = pd.Series(codes).groupby(cells).nunique().reindex(range(2 * len(names)), fill_value=0).to_numpy()
    word = "cluster" if cluster else "row"
    alone = ", or leave `cluster` out where the categories are the clusters" if cluster else ""
    problems = [
        Problem(
            f"{where}, {category} {names[k % len(names)]!r}, {group} = {k // len(names)}",
            f"has {plural(int(many[k]), word)}",
            "each category needs two in each group: merge it with another" + alone,
        )
        for k in np.flatnonzero(many < 2)
    ]
    if problems:
        raise InputError(problems)
    w = np.ones(len(rows)) if weights is None else rows[weights].to_numpy()
    width = 2 * len(names)
    order = np.argsort(codes, kind="stable")
    add = summed(codes[order], cells[order], [w[order], (w * rows[outcome].to_numpy())[order]], width)
    strata, mass = strata_of(codes, rows[group].to_numpy()), np.bincount(codes, w).astype(float)
    return [str(n) for n in names], Sums(len(mass), strata, mass, 2 * width, add)


def kitagawa_parts(sums: Floats, k: int) -> Floats:
    """Give gap, composition, rates, and both by category, from sums of weight and outcome by group and category."""
    w, wy = sums[..., : 2 * k], sums[..., 2 * k :]
    r0, r1 = wy[..., :k] / w[..., :k], wy[..., k:] / w[..., k:]
    p0, p1 = (v / v.sum(axis=-1, keepdims=True) for v in (w[..., :k], w[..., k:]))
    made, fared = (p1 - p0) * (r1 + r0) / 2, (r1 - r0) * (p1 + p0) / 2
    composition, rates = made.sum(axis=-1, keepdims=True), fared.sum(axis=-1, keepdims=True)
    return np.concatenate([composition + rates, composition, rates, made, fared], axis=-1)


def moments(
    rows: pd.DataFrame, codes: Any, where: str, outcome: str, group: str, names: list[str], weights: str | None
) -> Sums:
    """Give by cluster and group the cross-products of constant, standardised covariates and outcome."""
    arm = rows[group].to_numpy()
    x = rows[names].to_numpy(float)
    for value in (1.0, 0.0):
        part = np.column_stack([np.ones(int((arm == value).sum())), x[arm == value]])
        if len(part) <= part.shape[1]:
            raise refuse(f"{where}, {group} = {value:.0f}", f"has {plural(len(part), 'row')}", "give fewer covariates")
        solved(part, np.zeros(len(part)), ["constant", *names], f"{where}, {group} = {value:.0f}")
    centre, spread = x.mean(axis=0), x.std(axis=0)
    z = np.column_stack([np.ones(len(x)), (x - centre) / spread, rows[outcome].to_numpy(float)])
    w = np.ones(len(x)) if weights is None else rows[weights].to_numpy()
    order = np.argsort(codes, kind="stable")
    z, w, arm, own = z[order], w[order], arm[order].astype(np.intp), codes[order]
    begins = np.searchsorted(own, np.arange(int(own.max()) + 2))
    k = z.shape[1]

    def some(first: int, last: int) -> Floats:
        part = slice(begins[first], begins[last])
        place = (own[part] - first) * 2 + arm[part]
        out = np.empty(((last - first) * 2, k, k))
        for i in range(k):
            for j in range(i + 1):
                out[:, i, j] = out[:, j, i] = np.bincount(place, w[part] * z[part, i] * z[part, j], 2 * (last - first))
        return out.reshape(last - first, 2 * k * k)

    return Sums(
        int(own.max()) + 1, strata_of(codes, rows[group].to_numpy()), np.bincount(own, w).astype(float), 2 * k * k, some
    )


def oaxaca_parts(sums: Floats, k: int, reference: Reference, where: str) -> Floats:
    """Give gap, measured, unmeasured, the three parts and the measured part by covariate, from cross-products."""
    s = sums.reshape(*sums.shape[:-1], 2, k + 1, k + 1)
    xx, xy, x = s[..., :k, :k], s[..., :k, k], s[..., 0, :k]
    n = s[..., 0, 0]
    mean, own = x / n[..., None], _solve(xx, xy, where)
    apart = mean[..., 1, :] - mean[..., 0, :]
    both, both_y = xx.sum(axis=-3), xy.sum(axis=-2)
    if reference == "pooled":
        side = np.concatenate([both, x[..., 1, :, None]], axis=-1)
        last = np.concatenate([x[..., 1, :], n[..., 1, None]], axis=-1)[..., None, :]
        worth = _solve(np.concatenate([side, last], axis=-2), np.concatenate([both_y, xy[..., 1, :1]], axis=-1), where)[
            ..., :k
        ]
    elif reference == "pooled without group":
        worth = _solve(both, both_y, where)
    else:
        worth = own[..., 1 if reference == "group" else 0, :]
    by_name = apart * worth
    gap = (xy[..., 1, 0] / n[..., 1] - xy[..., 0, 0] / n[..., 0])[..., None]
    measured = by_name.sum(axis=-1, keepdims=True)
    endowments = (apart * own[..., 0, :]).sum(axis=-1, keepdims=True)
    interaction = (apart * (own[..., 1, :] - own[..., 0, :])).sum(axis=-1, keepdims=True)
    three = [endowments, gap - endowments - interaction, interaction]
    return np.concatenate([gap, measured, gap - measured, *three, by_name[..., 1:]], axis=-1)


def _solve(a: Floats, b: Floats, where: str) -> Floats:
    size = np.sqrt(np.einsum("...ii->...i", a))
    size = np.where(size > 0, size, 1.0)
    scaled = a / (size[..., :, None] * size[..., None, :])
    if np.linalg.eigvalsh(scaled)[..., 0].min() < _SOUND:
        raise refuse(
            f"{where}, covariates",
            "tell nothing apart in one of the groups once a single cluster is left out",
            "leave out a covariate that varies in one cluster only",
        )
    return np.asarray(np.linalg.solve(scaled, (b / size)[..., None])[..., 0] / size)
