"""Jobs on schools over years: did, staggered, series, synthetic control, and 24 ways of did."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np

from tools.bench_designs.data import START
from tools.bench_designs.jobs import OTHER, Job, Peer

BEGUN = 2018
"""The year in which the one district of `donors` begins."""
DID = {"outcome": "score", "unit": "school", "time": "year", "treated": "adopter", "start": START}


def did(d: Any) -> float:
    from leadlib import designs

    return float(designs.did(d, **DID, cluster="district").value)


def within(d: Any) -> float:
    from leadlib import designs

    roles = {"outcome": "score", "of": "on", "unit": "school", "time": "year"}
    return float(designs.within(d, **roles, cluster="district").value)


def two_way(kind: str) -> Any:
    """Give the coefficient by pyfixest, then the path of years, as leadlib gives both."""

    def run(d: Any) -> float:
        import pyfixest as pf

        fit = pf.feols("score ~ on | school + year", d, vcov={kind: "district"})
        path = pf.feols(f"score ~ i(year, adopter, ref={START - 1}.0) | school + year", d, vcov={kind: "district"})
        assert len(path.se()) > 1
        return float(fit.coef()["on"])

    return run


def panel_ols(d: Any) -> float:
    from linearmodels.panel import PanelOLS

    own = d.set_index(["school", "year"])
    model = PanelOLS(own["score"], own[["on"]], entity_effects=True, time_effects=True)
    groups = own["district"].astype("category").cat.codes
    return float(model.fit(cov_type="clustered", clusters=groups).params["on"])


def dummies(d: Any) -> float:
    import statsmodels.formula.api as smf

    codes = d["district"].astype("category").cat.codes
    fit = smf.ols("score ~ on + C(school) + C(year)", d).fit(cov_type="cluster", cov_kwds={"groups": codes})
    assert fit.bse["on"] > 0
    return float(fit.params["on"])


PLM = "m <- plm::plm(score ~ on, d, index = c('school', 'year'), model = 'within', effect = 'twoways')"
FEOLS = (
    Peer("pyfixest feols, CRV1, and path", ("pyfixest",), two_way("CRV1")),
    Peer("linearmodels PanelOLS, clustered", ("linearmodels",), panel_ols),
    Peer("R plm + vcovHC", ("plm",), f"{{{PLM}; v <- plm::vcovHC(m, cluster = 'group'); coef(m)[['on']]}}"),
)
DUMMIES = (
    Peer("statsmodels OLS, a dummy a school", ("statsmodels",), dummies),
    Peer("pyfixest feols, CRV3, and path", ("pyfixest",), two_way("CRV3")),
    Peer(
        "R plm + clubSandwich CR2", ("plm", "clubSandwich"),
        f"{{{PLM}; s <- clubSandwich::coef_test(m, vcov = 'CR2', cluster = d$district); coef(m)[['on']]}}",
    ),
)  # fmt: skip


def staggered(d: Any) -> float:
    from leadlib import designs

    return float(designs.staggered(d, outcome="staged", unit="school", time="year", first_treated="first").value)


def csdid(d: Any) -> float:
    from csdid.att_gt import ATTgt

    own = d.assign(first=d["first"].fillna(0), id=d["school"].astype("category").cat.codes)
    fit = ATTgt("staged", "year", "id", "first", own, control_group="nevertreated")
    fit.fit(est_method="reg", bstrap=False)
    return float(np.atleast_1d(fit.aggte(typec="simple", bstrap=False, cband=False).atte["overall_att"])[0])


def diff_diff(d: Any) -> float:
    from diff_diff import CallawaySantAnna

    own = d.assign(first=d["first"].fillna(0))
    fit = CallawaySantAnna(estimation_method="reg").fit(own, "staged", "school", "year", "first")
    return float(fit.overall_att)


def sun_abraham(d: Any) -> float:
    import pyfixest as pf

    own = d.assign(first=d["first"].fillna(0), id=d["school"].astype("category").cat.codes)
    fit = pf.event_study(
        own, yname="staged", idname="id", tname="year", gname="first", estimator="saturated", cluster="id"
    )
    return float(fit.aggregate()["Estimate"].iloc[-1])


R_DID = (
    "{d$first[is.na(d$first)] <- 0; d$id <- as.integer(factor(d$school)); m <- did::att_gt('staged', 'year', 'id',"
    " 'first', data = d, est_method = 'reg', bstrap = FALSE, cband = FALSE); did::aggte(m, 'simple')$overall.att}"
)


def series(d: Any) -> float:
    from leadlib import designs

    found = designs.series(
        d, outcome="score", time="year", start=START, unit="school", treated="adopter", cluster="district"
    )
    return float(found.value)


def forecasts(d: Any) -> float:
    """By hand: each school's line of earlier years, its mean deviation afterwards, and a clustered regression."""
    import statsmodels.formula.api as smf

    wide = d.pivot(index="school", columns="year", values="score")
    years = wide.columns.to_numpy(float)
    slope, level = np.polyfit(years[years < START] - START, wide.to_numpy()[:, years < START].T, 1)
    after = years[years >= START]
    expected = level[:, None] + slope[:, None] * (after - START)
    one = d.drop_duplicates("school").set_index("school")
    one["deviation"] = (wide[after] - expected).mean(axis=1)
    codes = one["district"].astype("category").cat.codes
    fit = smf.ols("deviation ~ adopter", one).fit(cov_type="cluster", cov_kwds={"groups": codes})
    assert fit.bse["adopter"] > 0
    return float(fit.params["adopter"])


R_SERIES = (
    f"{{w <- reshape(d[c('school', 'year', 'score')], idvar = 'school', timevar = 'year', direction = 'wide');"
    f" y <- t(as.matrix(w[-1])); years <- sort(unique(d$year)); b <- years < {START};"
    " f <- cbind(1, years) %*% lm.fit(cbind(1, years[b]), y[b, ])$coefficients;"
    " one <- d[!duplicated(d$school), ]; one$dev <- colMeans((y - f)[!b, ]);"
    " m <- lm(dev ~ adopter, one); s <- clubSandwich::coef_test(m, vcov = 'CR2', cluster = one$district);"
    " coef(m)[['adopter']]}"
)


def synthetic(d: Any) -> float:
    from leadlib import designs

    first = d.loc[d["treated"] == 1, "district"].iloc[0]
    found = designs.synthetic(d, outcome="score", unit="district", time="year", treated=first, start=BEGUN)
    return float(found.value)


def pysyncon(d: Any) -> float:
    """The same weights (equal weight on each earlier year), and again with each donor in the treated one's place."""
    from pysyncon import Synth

    wide = d.pivot(index="year", columns="district", values="score")
    before, names = wide.index < BEGUN, list(wide.columns)

    def gap(own: str, others: list[str]) -> float:
        fit = Synth()
        pool = wide[others]
        fit.fit(
            X0=pool[before], X1=wide[own][before], Z0=pool[before], Z1=wide[own][before], custom_V=np.ones(before.sum())
        )
        return float((wide[own] - pool.to_numpy() @ fit.W)[~before].mean())

    placebos = [gap(own, [o for o in names[1:] if o != own]) for own in names[1:]]
    assert len(placebos) == len(names) - 1
    return gap(names[0], names[1:])


WINDOWS = (2011, 2012, 2013)
GRID = {"covariates": [(), ("need",)], "weights": [None, "enrolled"], "cluster": [None, "district"], "begin": WINDOWS}


def ways(d: Any) -> float:
    from leadlib import designs

    def run(begin: int, **choice: Any) -> Any:
        return designs.did(d[d["year"] >= begin], **DID, **choice)

    return float(designs.specifications(run, choices=GRID).frame["value"].median())


def ways_by_hand(d: Any) -> float:
    import pyfixest as pf

    found = []
    for covariates, weights, cluster, begin in itertools.product(*GRID.values()):
        more = " + need:post" if covariates else ""
        part, errors = d[d["year"] >= begin], {"CRV1": cluster or "school"}
        fit = pf.feols(f"score ~ on{more} | school + year", part, vcov=errors, weights=weights)
        found.append(float(fit.coef()["on"]))
    return float(np.median(found))


PYSYNCON = "pysyncon Synth, and each donor", ("pysyncon",), pysyncon
JOBS = (
    Job("did", "panel", did, FEOLS),
    Job("did", "panel", did, DUMMIES, "tenth"),
    Job("within", "panel", within, FEOLS),
    Job("within", "panel", within, DUMMIES, "tenth"),
    Job(
        "staggered", "panel", staggered,
        (
            Peer("csdid", ("csdid",), csdid),
            Peer("diff-diff CallawaySantAnna", ("diff_diff",), diff_diff),
            Peer("pyfixest event_study, saturated", ("pyfixest",), sun_abraham, OTHER, "another average"),
            Peer("R did", ("did",), R_DID),
        ),
    ),
    Job(
        "series", "panel", series,
        (
            Peer("pandas and statsmodels by hand", ("statsmodels",), forecasts),
            Peer("R lm.fit + clubSandwich CR2", ("clubSandwich",), R_SERIES),
        ),
    ),
    Job("synthetic", "donors", synthetic, (Peer(*PYSYNCON, 1e-2, "its search stops earlier"),), "tenth"),
    Job("synthetic", "donors", synthetic, (Peer(*PYSYNCON, OTHER, "leadlib mixes the 100 nearest"),)),
    Job("specifications, 24 did", "panel", ways, (Peer("pyfixest feols, 24 times", ("pyfixest",), ways_by_hand),)),
)  # fmt: skip
