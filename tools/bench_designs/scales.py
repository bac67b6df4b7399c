"""Jobs on counts, answers, means and studies: disproportion, survey, steadied, meta."""

from __future__ import annotations

from typing import Any

import numpy as np

from tools.bench_designs.data import ITEMS
from tools.bench_designs.jobs import FITTED, OTHER, Job, Peer

QUESTIONS = [f"q{k + 1}" for k in range(ITEMS)]


def meta(**roles: Any) -> Any:
    """Give the call of leadlib."""

    def run(d: Any) -> float:
        from leadlib import designs

        return float(designs.meta(d, effect="effect", variance="variance", **roles).value)

    return run


def combined(d: Any) -> float:
    from statsmodels.stats.meta_analysis import combine_effects

    found = combine_effects(d["effect"].to_numpy(), d["variance"].to_numpy(), method_re="iterated", use_t=True)
    return float(found.summary_frame().loc["random effect", "eff"])


def pymare(d: Any) -> float:
    from pymare import Dataset
    from pymare.estimators import VarianceBasedLikelihoodEstimator

    data = Dataset(d["effect"].to_numpy(), d["variance"].to_numpy())
    fit = VarianceBasedLikelihoodEstimator(method="REML").fit_dataset(data)
    return float(fit.summary().to_df()["estimate"].iloc[0])


METAFOR = (
    "{m <- metafor::rma(effect, variance, data = d, method = 'REML', test = 'knha'); p <- predict(m); i <- confint(m);"
    " e <- metafor::regtest(m, model = 'lm'); coef(m)[[1]]}"
)
NESTED = (
    "{m <- metafor::rma.mv(effect, variance, random = ~ 1 | group / study, data = d); p <- predict(m);"
    " s <- clubSandwich::coef_test(m, vcov = 'CR2'); coef(m)[[1]]}"
)


def alpha(d: Any) -> float:
    from leadlib import designs

    return float(designs.survey.alpha(d, items=QUESTIONS).value)


def alpha_by_hand(d: Any) -> float:
    """The coefficient alone, without its interval."""
    cov = d[QUESTIONS].cov().to_numpy()
    return float(ITEMS / (ITEMS - 1) * (1 - np.trace(cov) / cov.sum()))


def icc(d: Any) -> float:
    from leadlib import designs

    return float(designs.survey.icc(d, outcome="view", unit="school").value)


def mixed_share(d: Any) -> float:
    import statsmodels.formula.api as smf

    fit = smf.mixedlm("view ~ 1", d, groups="school").fit()
    between = float(fit.cov_re.iloc[0, 0])
    return between / (between + float(fit.scale))


R_ICC = "{w <- matrix(d$view[order(d$school)], ncol = 25, byrow = TRUE); psych::ICC(w, missing = FALSE)$results$ICC[1]}"
R_LMER = "{m <- lme4::lmer(view ~ 1 + (1 | school), d); v <- lme4::VarCorr(m)$school[1]; v / (v + sigma(m)^2)}"


def quality(d: Any) -> float:
    from leadlib import designs

    return float(designs.survey.quality(d, items=QUESTIONS, unit="school").alpha)


def quality_by_hand(d: Any) -> float:
    """Alpha, ICC(1) and each school's r_wg(j) with pandas, without intervals or advice."""
    value = alpha_by_hand(d)
    by = d.groupby("school")
    sizes, means = by["view"].size(), by["view"].mean()
    within = by["view"].var().mean()
    between = float((sizes * (means - d["view"].mean()) ** 2).sum()) / (len(means) - 1)
    assert (between - within) / (between + (sizes.mean() - 1) * within) < 1
    left = 1 - by[QUESTIONS].var().mean(axis=1) / 2
    agreed = ITEMS * left / (ITEMS * left + 1 - left)
    assert len(agreed) == len(means)
    return value


def disproportion(d: Any) -> float:
    from leadlib import designs

    found = designs.disproportion(d, group="group", outcome_n="identified", total_n="enrolled", unit="lea", time="year")
    return float(found.frame["ratio"].median())


def ratios_one_by_one(d: Any) -> float:
    """A table of two by two for each group of each district and year."""
    from statsmodels.stats.contingency_tables import Table2x2

    found = []
    for _, part in d.groupby(["lea", "year"]):
        hit, size = part["identified"].to_numpy(), part["enrolled"].to_numpy()
        for a, n in zip(hit, size, strict=True):
            b, m = hit.sum() - a, size.sum() - n
            if min(a, b) >= 10 and min(n, m) >= 30:
                table = Table2x2([[a, n - a], [b, m - b]])
                assert len(table.riskratio_confint()) == 2
                found.append(table.riskratio)
    return float(np.median(found))


def steadied(d: Any) -> float:
    from leadlib import designs

    found = designs.steadied(d, value="score", se="se", unit="school", covariates=["need"])
    return float(found.frame["steadied"].std())


R_BLUP = (
    "{m <- metafor::rma(score, sei = se, mods = ~ need, data = d, method = 'PM'); b <- metafor::blup(m); sd(b$pred)}"
)


JOBS = (
    Job("steadied", "schools", steadied, (Peer("R metafor rma and blup", ("metafor",), R_BLUP),), "tenth"),
    Job("steadied", "schools", steadied),
    Job(
        "meta", "effects", meta(study="study"),
        (
            Peer("statsmodels combine_effects", ("statsmodels",), combined, OTHER, "Paule and Mandel's spread"),
            Peer("PyMARE", ("pymare",), pymare, FITTED),
            Peer("R metafor rma", ("metafor",), METAFOR),
        ),
    ),
    Job(
        "meta, nested", "effects", meta(study="group", within="study"),
        (Peer("R metafor rma.mv + CR2", ("metafor", "clubSandwich"), NESTED, FITTED, "no interval of the spread"),),
    ),
    Job(
        "survey.alpha", "survey", alpha,
        (
            Peer("pandas, without interval", ("pandas",), alpha_by_hand),
            Peer(
                "R psych alpha", ("psych",),
                f"psych::alpha(d[paste0('q', 1:{ITEMS})], warnings = FALSE)$total$raw_alpha",
            ),
        ),
    ),
    Job(
        "survey.icc", "survey", icc,
        (
            Peer("statsmodels MixedLM", ("statsmodels",), mixed_share, FITTED),
            Peer("R lme4 lmer", ("lme4",), R_LMER, FITTED),
            Peer("R psych ICC", ("psych",), R_ICC),
        ),
    ),
    Job(
        "survey.quality", "survey", quality,
        (Peer("pandas by hand, no intervals", ("pandas",), quality_by_hand),),
    ),
    Job(
        "disproportion", "leas", disproportion,
        (Peer("statsmodels Table2x2, one by one", ("statsmodels",), ratios_one_by_one),),
    ),
)  # fmt: skip
