# Prints what leadlib's meta-analysis is held to, to the end of metafor's searches. R 4.2.2, metafor 3.8-1,
# clubSandwich 0.5.8. Run from the repository's root: Rscript tests/oracles/make_meta_oracle.R
suppressMessages({library(metafor); library(clubSandwich)})
options(digits = 10)
end <- list(threshold = 1e-13, maxiter = 10000)

d <- read.csv("leadlib/verify/data/expectancy_1985.csv")
for (m in c("REML", "ML", "PM", "DL")) {
  search <- if (m == "PM") list(tol = 1e-14) else if (m == "DL") list() else end
  for (test in c("z", "knha", "adhoc")) {
    r <- rma(effect, variance, data = d, method = m, test = test, control = search)
    p <- predict(r)
    cat(m, test, r$b, r$se, r$ci.lb, r$ci.ub, r$tau2, r$I2, r$QE, p$pi.lb, p$pi.ub, "\n")
  }
}
print(confint(rma(effect, variance, data = d, control = end), control = list(tol = 1e-13))$random)
r <- rma(effect, variance, mods = ~ weeks, data = d, test = "knha", control = end)
print(c(r$b, r$se, r$tau2, r$I2))
print(regtest(rma(effect, variance, data = d), model = "lm"))

k <- read.csv("leadlib/verify/data/calendar_2011.csv")
r <- rma.mv(effect, variance, random = ~ 1 | district / study, data = k)
print(c(r$b, r$se, r$sigma2, logLik(r)))
print(confint(r))
print(coef_test(r, vcov = "CR2", cluster = k$district))
r <- rma(effect, variance, data = k)
print(coef_test(r, vcov = "CR2", cluster = k$district))
