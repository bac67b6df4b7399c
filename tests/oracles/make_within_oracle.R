# Expected numbers for tests/test_designs_within.py: R's plm and clubSandwich on a panel that needs no random generator.
# Run: Rscript tests/oracles/make_within_oracle.R (it writes within_panel.csv and within_expected.csv beside itself)
suppressMessages({library(plm); library(clubSandwich)})
wave <- function(n, a, b) { x <- sin(a * seq_len(n) + b) * 1e4; x - floor(x) }  # in [0, 1), the same in any language
units <- 14; years <- 7
d <- expand.grid(year = 2011:2017, school = seq_len(units))[, c("school", "year")]
n <- nrow(d)
d$district <- c(1, 1, 2, 2, 2, 3, 3, 3, 3, 4, 5, 5, 6, 6)[d$school]
d$hours <- round(2 + wave(units, 2.3, 0.2)[d$school] * 3 + 4 * wave(n, 0.7, 0.4), 6)
d$visits <- round(1 + 0.4 * d$hours + 3 * wave(n, 1.3, 0.9), 6)
d$need <- round(20 + 10 * wave(n, 2.9, 0.3), 6)
d$score <- round(50 - 4 * wave(units, 2.3, 0.2)[d$school] + 0.7 * d$hours - 0.2 * d$visits - 0.1 * d$need +
                 0.5 * (d$year - 2011) + 5 * wave(n, 1.9, 1.1), 6)
d <- d[wave(n, 3.7, 0.6) > 0.15, ]  # some schools miss years
here <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
write.csv(d, file.path(here, "within_panel.csv"), row.names = FALSE, quote = FALSE)
rows <- list()
said <- function(case, fit, terms, ...) {
  got <- coef_test(fit, vcov = vcovCR(fit, type = "CR2", ...), test = "Satterthwaite")
  for (term in terms)
    rows[[length(rows) + 1]] <<- data.frame(case = case, term = term, value = sprintf("%.12g", got[term, "beta"]),
      se = sprintf("%.12g", got[term, "SE"]), df = sprintf("%.12g", got[term, "df_Satt"]))
}
p <- pdata.frame(d, index = c("school", "year"))
both <- c("hours", "visits")
twoways <- plm(score ~ hours + visits + need, p, model = "within", effect = "twoways")
said("schools", twoways, both, cluster = "individual")
said("districts", lm(score ~ hours + visits + need + factor(school) + factor(year), d), both, cluster = d$district)
said("same year", lm(score ~ hours + visits + need + factor(year), d), both, cluster = d$school)
said("all", lm(score ~ hours + visits, d), both, cluster = d$school)
write.csv(do.call(rbind, rows), file.path(here, "within_expected.csv"), row.names = FALSE, quote = FALSE)
