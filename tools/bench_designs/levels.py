"""Jobs with pupils in classes in schools: multilevel, growth, value_added, and what they say for planning."""

from __future__ import annotations

from typing import Any

from tools.bench_designs.jobs import FITTED, OTHER, Job, Peer

FIXED = "score ~ treated + prior"


def multilevel(**more: Any) -> Any:
    """Give the call of leadlib."""

    def run(d: Any) -> float:
        from leadlib import designs

        found = designs.multilevel(
            d, outcome="score", treated="treated", cluster="school", covariates=["prior"], **more
        )
        return float(found.value)

    return run


def mixed_2(d: Any) -> float:
    import statsmodels.formula.api as smf

    return float(smf.mixedlm(FIXED, d, groups="school").fit().params["treated"])


def mixed_3(d: Any) -> float:
    import statsmodels.formula.api as smf

    model = smf.mixedlm(FIXED, d, groups="school", re_formula="1", vc_formula={"room": "0 + C(room)"})
    return float(model.fit().params["treated"])


def lmer(parts: str, what: str = "treated") -> Peer:
    """R's lme4 with the degrees of freedom of lmerTest, as leadlib gives them."""
    code = f"{{m <- lmerTest::lmer({parts}, d); s <- summary(m); lme4::fixef(m)[['{what}']]}}"
    return Peer("R lmerTest lmer, Satterthwaite", ("lmerTest",), code, FITTED)


def growth(**roles: Any) -> Any:
    """Give the call of leadlib."""

    def run(d: Any) -> float:
        from leadlib import designs

        return float(designs.growth(d, outcome="score", **roles).value)

    return run


def mixed_lines(d: Any) -> float:
    import statsmodels.formula.api as smf

    return float(smf.mixedlm("score ~ t * adopter", d, groups="school", re_formula="~t").fit().params["t:adopter"])


def value_added(d: Any) -> float:
    from leadlib import designs

    return float(designs.value_added(d, outcome="score", prior="prior", unit="school").spread)


def mixed_effects(d: Any) -> float:
    import statsmodels.formula.api as smf

    fit = smf.mixedlm("score ~ prior", d, groups="school").fit()
    assert len(fit.random_effects) > 1
    return float(fit.cov_re.iloc[0, 0]) ** 0.5


def from_data(d: Any) -> float:
    from leadlib import designs

    return float(designs.power.from_data(d, outcome="score", cluster="school", covariates=["prior"]).icc)


def mixed_share(d: Any) -> float:
    import statsmodels.formula.api as smf

    fit = smf.mixedlm("score ~ 1", d, groups="school").fit()
    between = float(fit.cov_re.iloc[0, 0])
    return between / (between + float(fit.scale))


RANEF = (
    "{m <- lme4::lmer(score ~ prior + (1 | school), d); u <- lme4::ranef(m, condVar = TRUE);"
    " sqrt(lme4::VarCorr(m)$school[1])}"
)
SHARE = "{m <- lme4::lmer(score ~ 1 + (1 | school), d); v <- lme4::VarCorr(m)$school[1]; v / (v + sigma(m)^2)}"
TWO = (Peer("statsmodels MixedLM", ("statsmodels",), mixed_2, FITTED), lmer(f"{FIXED} + (1 | school)"))
THREE_R = lmer(f"{FIXED} + (1 | school / room)")
VALUE = (
    Peer("statsmodels MixedLM", ("statsmodels",), mixed_effects, FITTED),
    Peer("R lme4 lmer, ranef", ("lme4",), RANEF, FITTED),
)
LINES = {"time": "year", "unit": "school", "treated": "adopter"}
PUPIL_LINES = {"time": "time", "unit": "pupil", "cluster": "school", "treated": "treated"}
JOBS = (
    Job("multilevel, 2 levels", "pupils", multilevel(), TWO, "tenth"),
    Job("multilevel, 2 levels", "pupils", multilevel(), TWO),
    Job(
        "multilevel, 3 levels", "pupils", multilevel(within="room"),
        (Peer("statsmodels MixedLM", ("statsmodels",), mixed_3, FITTED), THREE_R), "tenth",
    ),
    Job("multilevel, 3 levels", "pupils", multilevel(within="room"), (THREE_R,)),
    Job(
        "growth", "panel", growth(**LINES),
        (
            Peer("statsmodels MixedLM", ("statsmodels",), mixed_lines, FITTED),
            lmer("score ~ t * adopter + (1 + t | school)", "t:adopter"),
        ),
    ),
    Job(
        "growth, districts", "panel", growth(**LINES, cluster="district"),
        (lmer("score ~ t * adopter + (1 + t | school) + (1 + t | district)", "t:adopter"),),
    ),
    Job(
        "growth", "pupil_years", growth(**PUPIL_LINES),
        (lmer("score ~ time * treated + (1 + time | pupil) + (1 + time | school)", "time:treated"),), "tenth",
    ),
    Job("growth", "pupil_years", growth(**PUPIL_LINES)),
    Job("value_added", "pupils", value_added, VALUE, "tenth"),
    Job("value_added", "pupils", value_added, VALUE),
    Job(
        "power.from_data", "pupils", from_data,
        (
            Peer("statsmodels MixedLM", ("statsmodels",), mixed_share, OTHER, "REML, another estimator"),
            Peer("R lme4 lmer", ("lme4",), SHARE, OTHER, "REML, another estimator"),
        ),
    ),
)  # fmt: skip
