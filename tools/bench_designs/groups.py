"""Jobs that set two groups beside each other: compare, matched, rd, kitagawa, oaxaca."""

from __future__ import annotations

from typing import Any

import numpy as np

from tools.bench_designs.jobs import OTHER, Job, Peer

MODEL = "score ~ treated + prior"


def clustered_ols(cluster: str) -> Any:
    """Regress with statsmodels and Stata's cluster errors."""

    def run(d: Any) -> float:
        import statsmodels.formula.api as smf

        codes = d[cluster].astype("category").cat.codes
        fit = smf.ols(MODEL, d).fit(cov_type="cluster", cov_kwds={"groups": codes})
        assert fit.bse["treated"] > 0
        return float(fit.params["treated"])

    return Peer("statsmodels OLS, cluster errors", ("statsmodels",), run)


def feols(cluster: str, kind: str) -> Peer:
    """Regress with pyfixest; CRV3 is the one that holds for few clusters."""

    def run(d: Any) -> float:
        import pyfixest as pf

        fit = pf.feols(MODEL, d, vcov={kind: cluster})
        assert fit.se()["treated"] > 0
        return float(fit.coef()["treated"])

    return Peer(f"pyfixest feols, {kind}", ("pyfixest",), run)


def club_sandwich(cluster: str) -> Peer:
    """Regress in R, with the same CR2 errors and degrees of freedom as leadlib."""
    code = (
        f"{{m <- lm({MODEL}, d); clubSandwich::coef_test(m, vcov = 'CR2', cluster = d${cluster},"
        " test = 'Satterthwaite')$beta[2]}"
    )
    return Peer("R lm + clubSandwich CR2", ("clubSandwich",), code)


def lm_robust(cluster: str) -> Peer:
    """Regress in R with estimatr's CR2."""
    code = f"estimatr::lm_robust({MODEL}, d, clusters = {cluster}, se_type = 'CR2')$coefficients[['treated']]"
    return Peer("R estimatr lm_robust CR2", ("estimatr",), code)


def ritest(cluster: str) -> Peer:
    """Randomization inference in pyfixest; it fails on a draw that treats everybody, so few draws for few schools."""

    def run(d: Any) -> float:
        import pyfixest as pf

        own = d.assign(**{cluster: d[cluster].astype("category").cat.codes})
        fit = pf.feols(MODEL, own, vcov={"CRV1": cluster})
        fit.ritest("treated", cluster=cluster, reps=min(499, len(d)), rng=np.random.default_rng(1))
        return float(fit.coef()["treated"])

    return Peer("pyfixest ritest, 499 draws", ("pyfixest",), run)


def permuted(d: Any) -> float:
    """Randomization inference by hand: 4,999 times the groups drawn anew among districts, and a regression."""
    names, code = np.unique(d["district"], return_inverse=True)
    own = np.zeros(len(names))
    own[code] = d["treated"]
    rng, y = np.random.default_rng(1), d["score"].to_numpy()
    x = np.column_stack([d["treated"].astype(float), np.ones(len(d)), d["prior"]])
    value = np.linalg.lstsq(x, y, rcond=None)[0][0]
    drawn = np.empty(4999)
    for k in range(len(drawn)):
        x[:, 0] = rng.permutation(own)[code]
        drawn[k] = np.linalg.lstsq(x, y, rcond=None)[0][0]
    assert np.mean(np.abs(drawn) >= abs(value)) <= 1
    return float(value)


def compared(cluster: str, **more: Any) -> Any:
    """Give the call of leadlib."""

    def run(d: Any) -> float:
        from leadlib import designs

        return float(
            designs.compare(d, outcome="score", group="treated", cluster=cluster, covariates=["prior"], **more).value
        )

    return run


def matched(treated: str, covariates: tuple[str, ...], unit: str) -> Any:
    """Give the call of leadlib."""

    def run(d: Any) -> float:
        from leadlib import designs

        return float(designs.matched(d, outcome="score", treated=treated, covariates=covariates, unit=unit).value)

    return run


def matched_by_hand(treated: str, covariates: tuple[str, ...]) -> Peer:
    """Propensity by statsmodels, the nearest untreated one by a loop, then a weighted regression."""

    def run(d: Any) -> float:
        import statsmodels.api as sm

        x = sm.add_constant(d[list(covariates)].to_numpy(float))
        t = d[treated].to_numpy() == 1
        odds = x @ sm.Logit(t.astype(float), x).fit(disp=0).params
        most = 0.2 * np.sqrt((odds[t].var(ddof=1) + odds[~t].var(ddof=1)) / 2)
        others, free = np.flatnonzero(~t), odds[~t].copy()
        kept, sets = [], []
        for row in np.flatnonzero(t)[np.argsort(-odds[t], kind="stable")]:
            gap = np.abs(free - odds[row])
            k = int(np.argmin(gap))
            if gap[k] <= most:
                free[k] = np.inf
                kept += [row, others[k]]
                sets += [row, row]
        design = np.column_stack([x[kept], t[kept]])
        fit = sm.OLS(d["score"].to_numpy()[kept], design).fit(cov_type="cluster", cov_kwds={"groups": np.array(sets)})
        return float(fit.params[-1])

    return Peer("statsmodels Logit, matched in a loop", ("statsmodels",), run, 1e-4, "near ties may go otherwise")


def match_it(treated: str, covariates: tuple[str, ...]) -> Peer:
    """MatchIt with the same caliper, then a regression with errors by pair."""
    right = " + ".join(covariates)
    code = (
        f"{{o <- predict(glm({treated} ~ {right}, binomial, d)); t <- d${treated} == 1;"
        f"m <- MatchIt::matchit({treated} ~ {right}, d, method = 'nearest', distance = o, m.order = 'largest',"
        " caliper = 0.2 * sqrt((var(o[t]) + var(o[!t])) / 2), std.caliper = FALSE); md <- MatchIt::match.data(m);"
        f"f <- lm(score ~ {treated} + {right}, md, weights = weights);"
        f"sandwich::vcovCL(f, cluster = ~subclass); coef(f)[['{treated}']]}}"
    )
    return Peer(
        "R MatchIt + lm + sandwich",
        ("MatchIt", "sandwich"),
        code,
        OTHER,
        "MatchIt 4.5 lets pairs beyond the caliper through",
    )


def discontinuity(score: str, **more: Any) -> Any:
    """Give the call of leadlib; straight lines are compared, since peers correct their curves at another bandwidth."""

    def run(d: Any) -> float:
        from leadlib import designs

        return float(designs.rd(d, outcome="later", score=score, **more).lines)

    return run


def rdrobust(score: str) -> tuple[Peer, ...]:
    """Give rdrobust in Python and in R."""

    def run(d: Any) -> float:
        from rdrobust import rdrobust as fit

        return float(fit(d["later"], d[score]).coef.iloc[0, 0])

    return (
        Peer("rdrobust", ("rdrobust",), run, 1e-5, "bandwidths alike to five digits"),
        Peer("R rdrobust", ("rdrobust",), f"rdrobust::rdrobust(d$later, d${score})$coef[1]", 1e-5),
    )


def split_by_grade(d: Any) -> float:
    from leadlib import designs

    found = designs.kitagawa(d, outcome="score", group="learner", category="grade", cluster="school").frame
    return float(found.loc[found["part"] == "composition", "value"].iloc[0])


def split_by_hand(d: Any) -> float:
    """Kitagawa's two parts with pandas, without errors."""
    means = d.groupby(["learner", "grade"])["score"].agg(["mean", "size"]).unstack("learner")
    share = means["size"] / means["size"].sum()
    return float(((share[1] - share[0]) * (means["mean"][1] + means["mean"][0]) / 2).sum())


def split_by_covariates(d: Any) -> float:
    from leadlib import designs

    found = designs.oaxaca(d, outcome="score", group="learner", covariates=["prior", "need"], cluster="school").frame
    return float(found.loc[found["part"] == "measured", "value"].iloc[0])


def oaxaca_blinder(d: Any) -> float:
    """Statsmodels' split; its gap runs from the higher group to the lower."""
    from statsmodels.stats.oaxaca import OaxacaBlinder

    x = d[["prior", "need", "learner"]]
    parts = OaxacaBlinder(d["score"], x, "learner", hasconst=False, swap=False).two_fold(two_fold_type="pooled").params
    return -float(parts[1])


SCHOOLS, PUPILS = ("joined", ("need", "prior")), ("coached", ("prior", "need"))
JOBS = (
    Job(
        "compare", "pupils", compared("school"),
        (clustered_ols("school"), feols("school", "CRV1"), feols("school", "CRV3")),
    ),
    Job("compare", "pupils", compared("school"), (club_sandwich("school"), lm_robust("school")), "tenth"),
    Job(
        "compare", "schools", compared("district"),
        (clustered_ols("district"), feols("district", "CRV3"), club_sandwich("district"), lm_robust("district")),
    ),
    Job(
        "randomization", "schools", compared("district", inference="randomization", seed=1),
        (ritest("district"), Peer("numpy, 4,999 regressions", ("numpy",), permuted)),
    ),
    Job("randomization", "pupils", compared("school", inference="randomization", seed=1)),
    Job("matched", "schools", matched(*SCHOOLS, "school"), (matched_by_hand(*SCHOOLS), match_it(*SCHOOLS))),
    Job("matched", "pupils", matched(*PUPILS, "pupil"), (matched_by_hand(*PUPILS), match_it(*PUPILS)), "tenth"),
    Job("matched", "pupils", matched(*PUPILS, "pupil")),
    Job("rd", "schools", discontinuity("rank"), rdrobust("rank")),
    Job(
        "rd, errors as rdrobust", "schools", discontinuity("rank", errors="neighbors", robustness=False),
        rdrobust("rank"),
    ),
    Job("rd", "pupils", discontinuity("placement"), rdrobust("placement"), "tenth"),
    Job("rd", "pupils", discontinuity("placement"), rdrobust("placement")),
    Job(
        "kitagawa", "pupils", split_by_grade,
        (Peer("pandas, without errors", ("pandas",), split_by_hand),),
    ),
    Job(
        "oaxaca", "pupils", split_by_covariates,
        (Peer("statsmodels OaxacaBlinder, without errors", ("statsmodels",), oaxaca_blinder),),
    ),
)  # fmt: skip
