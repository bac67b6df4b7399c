# Pairs, balance, strata and errors of tests/test_designs_matching.py, from R: MatchIt 4.5.1, clubSandwich 0.5.8.
# Rscript make_matching_oracle.R: reads matching_small.csv (drawn by make_cutoff_oracle.py), writes matching_expected.csv.
suppressMessages({library(MatchIt); library(clubSandwich)})
d <- read.csv("matching_small.csv")
f <- treated ~ poverty_pct + prior_sd + enrol_n
out <- list(); say <- function(what, value) out[[length(out) + 1]] <<- data.frame(what = what, value = value)
report <- function(name, m, by_set) {
  md <- match.data(m)
  say(paste0(name, ": matched treated"), sum(md$treated == 1)); say(paste0(name, ": matched others"), sum(md$treated == 0))
  fit <- lm(outcome_sd ~ treated + poverty_pct + prior_sd + enrol_n, md, weights = weights)
  # Weights as inverse variances, as leadlib takes them.
  sets <- if (by_set) md$subclass else seq_len(nrow(md))
  v <- vcovCR(fit, sets, "CR2", target = 1 / md$weights, inverse_var = TRUE)
  t <- coef_test(fit, v, test = "Satterthwaite")["treated", ]
  say(paste0(name, ": estimate"), t$beta); say(paste0(name, ": error"), t$SE); say(paste0(name, ": degrees of freedom"), t$df)
  s <- summary(m)$sum.matched
  for (c in c("poverty_pct", "prior_sd", "enrol_n")) {
    say(paste0(name, ": mean treated ", c), s[c, "Means Treated"]); say(paste0(name, ": mean others ", c), s[c, "Means Control"])
    say(paste0(name, ": variance ratio ", c), s[c, "Var. Ratio"])
  }
}
# The score's own nearest matching cannot serve: with m.order = "largest", 4.5.1 takes the nearest *below* only, and lets
# pairs beyond the caliper through. Given all distances and rows from the highest score down, it takes the nearest.
d <- d[order(-predict(glm(f, data = d, family = binomial))), ]
score <- predict(glm(f, data = d, family = binomial))
far <- abs(outer(score[d$treated == 1], score[d$treated == 0], "-"))
dimnames(far) <- list(rownames(d)[d$treated == 1], rownames(d)[d$treated == 0])
pairs <- function(ratio, exact = NULL) matchit(f, d, method = "nearest", distance = far, m.order = "data",
  ratio = ratio, exact = exact)
one <- pairs(1)
report("one", one, TRUE)
mm <- one$match.matrix; mm <- mm[!is.na(mm[, 1]), , drop = FALSE]
sets <- data.frame(what = paste0("pair: ", d[rownames(mm), "school_id"]), value = d[mm[, 1], "school_id"])
report("two", pairs(2), TRUE)
report("level", pairs(1, ~ level), TRUE)
cem <- matchit(f, d, method = "cem", cutpoints = list(poverty_pct = 4, prior_sd = 4, enrol_n = 4))
report("coarsened", cem, FALSE)
write.csv(rbind(do.call(rbind, out), sets), "matching_expected.csv", row.names = FALSE, quote = FALSE)
