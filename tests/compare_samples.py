"""Numbers that need no random generator, for the R oracles, and districts whose truth is known."""

from __future__ import annotations

import numpy as np
import pandas as pd


def wave(n, a, b):
    """Give n numbers in [0, 1) that R's make_*_oracle.R makes too."""
    x = np.sin(a * np.arange(1, n + 1) + b) * 1e4
    return x - np.floor(x)


def clusters(sizes, k, shift):
    """Make what `made` in make_clustered_oracle.R makes."""
    n = sum(sizes)
    g = np.repeat(np.arange(1, len(sizes) + 1), sizes)
    d = pd.DataFrame({"g": g, "t": (g % 2 == 0).astype(float), "w": 0.5 + wave(n, 0.7, shift)})
    for j in range(1, k + 1):
        d[f"x{j}"] = np.round(wave(n, 1.1 + 0.3 * j, shift), 6)
    levels = wave(len(sizes), 2.3, shift)[g - 1]
    d["y"] = np.round(3 + 2 * d["t"] + 4 * levels + 5 * wave(n, 1.9, shift + 1), 6)
    return d


def parts(mixed=False):
    """Make what `made` in make_decomposition_oracle.R makes."""
    n = 240
    d = pd.DataFrame({"g": np.repeat(np.arange(1, 13), 20)})
    d["a"] = (wave(n, 0.9, 0.5) < 0.45).astype(float) if mixed else (d["g"] <= 5).astype(float)
    d["x"] = np.round(wave(n, 1.3, 0.2) + 0.3 * d["a"] + 0.05 * d["g"], 6)
    d["z"] = np.round(wave(n, 1.7, 0.4), 6)
    d["c"] = np.searchsorted([0.35, 0.7], wave(n, 2.1, 0.6) + 0.15 * d["a"], side="right")
    base = wave(12, 2.3, 0.1)[d["g"] - 1]
    d["y"] = np.round(2 + 3 * d["x"] + d["z"] + d["a"] + 0.8 * d["c"] + base + 4 * wave(n, 1.9, 1), 6)
    d["w"] = np.round(0.5 + wave(n, 0.7, 0.3), 6)
    return d


def schools(rng, treated, untreated, low=10, high=60, effect=0.0, missing=False):
    """Draw pupils in schools: between schools a standard deviation of 4, within of 10; one school may be missing."""
    n = treated + untreated
    size = rng.integers(low, high, n)
    g = np.repeat(np.arange(n), size)
    t = (g < treated).astype(float)
    y = effect * t + 4 * rng.normal(size=n)[g] + 10 * rng.normal(size=len(g))
    d = pd.DataFrame({"school": g, "t": t, "y": y})
    return d[d["school"] != n - 1] if missing else d
