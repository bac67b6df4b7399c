"""Makes noise_small.csv (40 schools, 3 years) and prints A and B by maximising the normal likelihood directly.

Run from the repository's root: python tests/oracles/make_noise_oracle.py. It shares no code with leadlib.
"""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from scipy.optimize import minimize

FILE = Path(__file__).with_name("noise_small.csv")


def make() -> None:
    """Draw the schools: real change of variance 200 a pair of years, chance of variance 40,000 / size."""
    rng = np.random.default_rng(20)
    size = np.round(np.exp(rng.normal(4.5, 0.9, 40))).clip(10)
    level = rng.normal(650, 60, 40)
    with FILE.open("w", encoding="utf-8", newline="\n") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(["school_id", "year", "value", "size"])
        for k in range(40):
            for year in (2001, 2002, 2003):
                value = level[k] + rng.normal(0, 10) + rng.normal(0, (40_000 / size[k]) ** 0.5)
                writer.writerow([f"s{k:02d}", year, round(float(value), 2), int(size[k])])


def solve() -> tuple[float, float]:
    """Maximise the likelihood of the centred changes, normal with mean 0 and variance A + B (1/n1 + 1/n2)."""
    rows = list(csv.DictReader(FILE.open(encoding="utf-8")))
    value = np.array([float(r["value"]) for r in rows]).reshape(40, 3)
    size = np.array([float(r["size"]) for r in rows]).reshape(40, 3)
    change = np.diff(value, axis=1)
    change = (change - change.mean(axis=0)) * np.sqrt(40 / 39)
    inverse = 1 / size[:, 1:] + 1 / size[:, :-1]

    def loss(logs: np.ndarray) -> float:
        variance = np.exp(logs[0]) + np.exp(logs[1]) * inverse
        return float(0.5 * np.sum(np.log(variance) + change**2 / variance))

    best = minimize(
        loss, [5.0, 10.0], method="Nelder-Mead", options={"xatol": 1e-12, "fatol": 1e-12, "maxiter": 10_000}
    )
    return float(np.exp(best.x[0])), float(np.exp(best.x[1]))


if __name__ == "__main__":
    make()
    print("A = {:.6f}, B = {:.6f}".format(*solve()))
