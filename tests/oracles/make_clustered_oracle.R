# Expected numbers for tests/test_designs_clustered.py: R's clubSandwich on numbers that need no random generator.
# Run: Rscript tests/oracles/make_clustered_oracle.R > tests/oracles/clustered.csv
suppressMessages(library(clubSandwich))
wave <- function(n, a, b) { x <- sin(a * seq_len(n) + b) * 1e4; x - floor(x) }  # in [0, 1), the same in any language
made <- function(sizes, k, shift) {
  n <- sum(sizes); g <- rep(seq_along(sizes), sizes)
  d <- data.frame(g = g, t = as.numeric(g %% 2 == 0), w = 0.5 + wave(n, 0.7, shift))
  for (j in seq_len(k)) d[[paste0("x", j)]] <- round(wave(n, 1.1 + 0.3 * j, shift), 6)
  d$y <- round(3 + 2 * d$t + 4 * wave(length(sizes), 2.3, shift)[g] + 5 * wave(n, 1.9, shift + 1), 6)
  d
}
said <- function(name, fit, cluster, ...) {
  v <- vcovCR(fit, cluster = cluster, type = "CR2", ...)
  got <- coef_test(fit, vcov = v, test = "Satterthwaite")
  for (term in rownames(got))
    cat(name, term, sprintf("%.12g", got[term, "beta"]), sprintf("%.12g", got[term, "SE"]),
        sprintf("%.12g", got[term, "df_Satt"]), sep = ",", fill = TRUE)
}
cat("case,term,value,se,df\n")
d <- made(c(5, 9, 3, 14, 7, 2, 11, 6, 8, 4, 10, 12), 2, 0.1)
said("unbalanced", lm(y ~ t + x1 + x2, d), d$g)
d <- made(c(3, 1, 9, 20, 4, 2, 6, 5), 1, 0.4)
said("eight", lm(y ~ t + x1, d), d$g)
said("eight-bare", lm(y ~ t, d), d$g)
d <- made(rep(1, 25), 2, 0.9)
said("singletons", lm(y ~ t + x1 + x2, d), seq_len(nrow(d)))
d <- made(c(5, 9, 3, 14, 7, 2, 11, 6, 8, 4), 2, 0.7)
r <- sqrt(d$w); d$one <- r  # weights as inverse variances: every column times their root
d <- transform(d, y = y * r, t = t * r, x1 = x1 * r, x2 = x2 * r)
said("weighted", lm(y ~ 0 + one + t + x1 + x2, d), d$g)
d <- made(c(rep(2, 10), 30, 1), 3, 0.2)
said("pairs", lm(y ~ t + x1 + x2 + x3, d), d$g)
d <- made(c(12, 7, 9, 15, 6, 8, 10, 5, 11, 13), 1, 0.6); d$t <- as.numeric(d$g <= 3)
said("three-treated", lm(y ~ t + x1, d), d$g)
d <- made(rep(6, 10), 1, 0.3); d$b <- rep(c(0, 1), each = 30)
said("blocks", lm(y ~ t + b + x1, d), d$g)
cat("# R", as.character(getRversion()), "clubSandwich", as.character(packageVersion("clubSandwich")), "\n", file = stderr())
