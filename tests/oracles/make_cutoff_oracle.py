"""Draw cutoff_small.csv and matching_small.csv, and print what rdrobust 2.1.1 and rddensity 3.0 say of the first.

Neither package is in leadlib's environment (both are GPL): python -m pip install rdrobust==2.1.1 rddensity==3.0.
"""

import sys

import numpy as np
import pandas as pd


def cutoff(seed: int = 7, n: int = 300) -> pd.DataFrame:
    """Give schools whose index of need decides on a program, with a curve and a jump of 0.3."""
    rng = np.random.default_rng(seed)
    need = 100 * rng.beta(2, 3, n)
    u = (need - 40) / 40
    y = 0.8 * u - 0.6 * u**2 + 0.5 * u**3 + 0.3 * (need >= 40) + rng.normal(0, 0.4, n)
    district = rng.integers(0, 25, n)
    size = np.round(np.exp(rng.normal(6, 0.4, n)))
    return pd.DataFrame({"need": need.round(4), "outcome_sd": y.round(4), "district": district, "enrol_n": size})


def matching(seed: int = 11, n: int = 120) -> pd.DataFrame:
    """Give schools, of which the poorer and lower ones took up a program, with an effect of 0.2."""
    rng = np.random.default_rng(seed)
    poverty, prior, size = rng.normal(50, 15, n), rng.normal(0, 1, n), np.round(np.exp(rng.normal(6, 0.4, n)))
    p = 1 / (1 + np.exp(-(-1.2 + 0.05 * (poverty - 50) - 0.6 * prior)))
    t = (rng.random(n) < p).astype(int)
    y = -0.02 * (poverty - 50) + 0.7 * prior + 0.2 * t + rng.normal(0, 0.5, n)
    return pd.DataFrame(
        {
            "school_id": [f"s{k:03d}" for k in range(n)],
            "level": rng.choice(["Primary", "Middle", "High"], n),
            "treated": t,
            "poverty_pct": poverty.round(3),
            "prior_sd": prior.round(4),
            "enrol_n": size,
            "outcome_sd": y.round(4),
        }
    )


if __name__ == "__main__":
    cutoff().to_csv("cutoff_small.csv", index=False)
    matching().to_csv("matching_small.csv", index=False)
    if "draw" in sys.argv:
        sys.exit()
    from rddensity import rddensity
    from rdrobust import rdrobust

    d = cutoff()
    for options in (
        {},
        {"kernel": "uniform"},
        {"kernel": "epanechnikov"},
        {"h": 20, "b": 20},
        {"h": 20, "b": 20, "vce": "hc2"},
    ):
        r = rdrobust(d["outcome_sd"], d["need"], c=40, **options)
        print(
            options,
            "\n",
            r.coef.to_numpy().ravel(),
            r.se.to_numpy().ravel(),
            r.bws.to_numpy().ravel(),
            r.ci.to_numpy()[2],
        )
    r = rddensity(d["need"], c=40, h=[20, 15])
    print("density", r.hat.tolist(), r.test.tolist())
